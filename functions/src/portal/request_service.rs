//! A client asks for a service: a Pre-Enrollment that waits for staff, who are told by mail, as the client is.

use chrono::{DateTime, Utc};
use domain::id::{ServiceId, ServiceRequestId};
use domain::journal::{FieldName, JournalEvent, JournalRecord, Subject};
use domain::service_request::LONGEST_MESSAGE;
use domain::throttle::SERVICE_REQUEST;
use domain::{ServiceRequest, text};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::throttling::Who;

/// Requests a service.
pub struct RequestService;

/// For what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// One of those that are offered.
    pub service_id: ServiceId,
    /// What staff should know, up to 500 characters.
    #[serde(default)]
    pub message: Option<String>,
}

/// It waits.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Which one.
    pub request_id: ServiceRequestId,
    /// Since when.
    pub requested_at: DateTime<Utc>,
}

refusals! {
    /// Why nothing is asked for.
    pub enum Error {
        /// They asked for it before, and it waits.
        AlreadyRequested => 409, "already_requested", "You have asked for this service already; the agency will answer you";
    }
}

impl HttpOperation for RequestService {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let (store, account) = (&context.services.store, &client.account);
        let message = text::lines(request.message.as_deref().unwrap_or_default(), LONGEST_MESSAGE);
        let message = message.map_err(|error| Failure::invalid("message", error.to_string()))?;
        if !client.settings.request_service.enabled {
            return Err(Failure::not_found());
        }
        let service = store.ask(ask::service(request.service_id));
        let (service, enrolments) = try_join(service, store.enrolments(account.individual)).await?;
        let service =
            service.filter(|service| !enrolments.hold(service.id)).ok_or_else(Failure::not_found)?;
        let parent = match service.parent {
            Some(parent) => store.ask(ask::service(parent)).await?,
            None => None,
        };
        let parent = parent.as_ref().map(|parent| &parent.value);
        service.offered(parent).ok_or_else(Failure::not_found)?;
        let who = Who { account: Some(&account.id.to_string()), ..Who::default() };
        context.throttle("service_request", SERVICE_REQUEST, who).await?;

        let asked = ServiceRequest {
            id: ServiceRequestId::new(context.uuid()),
            individual: account.individual,
            account: account.id,
            service: service.id,
            parent: service.parent,
            message,
            requested_at: context.now,
            settled: None,
        };
        let record = JournalRecord {
            changed: vec![FieldName::ServiceRequests],
            events: vec![JournalEvent::ServiceRequested {
                account: asked.account,
                individual: asked.individual,
                request: asked.id,
                service: asked.service,
                mail: context.mail(),
            }],
            ..context.record(client.actor(), Subject::Individual(asked.individual))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_service_request(&asked);
        let answer = Response { request_id: asked.id, requested_at: asked.requested_at };
        match context.commit(transaction, &answer).await {
            Ok(()) => Ok(Reply::from(answer)),
            Err(CommitError::Conflict(Conflict::AlreadyRequested)) => Err(Error::AlreadyRequested.into()),
            Err(error) => Err(error.into()),
        }
    }
}
