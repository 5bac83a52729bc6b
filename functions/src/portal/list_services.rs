//! *My Services*: what the client is and was enrolled in, under the names that clients see. What is not visible appears
//! nowhere.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ServiceFileId, ServiceId, WorkerId};
use domain::service_file::{Place, ServiceFile};
use domain::settings::Settings;
use domain::{Service, ServiceKind, ServiceRequest, Worker};
use serde::{Deserialize, Serialize};
use store::{Enrolments, Site, ask};

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::service_files::{Services, with_parent};
use crate::sessions::Nothing;

/// Lists my services.
pub struct ListServices;

/// The client's services.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Those that are open, then those that are closed, of both the last opened first.
    pub services: Vec<MyService>,
    /// What the client asked for, the last first.
    pub requests: Vec<MyRequest>,
}

/// A service, group or series that the client is in, or was.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyService {
    /// The service file, of a case service.
    pub service_file_id: Option<ServiceFileId>,
    /// Which service, group or series.
    pub service_id: ServiceId,
    /// Its client facing name.
    pub name: String,
    /// A case service, an informal series, or a group whose case service is not visible.
    pub kind: ServiceKind,
    /// Since when.
    pub opened_on: NaiveDate,
    /// Until when; none while it is open.
    pub closed_on: Option<NaiveDate>,
    /// Who works on it, the primary worker first.
    pub workers: Vec<MyWorker>,
    /// Where it takes place, unless the agency hides that.
    pub site: Option<String>,
    /// The groups of the service that the client is in.
    pub groups: Vec<MyGroup>,
}

/// A worker as clients see them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyWorker {
    /// Who.
    pub worker_id: WorkerId,
    /// Their client facing name, or their name as far as the agency shows it.
    pub name: String,
    /// What they say about themselves.
    pub description: Option<String>,
    /// Whether they are the client's main contact in this service.
    pub primary: bool,
    /// Whether there is a photo to ask for.
    pub has_photo: bool,
}

/// A group that the client is in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyGroup {
    /// Which.
    pub service_id: ServiceId,
    /// Its client facing name, or its service's.
    pub name: String,
    /// Since when.
    pub since: NaiveDate,
}

/// A service that the client asked for.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyRequest {
    /// Its client facing name.
    pub service_name: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// `open` while it waits, else `enrolled` or `declined`.
    pub state: String,
}

impl HttpOperation for ListServices {
    type Caller = Client;
    type Request = Nothing;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Nothing,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let store = &context.services.store;
        let enrolments = store.enrolments(client.account.individual).await?;
        let (services, workers) = named(&enrolments);
        let asked = (
            services.into_iter().map(ask::service).collect::<Vec<_>>(),
            workers.into_iter().map(ask::worker).collect::<Vec<_>>(),
            ask::sites(),
        );
        let (services, workers, sites) = store.ask(asked).await?;
        let shown = Shown {
            settings: &client.settings,
            services: services.into_iter().flatten().map(|service| (service.id, service)).collect(),
            workers: workers.into_iter().flatten().map(|worker| (worker.id, worker.value)).collect(),
            sites: sites.map(|sites| sites.value).unwrap_or_default(),
        };
        Ok(Reply::from(shown.of(&enrolments)))
    }
}

/// Every service and worker that these enrolments name.
fn named(enrolments: &Enrolments) -> (BTreeSet<ServiceId>, BTreeSet<WorkerId>) {
    let Enrolments { files, places, requests } = enrolments;
    let of_files = files.iter().map(|file| file.service);
    let of_places = places.iter().flat_map(|place| [place.service, place.parent]);
    let of_requests = requests.iter().flat_map(|request| [Some(request.service), request.parent]).flatten();
    let workers = files.iter().flat_map(|file| file.team.all());
    (of_files.chain(of_places).chain(of_requests).collect(), workers.collect())
}

/// What enrolments name, and how much of it clients see.
struct Shown<'s> {
    settings: &'s Settings,
    services: Services,
    workers: BTreeMap<WorkerId, Worker>,
    sites: Vec<Site>,
}

impl Shown<'_> {
    fn of(&self, Enrolments { files, places, requests }: &Enrolments) -> Response {
        let files = files.iter().filter_map(|file| self.file(file, places));
        let alone = places.iter().filter_map(|place| self.place(place));
        let mut services: Vec<_> = files.chain(alone).collect();
        services.sort_by_key(|service| (service.closed_on.is_none(), service.opened_on, service.service_id));
        services.reverse();
        let mut requests: Vec<_> = requests.iter().filter_map(|request| self.request(request)).collect();
        requests.sort_by_key(|request| std::cmp::Reverse(request.requested_at));
        Response { services, requests }
    }

    /// A service, group or series, under its client facing name, if clients see it.
    fn service(&self, id: ServiceId) -> Option<(&Service, &str)> {
        let (service, parent) = with_parent(&self.services, id)?;
        Some((service, service.shown(parent)?))
    }

    fn file(&self, file: &ServiceFile, places: &[Place]) -> Option<MyService> {
        let (service, name) = self.service(file.service)?;
        let its = |place: &&Place| file.closed_on.is_none() && place.parent == service.id;
        let groups = places.iter().filter(its).filter_map(|place| {
            let (group, name) = self.service(place.service)?;
            Some(MyGroup { service_id: group.id, name: name.to_owned(), since: place.since })
        });
        Some(MyService {
            service_file_id: Some(file.id),
            service_id: service.id,
            name: name.to_owned(),
            kind: service.kind,
            opened_on: file.opened_on,
            closed_on: file.closed_on,
            workers: file.team.all().filter_map(|id| self.worker(id, file)).collect(),
            site: self.site(service),
            groups: groups.collect(),
        })
    }

    /// A series, or a group whose own service doesn't show it.
    fn place(&self, place: &Place) -> Option<MyService> {
        let (run, name) = self.service(place.service)?;
        if run.kind == ServiceKind::Group && self.service(place.parent).is_some() {
            return None;
        }
        Some(MyService {
            service_file_id: None,
            service_id: run.id,
            name: name.to_owned(),
            kind: run.kind,
            opened_on: place.since,
            closed_on: None,
            workers: Vec::new(),
            site: self.site(run),
            groups: Vec::new(),
        })
    }

    fn worker(&self, id: WorkerId, file: &ServiceFile) -> Option<MyWorker> {
        let worker = self.workers.get(&id)?;
        let photos = self.settings.file_attachment.worker_photos && file.closed_on.is_none();
        Some(MyWorker {
            worker_id: id,
            name: worker.shown_name(self.settings.communications.hide_worker_last_name),
            description: worker.description.clone(),
            primary: id == file.team.primary,
            has_photo: photos && worker.photo.is_some(),
        })
    }

    fn site(&self, service: &Service) -> Option<String> {
        let id = service.details.site.filter(|_| !self.settings.communications.hide_site)?;
        self.sites.iter().find(|site| site.id == id).map(|site| site.name.clone())
    }

    fn request(&self, request: &ServiceRequest) -> Option<MyRequest> {
        let (_, name) = self.service(request.service)?;
        let outcome = request.settled.as_ref().map(|settled| settled.outcome.code());
        Some(MyRequest {
            service_name: name.to_owned(),
            requested_at: request.requested_at,
            state: outcome.unwrap_or("open").to_owned(),
        })
    }
}
