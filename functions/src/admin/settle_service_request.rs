//! Settles what a client asked for: they are in the service now, or it was answered in another way.

use domain::id::{IndividualId, ServiceRequestId};
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use domain::service_request::{LONGEST_MESSAGE, RequestOutcome, Settled};
use domain::{ServiceRequest, text};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use store::{Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::service_requests::ServiceRequestView;

/// Settles a service request.
pub struct SettleServiceRequest;

/// What became of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Whose it is.
    pub individual_id: IndividualId,
    /// Which one.
    pub request_id: ServiceRequestId,
    /// How it is settled.
    pub outcome: RequestOutcome,
    /// For other workers, up to 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// The request as it is now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The request.
    pub request: ServiceRequestView,
}

refusals! {
    /// Why it stays as it is.
    pub enum Error {
        /// It was settled in another way before.
        RequestSettled {
            /// How.
            outcome: RequestOutcome,
        } => 409, "request_settled", "Somebody settled this request already; look at what became of it";
        /// They are to be in the service before the request says so.
        NotEnrolled => 409, "not_enrolled", "This individual isn't in the service yet; enrol them first, then settle the request";
    }
}

impl HttpOperation for SettleServiceRequest {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let (store, whose) = (&context.services.store, request.individual_id);
        let asked = (ask::individual(whose), ask::service_request(whose, request.request_id));
        let (individual, found) = store.ask(asked).await?;
        let individual = staff.visible(context, whose, individual).await?;
        let found = found.ok_or_else(Failure::not_found)?;
        let outcome = request.outcome;
        let in_it = async {
            match outcome {
                RequestOutcome::Enrolled => Ok(store.enrolments(whose).await?.reach(found.service)),
                RequestOutcome::Declined => Ok(false),
            }
        };
        let (service, in_it) = try_join(store.ask(ask::service(found.service)), in_it).await?;
        let note = text::lines(request.note.as_deref().unwrap_or_default(), LONGEST_MESSAGE);
        let note = note.map_err(|error| Failure::invalid("note", error.to_string()))?;
        let settled = Settled { outcome, by: staff.worker.id, at: context.now, note };
        let same = found.settled.as_ref().is_some_and(|before| {
            (before.outcome, before.by, &before.note) == (outcome, settled.by, &settled.note)
        });
        let view = |request: &ServiceRequest| {
            let service = service.as_ref().map(|service| &service.value);
            ServiceRequestView::new(request, &individual, service, Some(&staff.worker.value))
        };
        if same {
            return Ok(Reply::from(Response { request: view(&found) }));
        }
        if outcome == RequestOutcome::Enrolled && found.settled.is_none() && !in_it {
            return Err(Error::NotEnrolled.into());
        }
        let (before, version) = found.into_parts();
        let after = before.settle(settled).map_err(|outcome| Error::RequestSettled { outcome })?;

        let record = JournalRecord {
            changed: vec![FieldName::ServiceRequests],
            events: vec![JournalEvent::ServiceRequestSettled {
                individual: whose,
                request: after.id,
                outcome,
            }],
            ..context.record(staff.actor(), Subject::Individual(whose))
        };
        let mut transaction = Transaction::new(&record);
        transaction.settle_service_request(version, &after);
        let answer = Response { request: view(&after) };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
