//! Lists the workers of the agency, a page at a time: who they are, and whether they can sign in (B13).

use domain::id::{ClassId, SiteId};
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;
use crate::workers::{PAGE, WorkerView};

/// Lists workers.
pub struct ListWorkers;

/// From where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of workers, those first who came first.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who works here.
    pub workers: Vec<Listed>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// A worker, with the names of where they belong.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listed {
    /// The worker.
    pub worker: WorkerView,
    /// What the agency calls their security class.
    pub security_class: String,
    /// What it calls where they work.
    pub site: String,
}

impl HttpOperation for ListWorkers {
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
        let paging = Paging::open(context, &staff, &(), request.cursor.as_deref()).await?;
        let (page, named) = futures_util::future::try_join(
            store.staff(paging.after(), PAGE),
            store.ask((ask::security_classes(), ask::sites())),
        )
        .await?;
        let classes = named.0.map(|classes| classes.value).unwrap_or_default();
        let sites = named.1.map(|sites| sites.value).unwrap_or_default();
        let class_of =
            |id: ClassId| classes.iter().find(|class| class.id == id).map(|class| class.name.clone());
        let site_of = |id: SiteId| sites.iter().find(|site| site.id == id).map(|site| site.name.clone());
        let next_cursor = paging.next_cursor(page.next.as_ref())?;
        let workers = page.items.iter().map(|worker| Listed {
            worker: WorkerView::from(&worker.value),
            security_class: class_of(worker.security_class).unwrap_or_default(),
            site: site_of(worker.site).unwrap_or_default(),
        });
        Ok(Reply::from(Response { workers: workers.collect(), next_cursor }))
    }
}
