//! Writes what clients see of the worker: a client facing name, and a description.

use domain::fields;
use domain::journal::{JournalRecord, Subject};
use serde::{Deserialize, Serialize};
use store::Transaction;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::individuals::optional;
use crate::problem::{Failure, NoRefusal};

/// Sets my profile.
pub struct SetMyProfile;

/// What clients see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What clients see instead of the name; null for the name.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub client_facing_name: Option<String>,
    /// What clients read about the worker, at most 300 characters; null for nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub description: Option<String>,
}

/// What clients see now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Instead of the name.
    pub client_facing_name: Option<String>,
    /// About the worker.
    pub description: Option<String>,
}

impl HttpOperation for SetMyProfile {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let name = optional("client_facing_name", request.client_facing_name.as_deref(), fields::label)?;
        let description = optional("description", request.description.as_deref(), fields::description)?;
        let edited = staff.worker.present(name.clone(), description.clone());
        let answer = Response { client_facing_name: name, description };
        if !edited.changed.is_empty() {
            let record = JournalRecord {
                changed: edited.changed,
                events: edited.events,
                ..context.record(staff.actor(), Subject::Worker(staff.worker.id))
            };
            let mut transaction = Transaction::new(&record);
            transaction.put_worker(staff.worker.version, &edited.worker);
            context.commit(transaction, &answer).await?;
        }
        Ok(Reply::from(answer))
    }
}
