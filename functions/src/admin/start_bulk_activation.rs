//! Starts the dry run of a bulk activation: who would be invited, and who not, by reason (A2).

use std::collections::BTreeSet;

use domain::bulk::{InvitedBefore, Work};
use domain::id::SiteId;
use serde::Deserialize;
use store::ask;

use crate::bulk::{self, NotRun, Started};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Starts a bulk activation.
pub struct StartBulkActivation;

/// Whom to invite: everybody who can be, unless said otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Only individuals of this site.
    #[serde(default)]
    pub site_id: Option<SiteId>,
    /// Only these groups, at least one.
    #[serde(default)]
    pub groups: Option<BTreeSet<InvitedBefore>>,
}

impl HttpOperation for StartBulkActivation {
    type Caller = Staff;
    type Request = Request;
    type Response = Started;
    type Refused = NotRun;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Started>, Failure<NotRun>> {
        let Request { site_id: site, groups } = request;
        if groups.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Failure::invalid("groups", "Name at least one group, or leave this out for all"));
        }
        if let Some(site) = site {
            let sites = context.services.store.ask(ask::sites()).await?;
            if !sites.is_some_and(|sites| sites.value.iter().any(|known| known.id == site)) {
                return Err(Failure::invalid("site_id", "Choose one of the agency's sites"));
            }
        }
        let work = Work::ActivateInBulk { site, groups: groups.unwrap_or_default() };
        Ok(Reply::from(bulk::start(context, &staff, work, &[]).await?))
    }
}
