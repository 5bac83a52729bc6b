//! What an individual is and was enrolled in: service files with their groups and workers, and informal series.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::id::{IndividualId, ServiceFileId, ServiceId, WorkerId};
use domain::service_file::{Place, ServiceFile};
use domain::{ServiceKind, Worker};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use store::{Versioned, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::service_files::{PlaceView, WorkerName};

/// Lists an individual's services.
pub struct ListIndividualServices;

/// Whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
}

/// Their services.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Service files, open ones first, of both the last opened first.
    pub service_files: Vec<FileView>,
    /// Informal series, the last joined first.
    pub series: Vec<PlaceView>,
}

/// A service file as staff see it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileView {
    /// Which one.
    pub service_file_id: ServiceFileId,
    /// Of the file: for who changes it, to say what they have seen.
    pub version: u64,
    /// The case service.
    pub service_id: ServiceId,
    /// What staff call it.
    pub service_name: String,
    /// What clients see instead.
    pub client_facing_name: Option<String>,
    /// Its first day.
    pub opened_on: NaiveDate,
    /// Its last day; none while it is open.
    pub closed_on: Option<NaiveDate>,
    /// Who answers for it, or did.
    pub primary_worker: WorkerName,
    /// Who else works on it, or did.
    pub workers: Vec<WorkerName>,
    /// Places in groups of the service.
    pub groups: Vec<PlaceView>,
}

impl HttpOperation for ListIndividualServices {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let (store, id) = (&context.services.store, request.individual_id);
        let (individual, mut enrolled) =
            try_join(store.ask(ask::individual(id)), store.enrolments(id)).await?;
        let individual = staff.visible(context, id, individual).await?;
        enrolled.files.sort_by_key(|file| (file.closed_on.is_none(), file.opened_on, file.id));
        enrolled.places.sort_by_key(|place| (place.since, place.service));
        let (files, places) = (&enrolled.files, &enrolled.places);

        let services = files.iter().map(|file| file.service);
        let services = services.chain(places.iter().flat_map(|place| [place.service, place.parent]));
        let workers = files.iter().flat_map(|file| file.team.all());
        let (services, workers) = context.services_and_workers(services, workers).await?;
        staff.log(context, Access::Viewed, Some(individual.id)).await?;
        let groups_of = |file: &ServiceFile| {
            let its = |place: &&Place| file.closed_on.is_none() && place.parent == file.service;
            let groups = places.iter().rev().filter(its);
            groups.filter_map(|place| PlaceView::of(place, &services)).collect()
        };
        let file = |file: &Versioned<ServiceFile>| {
            let service = services.get(&file.service)?;
            Some(FileView {
                service_file_id: file.id,
                version: file.version.number(),
                service_id: service.id,
                service_name: service.details.name.clone(),
                client_facing_name: service.details.client_facing_name.clone(),
                opened_on: file.opened_on,
                closed_on: file.closed_on,
                primary_worker: worker_name(&workers, file.team.primary),
                workers: file.team.others.iter().map(|id| worker_name(&workers, *id)).collect(),
                groups: groups_of(file),
            })
        };
        let is_series = |place: &&Place| {
            services.get(&place.service).is_some_and(|run| run.kind == ServiceKind::InformalSeries)
        };
        let series = places.iter().rev().filter(is_series);
        Ok(Reply::from(Response {
            service_files: files.iter().rev().filter_map(file).collect(),
            series: series.filter_map(|place| PlaceView::of(place, &services)).collect(),
        }))
    }
}

fn worker_name(workers: &BTreeMap<WorkerId, Worker>, id: WorkerId) -> WorkerName {
    let name = workers.get(&id).map(|worker| worker.name.full()).unwrap_or_default();
    WorkerName { worker_id: id, name }
}
