//! Finds individuals by name, email or external id, a page at a time; the same number of calls with a million stored.

use domain::EmailAddress;
use domain::id::{IndividualId, SiteId};
use domain::worker::visible;
use serde::{Deserialize, Serialize};
use store::{Page, Position};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::paging::{NotACursor, Paging};
use crate::problem::Failure;

/// Individuals on a page.
const PAGE: u32 = 25;

/// Searches individuals.
pub struct SearchIndividuals;

/// What is known of them: exactly one of name, email and external id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Beginnings of names, at least two characters; accents and case don't matter.
    #[serde(default)]
    pub name: Option<String>,
    /// A whole address of one of their contacts.
    #[serde(default)]
    pub email: Option<String>,
    /// Their id in another system.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// An id in another system.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExternalId {
    /// The system, as imports name it.
    pub source: String,
    /// The id there.
    pub id: String,
}

/// A page of those the worker sees. It may be short, even empty, while there is more.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Who was found.
    pub individuals: Vec<Found>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

/// Enough to tell people apart.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// Who.
    pub individual_id: IndividualId,
    /// Their full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Their home site.
    pub site_id: SiteId,
    /// The address an account would be offered.
    pub email: Option<String>,
    /// Marked as a test.
    pub test: bool,
}

impl HttpOperation for SearchIndividuals {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotACursor;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotACursor>> {
        let external_id = request.external_id.as_ref().map(|id| [&id.source, &id.id]);
        let filter = (&request.name, &request.email, external_id);
        let paging = Paging::open(context, &staff, &filter, request.cursor.as_deref()).await?;
        let page = search(context, &request, paging.after()).await?;
        staff.log(context, Access::Searched, None).await?;
        let next_cursor = paging.next_cursor(page.next.as_ref())?;
        Ok(Reply::from(Response {
            individuals: page
                .items
                .iter()
                .filter(|individual| visible(&staff.worker, individual))
                .map(|found| Found {
                    individual_id: found.id,
                    name: found.name.full(),
                    birth_date: found.birth_date.map(|date| date.to_string()),
                    site_id: found.site,
                    email: found.prefilled_address().map(|address| address.as_typed().to_owned()),
                    test: found.test,
                })
                .collect(),
            next_cursor,
        }))
    }
}

async fn search(
    context: &Context<'_>,
    request: &Request,
    after: Option<&Position>,
) -> Result<Page<store::Versioned<domain::Individual>>, Failure<NotACursor>> {
    let store = &context.services.store;
    match (&request.name, &request.email, &request.external_id) {
        (Some(name), None, None) => {
            if domain::name::tokens(name).iter().all(|token| token.chars().count() < 2) {
                return Err(Failure::invalid("name", "Write at least two letters of a name"));
            }
            Ok(store.search_name(name, after, PAGE).await?)
        }
        (None, Some(email), None) => {
            let address: EmailAddress = email
                .parse()
                .map_err(|error: domain::email::EmailError| Failure::invalid("email", error.to_string()))?;
            Ok(store.search_email(&address, after, PAGE).await?)
        }
        (None, None, Some(ExternalId { source, id })) => {
            Ok(Page { items: store.search_external_id(&[source], id).await?, next: None })
        }
        _ => Err(Failure::invalid("", "Search by exactly one of name, email and external_id")),
    }
}
