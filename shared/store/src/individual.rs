//! Individuals, and the rows by which they are found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::individual::{
    ConsentRow, Contact, ContactKind, ContactValue, EventMessages, Imported, Individual, Origin,
    Undeliverable,
};
use domain::mail::MailOutcome;
use domain::service_file::OpenFile;
use domain::{
    BirthDate, ContactId, EmailAddress, IndividualId, JobId, Language, PersonName, ServiceFileId, ServiceId,
    SiteId, WorkerId, name,
};
use serde::{Deserialize, Serialize};

use crate::ask::{Ask, FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk_sk};
use crate::item::{Map, Page, Position, Shape, Stored, Version, Versioned, parsed, s, string};
use crate::query::Rows;
use crate::{Fault, Store, Table, Transaction};

/// Version of the folding of names: part of the keys, so that another folding can be built beside it.
const FOLDING: u32 = 1;
/// A name's words beyond these are not searched by: they would only swell the transaction.
const MOST_TOKENS: usize = 20;
/// Characters of a word that are searched by; keys have an end.
const TOKEN_LENGTH: usize = 60;
const TABLE: Table = Table::Individuals;
pub(crate) const PROFILE: &str = "profile";
/// Sort key of rows that are alone under their partition key.
pub(crate) const ALONE: &str = "-";
/// Whoever withdrew consent was the job that strips a copy of the data.
const SANDBOX: &str = "sandbox";

#[derive(Serialize, Deserialize)]
pub(crate) struct IndividualItem {
    #[serde(skip_serializing)]
    pk: String,
    #[serde(default)]
    external_ids: BTreeMap<String, String>,
    name: NameItem,
    birth_date: Option<String>,
    gender: Option<String>,
    language: Language,
    site: SiteId,
    #[serde(default)]
    contacts: Vec<ContactItem>,
    #[serde(default)]
    communication: Vec<ConsentItem>,
    #[serde(default, skip_serializing_if = "EventMessagesItem::is_all")]
    event_messages: EventMessagesItem,
    #[serde(default)]
    workers: Vec<WorkerId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<OpenFileItem>,
    #[serde(default)]
    test: bool,
    imported: Option<ImportedItem>,
}

/// An open service file.
#[derive(Serialize, Deserialize)]
struct OpenFileItem {
    file: ServiceFileId,
    service: ServiceId,
    workers: BTreeSet<WorkerId>,
}

/// A person's name as it is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct NameItem {
    first: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    middle: Option<String>,
    last: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferred: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ContactItem {
    id: ContactId,
    kind: ContactKind,
    value: String,
    #[serde(rename = "use")]
    use_contact: bool,
    main: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    #[serde(default)]
    retired: bool,
    /// Why mails to it don't arrive, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undeliverable: Option<(MailOutcome, DateTime<Utc>)>,
}

#[derive(Serialize, Deserialize)]
struct ConsentItem {
    given: bool,
    contact: ContactId,
    address: String,
    /// A worker's id, a client's account's or an import's.
    by: String,
    at: DateTime<Utc>,
}

/// The messages about their events that somebody wants; not there when they want all.
#[derive(Serialize, Deserialize)]
struct EventMessagesItem {
    confirmations: bool,
    updates: bool,
}

impl EventMessagesItem {
    fn is_all(&self) -> bool {
        self.confirmations && self.updates
    }
}

impl Default for EventMessagesItem {
    fn default() -> Self {
        EventMessages::default().into()
    }
}

impl From<EventMessages> for EventMessagesItem {
    fn from(EventMessages { confirmations, updates }: EventMessages) -> Self {
        Self { confirmations, updates }
    }
}

/// Which row of which import wrote something.
#[derive(Serialize, Deserialize)]
pub(crate) struct ImportedItem {
    job: JobId,
    row: u64,
}

impl From<Imported> for ImportedItem {
    fn from(Imported { job, row }: Imported) -> Self {
        Self { job, row }
    }
}

impl From<ImportedItem> for Imported {
    fn from(ImportedItem { job, row }: ImportedItem) -> Self {
        Self { job, row }
    }
}

impl Shape for IndividualItem {
    const TABLE: Table = TABLE;
}

impl From<&PersonName> for NameItem {
    fn from(name: &PersonName) -> Self {
        Self {
            first: name.first().to_owned(),
            middle: name.middle().map(str::to_owned),
            last: name.last().to_owned(),
            preferred: name.preferred().map(str::to_owned),
        }
    }
}

impl NameItem {
    pub(crate) fn read(self, table: Table) -> Result<PersonName, Fault> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        PersonName::new(&self.first, &text(&self.middle), &self.last, &text(&self.preferred))
            .map_err(|error| Fault::corrupt(table, format!("`name`: {}", error.part)))
    }
}

impl From<&Contact> for ContactItem {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            kind: contact.value.kind(),
            value: contact.value.as_str().to_owned(),
            use_contact: contact.use_contact,
            main: contact.main,
            instructions: contact.instructions.clone(),
            retired: contact.retired,
            undeliverable: contact.undeliverable.map(|mark| (mark.why, mark.since)),
        }
    }
}

impl TryFrom<ContactItem> for Contact {
    type Error = Fault;

    fn try_from(item: ContactItem) -> Result<Self, Fault> {
        Ok(Self {
            id: item.id,
            value: match item.kind {
                ContactKind::Email => ContactValue::Email(parsed(&item.value, "contacts.value", TABLE)?),
                ContactKind::Phone => ContactValue::Phone(item.value),
                ContactKind::Postal => ContactValue::Postal(item.value),
            },
            use_contact: item.use_contact,
            main: item.main,
            instructions: item.instructions,
            retired: item.retired,
            undeliverable: item.undeliverable.map(|(why, since)| Undeliverable { why, since }),
        })
    }
}

impl From<&ConsentRow> for ConsentItem {
    fn from(row: &ConsentRow) -> Self {
        Self {
            given: row.given,
            contact: row.contact,
            address: row.address.as_typed().to_owned(),
            by: match row.by {
                Origin::Worker(id) => id.to_string(),
                Origin::Client(id) => id.to_string(),
                Origin::Import(id) => id.to_string(),
                Origin::Sandbox => SANDBOX.to_owned(),
            },
            at: row.at,
        }
    }
}

impl TryFrom<ConsentItem> for ConsentRow {
    type Error = Fault;

    fn try_from(item: ConsentItem) -> Result<Self, Fault> {
        let by = match item.by.as_str() {
            SANDBOX => Ok(Origin::Sandbox),
            by => by.parse().map(Origin::Worker).or_else(|_| by.parse().map(Origin::Client)),
        };
        let by = match by {
            Ok(by) => by,
            Err(_) => Origin::Import(parsed(&item.by, "communication.by", TABLE)?),
        };
        let address = parsed(&item.address, "communication.address", TABLE)?;
        Ok(Self { given: item.given, contact: item.contact, address, by, at: item.at })
    }
}

impl From<(&ServiceFileId, &OpenFile)> for OpenFileItem {
    fn from((file, open): (&ServiceFileId, &OpenFile)) -> Self {
        Self { file: *file, service: open.service, workers: open.workers.clone() }
    }
}

impl OpenFileItem {
    fn read(self) -> (ServiceFileId, OpenFile) {
        (self.file, OpenFile { service: self.service, workers: self.workers })
    }
}

impl From<&Individual> for IndividualItem {
    fn from(individual: &Individual) -> Self {
        Self {
            pk: individual.id.to_string(),
            external_ids: individual.external_ids.clone(),
            name: NameItem::from(&individual.name),
            birth_date: individual.birth_date.map(|date| date.to_string()),
            gender: individual.gender.clone(),
            language: individual.language,
            site: individual.site,
            contacts: individual.contacts.iter().map(ContactItem::from).collect(),
            communication: individual.communication.iter().map(ConsentItem::from).collect(),
            event_messages: individual.event_messages.into(),
            workers: individual.workers.iter().copied().collect(),
            files: individual.files.iter().map(OpenFileItem::from).collect(),
            test: individual.test,
            imported: individual.imported.map(ImportedItem::from),
        }
    }
}

impl TryFrom<IndividualItem> for Individual {
    type Error = Fault;

    fn try_from(item: IndividualItem) -> Result<Self, Fault> {
        Ok(Self {
            id: parsed(&item.pk, "pk", TABLE)?,
            external_ids: item.external_ids,
            name: item.name.read(TABLE)?,
            birth_date: item.birth_date.map(|date| parsed(&date, "birth_date", TABLE)).transpose()?,
            gender: item.gender,
            language: item.language,
            site: item.site,
            contacts: item.contacts.into_iter().map(Contact::try_from).collect::<Result<_, _>>()?,
            communication: item
                .communication
                .into_iter()
                .map(ConsentRow::try_from)
                .collect::<Result<_, _>>()?,
            event_messages: EventMessages {
                confirmations: item.event_messages.confirmations,
                updates: item.event_messages.updates,
            },
            workers: item.workers.into_iter().collect(),
            files: item.files.into_iter().map(OpenFileItem::read).collect(),
            test: item.test,
            imported: item.imported.map(Imported::from),
        })
    }
}

impl Stored for Individual {
    type Item = IndividualItem;
    const KIND: Kind = Kind::Individual;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), Some(PROFILE))
    }
}

/// A row by which an individual is found; everything it says comes from the profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    pk: String,
    sk: String,
    says: Says,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    /// Of an external id: whose it is, for the row's key doesn't.
    Whose,
    /// Of an address: whether consent is in force for it.
    Consented(bool),
}

pub(crate) fn external_pk(source: &str, id: &str) -> String {
    // The source's end must be plain: of `a#b` and `c`, and `a` and `b#c`, only one may be the owner.
    let source = source.replace('%', "%25").replace('#', "%23");
    format!("external#{source}#{id}")
}

fn address_pk(address: &EmailAddress) -> String {
    format!("email#{}", address.normalized())
}

fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn name_pk(token: &str) -> String {
    format!("name#{FOLDING}#{}", first(token, 2))
}

fn birth_pk(birth_date: BirthDate) -> String {
    format!("birth#{birth_date}")
}

fn person_pk(name: &PersonName, birth_date: BirthDate) -> String {
    format!("person#{FOLDING}#{}#{birth_date}", first(&name.folded_full(), 300))
}

/// The words the individual is found by, cut to what a key holds.
fn tokens(name: &PersonName) -> BTreeSet<String> {
    let words = name.search_tokens();
    words.into_iter().take(MOST_TOKENS).map(|word| first(&word, TOKEN_LENGTH)).collect()
}

fn rows(individual: &Individual) -> BTreeSet<Row> {
    let id = individual.id.to_string();
    let row = |pk, sk: &str, says| Row { pk, sk: sk.to_owned(), says };
    let external =
        individual.external_ids.iter().map(|(source, of)| row(external_pk(source, of), ALONE, Says::Whose));
    let consented = individual.consented_address();
    let addresses: BTreeSet<_> = individual.emails_in_use().collect();
    let addresses = addresses
        .into_iter()
        .map(|address| row(address_pk(address), &id, Says::Consented(consented == Some(address))));
    let names = tokens(&individual.name)
        .into_iter()
        .map(|token| row(name_pk(&token), &format!("{token}#{id}"), Says::Nothing));
    let person = individual.birth_date.map(|date| row(person_pk(&individual.name, date), &id, Says::Nothing));
    let birth = individual.birth_date.map(|date| row(birth_pk(date), &id, Says::Nothing));
    external.chain(addresses).chain(names).chain(person).chain(birth).collect()
}

/// The part of a row that its key doesn't say.
#[derive(Serialize, Deserialize)]
struct RowItem {
    individual: Option<IndividualId>,
    consented: Option<bool>,
}

impl Shape for RowItem {
    const TABLE: Table = TABLE;
}

impl Row {
    fn put(&self, individual: IndividualId) -> Result<Write, Fault> {
        let (whose, consented) = match self.says {
            Says::Nothing => (None, None),
            Says::Whose => (Some(individual), None),
            Says::Consented(consented) => (None, Some(consented)),
        };
        let item = RowItem { individual: whose, consented };
        let write = Write::put(TABLE, item.write(&self.pk, Some(&self.sk))?);
        Ok(match self.says {
            Says::Whose => write.when_new(Refusal::Conflict(|| Conflict::ExternalIdTaken)),
            _ => write,
        })
    }
}

impl Transaction {
    /// Writes an individual where they were loaded, or anew, and by difference the rows by which they are found:
    /// external ids (`ExternalIdTaken`, B12), addresses (B11), names, birth dates, names with birth dates.
    pub fn put_individual(
        &mut self,
        before: Option<&Versioned<Individual>>,
        after: &Individual,
    ) -> &mut Self {
        let version = before.map_or(Version::NONE, |before| before.version);
        self.put_versioned(version, after);
        let (old, new) = (before.map(|before| rows(before)).unwrap_or_default(), rows(after));
        let kept: BTreeSet<_> = new.iter().map(|row| (&row.pk, &row.sk)).collect();
        for gone in old.iter().filter(|row| !kept.contains(&(&row.pk, &row.sk))) {
            self.push(Ok(Write::delete(TABLE, pk_sk(&gone.pk, &gone.sk))));
        }
        for row in new.difference(&old) {
            self.push(row.put(after.id));
        }
        self
    }
}

/// Whose external id it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalIdOf(pub IndividualId);

impl FromItem for ExternalIdOf {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let owner = RowItem::read(map)?.individual;
        owner.map(Self).ok_or_else(|| Fault::corrupt(TABLE, "`individual` is missing"))
    }
}

pub(crate) fn profile(id: IndividualId) -> One<Versioned<Individual>> {
    One::sorted(TABLE, id.to_string(), PROFILE)
}

pub(crate) fn external_id(source: &str, id: &str) -> One<ExternalIdOf> {
    One::sorted(TABLE, external_pk(source, id), ALONE)
}

/// An individual who has an address in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressOf {
    /// Who.
    pub individual: IndividualId,
    /// Whether their consent to email is in force, for this address.
    pub consented: bool,
}

/// The individual whose id is a row's sort key.
fn whose(row: &Map) -> Result<IndividualId, Fault> {
    parsed(&string(row, "sk", TABLE)?, "sk", TABLE)
}

fn address_of(row: Map) -> Result<AddressOf, Fault> {
    let individual = whose(&row)?;
    let consented = RowItem::read(row)?.consented;
    let consented = consented.ok_or_else(|| Fault::corrupt(TABLE, "`consented` is missing"))?;
    Ok(AddressOf { individual, consented })
}

impl<A> Page<(Versioned<Individual>, A)> {
    /// The individuals alone.
    fn without(self) -> Page<Versioned<Individual>> {
        Page { items: self.items.into_iter().map(|(individual, _)| individual).collect(), next: self.next }
    }
}

impl Store {
    /// Who has this address in use, read from the addresses' own rows (B11). At most 100.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn individuals_at(&self, address: &EmailAddress) -> Result<Vec<AddressOf>, Fault> {
        let rows = Rows::of(TABLE, address_pk(address)).consistent();
        Ok(self.rows(rows).await?.read(address_of)?.items)
    }

    /// Who has that name and birth date (B12). At most 100.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn same_person(
        &self,
        name: &PersonName,
        birth_date: BirthDate,
    ) -> Result<Vec<IndividualId>, Fault> {
        let rows = Rows::of(TABLE, person_pk(name, birth_date)).consistent();
        let page = self.rows(rows).await?;
        Ok(page.read(|row| whose(&row))?.items)
    }

    /// Individuals who have, for each word of `text`, a word in their name that begins so; by the longest of the words, in
    /// its order. A single letter finds names that consist of it. Every individual comes once.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_name(
        &self,
        text: &str,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<Individual>>, Fault> {
        Ok(self.search_name_with(text, after, limit, |_| ()).await?.without())
    }

    /// The same, each with the answer to what is asked about them in the same read.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_name_with<A: Ask>(
        &self,
        text: &str,
        after: Option<&Position>,
        limit: u32,
        also: fn(IndividualId) -> A,
    ) -> Result<Page<(Versioned<Individual>, A::Answer)>, Fault> {
        let words: Vec<String> = name::tokens(text).iter().map(|word| first(word, TOKEN_LENGTH)).collect();
        let Some(leading) = words.iter().max_by_key(|word| word.chars().count()) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let rows = Rows::of(TABLE, name_pk(leading))
            .range("begins_with(sk, :word)", [(":word", s(leading))])
            .page(after, limit.min(100));
        let page = self.rows(rows).await?;
        let found = page.read(|row| {
            let sk = string(&row, "sk", TABLE)?;
            let (token, id) = sk
                .rsplit_once('#')
                .ok_or_else(|| Fault::corrupt(TABLE, "`sk` of a name row has no individual"))?;
            Ok((token.to_owned(), parsed::<IndividualId>(id, "sk", TABLE)?))
        })?;
        let asked: Vec<_> = found.items.iter().map(|(_, id)| (profile(*id), also(*id))).collect();
        let individuals = self.ask(asked).await?;
        let matching =
            found.items.iter().zip(individuals).filter_map(|((token, _), (individual, answer))| {
                let individual = individual?;
                let own = tokens(&individual.name);
                // Of several words of one name that begin so, the first row speaks for the individual.
                let speaks = own.iter().find(|word| word.starts_with(leading)) == Some(token);
                let all = words.iter().all(|word| own.iter().any(|own| own.starts_with(word)));
                (speaks && all).then_some((individual, answer))
            });
        Ok(Page { items: matching.collect(), next: found.next })
    }

    /// Individuals who have this address in use.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_email(
        &self,
        address: &EmailAddress,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<Individual>>, Fault> {
        let rows = Rows::of(TABLE, address_pk(address)).consistent().page(after, limit.min(100));
        let found = self.rows(rows).await?.read(|row| Ok(profile(address_of(row)?.individual)))?;
        let individuals = self.ask(found.items).await?;
        Ok(Page { items: individuals.into_iter().flatten().collect(), next: found.next })
    }

    /// Individuals who were born that day.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_birth_date(
        &self,
        birth_date: BirthDate,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<Individual>>, Fault> {
        Ok(self.search_birth_date_with(birth_date, after, limit, |_| ()).await?.without())
    }

    /// The same, each with the answer to what is asked about them in the same read.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_birth_date_with<A: Ask>(
        &self,
        birth_date: BirthDate,
        after: Option<&Position>,
        limit: u32,
        also: fn(IndividualId) -> A,
    ) -> Result<Page<(Versioned<Individual>, A::Answer)>, Fault> {
        let rows = Rows::of(TABLE, birth_pk(birth_date)).consistent().page(after, limit.min(100));
        let found = self.rows(rows).await?.read(|row| {
            let id = whose(&row)?;
            Ok((profile(id), also(id)))
        })?;
        let individuals = self.ask(found.items).await?;
        let known = individuals.into_iter().filter_map(|(individual, answer)| Some((individual?, answer)));
        Ok(Page { items: known.collect(), next: found.next })
    }

    /// The individual with this external id of one of the `sources`.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn search_external_id(
        &self,
        sources: &[&str],
        id: &str,
    ) -> Result<Vec<Versioned<Individual>>, Fault> {
        let owners =
            self.ask(sources.iter().map(|source| external_id(source, id)).collect::<Vec<_>>()).await?;
        let owners: BTreeSet<_> = owners.into_iter().flatten().map(|ExternalIdOf(id)| id).collect();
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let individuals = self.ask(owners.into_iter().map(profile).collect::<Vec<_>>()).await?;
        Ok(individuals.into_iter().flatten().collect())
    }
}
