//! Saves *External communications*. A changed sender of the authentication email has to prove itself anew.

use domain::settings::{Communications, Section};
use serde::Deserialize;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sections::Whole;

/// Sets communications.
pub struct SetCommunications;

/// The whole section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version of the settings that was seen.
    pub version: u64,
    /// The section as it is to be.
    #[cfg_attr(feature = "openapi", schema(value_type = Communications))]
    pub communications: Whole<Communications>,
    /// The worker was told that clients can't sign in any more, and means it.
    #[serde(default)]
    pub confirmed: bool,
}

impl HttpOperation for SetCommunications {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SettingsView>, Failure<NotSaved>> {
        let Request { version: seen, communications: Whole(communications), confirmed } = request;
        let save = Save { section: Section::Communications, seen, confirmed };
        staff.save_settings(context, save, |draft| draft.communications = communications.clone()).await
    }
}
