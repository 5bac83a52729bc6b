//! Saves *`ClientConnect` setup*: General, About Me, Agency, Advanced, Request a Service, Billing.

use domain::settings::{AboutMe, Advanced, Agency, Billing, General, RequestService, Section};
use serde::Deserialize;

use crate::configuration::{NotSaved, Save, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sections::Whole;

/// Sets `ClientConnect` up.
pub struct SetClientConnect;

/// The whole sections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The version of the settings that was seen.
    pub version: u64,
    /// *General*
    #[cfg_attr(feature = "openapi", schema(value_type = General))]
    pub general: Whole<General>,
    /// *About Me*
    #[cfg_attr(feature = "openapi", schema(value_type = AboutMe))]
    pub about_me: Whole<AboutMe>,
    /// *Agency*
    #[cfg_attr(feature = "openapi", schema(value_type = Agency))]
    pub agency: Whole<Agency>,
    /// *Advanced*
    #[cfg_attr(feature = "openapi", schema(value_type = Advanced))]
    pub advanced: Whole<Advanced>,
    /// *Request a Service*
    #[cfg_attr(feature = "openapi", schema(value_type = RequestService))]
    pub request_service: Whole<RequestService>,
    /// *Billing*
    #[cfg_attr(feature = "openapi", schema(value_type = Billing))]
    pub billing: Whole<Billing>,
    /// The worker was told that clients can't sign in any more, and means it.
    #[serde(default)]
    pub confirmed: bool,
}

impl HttpOperation for SetClientConnect {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SettingsView>, Failure<NotSaved>> {
        let save =
            Save { section: Section::ClientConnect, seen: request.version, confirmed: request.confirmed };
        let change = |draft: &mut domain::settings::Draft| {
            draft.general = request.general.0.clone();
            draft.about_me = request.about_me.0;
            draft.agency = request.agency.0.clone();
            draft.advanced = request.advanced.0.clone();
            draft.request_service = request.request_service.0.clone();
            draft.billing = request.billing.0;
        };
        staff.save_settings(context, save, change).await
    }
}
