//! How many accounts may be open at once, and how many more (B7).

use serde::{Deserialize, Serialize};
use store::{Licences, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the licences.
pub struct GetLicences;

/// Nothing is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// The licences.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicencesView {
    /// How many accounts may be pending, active or locked at once.
    pub total: u32,
    /// How many are; test individuals' don't count.
    pub used: u32,
    /// How many more may be opened.
    pub free: u32,
}

impl LicencesView {
    /// Those of an agency that has so many in all.
    pub(crate) fn of(total: u32, licences: &Licences) -> Self {
        let free = licences.free();
        Self { total, used: total.saturating_sub(free), free }
    }
}

impl HttpOperation for GetLicences {
    type Caller = Staff;
    type Request = Request;
    type Response = LicencesView;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Request,
    ) -> Result<Reply<LicencesView>, Failure<NoRefusal>> {
        let licences = context.services.store.ask(ask::licences()).await?;
        Ok(Reply::from(LicencesView::of(staff.settings.licences, &licences)))
    }
}
