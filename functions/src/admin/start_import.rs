//! Starts an import of individuals from an uploaded file: a dry run that only reports, or for good.

use domain::id::{JobId, UploadId};
use domain::job::{Job, JobKind, JobMode};
use domain::journal::{JournalEvent, JournalRecord, Subject};
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
    /// The uploaded file.
    pub upload_id: UploadId,
    /// The system the file comes from: 1 to 40 lower-case letters, digits, `-` or `_`. Its ids are matched within it.
    pub source: String,
    /// Report only, or do it.
    pub mode: JobMode,
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
        let source = domain::fields::source(&request.source);
        let source = source.map_err(|wrong| Failure::invalid("source", wrong.help))?;
        let key = uploads::key(staff.worker.id, request.upload_id);
        context.upload_length(&key).await?.ok_or(Error::UploadNotFound)?;

        let id = JobId::new(context.uuid());
        let job = Job::new(
            id,
            JobKind::ImportIndividuals,
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
