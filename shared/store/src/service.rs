//! Services, the lists they stand in, and what depends on them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::individual::Imported;
use domain::name;
use domain::service::{Below, Details, Service, ServiceCounts, ServiceKind, Visibility};
use domain::{JobId, ServiceId, SiteId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk_sk, unchanged};
use crate::item::{Map, Page, Position, Shape, Stored, Version, Versioned, n, parsed, s, string};
use crate::query::Rows;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::Services;
const SERVICE: &str = "service";
const COUNTS: &str = "counts";
/// Sort key of rows that are alone under their partition key.
const ALONE: &str = "-";
/// The list of what clients may ask for, and of the services that groups and series of it are runs of.
const OFFERED: &str = "offered";

#[derive(Serialize, Deserialize)]
pub(crate) struct ServiceItem {
    id: ServiceId,
    kind: ServiceKind,
    parent: Option<ServiceId>,
    name: String,
    client_facing_name: Option<String>,
    visibility: Visibility,
    #[serde(default)]
    eligible: bool,
    event_minutes: Option<u16>,
    site: Option<SiteId>,
    starts_on: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    active: bool,
    #[serde(default)]
    resets: u32,
    #[serde(default)]
    set_under: u32,
    #[serde(default)]
    external_ids: BTreeMap<String, String>,
    imported: Option<ImportedItem>,
}

#[derive(Serialize, Deserialize)]
struct ImportedItem {
    job: JobId,
    row: u64,
}

impl Shape for ServiceItem {
    const TABLE: Table = TABLE;
}

impl From<&Service> for ServiceItem {
    fn from(service: &Service) -> Self {
        let details = service.details.clone();
        Self {
            id: service.id,
            kind: service.kind,
            parent: service.parent,
            name: details.name,
            client_facing_name: details.client_facing_name,
            visibility: details.visibility,
            eligible: details.eligible,
            event_minutes: details.event_minutes,
            site: details.site,
            starts_on: details.starts_on,
            ends_on: details.ends_on,
            active: details.active,
            resets: service.resets,
            set_under: service.set_under,
            external_ids: service.external_ids.clone(),
            imported: service.imported.map(|Imported { job, row }| ImportedItem { job, row }),
        }
    }
}

impl TryFrom<ServiceItem> for Service {
    type Error = Fault;

    fn try_from(item: ServiceItem) -> Result<Self, Fault> {
        if item.parent.is_some() != item.kind.parent().is_some() {
            return Err(Fault::corrupt(TABLE, "`parent` doesn't fit `kind`"));
        }
        Ok(Self {
            id: item.id,
            kind: item.kind,
            parent: item.parent,
            details: Details {
                name: item.name,
                client_facing_name: item.client_facing_name,
                visibility: item.visibility,
                eligible: item.eligible,
                event_minutes: item.event_minutes,
                site: item.site,
                starts_on: item.starts_on,
                ends_on: item.ends_on,
                active: item.active,
            },
            resets: item.resets,
            set_under: item.set_under,
            external_ids: item.external_ids,
            imported: item.imported.map(|ImportedItem { job, row }| Imported { job, row }),
        })
    }
}

impl Stored for Service {
    type Item = ServiceItem;
    const KIND: Kind = Kind::Service;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), Some(SERVICE))
    }
}

pub(crate) fn question(id: ServiceId) -> One<Versioned<Service>> {
    One::sorted(TABLE, id.to_string(), SERVICE)
}

pub(crate) fn counts(id: ServiceId) -> One<ServiceCounts> {
    One::sorted(TABLE, id.to_string(), COUNTS)
}

/// The numbers that were ever counted.
#[derive(Serialize, Deserialize)]
struct CountsItem {
    #[serde(default)]
    following: i64,
    #[serde(default)]
    overridden: i64,
    #[serde(default)]
    active_below: i64,
    #[serde(default)]
    enrolled: i64,
}

impl Shape for CountsItem {
    const TABLE: Table = TABLE;
}

impl FromItem for ServiceCounts {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let CountsItem { following, overridden, active_below, enrolled } = CountsItem::read(map)?;
        Ok(Self { below: Below { following, overridden, active: active_below }, enrolled })
    }
}

/// A list of services by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceList {
    /// All of a kind.
    Kind(ServiceKind),
    /// The groups or series of a service.
    RunsOf(ServiceId),
}

impl ServiceList {
    fn pk(self, active: Option<bool>) -> String {
        let of = match self {
            Self::Kind(kind) => kind.code().to_owned(),
            Self::RunsOf(service) => service.to_string(),
        };
        match active {
            None => format!("list#{of}"),
            Some(true) => format!("list#{of}#active"),
            Some(false) => format!("list#{of}#inactive"),
        }
    }
}

/// A name as lists are ordered by it and services found by it.
fn folded(name: &str) -> String {
    name::tokens(name).join(" ")
}

fn external_pk(source: &str, id: &str) -> String {
    // A source has no `#`.
    format!("external#{source}#{id}")
}

/// The rows of the lists that a service stands in.
fn rows(service: &Service) -> BTreeSet<(String, String)> {
    let sk = format!("{}#{}", folded(&service.details.name), service.id);
    let lists = [Some(ServiceList::Kind(service.kind)), service.parent.map(ServiceList::RunsOf)];
    let lists = lists.into_iter().flatten();
    let rows = lists
        .flat_map(|list| [None, Some(service.details.active)].map(|active| (list.pk(active), sk.clone())));
    let external =
        service.external_ids.iter().map(|(source, id)| (external_pk(source, id), ALONE.to_owned()));
    rows.chain(external).collect()
}

/// Where the copy of a service lies by which clients are offered it, or its groups and series.
fn offered_key(service: &Service) -> Option<(&'static str, String)> {
    let needed = service.details.active && (service.details.eligible || service.kind.parent().is_none());
    needed.then(|| (OFFERED, service.id.to_string()))
}

/// The part of a row that its key doesn't say: of an external id, whose it is.
#[derive(Serialize, Deserialize)]
struct RowItem {
    service: Option<ServiceId>,
}

impl Shape for RowItem {
    const TABLE: Table = TABLE;
}

/// The service that has an external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceWithExternalId(pub ServiceId);

impl FromItem for ServiceWithExternalId {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let owner = RowItem::read(map)?.service;
        owner.map(Self).ok_or_else(|| Fault::corrupt(TABLE, "`service` is missing"))
    }
}

pub(crate) fn external_id(source: &str, id: &str) -> One<ServiceWithExternalId> {
    One::sorted(TABLE, external_pk(source, id), ALONE)
}

impl Transaction {
    /// Writes a service where it was loaded, or anew, with the rows of the lists it stands in. A group or series demands
    /// its service as it was loaded, and is counted there. One that is made inactive demands that nobody is enrolled in
    /// it and nothing active is below it (`ServiceInUse`).
    pub fn put_service(
        &mut self,
        before: Option<&Versioned<Service>>,
        after: &Service,
        parent: Option<&Versioned<Service>>,
    ) -> &mut Self {
        self.put_versioned(before.map_or(Version::NONE, |before| before.version), after);
        let (old, new) = (before.map(|before| rows(before)).unwrap_or_default(), rows(after));
        for (pk, sk) in old.difference(&new) {
            self.push(Ok(Write::delete(TABLE, pk_sk(pk, sk))));
        }
        for (pk, sk) in new.difference(&old) {
            self.push(put_row(after.id, pk, sk));
        }
        match (before.and_then(|before| offered_key(before)), offered_key(after)) {
            (_, Some((pk, sk))) => {
                self.push(ServiceItem::from(after).write(pk, Some(&sk)).map(|map| Write::put(TABLE, map)));
            }
            (Some((pk, sk)), None) => {
                self.push(Ok(Write::delete(TABLE, pk_sk(pk, sk))));
            }
            (None, None) => {}
        }
        self.depend(before, after);
        if let Some(parent) = parent {
            let below = Below::changed(parent, before.map(|before| &before.value), after);
            self.check_service(parent);
            if below != Below::default() {
                let added = [
                    ("following", below.following),
                    ("overridden", below.overridden),
                    ("active_below", below.active),
                ];
                self.count_service(parent.id, &added);
            }
        }
        self
    }

    /// What the change means for what depends on the service itself.
    fn depend(&mut self, before: Option<&Versioned<Service>>, after: &Service) {
        let Some(before) = before else { return };
        let key = pk_sk(after.id.to_string(), COUNTS);
        let reset = after.resets != before.resets;
        let deactivated = before.details.active && !after.details.active;
        let write = if reset {
            let expression = "SET v = :v, following = if_not_exists(following, :zero) \
                              + if_not_exists(overridden, :zero), overridden = :zero";
            Write::update(TABLE, key, expression).value(":v", n(1)).value(":zero", n(0))
        } else if deactivated {
            Write::check(TABLE, key).value(":zero", n(0))
        } else {
            return;
        };
        let unused = "(attribute_not_exists(active_below) OR active_below = :zero) \
                      AND (attribute_not_exists(enrolled) OR enrolled = :zero)";
        self.push(Ok(if deactivated {
            write.when(unused, Refusal::Conflict(|| Conflict::ServiceInUse))
        } else {
            write
        }));
    }

    /// Demands that a service is as it was loaded.
    pub fn check_service(&mut self, service: &Versioned<Service>) -> &mut Self {
        let check = Write::check(TABLE, pk_sk(service.id.to_string(), SERVICE));
        self.push(Ok(unchanged(check, service.version, Kind::Service)))
    }

    /// Counts open service files, or places on the roster, of a service: one more, or one less. One more demands that the
    /// service, which was loaded as active, is as it was loaded.
    pub fn count_enrolled(&mut self, service: &Versioned<Service>, added: i64) -> &mut Self {
        if added > 0 {
            self.check_service(service);
        }
        self.count_service(service.id, &[("enrolled", added)])
    }

    /// Counts one open service file, or place on the roster, of a service less.
    pub fn count_left(&mut self, service: ServiceId) -> &mut Self {
        self.count_service(service, &[("enrolled", -1)])
    }

    fn count_service(&mut self, service: ServiceId, added: &[(&'static str, i64)]) -> &mut Self {
        let fields: Vec<String> =
            added.iter().enumerate().map(|(place, (field, _))| format!("{field} :by{place}")).collect();
        let expression = format!("SET v = :v ADD {}", fields.join(", "));
        let write = Write::update(TABLE, pk_sk(service.to_string(), COUNTS), expression).value(":v", n(1));
        let write = added
            .iter()
            .enumerate()
            .fold(write, |write, (place, (_, by))| write.value(&format!(":by{place}"), n(by)));
        self.push(Ok(write))
    }
}

fn put_row(service: ServiceId, pk: &str, sk: &str) -> Result<Write, Fault> {
    let external = sk == ALONE;
    let item = RowItem { service: external.then_some(service) };
    let write = Write::put(TABLE, item.write(pk, Some(sk))?);
    Ok(if external { write.when_new(Refusal::Conflict(|| Conflict::ExternalIdTaken)) } else { write })
}

/// The service whose id ends a row's sort key.
fn whose(row: &Map) -> Result<ServiceId, Fault> {
    let sk = string(row, "sk", TABLE)?;
    let (_, id) =
        sk.rsplit_once('#').ok_or_else(|| Fault::corrupt(TABLE, "`sk` of a list has no service"))?;
    parsed(id, "sk", TABLE)
}

impl Store {
    /// The services of a list by name: all, or those that are, or aren't, active.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn services(
        &self,
        list: ServiceList,
        active: Option<bool>,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<Service>>, Fault> {
        let rows = Rows::of(TABLE, list.pk(active)).consistent().page(after, limit.min(100));
        let found = self.rows(rows).await?.read(|row| whose(&row))?;
        let services = self.ask(found.items.into_iter().map(question).collect::<Vec<_>>()).await?;
        Ok(Page { items: services.into_iter().flatten().collect(), next: found.next })
    }

    /// The active services of a kind that staff call by this name, whatever its case and accents. At most 100.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn services_named(&self, kind: ServiceKind, name: &str) -> Result<Vec<ServiceId>, Fault> {
        let begin = format!("{}#", folded(name));
        let rows = Rows::of(TABLE, ServiceList::Kind(kind).pk(Some(true)))
            .consistent()
            .range("begins_with(sk, :name)", [(":name", s(begin))]);
        Ok(self.rows(rows).await?.read(|row| whose(&row))?.items)
    }

    /// What clients may ask for, as far as it says itself, and the services that groups and series of it are runs of.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn offered_services(&self) -> Result<BTreeMap<ServiceId, Service>, Fault> {
        let mut services = BTreeMap::new();
        let mut after = None;
        loop {
            let rows = Rows::of(TABLE, OFFERED).page(after.as_ref(), 1000);
            let page = self.rows(rows).await?.read(|row| Service::try_from(ServiceItem::read(row)?))?;
            services.extend(page.items.into_iter().map(|service| (service.id, service)));
            after = page.next;
            if after.is_none() {
                return Ok(services);
            }
        }
    }
}
