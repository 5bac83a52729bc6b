//! The agency's settings, as the pages of *System Setup* show them.

use serde::Deserialize;

use crate::configuration::SettingsView;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the settings.
pub struct GetSettings;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

impl HttpOperation for GetSettings {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Request,
    ) -> Result<Reply<SettingsView>, Failure<NoRefusal>> {
        let settings = staff.settings_now(context).await?.value;
        let saved = staff.saved(context, settings.version).await?;
        Ok(Reply::from(SettingsView::of(&settings, saved)))
    }
}
