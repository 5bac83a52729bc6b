//! The agency as its pages show it to everybody: footer, privacy policy and terms of use.

use domain::Language;
use domain::settings::{Agency, Settings};
use serde::{Deserialize, Serialize};
use store::ask::{self, One};
use store::{Policy, PolicyKind};

/// A question for each text that is written: privacy policy, terms of use.
pub(crate) type AskTexts = (Option<One<Policy>>, Option<One<Policy>>);

/// The agency as every page's footer shows it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgencyFooter {
    /// Its name.
    pub name: String,
    /// Postal address, lines separated by line feeds.
    pub address: String,
    /// Telephone number.
    pub phone: String,
    /// IANA name of the zone that times are shown in.
    pub time_zone: String,
    /// Help, where the agency has its own.
    pub help_url: Option<String>,
    /// The privacy policy's address, where it isn't the text shown at activation.
    pub privacy_url: Option<String>,
    /// Where technical problems are reported.
    pub technical_url: Option<String>,
    /// How to get in touch.
    pub contact_url: Option<String>,
}

impl From<&Agency> for AgencyFooter {
    fn from(agency: &Agency) -> Self {
        Self {
            name: agency.name.clone(),
            address: agency.address.clone(),
            phone: agency.phone.clone(),
            time_zone: agency.time_zone.name().to_owned(),
            help_url: agency.help_url.clone(),
            privacy_url: agency.privacy_url.clone(),
            technical_url: agency.technical_url.clone(),
            contact_url: agency.contact_url.clone(),
        }
    }
}

/// Asks for the current versions.
pub(crate) fn ask_texts(settings: &Settings, language: Language) -> AskTexts {
    let ask = |kind, version: Option<u32>| version.map(|version| ask::policy(kind, version, language));
    (ask(PolicyKind::Privacy, settings.texts.privacy), ask(PolicyKind::Terms, settings.texts.terms))
}
