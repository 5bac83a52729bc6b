//! Lists what clients asked for: what waits, longest first, or what was settled, last first.

use std::collections::BTreeMap;

use domain::id::{ServiceId, WorkerId};
use domain::worker::visible;
use domain::{Service, Worker};
use serde::{Deserialize, Serialize};
use store::{RequestList, Stale, Versioned, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;
use crate::service_requests::ServiceRequestView;

/// Requests on a page, each of which is read with its individual: together one read.
const PAGE: u32 = 50;

/// Lists service requests.
pub struct ListServiceRequests;

/// Which requests.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Wanted {
    /// Those that wait.
    #[default]
    Open,
    /// Those that are settled.
    Settled,
}

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Those that wait, if left out.
    #[serde(default)]
    pub state: Wanted,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of those whose individual the worker sees. It may be short, even empty, while there is more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// In order.
    pub requests: Vec<ServiceRequestView>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

impl HttpOperation for ListServiceRequests {
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
        let paging = Paging::open(context, &staff, &request.state, request.cursor.as_deref()).await?;
        let list = match request.state {
            Wanted::Open => RequestList::Open,
            Wanted::Settled => RequestList::Settled,
        };
        let page = store.service_requests(list, paging.after(), PAGE).await?;
        let named = page.items.into_iter().map(Stale::key);
        let asked: Vec<_> =
            named.map(|(whose, id)| (ask::individual(whose), ask::service_request(whose, id))).collect();
        let found: Vec<_> = store
            .ask(asked)
            .await?
            .into_iter()
            .filter_map(|(individual, request)| Some((individual?.value, request?.value)))
            // The index is behind: the request decides.
            .filter(|(individual, request)| {
                request.settled.is_some() == (list == RequestList::Settled)
                    && visible(&staff.worker, individual)
            })
            .collect();
        staff.log(context, Access::Searched, None).await?;
        let settlers = found.iter().filter_map(|(_, request)| Some(request.settled.as_ref()?.by));
        let mut settlers: Vec<WorkerId> = settlers.collect();
        let mut services: Vec<ServiceId> = found.iter().map(|(_, request)| request.service).collect();
        settlers.sort_unstable();
        settlers.dedup();
        services.sort_unstable();
        services.dedup();
        let mentioned = (
            services.into_iter().map(ask::service).collect::<Vec<_>>(),
            settlers.into_iter().map(ask::worker).collect::<Vec<_>>(),
        );
        let (services, settlers) =
            if found.is_empty() { (Vec::new(), Vec::new()) } else { store.ask(mentioned).await? };
        let services: BTreeMap<ServiceId, Versioned<Service>> =
            services.into_iter().flatten().map(|service| (service.id, service)).collect();
        let settlers: BTreeMap<WorkerId, Versioned<Worker>> =
            settlers.into_iter().flatten().map(|worker| (worker.id, worker)).collect();
        let requests = found.iter().map(|(individual, request)| {
            let settler = request.settled.as_ref().and_then(|settled| settlers.get(&settled.by));
            let service = services.get(&request.service);
            ServiceRequestView::new(
                request,
                individual,
                service.map(|service| &service.value),
                settler.map(|worker| &worker.value),
            )
        });
        Ok(Reply::from(Response {
            requests: requests.collect(),
            next_cursor: paging.next_cursor(page.next.as_ref())?,
        }))
    }
}
