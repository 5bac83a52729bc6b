//! Applies a finished dry run: another job, on the same targets, that decides anew for each and does it.

use domain::id::JobId;
use domain::journal::Subject;
use store::{CommitError, Conflict, Transaction, Version};

use crate::bulk::{NotRun, OneBulkJob, Started, check_ready, load, started};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Applies a dry run.
pub struct ApplyBulkJob;

impl HttpOperation for ApplyBulkJob {
    type Caller = Staff;
    type Request = OneBulkJob;
    type Response = Started;
    type Refused = NotRun;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneBulkJob,
    ) -> Result<Reply<Started>, Failure<NotRun>> {
        let (dry_run, _) = load(context, &staff, request.job_id).await?;
        if let Some(job_id) = dry_run.applied_by {
            return Ok(Reply::from(Started { job_id }));
        }
        check_ready(&staff, &dry_run.work)?;
        let id = JobId::new(context.uuid());
        let job = dry_run.applying(id, staff.worker.id, context.now).ok_or(NotRun::DryRunNotFinished)?;
        let mut applied = dry_run.value.clone();
        applied.applied_by = Some(id);

        let mut record = started(context, &staff, id);
        record.subjects.push(Subject::Job(dry_run.id));
        let mut transaction = Transaction::new(&record);
        transaction
            .put_bulk_job(Version::NONE, &job)
            .put_bulk_job(dry_run.version, &applied)
            .begin_applying(id);
        let response = Started { job_id: id };
        match context.commit(transaction, &response).await {
            Err(CommitError::Conflict(Conflict::JobRunning)) => Err(NotRun::JobRunning.into()),
            committed => Ok(committed.map(|()| Reply::from(response))?),
        }
    }
}
