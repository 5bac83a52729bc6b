//! The agency's own records: settings, security classes, sites, sign-in keys, texts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::journal::Audience;
use domain::settings::{
    Agency, AuthenticationEmail, Communications, Draft, General, Sender, Settings, Texts,
};
use domain::worker::{Denial, SecurityClass};
use domain::{ClassId, EmailAddress, Language, SiteId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::Kind;
use crate::item::{Map, Shape, Stored, Version, Versioned, parsed};
use crate::{Fault, Table, Transaction};

const TABLE: Table = Table::Settings;
const AGENCY: &str = "agency";

fn one<T>(sk: impl Into<String>) -> One<T> {
    One::sorted(TABLE, AGENCY, sk)
}

// Settings

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsItem {
    settings: Draft1,
}

#[derive(Serialize, Deserialize)]
struct Draft1 {
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
            settings: Draft1 {
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
        let Draft1 { version, general, communications, agency, privacy, terms, licences } = item;
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

// Security classes

#[derive(Serialize, Deserialize)]
pub(crate) struct ClassesItem {
    classes: Vec<ClassItem>,
}

#[derive(Serialize, Deserialize)]
struct ClassItem {
    id: ClassId,
    name: String,
    allow_activations: bool,
    denials: BTreeSet<Denial>,
}

impl Shape for ClassesItem {
    const TABLE: Table = TABLE;
}

impl From<&Vec<SecurityClass>> for ClassesItem {
    fn from(classes: &Vec<SecurityClass>) -> Self {
        let item = |class: &SecurityClass| ClassItem {
            id: class.id,
            name: class.name.clone(),
            allow_activations: class.allow_activations,
            denials: class.denials.clone(),
        };
        Self { classes: classes.iter().map(item).collect() }
    }
}

impl TryFrom<ClassesItem> for Vec<SecurityClass> {
    type Error = Fault;

    fn try_from(item: ClassesItem) -> Result<Self, Fault> {
        let class = |item: ClassItem| SecurityClass {
            id: item.id,
            name: item.name,
            allow_activations: item.allow_activations,
            denials: item.denials,
        };
        Ok(item.classes.into_iter().map(class).collect())
    }
}

impl Stored for Vec<SecurityClass> {
    type Item = ClassesItem;
    const KIND: Kind = Kind::SecurityClasses;

    fn key(&self) -> (String, Option<&'static str>) {
        (AGENCY.to_owned(), Some("classes"))
    }
}

pub(crate) fn security_classes() -> One<Versioned<Vec<SecurityClass>>> {
    one("classes")
}

// Sites

/// A location of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which one.
    pub id: SiteId,
    /// What the agency calls it.
    pub name: String,
    /// The zone its events are shown in.
    pub time_zone: Tz,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SitesItem {
    sites: Vec<SiteItem>,
}

#[derive(Serialize, Deserialize)]
struct SiteItem {
    id: SiteId,
    name: String,
    time_zone: String,
}

impl Shape for SitesItem {
    const TABLE: Table = TABLE;
}

impl From<&Vec<Site>> for SitesItem {
    fn from(sites: &Vec<Site>) -> Self {
        let item = |site: &Site| SiteItem {
            id: site.id,
            name: site.name.clone(),
            time_zone: site.time_zone.name().to_owned(),
        };
        Self { sites: sites.iter().map(item).collect() }
    }
}

impl TryFrom<SitesItem> for Vec<Site> {
    type Error = Fault;

    fn try_from(item: SitesItem) -> Result<Self, Fault> {
        let site = |item: SiteItem| {
            let time_zone = parsed(&item.time_zone, "sites.time_zone", TABLE)?;
            Ok(Site { id: item.id, name: item.name, time_zone })
        };
        item.sites.into_iter().map(site).collect()
    }
}

impl Stored for Vec<Site> {
    type Item = SitesItem;
    const KIND: Kind = Kind::Sites;

    fn key(&self) -> (String, Option<&'static str>) {
        (AGENCY.to_owned(), Some("sites"))
    }
}

pub(crate) fn sites() -> One<Versioned<Vec<Site>>> {
    one("sites")
}

// Keys that verify sessions

/// The public keys of one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys {
    /// Whose sessions they verify.
    pub audience: Audience,
    /// The keys by `kid`, as the sign-in functions' key pair states them.
    pub keys: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct KeysItem {
    audience: Audience,
    keys: BTreeMap<String, String>,
}

impl Shape for KeysItem {
    const TABLE: Table = TABLE;
}

impl From<&PublicKeys> for KeysItem {
    fn from(keys: &PublicKeys) -> Self {
        Self { audience: keys.audience, keys: keys.keys.clone() }
    }
}

impl TryFrom<KeysItem> for PublicKeys {
    type Error = Fault;

    fn try_from(KeysItem { audience, keys }: KeysItem) -> Result<Self, Fault> {
        Ok(Self { audience, keys })
    }
}

const fn keys_sk(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => "keys#portal",
        Audience::Admin => "keys#admin",
    }
}

impl Stored for PublicKeys {
    type Item = KeysItem;
    const KIND: Kind = Kind::PublicKeys;

    fn key(&self) -> (String, Option<&'static str>) {
        (AGENCY.to_owned(), Some(keys_sk(self.audience)))
    }
}

pub(crate) fn public_keys(audience: Audience) -> One<Versioned<PublicKeys>> {
    one(keys_sk(audience))
}

// The mark of set-up

/// That the agency has been set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUp {
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct SetUpItem {
    at: DateTime<Utc>,
}

impl Shape for SetUpItem {
    const TABLE: Table = TABLE;
}

impl FromItem for SetUp {
    fn from_item(map: Map) -> Result<Self, Fault> {
        SetUpItem::read(map).map(|SetUpItem { at }| Self { at })
    }
}

pub(crate) fn set_up() -> One<SetUp> {
    one("setup")
}

// Texts that clients accept

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// The privacy policy.
    Privacy,
    /// The terms of use.
    Terms,
}

impl PolicyKind {
    fn sk(self, version: u32, language: Language) -> String {
        let name = match self {
            Self::Privacy => "privacy",
            Self::Terms => "terms",
        };
        format!("{name}#{version}#{language}")
    }
}

/// A text that clients accept (A5), in Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(pub String);

#[derive(Serialize, Deserialize)]
struct PolicyItem {
    markdown: String,
}

impl Shape for PolicyItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Policy {
    fn from_item(map: Map) -> Result<Self, Fault> {
        PolicyItem::read(map).map(|PolicyItem { markdown }| Self(markdown))
    }
}

pub(crate) fn policy(kind: PolicyKind, version: u32, language: Language) -> One<Policy> {
    one(kind.sk(version, language))
}

impl Transaction {
    /// Writes the settings where they were loaded with `version`, or for the first time.
    pub fn put_settings(&mut self, version: Version, settings: &Settings) -> &mut Self {
        self.put_versioned(version, settings)
    }

    /// Writes all security classes.
    pub fn put_security_classes(&mut self, version: Version, classes: &Vec<SecurityClass>) -> &mut Self {
        self.put_versioned(version, classes)
    }

    /// Writes all sites.
    pub fn put_sites(&mut self, version: Version, sites: &Vec<Site>) -> &mut Self {
        self.put_versioned(version, sites)
    }

    /// Writes the public keys of one audience.
    pub fn put_public_keys(&mut self, version: Version, keys: &PublicKeys) -> &mut Self {
        self.put_versioned(version, keys)
    }

    /// Marks the agency as set up; `Stale(SetUp)` if it is already.
    pub fn mark_set_up(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.put_once(&SetUpItem { at }, AGENCY, Some("setup"), Kind::SetUp)
    }

    /// Adds a text. A text that people may have accepted is never changed: a new one gets a new version.
    pub fn put_policy(
        &mut self,
        kind: PolicyKind,
        version: u32,
        language: Language,
        text: &Policy,
    ) -> &mut Self {
        let item = PolicyItem { markdown: text.0.clone() };
        self.put_once(&item, AGENCY, Some(&kind.sk(version, language)), Kind::Policy)
    }
}
