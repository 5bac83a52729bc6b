//! Writes a site anew. An inactive one is offered no more, and stays where it was chosen.

use domain::id::SiteId;
use domain::journal::JournalEvent;
use serde::Deserialize;
use store::{Site, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sites::{self, NotSaved, SavedSite};

/// Updates a site.
pub struct UpdateSite;

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Which one.
    pub site_id: SiteId,
    /// The version of the sites that was seen.
    pub version: u64,
    /// What the agency calls it; no other has the name.
    pub name: String,
    /// IANA name of the zone that its events are shown in.
    pub time_zone: String,
    /// Whether it is offered where a site is chosen.
    pub active: bool,
}

impl HttpOperation for UpdateSite {
    type Caller = Staff;
    type Request = Request;
    type Response = SavedSite;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SavedSite>, Failure<NotSaved>> {
        let mut all = context.services.store.ask(ask::sites()).await?.ok_or_else(not_set_up)?;
        let id = request.site_id;
        if !all.iter().any(|site| site.id == id) {
            return Err(Failure::not_found());
        }
        if all.version.number() != request.version {
            return Err(NotSaved::RecordChanged.into());
        }
        let others: Vec<&Site> = all.iter().filter(|site| site.id != id).collect();
        if !request.active && !others.iter().any(|site| site.active) {
            return Err(NotSaved::LastSite.into());
        }
        let name = sites::name(&request.name, &others)?;
        let site =
            Site { id, name, time_zone: sites::time_zone(&request.time_zone)?, active: request.active };
        for known in all.value.iter_mut().filter(|known| known.id == id) {
            *known = site.clone();
        }
        let changed = JournalEvent::SiteChanged { site: id };
        sites::save(context, &staff, all.version, &all.value, changed, &site).await
    }
}
