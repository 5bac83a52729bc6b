//! The agency's configuration: one versioned record, read by every rule.

use std::ops::{Deref, RangeInclusive};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::language::Language;
use crate::text;

/// Settings within their bounds. Made by [`Settings::new`], read like the [`Draft`] it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(Draft);

/// Settings as somebody wants them, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Grows by one with every change.
    pub version: u64,
    /// *`ClientConnect` setup, General*
    pub general: General,
    /// *External communications*
    pub communications: Communications,
    /// *`ClientConnect` setup, Agency*
    pub agency: Agency,
    /// The texts that clients accept (A5).
    pub texts: Texts,
    /// How many accounts may be Pending, Active or Locked at once (B7). Set by the deployment.
    pub licences: u32,
}

/// *`ClientConnect` setup, General*
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
pub struct General {
    /// When off, sign-in and links show only the agency's contact page (C2).
    pub enabled: bool,
    /// Days of 24 hours until an invitation nobody took closes (A8), 1–30.
    pub activation_expiry_days: u8,
    /// Days before that end when the client is reminded, 0 for never, at most 29.
    pub reminder_days: u8,
    /// The date the agency enters for unknown birth dates: it activates nothing (A1).
    pub default_birth_date: Option<BirthDate>,
    /// Years a client must have to get an account without an override (A1), 0–21.
    pub minimum_age: u8,
    /// Wrong passwords in a row that lock an account (A10), 3–100.
    pub failed_sign_ins: u16,
    /// Whether the emailed reset link unlocks what wrong passwords locked (A12).
    pub client_may_unlock: bool,
    /// Characters a password must have, 12–64.
    pub password_minimum: u8,
    /// Minutes without use that end a session, 5–15.
    pub idle_minutes: u8,
    /// Hours that end a session in any case, 1–12.
    pub total_hours: u8,
    /// When on, subjects and senders of mails don't tell what the mail is about.
    pub discreet_mail: bool,
    /// When on, new versions of terms and privacy policy are shown for acceptance at the next sign-in.
    pub ask_again: bool,
}

impl Default for General {
    fn default() -> Self {
        Self {
            enabled: false,
            activation_expiry_days: 7,
            reminder_days: 2,
            default_birth_date: None,
            minimum_age: 13,
            failed_sign_ins: 10,
            client_may_unlock: true,
            password_minimum: 15,
            idle_minutes: 15,
            total_hours: 12,
            discreet_mail: false,
            ask_again: true,
        }
    }
}

/// *External communications*
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communications {
    /// Whether email goes out at all.
    pub email: bool,
    /// *Enable Client Delivery*: when off, no mail goes to any client (C1).
    pub client_delivery: bool,
    /// Whom mails come from.
    pub sender: Sender,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<EmailAddress>,
    /// The email that lets clients in: activation, reset, codes.
    pub authentication: AuthenticationEmail,
}

impl Communications {
    /// Whether mails go out to clients (C1).
    #[must_use]
    pub const fn reach_clients(&self) -> bool {
        self.email && self.client_delivery
    }
}

/// Whom mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name shown.
    pub name: String,
    /// The address, of a verified identity.
    pub address: EmailAddress,
}

/// The authentication email and how far it has been proven to work (C2).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuthenticationEmail {
    /// Its own sender; none to *use the general settings*.
    pub sender: Option<Sender>,
    /// The mail service reports the sender's identity as verified.
    pub identity_verified: bool,
    /// A test mail was delivered since the last change.
    pub test_delivered: bool,
}

/// *`ClientConnect` setup, Agency*
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Its name.
    pub name: String,
    /// Its postal address.
    pub address: String,
    /// Its telephone number.
    pub phone: String,
    /// The zone in which ages are reckoned and times are shown.
    pub time_zone: Tz,
    /// For individuals without a language of their own.
    pub language: Language,
    /// Help, when not our own.
    pub help_url: Option<String>,
    /// Replaces the footer's link to the privacy policy.
    pub privacy_url: Option<String>,
    /// Where technical problems are reported.
    pub technical_url: Option<String>,
    /// How to get in touch with the organization.
    pub contact_url: Option<String>,
}

/// The current versions of the texts that clients accept; none while not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Texts {
    /// Privacy policy.
    pub privacy: Option<u32>,
    /// Terms of use.
    pub terms: Option<u32>,
}

/// A field whose value can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {help}")]
pub struct FieldError {
    /// Path of the field, e.g. `general.idle_minutes`.
    pub field: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What to do, in English.
    pub help: String,
}

codes! {
    /// Why `ClientConnect` can't serve clients (C1, C2).
    pub enum NotReady {
        /// Email or *Enable Client Delivery* is off (C1).
        ClientDeliveryOff = "client_delivery_off",
        /// The authentication email isn't verified and tested.
        AuthenticationEmailNotReady = "authentication_email_not_ready",
        /// No privacy policy.
        NoPrivacyPolicy = "no_privacy_policy",
        /// No terms of use.
        NoTerms = "no_terms",
        /// Everything is there, but it is switched off.
        NotEnabled = "client_connect_not_enabled",
    }
}

impl Settings {
    /// Settings, if every value lies within its bounds.
    ///
    /// # Errors
    /// Every field that doesn't, not just the first.
    pub fn new(draft: Draft) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let general = &draft.general;
        let mut bound = |field, value: u16, bounds: RangeInclusive<u16>| {
            if !bounds.contains(&value) {
                let help = format!("choose a number from {} to {}", bounds.start(), bounds.end());
                errors.push(FieldError { field, code: "out_of_bounds", help });
            }
        };
        bound("general.activation_expiry_days", general.activation_expiry_days.into(), 1..=30);
        bound("general.reminder_days", general.reminder_days.into(), 0..=29);
        bound("general.minimum_age", general.minimum_age.into(), 0..=21);
        bound("general.failed_sign_ins", general.failed_sign_ins, 3..=100);
        bound("general.password_minimum", general.password_minimum.into(), 12..=64);
        bound("general.idle_minutes", general.idle_minutes.into(), 5..=15);
        bound("general.total_hours", general.total_hours.into(), 1..=12);

        let agency = &draft.agency;
        let own_sender = draft.communications.authentication.sender.as_ref();
        let lines = [
            ("agency.name", Some(&agency.name), 100),
            ("agency.address", Some(&agency.address), 300),
            ("agency.phone", Some(&agency.phone), 50),
            ("communications.sender.name", Some(&draft.communications.sender.name), 100),
            ("communications.authentication.sender.name", own_sender.map(|sender| &sender.name), 100),
        ];
        for (field, value, max) in lines {
            if let Some(Err(error)) = value.map(|value| text::clean(value, max)) {
                errors.push(FieldError { field, code: error.code(), help: error.to_string() });
            }
        }
        let urls = [
            ("agency.help_url", &agency.help_url),
            ("agency.privacy_url", &agency.privacy_url),
            ("agency.technical_url", &agency.technical_url),
            ("agency.contact_url", &agency.contact_url),
        ];
        for (field, url) in urls {
            if url.as_deref().is_some_and(|url| !is_link(url)) {
                let help = "write an address that begins with https:// or mailto:, of at most 500 characters"
                    .to_owned();
                errors.push(FieldError { field, code: "not_a_link", help });
            }
        }
        if errors.is_empty() { Ok(Self(draft)) } else { Err(errors) }
    }

    /// The settings as a draft, to be changed and checked again.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        self.0
    }

    /// Whether `ClientConnect` serves clients: create, resend, enable, activate, sign in.
    ///
    /// # Errors
    /// The first thing in the way.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.can_be_enabled()?;
        if self.general.enabled { Ok(()) } else { Err(NotReady::NotEnabled) }
    }

    /// Whether `ClientConnect` may be switched on (C2).
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn can_be_enabled(&self) -> Result<(), NotReady> {
        let mail = &self.communications;
        if !mail.reach_clients() {
            return Err(NotReady::ClientDeliveryOff);
        }
        if !mail.authentication.identity_verified || !mail.authentication.test_delivered {
            return Err(NotReady::AuthenticationEmailNotReady);
        }
        self.texts.privacy.ok_or(NotReady::NoPrivacyPolicy)?;
        self.texts.terms.ok_or(NotReady::NoTerms)?;
        Ok(())
    }

    /// Whom activation, reset and security mails come from.
    #[must_use]
    pub fn authentication_sender(&self) -> &Sender {
        self.communications.authentication.sender.as_ref().unwrap_or(&self.communications.sender)
    }

    /// The agency's own date.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.agency.time_zone).date_naive()
    }
}

impl Deref for Settings {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.0
    }
}

fn is_link(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("mailto:"));
    rest.is_some_and(|rest| !rest.is_empty())
        && url.len() <= 500
        && !url.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, email, settings, settings_with};

    #[test]
    fn every_field_out_of_bounds_is_told_at_once() {
        let mut draft = settings().into_draft();
        draft.general = General {
            activation_expiry_days: 31,
            reminder_days: 30,
            minimum_age: 22,
            failed_sign_ins: 2,
            password_minimum: 11,
            idle_minutes: 16,
            total_hours: 13,
            ..draft.general
        };
        draft.agency.name = " ".to_owned();
        draft.agency.help_url = Some("javascript:alert(1)".to_owned());
        draft.communications.authentication.sender =
            Some(Sender { name: "a\nb".to_owned(), address: email("a@b.example") });
        let errors = Settings::new(draft).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| (error.field, error.code)).collect();
        assert_eq!(
            fields,
            [
                ("general.activation_expiry_days", "out_of_bounds"),
                ("general.reminder_days", "out_of_bounds"),
                ("general.minimum_age", "out_of_bounds"),
                ("general.failed_sign_ins", "out_of_bounds"),
                ("general.password_minimum", "out_of_bounds"),
                ("general.idle_minutes", "out_of_bounds"),
                ("general.total_hours", "out_of_bounds"),
                ("agency.name", "empty"),
                ("communications.authentication.sender.name", "control_character"),
                ("agency.help_url", "not_a_link"),
            ]
        );
        assert_eq!(errors[0].help, "choose a number from 1 to 30");
    }

    #[test]
    fn the_defaults_are_within_bounds_and_off() {
        let settings = settings_with(|draft| draft.general = General::default());
        assert_eq!((settings.ready(), settings.can_be_enabled()), (Err(NotReady::NotEnabled), Ok(())));
    }

    #[test]
    fn days_are_the_agencys() {
        let midnight_in_toronto = at(15) + chrono::TimeDelta::hours(2);
        assert_eq!(
            settings().today(midnight_in_toronto - chrono::TimeDelta::seconds(1)).to_string(),
            "2026-03-01"
        );
        assert_eq!(settings().today(midnight_in_toronto).to_string(), "2026-03-02");
    }
}
