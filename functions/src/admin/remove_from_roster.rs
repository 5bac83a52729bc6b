//! Takes an individual off the roster of a group or informal series; their service file stays open.

use domain::id::{IndividualId, ServiceId};
use domain::journal::JournalEvent;
use serde::Deserialize;
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::Done;

/// Removes from a roster.
pub struct RemoveFromRoster;

/// Whom, and from where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The group or series.
    pub service_id: ServiceId,
    /// The individual.
    pub individual_id: IndividualId,
}

impl HttpOperation for RemoveFromRoster {
    type Caller = Staff;
    type Request = Request;
    type Response = Done;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Done>, Failure<NoRefusal>> {
        let (service, id) = (request.service_id, request.individual_id);
        let asked = (ask::service(service), ask::individual(id), ask::place(id, service));
        let (service, individual, place) = context.services.store.ask(asked).await?;
        let service = service.ok_or_else(Failure::not_found)?;
        let individual = staff.visible(context, id, individual).await?;
        let Some(place) = place else { return Ok(Reply::from(Done {})) };

        let told = JournalEvent::RosterLeft { individual: id, service: service.id };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &individual, &individual, told);
        transaction.remove_place(&place).count_left(service.id);
        context.commit(transaction, &Done {}).await?;
        Ok(Reply::from(Done {}))
    }
}
