//! Importing service files.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Columns, Header, Outcome, Reader, RowError};
use crate::email::EmailAddress;
use crate::fields::{self, Wrong};
use crate::id::ServiceFileId;
use crate::individual::{Imported, Individual};
use crate::service::Service;
use crate::service_file::{NotEnrolled, ServiceFile, Team};

codes! {
    /// A column of the file.
    pub enum Column {
        /// The service file's id in the system the file comes from.
        ExternalId = "external_id",
        /// The individual's id in the same system.
        IndividualExternalId = "individual_external_id",
        /// The case service's id in the same system.
        ServiceExternalId = "service_external_id",
        /// The case service's name, where it has no id there.
        Service = "service",
        /// Its first day, as 2026-03-31.
        OpenedOn = "opened_on",
        /// Its last day; empty while it is open.
        ClosedOn = "closed_on",
        /// Sign-in email of the worker who answers for it.
        PrimaryWorkerEmail = "primary_worker_email",
        /// Sign-in emails of the others, with semicolons between them.
        WorkerEmails = "worker_emails",
    }
}

impl Columns for Column {
    const ALL: &'static [Self] = Column::ALL;
    const REQUIRED: &'static [Self] =
        &[Self::ExternalId, Self::IndividualExternalId, Self::OpenedOn, Self::PrimaryWorkerEmail];

    fn code(self) -> &'static str {
        Column::code(self)
    }
}

/// How a file names a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceNamed {
    /// By its id in the system the file comes from.
    ExternalId(String),
    /// By what staff call it.
    Name(String),
}

impl ServiceNamed {
    /// By its id where there is one, else by its name.
    pub(super) fn read<C: Columns>(row: &mut Reader<'_, C>, by_id: C, by_name: C) -> Option<Self> {
        let id = row.read(by_id, fields::external_id).map(Self::ExternalId);
        let name = row.read(by_name, fields::word).map(Self::Name);
        if row.field(by_id).trim().is_empty() && row.field(by_name).trim().is_empty() {
            return row.refuse(by_id, Wrong::new("empty", "write the service's id or its name"));
        }
        id.or(name)
    }
}

/// A row that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The service file's id in the system the file comes from.
    pub external_id: String,
    /// The individual's.
    pub individual_external_id: String,
    /// The case service.
    pub service: ServiceNamed,
    /// Who answers for it.
    pub primary: EmailAddress,
    /// Who else works on it; none leaves those whom it has.
    pub others: Option<Vec<EmailAddress>>,
    opened_on: NaiveDate,
    closed_on: Option<NaiveDate>,
}

fn emails(text: &str) -> Result<Vec<EmailAddress>, Wrong> {
    text.split(';').map(str::trim).filter(|email| !email.is_empty()).map(fields::email).collect()
}

impl Draft {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse<'a>(
        header: &Header<Column>,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<RowError>> {
        let mut row = Reader::of(header, fields)?;
        let external_id = row.read(Column::ExternalId, fields::external_id);
        let individual = row.read(Column::IndividualExternalId, fields::external_id);
        let service = ServiceNamed::read(&mut row, Column::ServiceExternalId, Column::Service);
        let opened_on = row.read(Column::OpenedOn, fields::day);
        let closed_on = row.read(Column::ClosedOn, fields::day);
        let primary = row.read(Column::PrimaryWorkerEmail, fields::email);
        let others = row.read(Column::WorkerEmails, emails);
        match (external_id, individual, service, opened_on, primary) {
            (
                Some(external_id),
                Some(individual_external_id),
                Some(service),
                Some(opened_on),
                Some(primary),
            ) if row.errors.is_empty() => Ok(Self {
                external_id,
                individual_external_id,
                service,
                primary,
                others,
                opened_on,
                closed_on,
            }),
            _ => Err(row.errors),
        }
    }

    /// Applies the row to the service file that has its external id, or makes a new one. What is empty leaves what is
    /// known as it is; a closed file keeps its workers and isn't opened again.
    ///
    /// # Errors
    /// What doesn't fit.
    pub fn apply(
        self,
        known: Option<&ServiceFile>,
        individual: &mut Individual,
        service: &Service,
        team: Team,
        import: Import<'_>,
    ) -> Result<Applied, RowError> {
        let Import { today, .. } = import;
        let Some(known) = known else {
            let (id, opened_on) = (import.file, self.opened_on);
            let file = match self.closed_on {
                None => ServiceFile::open(id, individual, service, opened_on, team, today)?,
                Some(closed_on) => {
                    ServiceFile::past(id, individual, service, [opened_on, closed_on], team, today)?
                }
            };
            let external_ids = BTreeMap::from([(import.source.to_owned(), self.external_id)]);
            let file = ServiceFile { external_ids, imported: Some(import.imported), ..file };
            return Ok(Applied { file, outcome: Outcome::Created });
        };
        if known.individual != individual.id {
            return Err(refused(
                Column::IndividualExternalId,
                "individual_differs",
                "leave whose it is as it is",
            ));
        }
        if known.service != service.id {
            return Err(refused(Column::ServiceExternalId, "service_differs", "leave its service as it is"));
        }
        let mut file = known.clone().with_first_day(self.opened_on, today)?;
        if file.closed_on.is_none() && file.team != team {
            file = file.set_team(individual, team)?;
        }
        file = match (file.closed_on, self.closed_on) {
            (None, Some(day)) => file.close(individual, day, today)?,
            (Some(_), Some(day)) => file.with_last_day(day, today)?,
            (_, None) => file,
        };
        if file == *known {
            return Ok(Applied { file, outcome: Outcome::Unchanged });
        }
        file.imported = Some(import.imported);
        Ok(Applied { file, outcome: Outcome::Updated })
    }
}

/// Where a row is applied, and what it may need.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The system the file comes from.
    pub source: &'a str,
    /// The job and the row.
    pub imported: Imported,
    /// The id of the service file, if it is new.
    pub file: ServiceFileId,
    /// The agency's date.
    pub today: NaiveDate,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The service file as it is now.
    pub file: ServiceFile,
    /// Created, updated or unchanged.
    pub outcome: Outcome,
}

fn refused(column: Column, code: &'static str, help: &str) -> RowError {
    RowError { column: Some(column.code()), code, help: help.to_owned() }
}

impl From<NotEnrolled> for RowError {
    fn from(not: NotEnrolled) -> Self {
        let (column, code) = match &not {
            NotEnrolled::Misfit(field, wrong) => {
                let column = if *field == "worker_ids" { Column::WorkerEmails.code() } else { *field };
                return Self { column: Some(column), code: wrong.code, help: wrong.help.clone() };
            }
            NotEnrolled::NotACaseService => (Some(Column::Service), "not_a_case_service"),
            NotEnrolled::NoRoster => (Some(Column::Service), "no_roster"),
            NotEnrolled::Inactive => (Some(Column::Service), "service_inactive"),
            NotEnrolled::FileOpen(_) => (None, "service_file_open"),
            NotEnrolled::FileClosed => (None, "service_file_closed"),
            NotEnrolled::TooManyFiles => (None, "too_many_service_files"),
            NotEnrolled::NoServiceFile => (None, "no_service_file"),
        };
        Self { column: column.map(Column::code), code, help: not.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{JobId, ServiceId, WorkerId};
    use crate::samples::{WORKER, individual};
    use crate::service::{Details, ServiceKind};

    const COLUMNS: &str = "external_id,individual_external_id,service_external_id,service,opened_on,closed_on,primary_worker_email,worker_emails";

    fn read(row: &str) -> Result<Draft, Vec<RowError>> {
        Draft::parse(&Header::parse(COLUMNS.split(',')).unwrap(), row.split(','))
    }

    fn service(number: u128, kind: ServiceKind) -> Service {
        let id = ServiceId::new(Uuid::from_u128(number));
        Service::new(id, kind, None, Details::new(kind, "CBT-04".to_owned())).unwrap()
    }

    fn apply(
        row: &str,
        known: Option<&ServiceFile>,
        individual: &mut Individual,
        team: Team,
    ) -> Result<Applied, RowError> {
        let import = Import {
            source: "penelope",
            imported: Imported { job: JobId::new(Uuid::from_u128(3)), row: 2 },
            file: ServiceFileId::new(Uuid::from_u128(9)),
            today: NaiveDate::from_ymd_opt(2026, 3, 9).unwrap(),
        };
        let service = service(1, ServiceKind::CaseService);
        read(row).unwrap().apply(known, individual, &service, team, import)
    }

    #[test]
    fn a_row_is_refused_with_everything_that_is_wrong() {
        let errors = read(",,,,1/2/2026,2026-02-30,nobody,a@b.org;x").unwrap_err();
        let codes: Vec<_> = errors.into_iter().map(|error| (error.column.unwrap(), error.code)).collect();
        assert_eq!(
            codes,
            [
                ("external_id", "empty"),
                ("individual_external_id", "empty"),
                ("service_external_id", "empty"),
                ("opened_on", "day_form"),
                ("closed_on", "day_form"),
                ("primary_worker_email", "email_form"),
                ("worker_emails", "email_form"),
            ]
        );
        let named = read("1,P1,,Counselling,2026-01-12,,a@b.org,c@d.org; e@f.org;").unwrap();
        assert_eq!(named.service, ServiceNamed::Name("Counselling".to_owned()));
        assert_eq!(named.others.unwrap().len(), 2);
    }

    #[test]
    fn a_row_opens_a_file_the_same_row_changes_nothing_and_a_later_one_closes_it() {
        let mut zoe = individual();
        let (row, team) = ("1,P1,S1,,2026-01-12,,a@b.org,", || Team::new(WORKER, []));
        let opened = apply(row, None, &mut zoe, team()).unwrap();
        assert_eq!((opened.outcome, zoe.files.len()), (Outcome::Created, 1));
        assert_eq!(opened.file.external_ids["penelope"], "1");
        let again = apply(row, Some(&opened.file), &mut zoe, team()).unwrap();
        assert_eq!((again.outcome, &again.file), (Outcome::Unchanged, &opened.file));
        let other = Team::new(WorkerId::new(Uuid::from_u128(8)), []);
        let moved = apply(row, Some(&opened.file), &mut zoe, other.clone()).unwrap();
        assert_eq!((moved.outcome, zoe.is_served_by(WORKER)), (Outcome::Updated, false));
        let closing = "1,P1,S1,,2026-01-12,2026-03-01,a@b.org,";
        let closed = apply(closing, Some(&moved.file), &mut zoe, other.clone()).unwrap();
        assert_eq!((closed.outcome, zoe.files.len()), (Outcome::Updated, 0));
        let late = apply(row, Some(&closed.file), &mut zoe, team()).unwrap();
        assert_eq!((late.outcome, late.file.team), (Outcome::Unchanged, other), "a closed file stays closed");
    }

    #[test]
    fn a_file_of_the_past_is_taken_beside_an_open_one() {
        let mut zoe = individual();
        let team = || Team::new(WORKER, []);
        apply("1,P1,S1,,2026-01-12,,a@b.org,", None, &mut zoe, team()).unwrap();
        let past = apply("2,P1,S1,,2020-01-12,2021-06-30,a@b.org,", None, &mut zoe, team()).unwrap();
        assert_eq!((past.outcome, zoe.files.len()), (Outcome::Created, 1));
        let open = apply("3,P1,S1,,2026-02-12,,a@b.org,", None, &mut zoe, team()).unwrap_err();
        assert_eq!((open.column, open.code), (None, "service_file_open"));
        let backwards = apply("4,P1,S1,,2021-01-12,2020-06-30,a@b.org,", None, &mut zoe, team());
        let backwards = backwards.unwrap_err();
        assert_eq!((backwards.column, backwards.code), (Some("closed_on"), "closed_before_opened"));
    }
}
