//! The agency's own records but for its settings: security classes, sites, sign-in keys, texts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::journal::Audience;
use domain::settings::PolicyKind;
use domain::worker::{Denial, SecurityClass};
use domain::{ClassId, Language, Settings, SiteId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::Kind;
use crate::item::{Map, Shape, Stored, Version, Versioned, parsed};
use crate::{Fault, Table, Transaction};

const TABLE: Table = Table::Settings;
pub(crate) const AGENCY: &str = "agency";

pub(crate) fn one<T>(sk: impl Into<String>) -> One<T> {
    One::sorted(TABLE, AGENCY, sk)
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
    /// Whether it is offered where a site is chosen; where it was chosen before, it stays.
    pub active: bool,
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
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    active: bool,
}

const fn yes() -> bool {
    true
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
            active: site.active,
        };
        Self { sites: sites.iter().map(item).collect() }
    }
}

impl TryFrom<SitesItem> for Vec<Site> {
    type Error = Fault;

    fn try_from(item: SitesItem) -> Result<Self, Fault> {
        let site = |item: SiteItem| {
            let time_zone = parsed(&item.time_zone, "sites.time_zone", TABLE)?;
            Ok(Site { id: item.id, name: item.name, time_zone, active: item.active })
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

// Marks of what is done once to the whole agency

/// That something was done to the agency as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct MarkItem {
    at: DateTime<Utc>,
}

impl Shape for MarkItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Mark {
    fn from_item(map: Map) -> Result<Self, Fault> {
        MarkItem::read(map).map(|MarkItem { at }| Self { at })
    }
}

const SET_UP: &str = "setup";
const STRIPPED: &str = "stripped";

pub(crate) fn set_up() -> One<Mark> {
    one(SET_UP)
}

pub(crate) fn stripped() -> One<Mark> {
    one(STRIPPED)
}

// Texts that clients accept

fn policy_sk(kind: PolicyKind, version: u32, language: Language) -> String {
    format!("{kind}#{version}#{language}")
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
    one(policy_sk(kind, version, language))
}

/// When a version of a text was published, and in which languages it was written; the others show the agency's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: WorkerId,
    /// In which languages.
    pub languages: Vec<Language>,
}

#[derive(Serialize, Deserialize)]
struct PublicationItem {
    at: DateTime<Utc>,
    by: WorkerId,
    languages: Vec<Language>,
}

impl Shape for PublicationItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Publication {
    fn from_item(map: Map) -> Result<Self, Fault> {
        PublicationItem::read(map).map(|PublicationItem { at, by, languages }| Self { at, by, languages })
    }
}

fn publication_sk(kind: PolicyKind, version: u32) -> String {
    format!("{kind}#{version}")
}

pub(crate) fn publication(kind: PolicyKind, version: u32) -> One<Publication> {
    one(publication_sk(kind, version))
}

impl Transaction {
    /// Adds when and in which languages a version of a text was published.
    pub fn put_publication(
        &mut self,
        kind: PolicyKind,
        version: u32,
        publication: &Publication,
    ) -> &mut Self {
        let Publication { at, by, languages } = publication.clone();
        let item = PublicationItem { at, by, languages };
        self.put_once(&item, AGENCY, Some(&publication_sk(kind, version)), Kind::Policy)
    }

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
        self.put_once(&MarkItem { at }, AGENCY, Some(SET_UP), Kind::SetUp)
    }

    /// Marks the data as a copy that was stripped; `Stale(SetUp)` if it is already.
    pub fn mark_stripped(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.put_once(&MarkItem { at }, AGENCY, Some(STRIPPED), Kind::SetUp)
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
        self.put_once(&item, AGENCY, Some(&policy_sk(kind, version, language)), Kind::Policy)
    }
}
