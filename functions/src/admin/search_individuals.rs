//! Finds individuals by name, email, birth date or external id, a page at a time; the same number of calls with a million stored.

use domain::id::{IndividualId, SiteId};
use domain::worker::visible;
use domain::{BirthDate, EmailAddress, Individual, fields};
use serde::{Deserialize, Serialize};
use store::{Page, Position, Versioned};

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

/// What is known of them, at least one thing; they are found if all of it fits.
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
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub birth_date: Option<String>,
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
        let filter = (&request.name, &request.email, &request.birth_date, external_id);
        let paging = Paging::open(context, &staff, &filter, request.cursor.as_deref()).await?;
        let criteria = Criteria::read(request)?;
        let page = criteria.search(context, paging.after()).await?;
        staff.log(context, Access::Searched, None).await?;
        let next_cursor = paging.next_cursor(page.next.as_ref())?;
        Ok(Reply::from(Response {
            individuals: page
                .items
                .iter()
                .filter(|individual| criteria.fit(individual) && visible(&staff.worker, individual))
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

/// What is searched by, as it is compared.
struct Criteria {
    name: Option<String>,
    email: Option<EmailAddress>,
    birth_date: Option<BirthDate>,
    external_id: Option<ExternalId>,
}

impl Criteria {
    fn read(request: Request) -> Result<Self, Failure<NotACursor>> {
        let Request { name, email, birth_date, external_id, cursor: _ } = request;
        let email = email.map(|email| fields::email(&email)).transpose();
        let birth_date = birth_date.map(|date| date.parse::<BirthDate>()).transpose();
        Ok(Self {
            name,
            email: email.map_err(|wrong| Failure::invalid("email", wrong.help))?,
            birth_date: birth_date.map_err(|wrong| Failure::invalid("birth_date", wrong.to_string()))?,
            external_id,
        })
    }

    /// A page by what names the fewest; the rest is left to [`Self::fit`].
    async fn search(
        &self,
        context: &Context<'_>,
        after: Option<&Position>,
    ) -> Result<Page<Versioned<Individual>>, Failure<NotACursor>> {
        let store = &context.services.store;
        if let Some(ExternalId { source, id }) = &self.external_id {
            return Ok(Page { items: store.search_external_id(&[source], id).await?, next: None });
        }
        if let Some(address) = &self.email {
            return Ok(store.search_email(address, after, PAGE).await?);
        }
        if let Some(birth_date) = self.birth_date {
            return Ok(store.search_birth_date(birth_date, after, PAGE).await?);
        }
        let name = self.name.as_deref().ok_or_else(|| {
            Failure::invalid("", "Search by at least one of name, email, birth_date and external_id")
        })?;
        if domain::name::tokens(name).iter().all(|token| token.chars().count() < 2) {
            return Err(Failure::invalid("name", "Write at least two letters of a name"));
        }
        Ok(store.search_name(name, after, PAGE).await?)
    }

    /// Whether somebody who was found by one thing fits all of them.
    fn fit(&self, found: &Individual) -> bool {
        self.name.as_deref().is_none_or(|name| found.name.begins_with(name))
            && self.email.as_ref().is_none_or(|email| found.emails_in_use().any(|known| known == email))
            && self.birth_date.is_none_or(|date| found.birth_date == Some(date))
    }
}
