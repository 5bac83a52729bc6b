//! Brings an earlier version of the settings back, as a new one. What is proven of the authentication email and the
//! licences stay as they are.

use domain::settings::Section;
use serde::Deserialize;
use store::ask;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Restores settings.
pub struct RestoreSettings;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The number of the version to bring back.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub number: String,
    /// The version of the settings that was seen.
    pub version: u64,
    /// The worker was told that clients can't sign in any more, and means it.
    #[serde(default)]
    pub confirmed: bool,
}

impl HttpOperation for RestoreSettings {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SettingsView>, Failure<NotSaved>> {
        let number =
            request.number.parse().map_err(|_| Failure::invalid("number", "Use the number of a version"))?;
        let former = context.services.store.ask(ask::settings_version(number)).await?;
        let former = former.ok_or_else(Failure::not_found)?.settings.into_draft();
        let save = Save { section: Section::Restore, seen: request.version, confirmed: request.confirmed };
        staff.save_settings(context, save, |draft| draft.restore(former.clone())).await
    }
}
