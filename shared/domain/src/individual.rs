//! Individuals, their contacts and their communication settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::id::{AccountId, ContactId, IndividualId, JobId, ServiceFileId, SiteId, WorkerId};
use crate::journal::FieldName;
use crate::language::Language;
use crate::mail::MailOutcome;
use crate::name::PersonName;
use crate::service_file::OpenFile;

/// Contacts that an individual may have, retired ones left out.
pub const MOST_CONTACTS: usize = 20;
/// Contacts that a record may come to by a client's own hand, and by anybody's, retired ones among them (B6). A record is
/// one item of the store: it needs room for what staff change, and for consent that is withdrawn.
const MOST_KEPT: [usize; 2] = [60, 150];
/// How often a client may give consent; after that, staff record it.
const MOST_CHOICES: usize = 100;
/// External ids that an individual may have.
pub const MOST_EXTERNAL_IDS: usize = 10;
/// Workers that an individual may be assigned to.
pub const MOST_WORKERS: usize = 50;

/// A person the agency serves. Its `Debug` shows ids only.
#[derive(Clone, PartialEq, Eq)]
pub struct Individual {
    /// Who.
    pub id: IndividualId,
    /// Their ids in other systems, by the system's name (B12).
    pub external_ids: BTreeMap<String, String>,
    /// Their name.
    pub name: PersonName,
    /// Their birth date, if the agency knows it.
    pub birth_date: Option<BirthDate>,
    /// In the agency's or the person's own words.
    pub gender: Option<String>,
    /// What they read.
    pub language: Language,
    /// Their home site.
    pub site: SiteId,
    /// How to reach them, retired contacts included.
    pub contacts: Vec<Contact>,
    /// Consent to email, given and withdrawn, oldest first. The last row is the current one.
    pub communication: Vec<ConsentRow>,
    /// Which messages about their events they want.
    pub event_messages: EventMessages,
    /// Who is assigned to them directly, whatever service files they have.
    pub workers: BTreeSet<WorkerId>,
    /// Their open service files.
    pub files: BTreeMap<ServiceFileId, OpenFile>,
    /// Outside statistics, totals, bulk work and licences. Settled when they are added: licences are counted by it.
    pub test: bool,
    /// The import that last wrote this record.
    pub imported: Option<Imported>,
}

/// What of an individual is written at once: all but birth date (B3), contacts and consent. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Their name.
    pub name: PersonName,
    /// In the agency's or the person's own words.
    pub gender: Option<String>,
    /// What they read.
    pub language: Language,
    /// Their home site.
    pub site: SiteId,
    /// Their ids in other systems, by the system's name.
    pub external_ids: BTreeMap<String, String>,
    /// Who works with them.
    pub workers: BTreeSet<WorkerId>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// A field that only those who take people in may change (R): who works with somebody decides who sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is for those who take people in")]
pub struct NotYours(pub FieldName);

/// Where an imported record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The import.
    pub job: JobId,
    /// The row of its file, the header being row 1.
    pub row: u64,
}

codes! {
    /// Ways to reach a person.
    pub enum ContactKind {
        /// Email
        Email = "email",
        /// Telephone
        Phone = "phone",
        /// Postal address
        Postal = "postal",
    }
}

/// An address of some kind. Its `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub enum ContactValue {
    /// Email
    Email(EmailAddress),
    /// Telephone
    Phone(String),
    /// Postal address
    Postal(String),
}

impl ContactValue {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ContactKind {
        match self {
            Self::Email(_) => ContactKind::Email,
            Self::Phone(_) => ContactKind::Phone,
            Self::Postal(_) => ContactKind::Postal,
        }
    }

    /// The address as people read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_typed(),
            Self::Phone(text) | Self::Postal(text) => text,
        }
    }
}

impl fmt::Debug for ContactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind())
    }
}

/// One way to reach an individual.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which one.
    pub id: ContactId,
    /// Where it leads.
    pub value: ContactValue,
    /// *Use contact?*
    pub use_contact: bool,
    /// *Main contact* of its kind.
    pub main: bool,
    /// Communication instructions for staff.
    pub instructions: Option<String>,
    /// Removed from use, kept because it was mailed or consented to (B6).
    pub retired: bool,
    /// Why mails to this address don't arrive, if the mail service told so.
    pub undeliverable: Option<Undeliverable>,
}

/// That mails to an address don't arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undeliverable {
    /// What the mail service told first.
    pub why: MailOutcome,
    /// When that was.
    pub since: DateTime<Utc>,
}

impl Contact {
    /// Whether the agency uses it.
    #[must_use]
    pub const fn in_use(&self) -> bool {
        self.use_contact && !self.retired
    }

    /// The address, if this is an email contact in use.
    #[must_use]
    pub const fn email_in_use(&self) -> Option<&EmailAddress> {
        match &self.value {
            ContactValue::Email(address) if self.in_use() => Some(address),
            _ => None,
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("id", &self.id).field("value", &self.value).finish_non_exhaustive()
    }
}

/// Who changed communication settings or contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A worker, for the client.
    Worker(WorkerId),
    /// The client, by their account.
    Client(AccountId),
    /// An imported file.
    Import(JobId),
    /// The job that makes a copy of the data reach nobody; it only withdraws.
    Sandbox,
}

/// Consent to email communication, given or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// Given, or withdrawn.
    pub given: bool,
    /// For which contact.
    pub contact: ContactId,
    /// The contact's address at that time.
    pub address: EmailAddress,
    /// By whom it was recorded.
    pub by: Origin,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which messages about their events somebody wants, of those that the agency sends: all, until they choose (§7, *My
/// `ClientConnect`*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventMessages {
    /// Event confirmations: this is coming.
    pub confirmations: bool,
    /// Event updates: this has moved or is off.
    pub updates: bool,
}

impl Default for EventMessages {
    fn default() -> Self {
        Self { confirmations: true, updates: true }
    }
}

/// What a change meant for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// It stands as it stood.
    Unchanged,
    /// Consent is now in force for another address than before.
    Given,
    /// Consent is no longer in force.
    Withdrawn,
}

codes! {
    /// What became of a contact that was removed.
    pub enum Removal {
        /// Kept as retired, because it was mailed or consented to (B6).
        Retired = "retired",
        /// Gone.
        Deleted = "deleted",
    }
}

/// Why a contact can't be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// The individual has no such contact.
    #[error("this individual has no contact {0}")]
    Unknown(ContactId),
    /// Consent needs an email contact that is in use.
    #[error("contact {0} is not an email contact in use: choose one that is")]
    NotAnEmailInUse(ContactId),
    /// Retired contacts stay as they are.
    #[error("contact {0} is retired: add a new one")]
    Retired(ContactId),
    /// The same address is among the contacts.
    #[error("contact {0} has the same address")]
    Exists(ContactId),
    /// There are [`MOST_CONTACTS`].
    #[error("there are too many contacts: remove one first")]
    TooMany,
    /// The record keeps as much as it can of such changes, and removing something makes no room.
    #[error("the record is full of former contacts and choices")]
    Full,
}

impl Individual {
    /// Somebody new, without birth date and contacts.
    #[must_use]
    pub fn new(id: IndividualId, profile: Profile, test: bool) -> Self {
        let Profile { name, gender, language, site, external_ids, workers } = profile;
        Self {
            id,
            external_ids,
            name,
            birth_date: None,
            gender,
            language,
            site,
            contacts: Vec::new(),
            communication: Vec::new(),
            event_messages: EventMessages::default(),
            workers,
            files: BTreeMap::new(),
            test,
            imported: None,
        }
    }

    /// Writes the profile anew. External ids and workers stay as they are unless the worker `takes_in` people.
    ///
    /// # Errors
    /// When one of those two is another for a worker who doesn't.
    pub fn set_profile(&mut self, profile: Profile, takes_in: bool) -> Result<(), NotYours> {
        if !takes_in && profile.external_ids != self.external_ids {
            return Err(NotYours(FieldName::ExternalIds));
        }
        if !takes_in && profile.workers != self.workers {
            return Err(NotYours(FieldName::Workers));
        }
        let Profile { name, gender, language, site, external_ids, workers } = profile;
        *self = Self { external_ids, name, gender, language, site, workers, ..self.clone() };
        Ok(())
    }

    /// The consent in force: the last row, when it was given, for a contact that is still in use and still has
    /// that address.
    #[must_use]
    pub fn consent(&self) -> Option<&ConsentRow> {
        let row = self.communication.last().filter(|row| row.given)?;
        let contact = self.contact(row.contact)?;
        (contact.email_in_use() == Some(&row.address)).then_some(row)
    }

    /// Where notices may go (B9), if consent to email is in force.
    #[must_use]
    pub fn consented_address(&self) -> Option<&EmailAddress> {
        self.consent().map(|row| &row.address)
    }

    /// The address that Create offers: the consented one, else the main email contact in use, else any in use.
    #[must_use]
    pub fn prefilled_address(&self) -> Option<&EmailAddress> {
        let main = || self.contacts.iter().filter(|contact| contact.main).find_map(Contact::email_in_use);
        let any = || self.contacts.iter().find_map(Contact::email_in_use);
        self.consented_address().or_else(main).or_else(any)
    }

    /// The email addresses in use.
    pub fn emails_in_use(&self) -> impl Iterator<Item = &EmailAddress> {
        self.contacts.iter().filter_map(Contact::email_in_use)
    }

    /// One of the contacts, retired ones included.
    #[must_use]
    pub fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// Gives consent for that contact, or withdraws it with none.
    ///
    /// # Errors
    /// When the contact isn't an email contact in use, or a client has chosen too often.
    pub fn set_communication_settings(
        &mut self,
        contact: Option<ContactId>,
        by: Origin,
        at: DateTime<Utc>,
    ) -> Result<ConsentChange, ContactError> {
        let Some(id) = contact else {
            return Ok(self.withdraw_consent(by, at));
        };
        let contact = self.contact(id).ok_or(ContactError::Unknown(id))?;
        let address = contact.email_in_use().cloned().ok_or(ContactError::NotAnEmailInUse(id))?;
        if self.consent().is_some_and(|row| row.contact == id) {
            return Ok(ConsentChange::Unchanged);
        }
        let choices = self.communication.iter().filter(|row| row.given).count();
        if matches!(by, Origin::Client(_)) && choices >= MOST_CHOICES {
            return Err(ContactError::Full);
        }
        self.communication.push(ConsentRow { given: true, contact: id, address, by, at });
        Ok(ConsentChange::Given)
    }

    /// The individual with the contacts marked to whose address mails don't arrive; none if there is nothing to mark.
    #[must_use]
    pub fn with_undeliverable(
        &self,
        address: &EmailAddress,
        why: MailOutcome,
        since: DateTime<Utc>,
    ) -> Option<Self> {
        let mut marked = self.clone();
        for contact in marked.contacts.iter_mut().filter(|contact| !contact.retired) {
            if matches!(&contact.value, ContactValue::Email(known) if known == address) {
                contact.undeliverable.get_or_insert(Undeliverable { why, since });
            }
        }
        (marked != *self).then_some(marked)
    }

    /// Adds a contact, or replaces the one with its id. A new main contact takes the place of the former one of
    /// its kind. Editing or un-using the consented contact withdraws consent (B9).
    ///
    /// # Errors
    /// When the contact is retired, another one has the same address, or there are too many.
    pub fn put_contact(
        &mut self,
        contact: Contact,
        by: Origin,
        at: DateTime<Utc>,
    ) -> Result<ConsentChange, ContactError> {
        if self.contact(contact.id).is_some_and(|known| known.retired) {
            return Err(ContactError::Retired(contact.id));
        }
        let mut others = self.contacts.iter().filter(|known| known.id != contact.id && !known.retired);
        if self.contact(contact.id).is_none() {
            let [by_a_client, by_anybody] = MOST_KEPT;
            let kept = if matches!(by, Origin::Client(_)) { by_a_client } else { by_anybody };
            if others.clone().count() >= MOST_CONTACTS {
                return Err(ContactError::TooMany);
            }
            if self.contacts.len() >= kept {
                return Err(ContactError::Full);
            }
        }
        if let Some(same) = others.find(|known| known.value == contact.value) {
            return Err(ContactError::Exists(same.id));
        }
        if contact.main {
            let same_kind = |known: &&mut Contact| known.value.kind() == contact.value.kind();
            self.contacts.iter_mut().filter(same_kind).for_each(|known| known.main = false);
        }
        let consented = self.consent().is_some();
        match self.contacts.iter_mut().find(|known| known.id == contact.id) {
            // The mark is the address's: it stays with it, and goes with it.
            Some(known) => {
                let undeliverable = known.undeliverable.filter(|_| known.value == contact.value);
                *known = Contact { undeliverable, ..contact };
            }
            None => self.contacts.push(contact),
        }
        Ok(self.record_loss_of_consent(consented, by, at))
    }

    /// Removes a contact: for good, unless it was ever mailed or consented to (B6). Removing the consented one
    /// withdraws consent (B9).
    ///
    /// # Errors
    /// When there is no such contact, or it is retired already.
    pub fn remove_contact(
        &mut self,
        id: ContactId,
        mailed: bool,
        by: Origin,
        at: DateTime<Utc>,
    ) -> Result<(Removal, ConsentChange), ContactError> {
        let consented = self.consent().is_some();
        let keep = mailed || self.communication.iter().any(|row| row.contact == id);
        let contact =
            self.contacts.iter_mut().find(|contact| contact.id == id).ok_or(ContactError::Unknown(id))?;
        if contact.retired {
            return Err(ContactError::Retired(id));
        }
        contact.retired = true;
        contact.main = false;
        if !keep {
            self.contacts.retain(|contact| contact.id != id);
        }
        let removal = if keep { Removal::Retired } else { Removal::Deleted };
        Ok((removal, self.record_loss_of_consent(consented, by, at)))
    }

    /// The fields in which this differs from what it was; all of them in somebody new.
    #[must_use]
    pub fn changed_since(&self, before: Option<&Self>) -> Vec<FieldName> {
        let changed = |field, same: fn(&Self, &Self) -> bool| {
            before.is_none_or(|before| !same(before, self)).then_some(field)
        };
        let fields = [
            changed(FieldName::Name, |a, b| a.name == b.name),
            changed(FieldName::BirthDate, |a, b| a.birth_date == b.birth_date),
            changed(FieldName::Gender, |a, b| a.gender == b.gender),
            changed(FieldName::Language, |a, b| a.language == b.language),
            changed(FieldName::Site, |a, b| a.site == b.site),
            changed(FieldName::ExternalIds, |a, b| a.external_ids == b.external_ids),
            changed(FieldName::Contacts, |a, b| a.contacts == b.contacts),
            changed(FieldName::CommunicationSettings, |a, b| {
                (&a.communication, a.event_messages) == (&b.communication, b.event_messages)
            }),
            changed(FieldName::Workers, |a, b| a.workers == b.workers),
            changed(FieldName::ServiceFiles, |a, b| a.files == b.files),
            changed(FieldName::Test, |a, b| a.test == b.test),
        ];
        fields.into_iter().flatten().collect()
    }

    fn withdraw_consent(&mut self, by: Origin, at: DateTime<Utc>) -> ConsentChange {
        if self.consent().is_none() {
            return ConsentChange::Unchanged;
        }
        self.record_loss_of_consent_row(by, at);
        ConsentChange::Withdrawn
    }

    /// After a contact changed: consent that was in force and no longer is gets its row in the history.
    fn record_loss_of_consent(&mut self, consented: bool, by: Origin, at: DateTime<Utc>) -> ConsentChange {
        if !consented || self.consent().is_some() {
            return ConsentChange::Unchanged;
        }
        self.record_loss_of_consent_row(by, at);
        ConsentChange::Withdrawn
    }

    fn record_loss_of_consent_row(&mut self, by: Origin, at: DateTime<Utc>) {
        if let Some(row) = self.communication.last().cloned() {
            self.communication.push(ConsentRow { given: false, by, at, ..row });
        }
    }
}

impl fmt::Debug for Individual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Individual").field("id", &self.id).field("site", &self.site).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{EMAIL_CONTACT, WORKER, at, email_contact, individual};

    const BY: Origin = Origin::Worker(WORKER);

    fn given(individual: &Individual) -> Vec<bool> {
        individual.communication.iter().map(|row| row.given).collect()
    }

    #[test]
    fn consent_is_a_history_whose_last_row_counts() {
        let mut zoe = individual();
        assert_eq!(zoe.consented_address().unwrap().normalized(), "zoe@example.org");
        assert_eq!(
            zoe.set_communication_settings(Some(EMAIL_CONTACT), BY, at(0)),
            Ok(ConsentChange::Unchanged)
        );
        assert_eq!(zoe.set_communication_settings(None, BY, at(1)), Ok(ConsentChange::Withdrawn));
        assert_eq!(zoe.set_communication_settings(None, BY, at(2)), Ok(ConsentChange::Unchanged));
        assert_eq!((zoe.consent(), given(&zoe)), (None, vec![true, false]));
        assert_eq!(zoe.set_communication_settings(Some(EMAIL_CONTACT), BY, at(3)), Ok(ConsentChange::Given));
        let unknown = ContactId::new(uuid::Uuid::from_u128(99));
        assert_eq!(
            zoe.set_communication_settings(Some(unknown), BY, at(4)),
            Err(ContactError::Unknown(unknown))
        );
    }

    #[test]
    fn changing_un_using_or_removing_the_consented_contact_withdraws_consent() {
        let put = |change: fn(&mut Contact)| {
            let mut zoe = individual();
            let mut contact = zoe.contacts[0].clone();
            change(&mut contact);
            (zoe.put_contact(contact, BY, at(0)), given(&zoe))
        };
        let withdrawn = (Ok(ConsentChange::Withdrawn), vec![true, false]);
        assert_eq!(put(|contact| contact.value = email_contact(0, "new@example.org").value), withdrawn);
        assert_eq!(put(|contact| contact.use_contact = false), withdrawn);
        let kept = (Ok(ConsentChange::Unchanged), vec![true]);
        assert_eq!(put(|contact| contact.instructions = Some("after six".to_owned())), kept);
        assert_eq!(put(|contact| contact.value = email_contact(0, "ZOE@example.org").value), kept);
        let mut zoe = individual();
        let removed = zoe.remove_contact(EMAIL_CONTACT, false, BY, at(0));
        assert_eq!(removed, Ok((Removal::Retired, ConsentChange::Withdrawn)));
        assert_eq!((zoe.prefilled_address(), zoe.contacts[0].main), (None, false));
        let retired = Err(ContactError::Retired(EMAIL_CONTACT));
        assert_eq!(zoe.put_contact(email_contact(13, "zoe@example.org"), BY, at(0)), retired);
    }

    #[test]
    fn a_client_fills_no_record_so_that_nobody_can_change_it() {
        let mut zoe = individual();
        let client = Origin::Client(AccountId::new(uuid::Uuid::from_u128(9)));
        let round = |zoe: &mut Individual, number: u128, by| {
            let contact = email_contact(100 + number, &format!("zoe{number}@example.org"));
            let id = contact.id;
            zoe.put_contact(contact, by, at(0))?;
            zoe.set_communication_settings(Some(id), by, at(0))?;
            zoe.remove_contact(id, true, by, at(0)).map(|_| ())
        };
        let last = (0..1_000).find(|number| round(&mut zoe, *number, client) == Err(ContactError::Full));
        assert!(last.is_some_and(|number| number < 100));
        round(&mut zoe, 2_000, BY).unwrap();
        let own = zoe.contacts[0].id;
        let choose = |zoe: &mut Individual| {
            zoe.set_communication_settings(Some(own), client, at(0))?;
            zoe.set_communication_settings(None, client, at(0))
        };
        assert!((0..1_000).any(|_| choose(&mut zoe) == Err(ContactError::Full)));
        zoe.set_communication_settings(Some(own), BY, at(0)).unwrap();
        let withdrawn = zoe.set_communication_settings(None, client, at(0));
        assert_eq!(withdrawn, Ok(ConsentChange::Withdrawn), "always");
    }

    #[test]
    fn an_address_is_there_once_and_contacts_have_an_end() {
        let mut zoe = individual();
        let again = zoe.put_contact(email_contact(20, "ZOE@example.org"), BY, at(0));
        assert_eq!(again, Err(ContactError::Exists(EMAIL_CONTACT)));
        zoe.contacts[0].retired = true;
        for number in 0..20 {
            let address = if number == 0 { "zoe" } else { &format!("zoe{number}") };
            zoe.put_contact(email_contact(20 + number, &format!("{address}@example.org")), BY, at(0))
                .unwrap();
        }
        let more = email_contact(50, "more@example.org");
        assert_eq!(zoe.put_contact(more.clone(), BY, at(0)), Err(ContactError::TooMany));
        let mut changed = zoe.contacts[20].clone();
        changed.value = more.value;
        assert_eq!(zoe.put_contact(changed, BY, at(0)), Ok(ConsentChange::Unchanged));
    }

    #[test]
    fn who_works_with_somebody_is_for_those_who_take_people_in() {
        let known = individual();
        let profile = |external_ids: &BTreeMap<String, String>, workers: &BTreeSet<WorkerId>| Profile {
            name: PersonName::new("Zoé", "", "O’Neil", "").unwrap(),
            gender: None,
            language: Language::Es,
            site: known.site,
            external_ids: external_ids.clone(),
            workers: workers.clone(),
        };
        let (no_ids, nobody) = (BTreeMap::new(), BTreeSet::new());
        for (profile, field) in [
            (profile(&no_ids, &known.workers), FieldName::ExternalIds),
            (profile(&known.external_ids, &nobody), FieldName::Workers),
        ] {
            let mut zoe = known.clone();
            assert_eq!((zoe.set_profile(profile.clone(), false), &zoe), (Err(NotYours(field)), &known));
            assert_eq!(zoe.set_profile(profile, true), Ok(()));
        }
        let mut zoe = known.clone();
        assert_eq!(zoe.set_profile(profile(&known.external_ids, &known.workers), false), Ok(()));
        assert_eq!(zoe.changed_since(Some(&known)), [FieldName::Name, FieldName::Language]);
        let new = Individual::new(known.id, profile(&no_ids, &nobody), true);
        assert!(new.test && new.contacts.is_empty() && new.birth_date.is_none());
    }

    #[test]
    fn what_changed_is_told_by_field() {
        let (before, mut after) = (individual(), individual());
        assert_eq!(after.changed_since(Some(&before)), []);
        after.gender = Some("woman".to_owned());
        after.remove_contact(EMAIL_CONTACT, false, BY, at(0)).unwrap();
        let told = [FieldName::Gender, FieldName::Contacts, FieldName::CommunicationSettings];
        assert_eq!(after.changed_since(Some(&before)), told);
        assert_eq!(after.changed_since(None).len(), 11);
    }

    #[test]
    fn only_contacts_nobody_wrote_to_are_deleted() {
        let mut zoe = individual();
        zoe.put_contact(email_contact(20, "second@example.org"), BY, at(0)).unwrap();
        zoe.put_contact(email_contact(21, "third@example.org"), BY, at(0)).unwrap();
        assert_eq!(zoe.contacts.iter().filter(|contact| contact.main).count(), 1);
        let [second, third] = [zoe.contacts[1].id, zoe.contacts[2].id];
        assert_eq!(
            zoe.remove_contact(second, true, BY, at(0)),
            Ok((Removal::Retired, ConsentChange::Unchanged))
        );
        assert_eq!(
            zoe.remove_contact(third, false, BY, at(0)),
            Ok((Removal::Deleted, ConsentChange::Unchanged))
        );
        assert_eq!(zoe.contacts.len(), 2);
    }

    #[test]
    fn the_offered_address_is_the_consented_then_the_main_then_any() {
        let mut zoe = individual();
        zoe.put_contact(email_contact(20, "second@example.org"), BY, at(0)).unwrap();
        assert_eq!(zoe.prefilled_address().unwrap().normalized(), "zoe@example.org");
        zoe.set_communication_settings(None, BY, at(0)).unwrap();
        assert_eq!(zoe.prefilled_address().unwrap().normalized(), "second@example.org");
        zoe.contacts[1].use_contact = false;
        assert_eq!(zoe.prefilled_address().unwrap().normalized(), "zoe@example.org");
    }

    #[test]
    fn an_address_where_mails_dont_arrive_stays_marked_until_it_is_another() {
        let (zoe, bounced) = (individual(), MailOutcome::Bounced);
        let address = zoe.consented_address().unwrap().clone();
        assert_eq!(zoe.with_undeliverable(&"other@example.org".parse().unwrap(), bounced, at(1)), None);
        let mut marked = zoe.with_undeliverable(&address, bounced, at(1)).unwrap();
        assert_eq!(
            marked.with_undeliverable(&address, MailOutcome::Complained, at(2)),
            None,
            "the first counts"
        );
        let mark = Some(Undeliverable { why: bounced, since: at(1) });
        assert_eq!(marked.contacts[0].undeliverable, mark);

        let same = Contact { main: false, undeliverable: None, ..marked.contacts[0].clone() };
        marked.put_contact(same, BY, at(3)).unwrap();
        assert_eq!(marked.contacts[0].undeliverable, mark);
        let another = Contact { id: EMAIL_CONTACT, ..email_contact(13, "new@example.org") };
        marked.put_contact(another, BY, at(4)).unwrap();
        assert_eq!(marked.contacts[0].undeliverable, None);
    }
}
