//! Puts an individual on the roster of a group, through their service file, or of an informal series.

use chrono::NaiveDate;
use domain::id::{IndividualId, ServiceId};
use domain::journal::JournalEvent;
use domain::service_file::Place;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::service_files::NotPlaced;

/// Adds to a roster.
pub struct AddToRoster;

/// Whom, and where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The group or series.
    pub service_id: ServiceId,
    /// The individual.
    pub individual_id: IndividualId,
}

/// The place they have.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// From which day on.
    pub since: NaiveDate,
}

impl HttpOperation for AddToRoster {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotPlaced;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotPlaced>> {
        let (service, id) = (request.service_id, request.individual_id);
        let asked = (ask::service(service), ask::individual(id), ask::place(id, service));
        let (service, individual, known) = context.services.store.ask(asked).await?;
        let service = service.ok_or_else(Failure::not_found)?;
        let individual = staff.visible(context, id, individual).await?;
        if let Some(known) = known {
            return Ok(Reply::from(Response { since: known.since }));
        }
        let today = staff.settings.today(context.now);
        let place = Place::take(&individual, &service, today, today)?;

        let told = JournalEvent::RosterJoined { individual: id, service: service.id };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &individual, &individual, told);
        transaction.put_place(&place).count_enrolled(&service, 1);
        let answer = Response { since: place.since };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
