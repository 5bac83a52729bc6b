//! Adds a site of the agency.

use domain::id::SiteId;
use domain::journal::JournalEvent;
use serde::Deserialize;
use store::{Site, ask};

use crate::context::Context;
use crate::entry::caller::{Staff, not_set_up};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sites::{self, NotSaved, SavedSite};

/// Creates a site.
pub struct CreateSite;

/// What it is called, and where its clocks are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What the agency calls it; no other has the name.
    pub name: String,
    /// IANA name of the zone that its events are shown in.
    pub time_zone: String,
}

impl HttpOperation for CreateSite {
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
        let site = Site {
            id: SiteId::new(context.uuid()),
            name: sites::name(&request.name, &all.iter().collect::<Vec<_>>())?,
            time_zone: sites::time_zone(&request.time_zone)?,
            active: true,
        };
        all.value.push(site.clone());
        let created = JournalEvent::SiteCreated { site: site.id };
        sites::save(context, &staff, all.version, &all.value, created, &site).await
    }
}
