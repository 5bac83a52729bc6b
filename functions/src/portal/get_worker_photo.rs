//! The photo of a worker of the client's, while the agency shows photos; whatever else is asked for isn't there.

use domain::Individual;
use domain::id::WorkerId;
use domain::image::Picture;
use serde::Deserialize;
use store::{Fault, ask};

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::content::Image;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets a worker's photo.
pub struct GetWorkerPhoto;

/// Whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The worker.
    pub worker_id: WorkerId,
}

impl HttpOperation for GetWorkerPhoto {
    type Caller = Client;
    type Request = Request;
    type Response = Image;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Image>, Failure<NoRefusal>> {
        // Switched off, photos are gone at once: the settings are read anew.
        let asked =
            (ask::settings(), ask::individual(client.account.individual), ask::worker(request.worker_id));
        let (settings, individual, worker) = context.services.store.ask(asked).await?;
        let individual =
            individual.filter(|_| settings.is_some_and(|settings| settings.file_attachment.worker_photos));
        let shown = match individual {
            Some(individual) => Self::shows(context, &individual, request.worker_id).await?,
            None => false,
        };
        let photo =
            worker.filter(|_| shown).and_then(|worker| worker.photo).ok_or_else(Failure::not_found)?;
        let image = context.image(Picture::Photo, photo).await?.ok_or_else(Failure::not_found)?;
        Ok(Reply::from(image))
    }
}

impl GetWorkerPhoto {
    /// Whether the client sees that worker: assigned to them, or on an open service file of a service that they see.
    async fn shows(context: &Context<'_>, individual: &Individual, worker: WorkerId) -> Result<bool, Fault> {
        if individual.workers.contains(&worker) {
            return Ok(true);
        }
        let theirs = individual.files.values().filter(|open| open.workers.contains(&worker));
        let services: Vec<_> = theirs.map(|open| ask::service(open.service)).collect();
        let found = context.services.store.ask(services).await?;
        Ok(found.into_iter().flatten().any(|service| service.shown(None).is_some()))
    }
}
