//! Enrols an individual in a case service: opens a service file, with the workers who are to see them.

use std::collections::BTreeSet;

use domain::id::{IndividualId, ServiceFileId, ServiceId, WorkerId};
use domain::journal::JournalEvent;
use domain::service_file::ServiceFile;
use serde::Deserialize;
use store::{Version, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::service_files::{FileSaved, NotOpened, day, named, not_a_case_service, team};

/// Opens a service file.
pub struct OpenServiceFile;

/// For whom, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The individual.
    pub individual_id: IndividualId,
    /// The case service.
    pub service_id: ServiceId,
    /// `YYYY-MM-DD`, today or earlier.
    pub opened_on: String,
    /// Who answers for it.
    pub primary_worker_id: WorkerId,
    /// Who else works on it.
    #[serde(default)]
    pub worker_ids: BTreeSet<WorkerId>,
}

impl HttpOperation for OpenServiceFile {
    type Caller = Staff;
    type Request = Request;
    type Response = FileSaved;
    type Refused = NotOpened;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<FileSaved>, Failure<NotOpened>> {
        let workers = named(request.primary_worker_id, &request.worker_ids);
        let asked = (ask::individual(request.individual_id), ask::service(request.service_id), workers);
        let (before, service, workers) = context.services.store.ask(asked).await?;
        let before = staff.visible(context, request.individual_id, before).await?;
        let service = service.ok_or_else(not_a_case_service)?;
        let team = team(request.primary_worker_id, &request.worker_ids, &workers, None)?;
        let opened_on = day("opened_on", &request.opened_on)?;
        let mut individual = before.value.clone();
        let id = ServiceFileId::new(context.uuid());
        let today = staff.settings.today(context.now);
        let file = ServiceFile::open(id, &mut individual, &service, opened_on, team, today)?;

        let told =
            JournalEvent::ServiceFileOpened { individual: individual.id, file: id, service: service.id };
        let mut transaction =
            context.enrolment_change(staff.actor(), &staff.settings, &before, &individual, told);
        transaction.put_service_file(Version::NONE, &file).count_enrolled(&service, 1);
        let answer = FileSaved { service_file_id: id, version: Version::NONE.next().number() };
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
