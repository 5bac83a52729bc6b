//! Importing individuals.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Columns, Header, Outcome, Reader, RowError, Warning, known, yes_or_no};
use crate::birth_date::BirthDate;
use crate::code::UnknownCode;
use crate::email::EmailAddress;
use crate::fields::{self, Wrong};
use crate::id::{ContactId, IndividualId, SiteId, WorkerId};
use crate::individual::{
    ConsentRow, Contact, ContactKind, ContactValue, EventMessages, Imported, Individual, Origin,
};
use crate::language::Language;
use crate::name::PersonName;
use crate::{name, text};

codes! {
    /// A column of the file.
    pub enum Column {
        /// The individual's id in the system the file comes from.
        ExternalId = "external_id",
        /// Required.
        FirstName = "first_name",
        /// Optional.
        MiddleName = "middle_name",
        /// Required.
        LastName = "last_name",
        /// What the person likes to be called.
        PreferredName = "preferred_name",
        /// As 1990-12-31.
        BirthDate = "birth_date",
        /// In any words.
        Gender = "gender",
        /// `en`, `fr` or `es`.
        Language = "language",
        /// One address.
        Email = "email",
        /// `yes` or `no`: consent to email communication.
        EmailConsent = "email_consent",
        /// One number.
        Phone = "phone",
        /// Postal address in one line.
        Address = "address",
        /// A site's name.
        Site = "site",
        /// Sign-in email of the worker to assign.
        WorkerEmail = "worker_email",
        /// `yes` for a test individual.
        Test = "test",
    }
}

impl Columns for Column {
    const ALL: &'static [Self] = Column::ALL;
    const REQUIRED: &'static [Self] = &[Self::ExternalId, Self::FirstName, Self::LastName];

    fn code(self) -> &'static str {
        Column::code(self)
    }
}

/// What the names in a file stand for in this agency.
pub trait Directory {
    /// The agency's date: nobody is born after it.
    fn today(&self) -> NaiveDate;
    /// The site of that name, whatever its case.
    fn site(&self, name: &str) -> Option<SiteId>;
    /// The worker with that sign-in email.
    fn worker(&self, email: &EmailAddress) -> Option<WorkerId>;
    /// Whether whoever imports may record consent.
    fn records_consent(&self) -> bool;
}

/// A row that can be taken. A column that isn't there, or a field that is empty, leaves what is known as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The individual's id in the system the file comes from.
    pub external_id: String,
    name: PersonName,
    details: Details,
}

/// What a row may leave out.
#[derive(Clone, PartialEq, Eq)]
struct Details {
    birth_date: Option<BirthDate>,
    gender: Option<String>,
    language: Option<Language>,
    email: Option<EmailAddress>,
    email_consent: Option<bool>,
    phone: Option<ContactValue>,
    address: Option<ContactValue>,
    site: Option<SiteId>,
    worker: Option<WorkerId>,
    test: Option<bool>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(…)")
    }
}

impl Reader<'_, Column> {
    fn name(&mut self, column: Column) -> String {
        self.read(column, |text| Ok(text::clean(text, name::MAX)?)).unwrap_or_default()
    }

    fn contact(&mut self, column: Column, kind: ContactKind) -> Option<ContactValue> {
        self.read(column, |text| fields::contact(kind, text))
    }
}

fn language(text: &str) -> Result<Language, Wrong> {
    let language = fields::word(text)?.to_lowercase().parse();
    language.map_err(|error: UnknownCode| Wrong::new("unknown_language", error.to_string()))
}

impl Draft {
    /// Reads a row. A value that a spreadsheet would take for a formula is text like any other.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse<'a>(
        header: &Header<Column>,
        fields: impl IntoIterator<Item = &'a str>,
        directory: &impl Directory,
    ) -> Result<Self, Vec<RowError>> {
        let mut row = Reader::of(header, fields)?;
        let external_id = row.read(Column::ExternalId, fields::external_id).unwrap_or_default();
        let [first, middle, last, preferred] =
            [Column::FirstName, Column::MiddleName, Column::LastName, Column::PreferredName]
                .map(|column| row.name(column));
        let details = Details {
            birth_date: row.read(Column::BirthDate, |text| fields::birth_date(text, directory.today())),
            gender: row.read(Column::Gender, fields::gender),
            language: row.read(Column::Language, language),
            email: row.read(Column::Email, fields::email),
            email_consent: row.read(Column::EmailConsent, yes_or_no),
            phone: row.contact(Column::Phone, ContactKind::Phone),
            address: row.contact(Column::Address, ContactKind::Postal),
            site: row.read(Column::Site, |text| {
                let site = directory.site(&fields::word(text)?);
                known(site, "unknown_site", "write the name of one of the agency's sites")
            }),
            worker: row.read(Column::WorkerEmail, |text| {
                let worker = directory.worker(&fields::email(text)?);
                known(worker, "unknown_worker", "write the sign-in email of a worker")
            }),
            test: row.read(Column::Test, yes_or_no),
        };
        if details.email_consent.is_some() && !directory.records_consent() {
            let wrong = Wrong::new(
                "consent_not_allowed",
                "leave it empty, or ask a colleague who may record consent to import this file",
            );
            row.refuse::<()>(Column::EmailConsent, wrong);
        }
        if details.email_consent == Some(true) && row.field(Column::Email).trim().is_empty() {
            let wrong = Wrong::new("consent_without_email", "fill in email, or write no");
            row.refuse::<()>(Column::EmailConsent, wrong);
        }
        // A name that failed has left its errors already.
        match PersonName::new(&first, &middle, &last, &preferred) {
            Ok(name) if row.errors.is_empty() => Ok(Self { external_id, name, details }),
            _ => Err(row.errors),
        }
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The individual as they are now.
    pub individual: Individual,
    /// Created, updated or unchanged.
    pub outcome: Outcome,
    /// What staff should know.
    pub warnings: Vec<Warning>,
}

/// Where and when a row is applied, and what it may need.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The system the file comes from.
    pub source: &'a str,
    /// The job and the row.
    pub imported: Imported,
    /// The instant.
    pub at: DateTime<Utc>,
    /// The id of the individual, if they are new.
    pub individual: IndividualId,
    /// The ids of new contacts: email, phone, postal.
    pub contacts: [ContactId; 3],
    /// The language of new individuals for whom the file names none.
    pub language: Language,
    /// The site of new individuals for whom the file names none.
    pub site: SiteId,
}

impl Draft {
    /// Applies the row to the individual that has its external id, or makes a new one. A row adds contacts and
    /// workers and removes none. Contacts that staff took out of use stay so, and consent that a worker recorded
    /// as withdrawn is not given again by a file.
    #[must_use]
    pub fn apply(self, known: Option<&Individual>, import: Import<'_>) -> Applied {
        let Self { external_id, name, details } = self;
        let mut individual = known.cloned().unwrap_or_else(|| Individual {
            id: import.individual,
            external_ids: BTreeMap::from([(import.source.to_owned(), external_id)]),
            name: name.clone(),
            birth_date: None,
            gender: None,
            language: import.language,
            site: import.site,
            contacts: Vec::new(),
            communication: Vec::new(),
            event_messages: EventMessages::default(),
            workers: BTreeSet::new(),
            files: BTreeMap::new(),
            test: false,
            imported: None,
        });
        individual.name = name.completed_by(&individual.name);
        individual.birth_date = details.birth_date.or(individual.birth_date);
        individual.gender = details.gender.or(individual.gender);
        individual.language = details.language.unwrap_or(individual.language);
        individual.site = details.site.unwrap_or(individual.site);
        let test_mark_stays = known.is_some() && details.test.is_some_and(|test| test != individual.test);
        if known.is_none() {
            individual.test = details.test.unwrap_or_default();
        }
        individual.workers.extend(details.worker);

        let [email_id, phone_id, postal_id] = import.contacts;
        let email =
            details.email.map(|address| add_contact(&mut individual, email_id, ContactValue::Email(address)));
        details.phone.map(|number| add_contact(&mut individual, phone_id, number));
        details.address.map(|address| add_contact(&mut individual, postal_id, address));
        let consent_warning = consent(&mut individual, details.email_consent, email, import);

        let outcome = match known {
            None => Outcome::Created,
            Some(known) if *known == individual => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome != Outcome::Unchanged {
            individual.imported = Some(import.imported);
        }
        Applied {
            individual,
            outcome,
            warnings: consent_warning
                .into_iter()
                .chain(test_mark_stays.then_some(Warning::TestMarkStays))
                .collect(),
        }
    }
}

/// The contact with that value; if there is none, a new one, which becomes the main one of its kind.
fn add_contact(individual: &mut Individual, id: ContactId, value: ContactValue) -> ContactId {
    if let Some(known) = individual.contacts.iter().find(|contact| contact.value == value) {
        return known.id;
    }
    for contact in individual.contacts.iter_mut().filter(|contact| contact.value.kind() == value.kind()) {
        contact.main = false;
    }
    individual.contacts.push(Contact {
        id,
        value,
        use_contact: true,
        main: true,
        instructions: None,
        retired: false,
        undeliverable: None,
    });
    id
}

fn consent(
    individual: &mut Individual,
    wanted: Option<bool>,
    email: Option<ContactId>,
    import: Import<'_>,
) -> Option<Warning> {
    let contact = match (wanted, email) {
        (Some(true), Some(email)) => Some(email),
        (Some(false), _) => None,
        _ => return None,
    };
    // Whatever address the file has: another system doesn't know of it.
    let withdrawn = |row: &ConsentRow| !row.given && !matches!(row.by, Origin::Import(_));
    if contact.is_some() && individual.communication.last().is_some_and(withdrawn) {
        return Some(Warning::WithdrawalStands);
    }
    let by = Origin::Import(import.imported.job);
    let refused = individual.set_communication_settings(contact, by, import.at).is_err();
    refused.then_some(Warning::EmailNotInUse)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::JobId;
    use crate::samples::{EMAIL_CONTACT, SITE, WORKER, at, email as address, individual};

    struct Here;

    impl Directory for Here {
        fn today(&self) -> NaiveDate {
            at(0).date_naive()
        }
        fn site(&self, name: &str) -> Option<SiteId> {
            (name == "North").then_some(SITE)
        }
        fn worker(&self, email: &EmailAddress) -> Option<WorkerId> {
            (*email == address("sam@harbour.example")).then_some(WORKER)
        }
        fn records_consent(&self) -> bool {
            true
        }
    }

    const JOB: JobId = JobId::new(Uuid::from_u128(31));

    fn read(columns: &str, row: &str) -> Result<Draft, Vec<RowError>> {
        Draft::parse(&Header::parse(columns.split(',')).unwrap(), row.split(','), &Here)
    }

    fn codes(columns: &str, row: &str) -> Vec<(Option<&'static str>, &'static str)> {
        read(columns, row).unwrap_err().iter().map(|error| (error.column, error.code)).collect()
    }

    fn apply(row: &str, known: Option<&Individual>) -> Applied {
        let columns = "external_id,first_name,last_name,email,email_consent,phone";
        let contacts = [41, 42, 43].map(|n| ContactId::new(Uuid::from_u128(n)));
        let id = IndividualId::new(Uuid::from_u128(40));
        let imported = Imported { job: JOB, row: 2 };
        let import = Import {
            source: "penelope",
            imported,
            at: at(0),
            individual: id,
            contacts,
            language: Language::Es,
            site: SITE,
        };
        read(columns, row).unwrap().apply(known, import)
    }

    #[test]
    fn headers_are_read_in_any_order_case_and_with_a_byte_order_mark() {
        let header = Header::<Column>::parse(["\u{FEFF}Last Name", "FIRST_NAME", " external-id "]).unwrap();
        assert_eq!(header.0, [Column::LastName, Column::FirstName, Column::ExternalId]);
    }

    #[test]
    fn a_bad_header_says_what_to_do_about_all_of_it() {
        let error =
            Header::<Column>::parse(["first_name", "email", "Email", "shoe\u{0}_size", ""]).unwrap_err();
        let help = error.to_string();
        assert!(help.starts_with("add the missing columns: external_id, last_name; rename or remove the unknown columns: shoe_size, (without a name) (known are: external_id, "), "{help}");
        assert!(help.ends_with("; keep only one of each of these columns: email"), "{help}");
    }

    #[test]
    fn a_row_is_refused_with_everything_that_is_wrong_and_none_of_its_values() {
        let columns = "external_id,first_name,last_name,birth_date,language,email,email_consent,phone,site,worker_email,test";
        let row = ", Zo\u{0}e,O,17/05/1990,de,zoe@,maybe,\u{202E}5,South,nobody@example.org,1";
        let expected = [
            (Column::ExternalId, "empty"),
            (Column::FirstName, "control_character"),
            (Column::BirthDate, "birth_date_form"),
            (Column::Language, "unknown_language"),
            (Column::Email, "email_form"),
            (Column::EmailConsent, "yes_or_no"),
            (Column::Phone, "control_character"),
            (Column::Site, "unknown_site"),
            (Column::WorkerEmail, "unknown_worker"),
            (Column::Test, "yes_or_no"),
        ];
        assert_eq!(codes(columns, row), expected.map(|(column, code)| (Some(column.code()), code)));
        let told = format!("{:?}", read(columns, row).unwrap_err());
        assert!(
            ["17/05", "zoe@", "maybe", "South", "nobody"].iter().all(|value| !told.contains(value)),
            "{told}"
        );
        let names = "external_id,first_name,last_name";
        assert_eq!(codes(names, "1,Zoe"), [(None, "wrong_width")]);
        assert_eq!(
            codes(names, &format!("1,Zoe,{}", "x".repeat(101))),
            [(Some(Column::LastName.code()), "too_long")]
        );
        let with_date = format!("{names},birth_date");
        assert_eq!(
            codes(&with_date, "1,Zoe,O,2026-03-02"),
            [(Some(Column::BirthDate.code()), "birth_date_in_future")]
        );
        let with_consent = format!("{names},email_consent");
        assert_eq!(
            codes(&with_consent, "1,Zoe,O,yes"),
            [(Some(Column::EmailConsent.code()), "consent_without_email")]
        );
    }

    #[test]
    fn a_new_row_makes_an_individual_and_the_same_row_changes_nothing() {
        let row = "77,Zoë,=1+1,zoe@example.org,YES,555 0101";
        let created = apply(row, None);
        let zoe = &created.individual;
        assert_eq!(created.outcome, Outcome::Created);
        assert_eq!(
            (zoe.name.last(), zoe.language, zoe.external_ids["penelope"].as_str()),
            ("=1+1", Language::Es, "77")
        );
        assert_eq!(zoe.consented_address().unwrap().normalized(), "zoe@example.org");
        assert_eq!((zoe.contacts.len(), zoe.imported), (2, Some(Imported { job: JOB, row: 2 })));
        let again = apply(row, Some(zoe));
        assert_eq!((again.outcome, &again.individual), (Outcome::Unchanged, zoe));
    }

    #[test]
    fn a_row_adds_and_corrects_but_removes_nothing() {
        let known = individual();
        let updated = apply("77,Zoë,Byrne,new@example.org,,", Some(&known));
        assert_eq!(updated.outcome, Outcome::Updated);
        assert_eq!(
            (updated.individual.name.last(), updated.individual.birth_date),
            ("Byrne", known.birth_date)
        );
        let main: Vec<_> = updated
            .individual
            .contacts
            .iter()
            .map(|contact| (contact.value.as_str(), contact.main))
            .collect();
        assert_eq!(main, [("zoe@example.org", false), ("new@example.org", true)]);
        assert_eq!(updated.individual.consented_address().unwrap().normalized(), "zoe@example.org");

        let withdrawn = apply("77,Zoë,O’Neil,,no,", Some(&known));
        assert_eq!(withdrawn.individual.consent(), None);
    }

    #[test]
    fn who_is_a_test_individual_stays_one() {
        let columns = "external_id,first_name,last_name,test";
        let known = individual();
        let imported = Imported { job: JOB, row: 2 };
        let import = Import {
            source: "penelope",
            imported,
            at: at(0),
            individual: known.id,
            contacts: [EMAIL_CONTACT; 3],
            language: Language::En,
            site: SITE,
        };
        let apply = |known| read(columns, "77,Zoë,O’Neil,yes").unwrap().apply(known, import);
        assert!(apply(None).individual.test);
        let again = apply(Some(&known));
        assert_eq!((again.individual.test, again.warnings), (false, vec![Warning::TestMarkStays]));
    }

    #[test]
    fn a_file_does_not_undo_what_staff_recorded() {
        let row = "77,Zoë,O’Neil,zoe@example.org,yes,";
        let mut zoe = individual();
        zoe.set_communication_settings(None, Origin::Worker(WORKER), at(-1)).unwrap();
        let applied = apply(row, Some(&zoe));
        assert_eq!(
            (applied.outcome, applied.warnings),
            (Outcome::Unchanged, vec![Warning::WithdrawalStands])
        );
        let elsewhere = apply("77,Zoë,O’Neil,another@example.org,yes,", Some(&zoe));
        assert_eq!(elsewhere.warnings, [Warning::WithdrawalStands]);
        assert!(elsewhere.individual.consent().is_none());

        let mut zoe = individual();
        zoe.contacts[0].retired = true;
        zoe.communication.clear();
        let applied = apply(row, Some(&zoe));
        assert_eq!((applied.outcome, applied.warnings), (Outcome::Unchanged, vec![Warning::EmailNotInUse]));
    }
}
