//! Lists who works at the agency, or once did, a page at a time: names for ids, and no addresses.

use domain::Worker;
use domain::account::StateName;
use domain::id::{SiteId, WorkerId};
use domain::worker::UserGroup;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;
use crate::workers::PAGE;

/// Lists colleagues.
pub struct ListColleagues;

/// From where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of colleagues, those first who came first.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who works here.
    pub colleagues: Vec<ColleagueView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// A worker as other workers know them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColleagueView {
    /// Who.
    pub worker_id: WorkerId,
    /// Their full name.
    pub name: String,
    /// What they may do at most.
    pub user_group: UserGroup,
    /// Where they work.
    pub site_id: SiteId,
    /// `active`, `locked` or `disabled`: only who isn't disabled can be given an individual to work with.
    pub state: StateName,
}

impl HttpOperation for ListColleagues {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let paging = Paging::open(context, &staff, &(), request.cursor.as_deref()).await?;
        let page = context.services.store.staff(paging.after(), PAGE).await?;
        let next_cursor = paging.next_cursor(page.next.as_ref())?;
        let colleagues = page.items.iter().map(|worker| ColleagueView::from(&worker.value)).collect();
        Ok(Reply::from(Response { colleagues, next_cursor }))
    }
}

impl From<&Worker> for ColleagueView {
    fn from(worker: &Worker) -> Self {
        Self {
            worker_id: worker.id,
            name: worker.name.full(),
            user_group: worker.user_group,
            site_id: worker.site,
            state: worker.state.name(),
        }
    }
}
