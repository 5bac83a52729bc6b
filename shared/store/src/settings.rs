//! The agency's settings: one versioned record.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use domain::WorkerId;
use domain::settings::{
    AboutMe, Advanced, Agency, Billing, ClientMessages, Communications, Draft, FileAttachment, General,
    Images, Proof, RequestService, Section, Settings, Texts,
};
use domain::theme::Theme;
use serde::{Deserialize, Serialize};

use crate::agency::{AGENCY, one};
use crate::ask::{FromItem, One};
use crate::commit::Kind;
use crate::item::{Map, Shape, Stored, Upcast, Version, Versioned, attribute, s};
use crate::{Fault, Table, Transaction};

const TABLE: Table = Table::Settings;

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsItem {
    settings: WholeItem,
}

/// The sections in the form they have everywhere: [`Settings::new`] checks them when they are read.
#[derive(Serialize, Deserialize)]
struct WholeItem {
    version: u64,
    general: General,
    communications: Communications,
    proof: Proof,
    about_me: AboutMe,
    agency: Agency,
    advanced: Advanced,
    request_service: RequestService,
    billing: Billing,
    images: Images,
    theme: Theme,
    file_attachment: FileAttachment,
    privacy: Option<u32>,
    terms: Option<u32>,
    licences: u32,
}

impl Shape for SettingsItem {
    const TABLE: Table = TABLE;
    const UPCASTS: &'static [Upcast] = &[with_all_sections];
}

/// The first shape had four sections, and what is proven of the authentication email among the communications.
fn with_all_sections(map: &mut Map) {
    let Some(AttributeValue::M(whole)) = map.get_mut("settings") else { return };
    let Some(AttributeValue::M(mail)) = whole.get_mut("communications") else { return };
    let nothing = || AttributeValue::Null(true);
    let sender = mail.remove("authentication_sender").unwrap_or_else(nothing);
    let verified = mail.remove("identity_verified").unwrap_or(AttributeValue::Bool(false));
    let delivered = mail.remove("test_delivered") == Some(AttributeValue::Bool(true));
    let test = s(if delivered { "delivered" } else { "none" });
    mail.insert("authentication".to_owned(), AttributeValue::M([("sender".to_owned(), sender)].into()));
    mail.insert("told_of_failures".to_owned(), AttributeValue::L(Vec::new()));
    for switch in ["hide_worker_last_name", "hide_site"] {
        mail.insert(switch.to_owned(), AttributeValue::Bool(false));
    }
    mail.extend(
        attribute(&ClientMessages::default()).ok().map(|messages| ("client_messages".to_owned(), messages)),
    );
    let proof = [("identity_verified".to_owned(), verified), ("test".to_owned(), test)];
    whole.insert("proof".to_owned(), AttributeValue::M(proof.into()));
    let sections = [
        ("about_me", attribute(&AboutMe::default())),
        ("advanced", attribute(&Advanced::default())),
        ("request_service", attribute(&RequestService::default())),
        ("billing", attribute(&Billing::default())),
        ("images", attribute(&Images::default())),
        ("theme", attribute(&Theme::default())),
        ("file_attachment", attribute(&FileAttachment::default())),
    ];
    whole.extend(sections.into_iter().filter_map(|(name, section)| Some((name.to_owned(), section.ok()?))));
}

impl From<&Settings> for SettingsItem {
    fn from(settings: &Settings) -> Self {
        let draft = Draft::clone(settings);
        Self {
            settings: WholeItem {
                version: draft.version,
                general: draft.general,
                communications: draft.communications,
                proof: draft.proof,
                about_me: draft.about_me,
                agency: draft.agency,
                advanced: draft.advanced,
                request_service: draft.request_service,
                billing: draft.billing,
                images: draft.images,
                theme: draft.theme,
                file_attachment: draft.file_attachment,
                privacy: draft.texts.privacy,
                terms: draft.texts.terms,
                licences: draft.licences,
            },
        }
    }
}

impl TryFrom<SettingsItem> for Settings {
    type Error = Fault;

    fn try_from(SettingsItem { settings: item }: SettingsItem) -> Result<Self, Fault> {
        let draft = Draft {
            version: item.version,
            general: item.general,
            communications: item.communications,
            proof: item.proof,
            about_me: item.about_me,
            agency: item.agency,
            advanced: item.advanced,
            request_service: item.request_service,
            billing: item.billing,
            texts: Texts { privacy: item.privacy, terms: item.terms },
            images: item.images,
            theme: item.theme,
            file_attachment: item.file_attachment,
            licences: item.licences,
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

/// The settings as they were saved once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsVersion {
    /// All of them.
    pub settings: Settings,
    /// When they were saved.
    pub at: DateTime<Utc>,
    /// By whom; nobody at set-up.
    pub by: Option<WorkerId>,
    /// What was saved.
    pub section: Section,
}

#[derive(Serialize, Deserialize)]
struct VersionItem {
    settings: WholeItem,
    at: DateTime<Utc>,
    by: Option<WorkerId>,
    section: Section,
}

impl Shape for VersionItem {
    const TABLE: Table = TABLE;
}

impl FromItem for SettingsVersion {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let VersionItem { settings, at, by, section } = VersionItem::read(map)?;
        Ok(Self { settings: SettingsItem { settings }.try_into()?, at, by, section })
    }
}

/// Numbers of one length, so that they sort.
fn version_sk(version: u64) -> String {
    format!("version#{version:010}")
}

pub(crate) fn settings_version(version: u64) -> One<SettingsVersion> {
    one(version_sk(version))
}

impl Transaction {
    /// Writes the settings where they were loaded with `loaded`, or for the first time, and keeps them as a version.
    pub fn save_settings(&mut self, loaded: Version, saved: &SettingsVersion) -> &mut Self {
        let SettingsVersion { settings, at, by, section } = saved;
        let item = VersionItem {
            settings: SettingsItem::from(settings).settings,
            at: *at,
            by: *by,
            section: *section,
        };
        let sk = version_sk(settings.version);
        self.put_versioned(loaded, settings).put_once(&item, AGENCY, Some(&sk), Kind::Settings)
    }
}
