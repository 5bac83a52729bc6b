//! What happened to an individual's accounts and consent, newest first, from the journal (B8).

use chrono::{DateTime, Utc};
use domain::account::Transition;
use domain::id::JournalId;
use domain::journal::{Actor, FieldName};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::history::{HistoryOf, Page};
use crate::paging::NotACursor;
use crate::problem::Failure;

/// Gets the history.
pub struct GetAccountHistory;

/// A page of history.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// One change.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry {
    /// Which.
    pub journal_id: JournalId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: `worker`, `client`, `import`, `job` or `anonymous`, and their id.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub actor: Actor,
    /// The account's transition, if it was one: rule, from, to, reason.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub transition: Option<Transition>,
    /// The fields that changed; their values are in the record alone.
    pub changed: Vec<FieldName>,
    /// What it meant, in order.
    pub events: Vec<String>,
}

impl HttpOperation for GetAccountHistory {
    type Caller = Staff;
    type Request = HistoryOf;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: HistoryOf,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let Page { records, next_cursor } = request.read(context, &staff).await?;
        let entries = records.into_iter().map(|record| Entry {
            journal_id: record.id,
            at: record.at,
            actor: record.actor,
            transition: record.transition,
            changed: record.changed.clone(),
            events: record.envelopes().map(|envelope| type_of(&envelope.event)).collect(),
        });
        Ok(Reply::from(Response { entries: entries.collect(), next_cursor }))
    }
}

fn type_of(event: &domain::JournalEvent) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
