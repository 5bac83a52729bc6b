//! What happened to an individual's accounts and consent, newest first, from the journal (B8).

use chrono::{DateTime, Utc};
use domain::account::Transition;
use domain::id::{IndividualId, JournalId};
use domain::journal::{Actor, FieldName};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Entries on a page.
const PAGE: u32 = 50;

/// Gets the history.
pub struct GetAccountHistory;

/// Whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

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
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let store = &context.services.store;
        let cursor = request.cursor.as_deref();
        let paging = Paging::open(context, &staff, &request.individual_id, cursor).await?;
        let individual = store.ask(ask::individual(request.individual_id)).await?;
        let individual = staff.visible(context, request.individual_id, individual).await?;
        let subject = domain::Subject::Individual(individual.id);
        let page = store.history(subject, paging.after(), PAGE).await?;
        staff.log(context, Access::Viewed, Some(individual.id)).await?;
        let next_cursor = paging.next_cursor(page.next.as_ref())?;
        Ok(Reply::from(Response {
            entries: page
                .items
                .into_iter()
                .map(|record| Entry {
                    journal_id: record.id,
                    at: record.at,
                    actor: record.actor,
                    transition: record.transition,
                    changed: record.changed.clone(),
                    events: record.envelopes().map(|envelope| type_of(&envelope.event)).collect(),
                })
                .collect(),
            next_cursor,
        }))
    }
}

fn type_of(event: &domain::JournalEvent) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
