//! What the operations on service files and rosters share: who may work on a file, how both are shown, and why nothing
//! is changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::id::{IndividualId, ServiceFileId, ServiceId, WorkerId};
use domain::journal::{Actor, JournalEvent};
use domain::service_file::{MOST_OPEN, NotEnrolled, Place, ServiceFile, Team};
use domain::settings::Settings;
use domain::{Individual, Service, Worker};
use serde::{Deserialize, Serialize};
use store::{Fault, Transaction, Versioned, ask};

use crate::change::{Access, IndividualChange};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::individuals::field;
use crate::problem::{Failure, refusals};

/// A service file that was saved.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileSaved {
    /// Which one.
    pub service_file_id: ServiceFileId,
    /// Its version now.
    pub version: u64,
}

impl From<&Versioned<ServiceFile>> for FileSaved {
    /// A file that was left as it is.
    fn from(known: &Versioned<ServiceFile>) -> Self {
        Self { service_file_id: known.id, version: known.version.number() }
    }
}

impl FileSaved {
    /// The file after a change of what was loaded.
    pub(crate) fn after(known: &Versioned<ServiceFile>) -> Self {
        Self { service_file_id: known.id, version: known.version.next().number() }
    }
}

/// A worker by name.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerName {
    /// Who.
    pub worker_id: WorkerId,
    /// Their full name.
    pub name: String,
}

/// A place on a roster, as staff see it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceView {
    /// The group or series.
    pub service_id: ServiceId,
    /// What staff call it.
    pub service_name: String,
    /// What clients see instead: its own, or its service's.
    pub client_facing_name: Option<String>,
    /// From which day on.
    pub since: NaiveDate,
}

refusals! {
    /// Why no service file is opened.
    pub enum NotOpened {
        /// One is open for the same service.
        ServiceFileOpen {
            /// Which one.
            service_file_id: ServiceFileId,
        } => 409, "service_file_open", "A service file is open for this service; work with that one, or close it first";
        /// Nobody is enrolled in the service any more.
        ServiceInactive => 409, "service_inactive", "This service is not active; choose another, or make it active first";
        /// There are enough.
        TooManyServiceFiles {
            /// The most there may be.
            maximum: usize,
        } => 409, "too_many_service_files", "There are too many open service files; close one first";
    }
}

refusals! {
    /// Why a service file stays as it is.
    pub enum NotChanged {
        /// Somebody else changed it since it was read.
        RecordChanged => 409, "record_changed", "Somebody changed this record since you opened it; look again, then repeat";
        /// It is closed.
        ServiceFileClosed => 409, "service_file_closed", "This service file is closed; reopen it first";
    }
}

refusals! {
    /// Why nobody is put on a roster.
    pub enum NotPlaced {
        /// It is a service, which has no roster itself.
        NoRoster => 409, "no_roster", "Only groups and series have a roster; choose one of this service's";
        /// Nobody is enrolled any more.
        ServiceInactive => 409, "service_inactive", "This service is not active; choose another, or make it active first";
        /// A group takes who has an open service file.
        NoServiceFile => 409, "no_service_file", "A group takes those with an open service file for its service; open one first";
    }
}

impl From<NotEnrolled> for Failure<NotOpened> {
    fn from(not: NotEnrolled) -> Self {
        match not {
            NotEnrolled::FileOpen(service_file_id) => NotOpened::ServiceFileOpen { service_file_id }.into(),
            NotEnrolled::Inactive => NotOpened::ServiceInactive.into(),
            NotEnrolled::TooManyFiles => NotOpened::TooManyServiceFiles { maximum: MOST_OPEN }.into(),
            other => misfit(other),
        }
    }
}

impl From<NotEnrolled> for Failure<NotChanged> {
    fn from(not: NotEnrolled) -> Self {
        match not {
            NotEnrolled::FileClosed => NotChanged::ServiceFileClosed.into(),
            other => misfit(other),
        }
    }
}

impl From<NotEnrolled> for Failure<NotPlaced> {
    fn from(not: NotEnrolled) -> Self {
        match not {
            NotEnrolled::NoRoster => NotPlaced::NoRoster.into(),
            NotEnrolled::Inactive => NotPlaced::ServiceInactive.into(),
            NotEnrolled::NoServiceFile => NotPlaced::NoServiceFile.into(),
            other => misfit(other),
        }
    }
}

fn misfit<R>(not: NotEnrolled) -> Failure<R> {
    match not {
        NotEnrolled::Misfit(field, wrong) => Failure::invalid(field, wrong.help),
        _ => not_a_case_service(),
    }
}

/// A request that names no case service of the agency's.
pub(crate) fn not_a_case_service<R>() -> Failure<R> {
    Failure::invalid("service_id", "Choose one of the agency's case services")
}

/// A day as a request writes it.
pub(crate) fn day<R>(name: &str, text: &str) -> Result<NaiveDate, Failure<R>> {
    field(name, domain::fields::day(text))
}

/// The workers that a request puts on a file, `found` among those it names. Who is on it `already` may be gone.
pub(crate) fn team<R>(
    primary: WorkerId,
    others: &BTreeSet<WorkerId>,
    found: &[Option<Versioned<Worker>>],
    already: Option<&Team>,
) -> Result<Team, Failure<R>> {
    let team = Team::new(primary, others.iter().copied());
    let fits = |id: WorkerId| {
        already.is_some_and(|already| already.all().any(|known| known == id))
            || found.iter().flatten().any(|worker| worker.id == id && worker.may_serve())
    };
    if !fits(primary) {
        return Err(Failure::invalid(
            "primary_worker_id",
            "Choose one of the people who work with clients here",
        ));
    }
    if !team.others.iter().all(|id| fits(*id)) {
        return Err(Failure::invalid("worker_ids", "Choose people who work with clients here"));
    }
    Ok(team)
}

/// The workers that [`team`] looks for.
pub(crate) fn named(
    primary: WorkerId,
    others: &BTreeSet<WorkerId>,
) -> Vec<store::ask::One<Versioned<Worker>>> {
    std::iter::once(primary).chain(others.iter().copied()).map(ask::worker).collect()
}

impl Staff {
    /// An individual this worker sees, and one of their service files, in one read. A file of somebody else is refused
    /// and logged as one that isn't there.
    ///
    /// # Errors
    /// `not_found`, or the store's fault.
    pub(crate) async fn service_file<R>(
        &self,
        context: &Context<'_>,
        id: IndividualId,
        file: ServiceFileId,
    ) -> Result<(Versioned<Individual>, Versioned<ServiceFile>), Failure<R>> {
        let (individual, file) =
            context.services.store.ask((ask::individual(id), ask::service_file(id, file))).await?;
        let individual = self.visible(context, id, individual).await?;
        if file.is_none() {
            self.log(context, Access::Refused, Some(id)).await?;
        }
        Ok((individual, file.ok_or_else(Failure::not_found)?))
    }
}

impl Context<'_> {
    /// What a change of somebody's enrolments writes to their record, which every such change raises by one.
    pub(crate) fn enrolment_change(
        &self,
        actor: Actor,
        settings: &Settings,
        before: &Versioned<Individual>,
        after: &Individual,
        told: JournalEvent,
    ) -> Transaction {
        let change = IndividualChange { before: Some(before), after, told: Some(told), account: None };
        self.individual_change(actor, settings, &change).0
    }

    /// Adds to the transaction that closes a file what follows from it: places in groups of its service are given up,
    /// and all that is counted. Read after the individual's record, whose version the transaction demands: no place can
    /// be missed.
    ///
    /// # Errors
    /// The store's fault.
    pub(crate) async fn leave(&self, file: &ServiceFile, transaction: &mut Transaction) -> Result<(), Fault> {
        let places = self.services.store.enrolments(file.individual).await?.places;
        let places: Vec<_> = places.into_iter().filter(|place| place.parent == file.service).collect();
        transaction.count_left(file.service);
        for place in &places {
            transaction.remove_place(place).count_left(place.service);
        }
        Ok(())
    }

    /// Services and workers by id, as far as they are known, in one read.
    pub(crate) async fn services_and_workers(
        &self,
        services: impl IntoIterator<Item = ServiceId>,
        workers: impl IntoIterator<Item = WorkerId>,
    ) -> Result<(Services, BTreeMap<WorkerId, Worker>), Fault> {
        let (services, workers): (BTreeSet<_>, BTreeSet<_>) =
            (services.into_iter().collect(), workers.into_iter().collect());
        let asked = (
            services.into_iter().map(ask::service).collect::<Vec<_>>(),
            workers.into_iter().map(ask::worker).collect::<Vec<_>>(),
        );
        let (services, workers) = self.services.store.ask(asked).await?;
        let services = services.into_iter().flatten().map(|service| (service.id, service));
        let workers = workers.into_iter().flatten().map(|worker| (worker.id, worker.value));
        Ok((services.collect(), workers.collect()))
    }
}

/// Services by id.
pub(crate) type Services = BTreeMap<ServiceId, Versioned<Service>>;

/// A service of several, with the one it is a run of.
pub(crate) fn with_parent(services: &Services, id: ServiceId) -> Option<(&Service, Option<&Service>)> {
    let service = &services.get(&id)?.value;
    let parent = service.parent.and_then(|parent| services.get(&parent)).map(|parent| &parent.value);
    Some((service, parent))
}

impl PlaceView {
    /// A place on a roster of one of the services.
    pub(crate) fn of(place: &Place, services: &Services) -> Option<Self> {
        let (service, parent) = with_parent(services, place.service)?;
        Some(Self {
            service_id: service.id,
            service_name: service.details.name.clone(),
            client_facing_name: service.client_name(parent).map(str::to_owned),
            since: place.since,
        })
    }
}
