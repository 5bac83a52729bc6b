//! Service files and places on rosters: an individual's lie together, with what they asked for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::individual::Imported;
use domain::service_file::{Place, ServiceFile, Team};
use domain::{IndividualId, ServiceFileId, ServiceId, ServiceRequest, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk_sk};
use crate::individual::{ALONE, ImportedItem, external_pk};
use crate::item::{Map, Page, Position, Shape, Stored, Version, Versioned, string};
use crate::query::Rows;
use crate::tables::ROSTER;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::ServiceFiles;
const FILE: &str = "file#";
const PLACE: &str = "place#";
const REQUEST: &str = "request#";

fn file_sk(id: ServiceFileId) -> String {
    format!("{FILE}{id}")
}

fn place_sk(service: ServiceId) -> String {
    format!("{PLACE}{service}")
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FileItem {
    id: ServiceFileId,
    individual: IndividualId,
    service: ServiceId,
    opened_on: NaiveDate,
    closed_on: Option<NaiveDate>,
    primary: WorkerId,
    #[serde(default)]
    workers: BTreeSet<WorkerId>,
    #[serde(default)]
    external_ids: BTreeMap<String, String>,
    imported: Option<ImportedItem>,
}

impl Shape for FileItem {
    const TABLE: Table = TABLE;
}

impl From<&ServiceFile> for FileItem {
    fn from(file: &ServiceFile) -> Self {
        Self {
            id: file.id,
            individual: file.individual,
            service: file.service,
            opened_on: file.opened_on,
            closed_on: file.closed_on,
            primary: file.team.primary,
            workers: file.team.others.clone(),
            external_ids: file.external_ids.clone(),
            imported: file.imported.map(ImportedItem::from),
        }
    }
}

impl TryFrom<FileItem> for ServiceFile {
    type Error = Fault;

    fn try_from(item: FileItem) -> Result<Self, Fault> {
        Ok(Self {
            id: item.id,
            individual: item.individual,
            service: item.service,
            opened_on: item.opened_on,
            closed_on: item.closed_on,
            team: Team::new(item.primary, item.workers),
            external_ids: item.external_ids,
            imported: item.imported.map(Imported::from),
        })
    }
}

impl Stored for ServiceFile {
    type Item = FileItem;
    const KIND: Kind = Kind::ServiceFile;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.individual.to_string(), None)
    }

    fn sort_key(&self) -> Option<String> {
        Some(file_sk(self.id))
    }
}

/// A place; by `roster` the index finds it.
#[derive(Serialize, Deserialize)]
struct PlaceItem {
    individual: IndividualId,
    roster: ServiceId,
    parent: ServiceId,
    since: NaiveDate,
    imported: Option<ImportedItem>,
}

impl Shape for PlaceItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Place {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let PlaceItem { individual, roster: service, parent, since, imported } = PlaceItem::read(map)?;
        Ok(Self { individual, service, parent, since, imported: imported.map(Imported::from) })
    }
}

pub(crate) fn file(individual: IndividualId, id: ServiceFileId) -> One<Versioned<ServiceFile>> {
    One::sorted(TABLE, individual.to_string(), file_sk(id))
}

pub(crate) fn place(individual: IndividualId, service: ServiceId) -> One<Place> {
    One::sorted(TABLE, individual.to_string(), place_sk(service))
}

/// The service file that has an external id, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFileWithExternalId {
    /// Whose.
    pub individual: IndividualId,
    /// Which one.
    pub file: ServiceFileId,
}

impl Shape for ServiceFileWithExternalId {
    const TABLE: Table = TABLE;
}

impl FromItem for ServiceFileWithExternalId {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Self::read(map)
    }
}

pub(crate) fn external_id(source: &str, id: &str) -> One<ServiceFileWithExternalId> {
    One::sorted(TABLE, external_pk(source, id), ALONE)
}

impl Transaction {
    /// Writes a service file where it was loaded with `version`, or anew with its external ids (`ExternalIdTaken`). The
    /// individual's record, which knows of it, is written besides.
    pub fn put_service_file(&mut self, version: Version, file: &ServiceFile) -> &mut Self {
        self.put_versioned(version, file);
        if version == Version::NONE {
            let owner = ServiceFileWithExternalId { individual: file.individual, file: file.id };
            for (source, id) in &file.external_ids {
                let taken = Refusal::Conflict(|| Conflict::ExternalIdTaken);
                let map = owner.write(&external_pk(source, id), Some(ALONE));
                self.push(map.map(|map| Write::put(TABLE, map).when_new(taken)));
            }
        }
        self
    }

    /// Puts an individual on a roster on which they aren't.
    pub fn put_place(&mut self, place: &Place) -> &mut Self {
        let item = PlaceItem {
            individual: place.individual,
            roster: place.service,
            parent: place.parent,
            since: place.since,
            imported: place.imported.map(ImportedItem::from),
        };
        self.put_once(&item, &place.individual.to_string(), Some(&place_sk(place.service)), Kind::Place)
    }

    /// Takes an individual off a roster on which they are.
    pub fn remove_place(&mut self, place: &Place) -> &mut Self {
        let key = pk_sk(place.individual.to_string(), place_sk(place.service));
        let there = Write::delete(TABLE, key).when("attribute_exists(pk)", Refusal::Stale(Kind::Place));
        self.push(Ok(there))
    }
}

/// Everything that an individual is enrolled in, was enrolled in, and asked for.
#[derive(Debug, Clone, Default)]
pub struct Enrolments {
    /// Service files, open and closed.
    pub files: Vec<Versioned<ServiceFile>>,
    /// Places on rosters.
    pub places: Vec<Place>,
    /// Service requests, settled ones too.
    pub requests: Vec<Versioned<ServiceRequest>>,
}

impl Enrolments {
    /// Whether they are in that service, group or series now.
    #[must_use]
    pub fn hold(&self, service: ServiceId) -> bool {
        let open = |file: &Versioned<ServiceFile>| file.service == service && file.closed_on.is_none();
        self.files.iter().any(open) || self.places.iter().any(|place| place.service == service)
    }

    /// Whether they are in that service, or in a group or series of it.
    #[must_use]
    pub fn reach(&self, service: ServiceId) -> bool {
        self.hold(service) || self.places.iter().any(|place| place.parent == service)
    }

    fn read(&mut self, row: Map) -> Result<(), Fault> {
        let sk = string(&row, "sk", TABLE)?;
        if sk.starts_with(FILE) {
            self.files.push(Versioned::from_item(row)?);
        } else if sk.starts_with(PLACE) {
            self.places.push(Place::from_item(row)?);
        } else if sk.starts_with(REQUEST) {
            self.requests.push(Versioned::from_item(row)?);
        }
        Ok(())
    }
}

impl Store {
    /// What an individual is and was enrolled in, and asked for.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn enrolments(&self, individual: IndividualId) -> Result<Enrolments, Fault> {
        let mut enrolments = Enrolments::default();
        let mut after = None;
        loop {
            let rows = Rows::of(TABLE, individual.to_string()).consistent().page(after.as_ref(), 1000);
            let page = self.rows(rows).await?;
            page.items.into_iter().try_for_each(|row| enrolments.read(row))?;
            after = page.next;
            if after.is_none() {
                return Ok(enrolments);
            }
        }
    }

    /// The places on the roster of a group or series, as an index has them.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn roster(
        &self,
        service: ServiceId,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Place>, Fault> {
        let rows = Rows::of_index(TABLE, &ROSTER, service.to_string()).page(after, limit.min(100));
        self.rows(rows).await?.read(Place::from_item)
    }
}
