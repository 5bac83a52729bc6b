//! The sections of the settings. In the store, in the file that sets an agency up, and in the API they have one form.
//! What each field does is said as what a client sees of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::availability::Hours;
use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::id::{ImageId, MailId, WorkerId};
use crate::language::Language;

/// *`ClientConnect` setup, General*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
pub struct General {
    /// When off, sign-in and links show clients only the agency's contact page (C2).
    pub enabled: bool,
    /// Days of 24 hours until an invitation nobody took closes (A8), 1–30: when over, the client's link says so.
    pub activation_expiry_days: u8,
    /// Days before that end when the client is reminded by mail, 0 for never, at most 29.
    pub reminder_days: u8,
    /// The date the agency enters for unknown birth dates: who has it is sent no invitation (A1).
    pub default_birth_date: Option<BirthDate>,
    /// Years a client must have to be invited without an override (A1), 0–21.
    pub minimum_age: u8,
    /// Wrong passwords in a row after which a client's account is locked (A10), 3–100.
    pub failed_sign_ins: u16,
    /// When on, the mail about the lock has a link by which the client unlocks it (A12).
    pub client_may_unlock: bool,
    /// Characters a client's password must have, 12–64.
    pub password_minimum: u8,
    /// Minutes without use after which the client is signed out, 5–15.
    pub idle_minutes: u8,
    /// Hours after which the client is signed out in any case, 1–12.
    pub total_hours: u8,
    /// When on, subjects and senders' names of clients' mails don't name the agency; the address they come from stays.
    pub discreet_mail: bool,
    /// When on, a client accepts new versions of terms and privacy policy at the next sign-in (A5).
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
pub struct Communications {
    /// When off, no mail goes out at all, to clients or workers.
    pub email: bool,
    /// *Enable Client Delivery*: when off, no mail goes to any client, and none can be invited (C1).
    pub client_delivery: bool,
    /// Whom clients see mails come from.
    pub sender: Sender,
    /// Where a client's answers go, when not to the sender.
    pub reply_to: Option<EmailAddress>,
    /// The email that lets clients in: activation, reset, codes.
    pub authentication: AuthenticationEmail,
    /// Who is told when a client's mail doesn't arrive, at most 20.
    pub told_of_failures: Vec<WorkerId>,
    /// When on, clients see workers without their last names.
    pub hide_worker_last_name: bool,
    /// When on, clients don't see at which site a service is.
    pub hide_site: bool,
    /// *Client message settings*
    pub client_messages: ClientMessages,
}

impl Communications {
    /// Of an agency that sends from there, and hasn't switched anything on yet.
    #[must_use]
    pub fn sent_from(sender: Sender) -> Self {
        Self {
            email: false,
            client_delivery: false,
            sender,
            reply_to: None,
            authentication: AuthenticationEmail::default(),
            told_of_failures: Vec::new(),
            hide_worker_last_name: false,
            hide_site: false,
            client_messages: ClientMessages::default(),
        }
    }

    /// Whom activation, reset and security mails come from.
    #[must_use]
    pub fn authentication_sender(&self) -> &Sender {
        self.authentication.sender.as_ref().unwrap_or(&self.sender)
    }

    /// Whom client messages come from.
    #[must_use]
    pub fn message_sender(&self) -> &Sender {
        self.client_messages.sender.as_ref().unwrap_or(&self.sender)
    }

    /// Whether mails go out to clients (C1).
    #[must_use]
    pub const fn reach_clients(&self) -> bool {
        self.email && self.client_delivery
    }
}

/// Whom mails come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sender {
    /// The name shown, at most 100 characters.
    pub name: String,
    /// The address, of a verified identity.
    pub address: EmailAddress,
}

/// The authentication email.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthenticationEmail {
    /// Whom clients see it come from; null to *use the general settings*.
    pub sender: Option<Sender>,
}

/// *Client message settings*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientMessages {
    /// When on, clients are reminded of their events.
    pub event_confirmations: bool,
    /// Hours before an event when the client is reminded, 1–168.
    pub hours_before: u8,
    /// When on, clients are told when an event of theirs moves or is off. With confirmations on, too, they choose on *My
    /// `ClientConnect`* which of the two they get.
    pub event_updates: bool,
    /// Whom clients see such messages come from; null for the general sender.
    pub sender: Option<Sender>,
    /// What clients read at the foot of such messages, at most 500 characters.
    pub footer: Localized,
}

impl ClientMessages {
    /// Whether clients choose which messages about their events they get: only while there are both (S1).
    #[must_use]
    pub fn chosen_by_clients(&self) -> bool {
        self.event_confirmations && self.event_updates
    }
}

impl Default for ClientMessages {
    fn default() -> Self {
        Self {
            event_confirmations: false,
            hours_before: 48,
            event_updates: false,
            sender: None,
            footer: Localized::default(),
        }
    }
}

/// A text of the agency's in each language it has written it in.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Localized {
    /// English
    pub en: Option<String>,
    /// French
    pub fr: Option<String>,
    /// Spanish
    pub es: Option<String>,
}

impl Localized {
    /// What is written in that language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Option<&str> {
        match language {
            Language::En => self.en.as_deref(),
            Language::Fr => self.fr.as_deref(),
            Language::Es => self.es.as_deref(),
        }
    }
}

codes! {
    /// How far the test of the authentication email has come (C2).
    pub enum Test {
        /// None was sent since the sender changed.
        None = "none",
        /// On its way.
        Sent = "sent",
        /// It arrived.
        Delivered = "delivered",
        /// It came back.
        Failed = "failed",
    }
}

/// How far the authentication email has been proven to work (C2). Nobody edits it, and no restore brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The mail service reports the sender's identity as verified.
    pub identity_verified: bool,
    /// The last test mail since the sender changed.
    pub test: Test,
    /// Which one it is.
    pub test_mail: Option<MailId>,
    /// When it was asked for.
    pub test_sent_at: Option<DateTime<Utc>>,
}

impl Default for Proof {
    fn default() -> Self {
        Self { identity_verified: false, test: Test::None, test_mail: None, test_sent_at: None }
    }
}

impl Proof {
    /// Whether mails from the authentication email's sender are known to arrive (C2).
    #[must_use]
    pub fn holds(&self) -> bool {
        self.identity_verified && self.test == Test::Delivered
    }
}

/// *`ClientConnect` setup, About Me*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AboutMe {
    /// *Enable Edit Your Profile on About Me*: when on, clients edit their profile and contacts.
    pub edit_profile: bool,
}

/// *`ClientConnect` setup, Agency*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agency {
    /// Its name, at most 100 characters: at the foot of every page and mail.
    pub name: String,
    /// Its postal address, at most 300 characters: there, too.
    pub address: String,
    /// Its telephone number, at most 50 characters: there, too.
    pub phone: String,
    /// The zone in which ages are reckoned and times are shown, by its IANA name.
    #[serde(with = "zone")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub time_zone: Tz,
    /// What clients read who have no language of their own.
    pub language: Language,
    /// Where help leads, when not to our own articles.
    pub help_url: Option<String>,
    /// Where the footer's link to the privacy policy leads, when not to the text that clients accept.
    pub privacy_url: Option<String>,
    /// Where clients report technical problems; a mailto: address, too.
    pub technical_url: Option<String>,
    /// Where clients get in touch with the organization; a mailto: address, too.
    pub contact_url: Option<String>,
}

mod zone {
    use chrono_tz::Tz;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse()
            .map_err(|_| D::Error::custom("use the IANA name of a time zone, such as America/Toronto"))
    }
}

/// *`ClientConnect` setup, Advanced*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Advanced {
    /// When clients are told the agency can be reached, at most three spans a day.
    pub availability: Vec<Hours>,
    /// Minutes an event takes when its service doesn't say, 5–480: clients see when it ends.
    pub default_event_minutes: u16,
    /// When on, clients may start discussions, not just answer.
    pub clients_may_start_discussions: bool,
    /// Messages a client may write in a discussion before a worker replies, 1–20.
    pub messages_before_reply: u8,
}

impl Default for Advanced {
    fn default() -> Self {
        Self {
            availability: Hours::office(),
            default_event_minutes: 50,
            clients_may_start_discussions: true,
            messages_before_reply: 3,
        }
    }
}

/// *`ClientConnect` setup, Request a Service*
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestService {
    /// When on, clients may ask for the services that are eligible.
    pub enabled: bool,
    /// What clients read above that list, at most 1,000 characters.
    pub text: Localized,
    /// Who is told of a request, at most 20.
    pub receivers: Vec<WorkerId>,
}

/// *`ClientConnect` setup, Billing*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
pub struct Billing {
    /// When on, clients have the tile *My Account*.
    pub my_account: bool,
    /// When on, clients may pay one event.
    pub pay_event: bool,
    /// When on, clients may pay one invoice.
    pub pay_invoice: bool,
    /// When on, clients may pay all they owe.
    pub pay_balance: bool,
    /// When on, clients may write to the accounting department.
    pub accounting_discussion: bool,
}

codes! {
    /// A tile of the portal's home page.
    pub enum Tile {
        /// *About Me*
        AboutMe = "about_me",
        /// *Calendar*
        Calendar = "calendar",
        /// *Inbox*
        Inbox = "inbox",
        /// *My Account*
        MyAccount = "my_account",
        /// *My `ClientConnect`*
        MyClientConnect = "my_client_connect",
        /// *My Services*
        MyServices = "my_services",
        /// *Things I Need to Do*
        ThingsINeedToDo = "things_i_need_to_do",
    }
}

/// *Images*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Images {
    /// What clients see at the head of every page beside the agency's name; null for the name alone.
    pub logo: Option<ImageId>,
    /// Which of its pictures a tile shows, 1–6.
    pub tiles: BTreeMap<Tile, u8>,
}

impl Default for Images {
    fn default() -> Self {
        Self { logo: None, tiles: Tile::ALL.iter().map(|tile| (*tile, 1)).collect() }
    }
}

/// *File Attachment*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileAttachment {
    /// *Enable Worker Photo*: when on, clients see the photos of their workers.
    pub worker_photos: bool,
}

/// The current versions of the texts that clients accept; none while not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Texts {
    /// Privacy policy.
    pub privacy: Option<u32>,
    /// Terms of use.
    pub terms: Option<u32>,
}
