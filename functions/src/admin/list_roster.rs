//! Who is in a group or informal series, a page at a time; a Clinical Worker sees theirs alone.

use chrono::NaiveDate;
use domain::id::{IndividualId, ServiceFileId, ServiceId};
use domain::worker::visible;
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::{Failure, refusals};

/// Places on a page.
const PAGE: u32 = 50;

/// Lists a roster.
pub struct ListRoster;

/// Whose, and from where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The group or series.
    pub service_id: ServiceId,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of the roster. It may be short, even empty, while there is more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who is in it, as far as the worker sees them.
    pub places: Vec<Placed>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// Somebody on the roster.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Placed {
    /// Who.
    pub individual_id: IndividualId,
    /// Their full name.
    pub name: String,
    /// From which day on.
    pub since: NaiveDate,
    /// Of a group: the service file through which they are in it.
    pub service_file_id: Option<ServiceFileId>,
}

refusals! {
    /// Why there is no list.
    pub enum Error {
        /// Not a cursor of this list.
        CursorNotValid => 400, "cursor_not_valid", "This page is not there any more; search again from the start";
        /// It is a service, which has no roster itself.
        NoRoster => 409, "no_roster", "Only groups and series have a roster; choose one of this service's";
    }
}

impl From<NotACursor> for Error {
    fn from(_: NotACursor) -> Self {
        Self::CursorNotValid
    }
}

impl HttpOperation for ListRoster {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let (store, id) = (&context.services.store, request.service_id);
        let paging = Paging::open(context, &staff, &id, request.cursor.as_deref()).await?;
        let listed = try_join(store.ask(ask::service(id)), store.roster(id, paging.after(), PAGE)).await?;
        let (Some(service), page) = listed else { return Err(Failure::not_found()) };
        let parent = service.parent.ok_or(Error::NoRoster)?;
        // The index is behind: who gave up their place is told by the place itself.
        let asked = page
            .items
            .iter()
            .map(|place| (ask::individual(place.individual), ask::place(place.individual, id)));
        let found = store.ask(asked.collect::<Vec<_>>()).await?;
        staff.log(context, Access::Searched, None).await?;
        let seen = found.into_iter().filter_map(|(individual, place)| {
            let individual = individual.filter(|individual| visible(&staff.worker, individual))?;
            Some(Placed {
                individual_id: individual.id,
                name: individual.name.full(),
                since: place?.since,
                service_file_id: individual.open_file(parent),
            })
        });
        let places = seen.collect();
        Ok(Reply::from(Response { places, next_cursor: paging.next_cursor(page.next.as_ref())? }))
    }
}
