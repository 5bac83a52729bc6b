//! Gives an open service file other workers, and with it decides which Clinical Workers see the individual.

use std::collections::BTreeSet;

use domain::id::{IndividualId, ServiceFileId, WorkerId};
use domain::journal::JournalEvent;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::service_files::{FileSaved, NotChanged, named, team};

/// Updates a service file.
pub struct UpdateServiceFile;

/// Which, and who is to work on it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The service file.
    pub service_file_id: ServiceFileId,
    /// The version of the file that the worker has seen.
    pub version: u64,
    /// Who answers for it.
    pub primary_worker_id: WorkerId,
    /// Who else works on it.
    #[serde(default)]
    pub worker_ids: BTreeSet<WorkerId>,
}

impl HttpOperation for UpdateServiceFile {
    type Caller = Staff;
    type Request = Request;
    type Response = FileSaved;
    type Refused = NotChanged;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<FileSaved>, Failure<NotChanged>> {
        let (before, known) =
            staff.service_file(context, request.individual_id, request.service_file_id).await?;
        let workers = named(request.primary_worker_id, &request.worker_ids);
        let workers = context.services.store.ask(workers).await?;
        let team = team(request.primary_worker_id, &request.worker_ids, &workers, Some(&known.team))?;
        if team == known.team && known.closed_on.is_none() {
            return Ok(Reply::from(FileSaved::from(&known)));
        }
        if known.version.number() != request.version {
            return Err(NotChanged::RecordChanged.into());
        }
        let mut individual = before.value.clone();
        let file = known.value.clone().set_team(&mut individual, team)?;

        let told = JournalEvent::ServiceFileChanged {
            individual: individual.id,
            file: file.id,
            service: file.service,
        };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &before, &individual, told);
        transaction.put_service_file(known.version, &file);
        let answer = FileSaved::after(&known);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
