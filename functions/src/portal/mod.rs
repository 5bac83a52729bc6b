//! What clients do.

pub mod activate_account;
pub mod ask_for_link;
pub mod change_password;
pub mod confirm_email_change;
pub mod end_other_sessions;
pub mod end_session;
pub mod extend_session;
pub mod get_account;
pub mod get_agency;
pub mod get_home;
pub mod get_texts;
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
use serde::{Deserialize, Serialize};

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
