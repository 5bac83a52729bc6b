//! The agency's own records but for its settings: security classes, sites, sign-in keys, texts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::journal::Audience;
use domain::worker::{Denial, SecurityClass};
use domain::{ClassId, Language, Settings, SiteId};
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
