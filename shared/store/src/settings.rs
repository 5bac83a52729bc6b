//! The agency's settings: one versioned record.

use domain::settings::{
    Agency, AuthenticationEmail, Communications, Draft, General, Sender, Settings, Texts,
};
use domain::{EmailAddress, Language};
use serde::{Deserialize, Serialize};

use crate::agency::{AGENCY, one};
use crate::ask::One;
use crate::commit::Kind;
use crate::item::{Shape, Stored, Versioned, parsed};
use crate::{Fault, Table};

const TABLE: Table = Table::Settings;

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsItem {
    settings: WholeItem,
}

#[derive(Serialize, Deserialize)]
struct WholeItem {
    version: u64,
    general: GeneralItem,
    communications: CommunicationsItem,
    agency: AgencyItem,
    privacy: Option<u32>,
    terms: Option<u32>,
    licences: u32,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
struct GeneralItem {
    enabled: bool,
    activation_expiry_days: u8,
    reminder_days: u8,
    default_birth_date: Option<String>,
    minimum_age: u8,
    failed_sign_ins: u16,
    client_may_unlock: bool,
    password_minimum: u8,
    idle_minutes: u8,
    total_hours: u8,
    discreet_mail: bool,
    ask_again: bool,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the settings page")]
struct CommunicationsItem {
    email: bool,
    client_delivery: bool,
    sender: SenderItem,
    reply_to: Option<String>,
    authentication_sender: Option<SenderItem>,
    identity_verified: bool,
    test_delivered: bool,
}

#[derive(Serialize, Deserialize)]
struct SenderItem {
    name: String,
    address: String,
}

#[derive(Serialize, Deserialize)]
struct AgencyItem {
    name: String,
    address: String,
    phone: String,
    time_zone: String,
    language: Language,
    help_url: Option<String>,
    privacy_url: Option<String>,
    technical_url: Option<String>,
    contact_url: Option<String>,
}

impl Shape for SettingsItem {
    const TABLE: Table = TABLE;
}

fn address(text: &str, field: &str) -> Result<EmailAddress, Fault> {
    parsed(text, field, TABLE)
}

impl From<&Sender> for SenderItem {
    fn from(sender: &Sender) -> Self {
        Self { name: sender.name.clone(), address: sender.address.as_typed().to_owned() }
    }
}

impl TryFrom<SenderItem> for Sender {
    type Error = Fault;

    fn try_from(item: SenderItem) -> Result<Self, Fault> {
        Ok(Self { address: address(&item.address, "settings.communications.sender")?, name: item.name })
    }
}

impl From<&Settings> for SettingsItem {
    fn from(settings: &Settings) -> Self {
        let Draft { version, general, communications, agency, texts, licences } = &**settings;
        let authentication = &communications.authentication;
        Self {
            settings: WholeItem {
                version: *version,
                general: GeneralItem {
                    enabled: general.enabled,
                    activation_expiry_days: general.activation_expiry_days,
                    reminder_days: general.reminder_days,
                    default_birth_date: general.default_birth_date.map(|date| date.to_string()),
                    minimum_age: general.minimum_age,
                    failed_sign_ins: general.failed_sign_ins,
                    client_may_unlock: general.client_may_unlock,
                    password_minimum: general.password_minimum,
                    idle_minutes: general.idle_minutes,
                    total_hours: general.total_hours,
                    discreet_mail: general.discreet_mail,
                    ask_again: general.ask_again,
                },
                communications: CommunicationsItem {
                    email: communications.email,
                    client_delivery: communications.client_delivery,
                    sender: SenderItem::from(&communications.sender),
                    reply_to: communications.reply_to.as_ref().map(|address| address.as_typed().to_owned()),
                    authentication_sender: authentication.sender.as_ref().map(SenderItem::from),
                    identity_verified: authentication.identity_verified,
                    test_delivered: authentication.test_delivered,
                },
                agency: AgencyItem {
                    name: agency.name.clone(),
                    address: agency.address.clone(),
                    phone: agency.phone.clone(),
                    time_zone: agency.time_zone.name().to_owned(),
                    language: agency.language,
                    help_url: agency.help_url.clone(),
                    privacy_url: agency.privacy_url.clone(),
                    technical_url: agency.technical_url.clone(),
                    contact_url: agency.contact_url.clone(),
                },
                privacy: texts.privacy,
                terms: texts.terms,
                licences: *licences,
            },
        }
    }
}

impl TryFrom<SettingsItem> for Settings {
    type Error = Fault;

    fn try_from(SettingsItem { settings: item }: SettingsItem) -> Result<Self, Fault> {
        let WholeItem { version, general, communications, agency, privacy, terms, licences } = item;
        let draft = Draft {
            version,
            general: General {
                enabled: general.enabled,
                activation_expiry_days: general.activation_expiry_days,
                reminder_days: general.reminder_days,
                default_birth_date: general
                    .default_birth_date
                    .map(|date| parsed(&date, "settings.general.default_birth_date", TABLE))
                    .transpose()?,
                minimum_age: general.minimum_age,
                failed_sign_ins: general.failed_sign_ins,
                client_may_unlock: general.client_may_unlock,
                password_minimum: general.password_minimum,
                idle_minutes: general.idle_minutes,
                total_hours: general.total_hours,
                discreet_mail: general.discreet_mail,
                ask_again: general.ask_again,
            },
            communications: Communications {
                email: communications.email,
                client_delivery: communications.client_delivery,
                sender: communications.sender.try_into()?,
                reply_to: communications
                    .reply_to
                    .map(|text| address(&text, "settings.communications.reply_to"))
                    .transpose()?,
                authentication: AuthenticationEmail {
                    sender: communications.authentication_sender.map(Sender::try_from).transpose()?,
                    identity_verified: communications.identity_verified,
                    test_delivered: communications.test_delivered,
                },
            },
            agency: Agency {
                name: agency.name,
                address: agency.address,
                phone: agency.phone,
                time_zone: parsed(&agency.time_zone, "settings.agency.time_zone", TABLE)?,
                language: agency.language,
                help_url: agency.help_url,
                privacy_url: agency.privacy_url,
                technical_url: agency.technical_url,
                contact_url: agency.contact_url,
            },
            texts: Texts { privacy, terms },
            licences,
        };
        Self::new(draft).map_err(|errors| {
            let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
            Fault::corrupt(TABLE, format!("settings out of bounds: {}", fields.join(", ")))
        })
    }
}

impl Stored for Settings {
    type Item = SettingsItem;
    const KIND: Kind = Kind::Settings;

    fn key(&self) -> (String, Option<&'static str>) {
        (AGENCY.to_owned(), Some("settings"))
    }
}

pub(crate) fn settings() -> One<Versioned<Settings>> {
    one("settings")
}
