//! Lets a bulk job go on where it stands still. What made it stop by itself is counted from now on.

use domain::journal::{JournalEvent, JournalRecord, Subject};
use store::{CommitError, Conflict, Transaction};

use crate::bulk::{BulkJobView, NotRun, OneBulkJob, check_ready, load};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;

/// Resumes a bulk job.
pub struct ResumeBulkJob;

impl HttpOperation for ResumeBulkJob {
    type Caller = Staff;
    type Request = OneBulkJob;
    type Response = BulkJobView;
    type Refused = NotRun;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneBulkJob,
    ) -> Result<Reply<BulkJobView>, Failure<NotRun>> {
        let (before, mails) = load(context, &staff, request.job_id).await?;
        let Some(job) = before.resumed(mails, context.now) else {
            return Ok(Reply::from(BulkJobView::one(context, &before).await?));
        };
        check_ready(&staff, &job.work)?;
        let continues = JournalEvent::BulkJobContinues { job: job.id, step: job.place.step };
        let record = JournalRecord {
            events: vec![JournalEvent::BulkJobResumed { job: job.id }, continues],
            ..context.record(staff.actor(), Subject::Job(job.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_bulk_job(before.version, &job);
        if job.applies() {
            transaction.begin_applying(job.id);
        }
        let answer = BulkJobView::one(context, &job).await?;
        match context.commit(transaction, &answer).await {
            Err(CommitError::Conflict(Conflict::JobRunning)) => Err(NotRun::JobRunning.into()),
            committed => Ok(committed.map(|()| Reply::from(answer))?),
        }
    }
}
