//! Service files, one individual's enrolments in case services, and places on the rosters of groups and series.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::fields::Wrong;
use crate::id::{IndividualId, ServiceFileId, ServiceId, WorkerId};
use crate::individual::{Imported, Individual};
use crate::service::{Service, ServiceKind};

/// Workers that a service file may have beside the primary one.
pub const MOST_WORKERS: usize = 20;
/// Open service files that an individual may have.
pub const MOST_OPEN: usize = 20;

/// The workers of a service file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Who answers for it.
    pub primary: WorkerId,
    /// Who else works on it.
    pub others: BTreeSet<WorkerId>,
}

impl Team {
    /// A primary worker and others, among whom the primary one isn't counted again.
    #[must_use]
    pub fn new(primary: WorkerId, others: impl IntoIterator<Item = WorkerId>) -> Self {
        Self { primary, others: others.into_iter().filter(|worker| *worker != primary).collect() }
    }

    /// All of them, the primary one first.
    pub fn all(&self) -> impl Iterator<Item = WorkerId> {
        std::iter::once(self.primary).chain(self.others.iter().copied())
    }
}

/// One individual's enrolment in a case service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFile {
    /// Which one.
    pub id: ServiceFileId,
    /// Whose.
    pub individual: IndividualId,
    /// The case service.
    pub service: ServiceId,
    /// Its first day.
    pub opened_on: NaiveDate,
    /// Its last day; none while it is open.
    pub closed_on: Option<NaiveDate>,
    /// Who works on it, or did when it was closed.
    pub team: Team,
    /// Its ids in other systems, by system (B12).
    pub external_ids: BTreeMap<String, String>,
    /// The row of an import that last wrote it.
    pub imported: Option<Imported>,
}

/// What an individual's own record keeps of an open service file, so that one read tells who sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFile {
    /// The case service.
    pub service: ServiceId,
    /// Who works on it.
    pub workers: BTreeSet<WorkerId>,
}

/// A place on the roster of a group, through a service file, or of an informal series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose.
    pub individual: IndividualId,
    /// The group or series.
    pub service: ServiceId,
    /// The service that it is a run of.
    pub parent: ServiceId,
    /// From which day on.
    pub since: NaiveDate,
    /// The row of an import that gave it.
    pub imported: Option<Imported>,
}

/// Why a service file or a place isn't given or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEnrolled {
    /// Only a case service is delivered through service files.
    #[error("only a case service has service files")]
    NotACaseService,
    /// Only groups and series have rosters.
    #[error("only groups and series have rosters")]
    NoRoster,
    /// Nobody is enrolled any more.
    #[error("the service is not active")]
    Inactive,
    /// There is an open one for this service.
    #[error("{0} is open for this service")]
    FileOpen(ServiceFileId),
    /// It is closed, and stays as it was.
    #[error("the service file is closed")]
    FileClosed,
    /// There are [`MOST_OPEN`].
    #[error("there are too many open service files")]
    TooManyFiles,
    /// A group takes who has an open service file of its case service.
    #[error("there is no open service file of the group's case service")]
    NoServiceFile,
    /// A field that doesn't fit.
    #[error("{0}: {1}")]
    Misfit(&'static str, Wrong),
}

impl Individual {
    /// The open service file for that case service.
    #[must_use]
    pub fn open_file(&self, service: ServiceId) -> Option<ServiceFileId> {
        self.files.iter().find(|(_, open)| open.service == service).map(|(id, _)| *id)
    }

    /// Whether that worker is assigned to them, directly or on an open service file.
    #[must_use]
    pub fn works_with(&self, worker: WorkerId) -> bool {
        self.workers.contains(&worker) || self.is_served_by(worker)
    }

    /// Whether that worker is on an open service file of theirs.
    #[must_use]
    pub fn is_served_by(&self, worker: WorkerId) -> bool {
        self.files.values().any(|open| open.workers.contains(&worker))
    }
}

/// A day that isn't still to come, `today` being the agency's date.
fn past(field: &'static str, day: NaiveDate, today: NaiveDate) -> Result<(), NotEnrolled> {
    if day <= today {
        return Ok(());
    }
    let wrong = Wrong::new("day_to_come", "choose today or an earlier day");
    Err(NotEnrolled::Misfit(field, wrong))
}

impl ServiceFile {
    /// Opens a service file for an individual. Every change of one is a change of the individual's record, too, so
    /// that of two at once only one is made.
    ///
    /// # Errors
    /// When the service has none or takes nobody, one is open, there are too many, or a field doesn't fit.
    pub fn open(
        id: ServiceFileId,
        individual: &mut Individual,
        service: &Service,
        opened_on: NaiveDate,
        team: Team,
        today: NaiveDate,
    ) -> Result<Self, NotEnrolled> {
        if service.kind != ServiceKind::CaseService {
            return Err(NotEnrolled::NotACaseService);
        }
        past("opened_on", opened_on, today)?;
        let file = Self {
            id,
            individual: individual.id,
            service: service.id,
            opened_on,
            closed_on: None,
            team,
            external_ids: BTreeMap::new(),
            imported: None,
        };
        file.admitted(individual, service)
    }

    /// A service file that was closed before anybody here knew of it, of whatever service.
    ///
    /// # Errors
    /// When the service has none, or a field doesn't fit.
    pub fn past(
        id: ServiceFileId,
        individual: &Individual,
        service: &Service,
        [opened_on, closed_on]: [NaiveDate; 2],
        team: Team,
        today: NaiveDate,
    ) -> Result<Self, NotEnrolled> {
        if service.kind != ServiceKind::CaseService {
            return Err(NotEnrolled::NotACaseService);
        }
        let file = Self {
            id,
            individual: individual.id,
            service: service.id,
            opened_on,
            closed_on: None,
            team,
            external_ids: BTreeMap::new(),
            imported: None,
        };
        file.with_first_day(opened_on, today)?.close(&mut individual.clone(), closed_on, today)
    }

    /// The file with another first day.
    ///
    /// # Errors
    /// When that is still to come, or after the last one.
    pub fn with_first_day(self, opened_on: NaiveDate, today: NaiveDate) -> Result<Self, NotEnrolled> {
        past("opened_on", opened_on, today)?;
        Self { opened_on, ..self }.in_order()
    }

    /// A closed file with another last day.
    ///
    /// # Errors
    /// When that is still to come, or before the first one.
    pub fn with_last_day(self, closed_on: NaiveDate, today: NaiveDate) -> Result<Self, NotEnrolled> {
        past("closed_on", closed_on, today)?;
        Self { closed_on: Some(closed_on), ..self }.in_order()
    }

    fn in_order(self) -> Result<Self, NotEnrolled> {
        if self.closed_on.is_none_or(|closed_on| self.opened_on <= closed_on) {
            return Ok(self);
        }
        let help = "choose a day that isn't before the file was opened";
        Err(NotEnrolled::Misfit("closed_on", Wrong::new("closed_before_opened", help)))
    }

    /// The open file as part of the individual's record, if there is room for it.
    fn admitted(self, individual: &mut Individual, service: &Service) -> Result<Self, NotEnrolled> {
        if !service.details.active {
            return Err(NotEnrolled::Inactive);
        }
        if let Some(open) = individual.open_file(self.service) {
            return Err(NotEnrolled::FileOpen(open));
        }
        if individual.files.len() >= MOST_OPEN {
            return Err(NotEnrolled::TooManyFiles);
        }
        self.noted(individual)
    }

    /// Writes into the individual's record what it keeps of the file.
    fn noted(self, individual: &mut Individual) -> Result<Self, NotEnrolled> {
        if self.team.others.len() > MOST_WORKERS {
            let wrong = Wrong::new("too_many_workers", format!("choose at most {MOST_WORKERS} others"));
            return Err(NotEnrolled::Misfit("worker_ids", wrong));
        }
        if self.closed_on.is_some() {
            individual.files.remove(&self.id);
        } else {
            let open = OpenFile { service: self.service, workers: self.team.all().collect() };
            individual.files.insert(self.id, open);
        }
        Ok(self)
    }

    /// Gives the open file other workers.
    ///
    /// # Errors
    /// When it is closed, or there are too many.
    pub fn set_team(mut self, individual: &mut Individual, team: Team) -> Result<Self, NotEnrolled> {
        if self.closed_on.is_some() {
            return Err(NotEnrolled::FileClosed);
        }
        self.team = team;
        self.noted(individual)
    }

    /// Closes the file; places in groups of its service are given up with it.
    ///
    /// # Errors
    /// When it is closed already, or on a day before it was opened or still to come.
    pub fn close(
        self,
        individual: &mut Individual,
        closed_on: NaiveDate,
        today: NaiveDate,
    ) -> Result<Self, NotEnrolled> {
        if self.closed_on.is_some() {
            return Err(NotEnrolled::FileClosed);
        }
        let closed = self.with_last_day(closed_on, today)?;
        closed.noted(individual)
    }

    /// Opens a closed file again, with the workers it had.
    ///
    /// # Errors
    /// When the service takes nobody, one is open, or there are too many.
    pub fn reopen(mut self, individual: &mut Individual, service: &Service) -> Result<Self, NotEnrolled> {
        self.closed_on = None;
        self.admitted(individual, service)
    }
}

impl Place {
    /// Puts an individual on the roster of a group or series.
    ///
    /// # Errors
    /// When it has none or takes nobody, a group's service file isn't there, or the day is still to come.
    pub fn take(
        individual: &Individual,
        service: &Service,
        since: NaiveDate,
        today: NaiveDate,
    ) -> Result<Self, NotEnrolled> {
        let parent = service.parent.ok_or(NotEnrolled::NoRoster)?;
        if !service.details.active {
            return Err(NotEnrolled::Inactive);
        }
        if service.kind == ServiceKind::Group && individual.open_file(parent).is_none() {
            return Err(NotEnrolled::NoServiceFile);
        }
        past("since", since, today)?;
        Ok(Self { individual: individual.id, service: service.id, parent, since, imported: None })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::samples::{WORKER, individual, worker};
    use crate::service::Details;
    use crate::worker::{UserGroup, visible};

    const OTHER: WorkerId = WorkerId::new(Uuid::from_u128(8));

    fn service(number: u128, kind: ServiceKind, parent: Option<&Service>) -> Service {
        let id = ServiceId::new(Uuid::from_u128(number));
        Service::new(id, kind, parent, Details::new(kind, "CBT-04".to_owned())).unwrap()
    }

    fn file(number: u128) -> ServiceFileId {
        ServiceFileId::new(Uuid::from_u128(number))
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    fn open(individual: &mut Individual, service: &Service) -> Result<ServiceFile, NotEnrolled> {
        let id = file(100 + individual.files.len() as u128);
        ServiceFile::open(id, individual, service, day(2), Team::new(WORKER, [OTHER, WORKER]), day(9))
    }

    fn misfit<T: std::fmt::Debug>(result: Result<T, NotEnrolled>) -> (&'static str, &'static str) {
        match result.unwrap_err() {
            NotEnrolled::Misfit(field, wrong) => (field, wrong.code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_clinical_worker_sees_whom_they_serve_while_the_file_is_open() {
        let mut zoe = individual();
        zoe.workers.clear();
        let mut carmen = worker(UserGroup::ClinicalWorker);
        let sees = |carmen: &_, zoe: &_| visible(carmen, zoe);
        assert!(!sees(&carmen, &zoe));
        let opened = open(&mut zoe, &service(1, ServiceKind::CaseService, None)).unwrap();
        assert_eq!(opened.team.others, BTreeSet::from([OTHER]), "the primary worker counts once");
        assert!(sees(&carmen, &zoe));
        carmen.id = OTHER;
        assert!(sees(&carmen, &zoe));
        let alone = opened.set_team(&mut zoe, Team::new(WORKER, [])).unwrap();
        assert!(!sees(&carmen, &zoe));
        carmen.id = WORKER;
        let closed = alone.close(&mut zoe, day(2), day(9)).unwrap();
        assert!(!sees(&carmen, &zoe) && zoe.files.is_empty());
        let service = service(1, ServiceKind::CaseService, None);
        let reopened = closed.reopen(&mut zoe, &service).unwrap();
        assert!(reopened.closed_on.is_none() && sees(&carmen, &zoe));
        carmen.user_group = UserGroup::SystemAdministrator;
        assert!(!sees(&carmen, &zoe), "no file lets a System Administrator see anybody");
    }

    #[test]
    fn one_file_is_open_for_a_service_at_a_time() {
        let mut zoe = individual();
        let counselling = service(1, ServiceKind::CaseService, None);
        let first = open(&mut zoe, &counselling).unwrap();
        assert_eq!(open(&mut zoe, &counselling), Err(NotEnrolled::FileOpen(first.id)));
        let closed = first.close(&mut zoe, day(3), day(9)).unwrap();
        assert_eq!(closed.clone().close(&mut zoe, day(4), day(9)), Err(NotEnrolled::FileClosed));
        assert_eq!(closed.clone().set_team(&mut zoe, Team::new(OTHER, [])), Err(NotEnrolled::FileClosed));
        let second = open(&mut zoe, &counselling).unwrap();
        assert_eq!(closed.reopen(&mut zoe, &counselling), Err(NotEnrolled::FileOpen(second.id)));
        for number in 2..=MOST_OPEN {
            open(&mut zoe, &service(number as u128, ServiceKind::CaseService, None)).unwrap();
        }
        let one_more = service(99, ServiceKind::CaseService, None);
        assert_eq!(open(&mut zoe, &one_more), Err(NotEnrolled::TooManyFiles));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut zoe = individual();
        let mut counselling = service(1, ServiceKind::CaseService, None);
        let drop_in = service(2, ServiceKind::InformalService, None);
        assert_eq!(open(&mut zoe, &drop_in), Err(NotEnrolled::NotACaseService));
        let team = || Team::new(WORKER, []);
        let crowd = Team::new(WORKER, (20..41).map(|number| WorkerId::new(Uuid::from_u128(number))));
        let opening = |zoe: &mut Individual, service: &Service, opened_on, team| {
            ServiceFile::open(file(1), zoe, service, opened_on, team, day(9))
        };
        assert_eq!(misfit(opening(&mut zoe, &counselling, day(10), team())), ("opened_on", "day_to_come"));
        assert_eq!(
            misfit(opening(&mut zoe, &counselling, day(9), crowd)),
            ("worker_ids", "too_many_workers")
        );
        let opened = opening(&mut zoe, &counselling, day(5), team()).unwrap();
        let close = |on| opened.clone().close(&mut individual(), on, day(9));
        assert_eq!(misfit(close(day(4))), ("closed_on", "closed_before_opened"));
        assert_eq!(misfit(close(day(10))), ("closed_on", "day_to_come"));
        let closed = opened.close(&mut zoe, day(9), day(9)).unwrap();
        counselling.details.active = false;
        assert_eq!(opening(&mut zoe, &counselling, day(9), team()), Err(NotEnrolled::Inactive));
        assert_eq!(closed.reopen(&mut zoe, &counselling), Err(NotEnrolled::Inactive));
    }

    #[test]
    fn a_group_takes_who_has_a_file_and_a_series_takes_anybody() {
        let mut zoe = individual();
        let counselling = service(1, ServiceKind::CaseService, None);
        let drop_in = service(2, ServiceKind::InformalService, None);
        let circle = service(3, ServiceKind::Group, Some(&counselling));
        let mut series = service(4, ServiceKind::InformalSeries, Some(&drop_in));
        let take = |zoe: &Individual, of: &Service| Place::take(zoe, of, day(3), day(9));
        assert_eq!(take(&zoe, &circle), Err(NotEnrolled::NoServiceFile));
        assert_eq!(take(&zoe, &counselling), Err(NotEnrolled::NoRoster));
        assert_eq!(take(&zoe, &series).unwrap().parent, drop_in.id);
        open(&mut zoe, &counselling).unwrap();
        assert_eq!(take(&zoe, &circle).unwrap().parent, counselling.id);
        assert_eq!(misfit(Place::take(&zoe, &circle, day(10), day(9))), ("since", "day_to_come"));
        series.details.active = false;
        assert_eq!(take(&zoe, &series), Err(NotEnrolled::Inactive));
    }
}
