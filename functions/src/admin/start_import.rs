//! Starts an import from an uploaded file: a dry run that only reports, or for good.

use domain::id::{JobId, UploadId};
use domain::job::{Job, JobKind, JobMode};
use domain::journal::{JournalEvent, JournalRecord, Subject};
use domain::worker::Permission;
use serde::{Deserialize, Serialize};
use store::{Transaction, Version};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::uploads;

/// Starts an import.
pub struct StartImport;

/// What to import.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What the file lists; individuals, if left out.
    #[serde(default)]
    pub kind: Imports,
    /// The uploaded file.
    pub upload_id: UploadId,
    /// The system the file comes from: 1 to 40 lower-case letters, digits, `-` or `_`. Its ids are matched within it.
    pub source: String,
    /// Report only, or do it.
    pub mode: JobMode,
}

/// What a file lists.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Imports {
    /// Individuals.
    #[default]
    Individuals,
    /// Services, groups and series.
    Services,
    /// Service files.
    ServiceFiles,
    /// Places on the rosters of groups and series.
    Rosters,
}

impl Imports {
    const fn job(self) -> JobKind {
        match self {
            Self::Individuals => JobKind::ImportIndividuals,
            Self::Services => JobKind::ImportServices,
            Self::ServiceFiles => JobKind::ImportServiceFiles,
            Self::Rosters => JobKind::ImportRosters,
        }
    }
}

/// The job that was started.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// For `get_job`.
    pub job_id: JobId,
}

refusals! {
    /// Why no import is started.
    pub enum Error {
        /// No such file of this worker's.
        UploadNotFound => 409, "upload_not_found", "There is no such file; upload it again";
    }
}

impl HttpOperation for StartImport {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        if !matches!(request.kind, Imports::Individuals) {
            staff.require(context, &[Permission::ManageServices]).await?;
        }
        let source = domain::fields::source(&request.source);
        let source = source.map_err(|wrong| Failure::invalid("source", wrong.help))?;
        let key = uploads::key(staff.worker.id, request.upload_id);
        context.upload_length(&key).await?.ok_or(Error::UploadNotFound)?;

        let id = JobId::new(context.uuid());
        let job = Job::new(
            id,
            request.kind.job(),
            request.mode,
            request.upload_id,
            source,
            staff.worker.id,
            context.now,
        );
        let record = JournalRecord {
            events: vec![
                JournalEvent::ImportStarted { job: id },
                JournalEvent::ImportContinues { job: id, page: 0 },
            ],
            ..context.record(staff.actor(), Subject::Job(id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_job(Version::NONE, &job);
        let response = Response { job_id: id };
        context.commit(transaction, &response).await?;
        Ok(Reply::from(response))
    }
}
