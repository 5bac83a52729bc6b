//! Lists services by name, a page at a time: those of a kind, or the groups or series of one.

use domain::id::ServiceId;
use domain::service::ServiceKind;
use serde::{Deserialize, Serialize};
use store::ServiceList;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;
use crate::service_records::{ServiceView, parents_of};

/// Services on a page.
const PAGE: u32 = 50;

/// Lists services.
pub struct ListServices;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// All of a kind; case services, if neither this nor a service is named.
    #[serde(default)]
    pub kind: Option<ServiceKind>,
    /// The groups or series of this service.
    #[serde(default)]
    pub parent: Option<ServiceId>,
    /// `true` for those that are active only, `false` for the others; all if left out.
    #[serde(default)]
    pub active: Option<String>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of services.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// By name.
    pub services: Vec<ServiceView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

impl HttpOperation for ListServices {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let active = request.active.map(|active| active.parse::<bool>()).transpose();
        let active = active.map_err(|_| Failure::invalid("active", "Write true or false"))?;
        let list = match request.parent {
            Some(parent) => ServiceList::RunsOf(parent),
            None => ServiceList::Kind(request.kind.unwrap_or(ServiceKind::CaseService)),
        };
        let filter = (request.parent, request.kind, active);
        let paging = Paging::open(context, &staff, &filter, request.cursor.as_deref()).await?;
        let page = context.services.store.services(list, active, paging.after(), PAGE).await?;
        let parents = parents_of(context, &page.items).await?;
        let services = page.items.iter().map(|service| {
            let parent = service.parent.and_then(|parent| parents.get(&parent));
            ServiceView::of(service, parent.map(|parent| &parent.value))
        });
        Ok(Reply::from(Response {
            services: services.collect(),
            next_cursor: paging.next_cursor(page.next.as_ref())?,
        }))
    }
}
