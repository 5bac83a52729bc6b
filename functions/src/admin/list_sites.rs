//! Lists the agency's sites: what their ids stand for, and what forms offer.

use domain::id::SiteId;
use serde::{Deserialize, Serialize};
use store::{Site, Version, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Lists sites.
pub struct ListSites;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// All sites, as the agency ordered them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Of all sites together: whoever saves one says which they have seen.
    pub version: u64,
    /// The sites.
    pub sites: Vec<SiteView>,
}

/// A location of the agency.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SiteView {
    /// Which one.
    pub site_id: SiteId,
    /// What the agency calls it.
    pub name: String,
    /// IANA name of the zone that its events are shown in.
    pub time_zone: String,
    /// Whether it is offered where a site is chosen; where it was chosen before, it stays.
    pub active: bool,
}

impl HttpOperation for ListSites {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let sites = context.services.store.ask(ask::sites()).await?;
        let version = sites.as_ref().map_or(Version::NONE, |sites| sites.version).number();
        let sites = sites.iter().flat_map(|sites| &sites.value).map(SiteView::from).collect();
        Ok(Reply::from(Response { version, sites }))
    }
}

impl From<&Site> for SiteView {
    fn from(site: &Site) -> Self {
        Self {
            site_id: site.id,
            name: site.name.clone(),
            time_zone: site.time_zone.name().to_owned(),
            active: site.active,
        }
    }
}
