//! What clients do.

pub mod activate_account;
pub mod ask_for_link;
pub mod change_password;
pub mod confirm_email_change;
pub mod end_other_sessions;
pub mod end_session;
pub mod extend_session;
pub mod get_account;
pub mod get_home;
pub mod list_sessions;
pub mod look_at_link;
pub mod request_email_change;
pub mod request_password_reset;
pub mod reset_password;
pub mod set_language;
pub mod sign_in;
pub mod sign_out;

use chrono::{DateTime, Utc};
use domain::session::EmailChange;
use domain::settings::Agency;
use serde::{Deserialize, Serialize};

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

/// A sign-in email that waits for its code (A18).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedEmail {
    /// The new address, as it was typed.
    pub email: String,
    /// Until when the code may be typed.
    pub until: DateTime<Utc>,
    /// How often it may still be tried.
    pub tries_left: u8,
}

impl WantedEmail {
    fn of(change: &EmailChange, now: DateTime<Utc>) -> Self {
        Self {
            email: change.address.as_typed().to_owned(),
            until: change.until,
            tries_left: change.tries_left(now),
        }
    }
}
