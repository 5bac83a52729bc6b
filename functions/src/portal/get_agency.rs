//! Whose portal it is, for every page's footer and for the pages that come before signing in.

use std::collections::BTreeMap;

use domain::settings::{Hours, Tile};
use domain::{ImageId, Language};
use serde::{Deserialize, Serialize};

use crate::agency::AgencyFooter;
use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the agency.
pub struct GetAgency;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// What everybody may know of the agency.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each switches a part of a page")]
pub struct Response {
    /// Whether clients can activate and sign in; when not, the site shows how to reach the agency and no more (C2).
    pub enabled: bool,
    /// For the footer.
    pub agency: AgencyFooter,
    /// For visitors who have chosen none.
    pub language: Language,
    /// Characters a password must have.
    pub password_minimum: u8,
    /// Whether the mailed link unlocks what wrong passwords locked (A12); when not, the agency does.
    pub client_may_unlock: bool,
    /// When the agency can be reached, on its own clock.
    pub availability: Vec<Hours>,
    /// Grows with every change of the settings, and with it the theme's stylesheet may change.
    pub theme_version: u64,
    /// The agency's logo.
    pub logo: Option<ImageId>,
    /// Which of its pictures each tile shows.
    pub tiles: BTreeMap<Tile, u8>,
    /// Whether there is a privacy policy to read.
    pub has_privacy: bool,
    /// Whether there are terms of use to read.
    pub has_terms: bool,
}

impl HttpOperation for GetAgency {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let settings = context.read_settings().await?;
        let reply = Reply::from(Response {
            enabled: settings.ready().is_ok(),
            agency: AgencyFooter::from(&settings.agency),
            language: settings.agency.language,
            password_minimum: settings.general.password_minimum,
            client_may_unlock: settings.general.client_may_unlock,
            availability: settings.advanced.availability.clone(),
            theme_version: settings.version,
            logo: settings.images.logo,
            tiles: settings.images.tiles.clone(),
            has_privacy: settings.texts.privacy.is_some(),
            has_terms: settings.texts.terms.is_some(),
        });
        Ok(reply.for_everybody())
    }
}
