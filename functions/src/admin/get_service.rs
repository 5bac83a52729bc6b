//! A service, and what depends on it.

use domain::id::ServiceId;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::service_records::ServiceView;

/// Gets a service.
pub struct GetService;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The service.
    pub service_id: ServiceId,
}

/// The service.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// As it is.
    pub service: ServiceView,
    /// Groups or series below that are as it is.
    pub following: i64,
    /// Groups or series below with a visibility of their own.
    pub overridden: i64,
    /// Those of both that are active.
    pub active_below: i64,
    /// How many people are in it: its open service files, or the places on its roster.
    pub open_files: i64,
}

impl HttpOperation for GetService {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let (store, id) = (&context.services.store, request.service_id);
        let (service, counts) = store.ask((ask::service(id), ask::service_counts(id))).await?;
        let service = service.ok_or_else(Failure::not_found)?;
        let parent = match service.parent {
            Some(parent) => store.ask(ask::service(parent)).await?,
            None => None,
        };
        let counts = counts.unwrap_or_default();
        Ok(Reply::from(Response {
            service: ServiceView::of(&service, parent.as_ref().map(|parent| &parent.value)),
            following: counts.below.following,
            overridden: counts.below.overridden,
            active_below: counts.below.active,
            open_files: counts.enrolled,
        }))
    }
}
