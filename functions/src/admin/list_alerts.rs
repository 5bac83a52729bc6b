//! Which accounts need a worker, and why: third misses, invitations that end soon or have ended, mail that came back,
//! accounts locked by wrong passwords or without consent, invitations asked for. Longest waiting first.

use domain::alert::AlertKind;
use domain::id::IndividualId;
use domain::worker::visible;
use serde::{Deserialize, Serialize};
use store::{Stale, ask};

use super::AccountView;
use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Accounts on a page, each of which is read with its individual: together one read.
const PAGE: u32 = 50;

/// Lists what needs a worker.
pub struct ListAlerts;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Only accounts that need a worker for this.
    #[serde(default)]
    pub kind: Option<AlertKind>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of those whose individual the worker sees. It may be short, even empty, while there is more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Longest waiting first.
    pub accounts: Vec<Waiting>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// An account that needs a worker.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// Whose it is.
    pub individual_id: IndividualId,
    /// Their full name.
    pub name: String,
    /// Marked as a test.
    pub test: bool,
    /// The account, with what it needs a worker for.
    pub account: AccountView,
}

impl HttpOperation for ListAlerts {
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
        let paging = Paging::open(context, &staff, &request.kind, request.cursor.as_deref()).await?;
        let page = store.accounts_with_alerts(paging.after(), PAGE).await?;
        let listed = page.items.into_iter().map(Stale::key);
        let asked: Vec<_> =
            listed.map(|(whose, account)| (ask::individual(whose), ask::account(account))).collect();
        let found = store.ask(asked).await?;
        staff.log(context, Access::Searched, None).await?;
        let accounts = found
            .into_iter()
            .filter_map(|(individual, account)| Some((individual?.value, account?.value)))
            .filter(|(individual, account)| {
                // The index is behind: the account decides.
                let needs_worker = match request.kind {
                    Some(kind) => account.alerts.contains_key(&kind),
                    None => !account.alerts.is_empty(),
                };
                needs_worker && account.individual == individual.id && visible(&staff.worker, individual)
            })
            .map(|(individual, account)| Waiting {
                individual_id: individual.id,
                name: individual.name.full(),
                test: individual.test,
                account: AccountView::from(&account),
            })
            .collect();
        Ok(Reply::from(Response { accounts, next_cursor: paging.next_cursor(page.next.as_ref())? }))
    }
}
