//! Stops a bulk job: at once what has not begun, and what has within a few accounts. What it did stays done and is in its
//! results; it can be resumed.

use domain::bulk::StopReason;
use domain::journal::{JournalEvent, JournalRecord, Subject};
use store::Transaction;

use crate::bulk::{BulkJobView, OneBulkJob, load};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Stops a bulk job.
pub struct StopBulkJob;

impl HttpOperation for StopBulkJob {
    type Caller = Staff;
    type Request = OneBulkJob;
    type Response = BulkJobView;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneBulkJob,
    ) -> Result<Reply<BulkJobView>, Failure<NoRefusal>> {
        let (before, _) = load(context, &staff, request.job_id).await?;
        let Some(job) = before.stopped(StopReason::ByWorker, context.now) else {
            return Ok(Reply::from(BulkJobView::one(context, &before).await?));
        };
        let stopped = JournalEvent::BulkJobStopped { job: job.id, reason: StopReason::ByWorker };
        let record =
            JournalRecord { events: vec![stopped], ..context.record(staff.actor(), Subject::Job(job.id)) };
        let mut transaction = Transaction::new(&record);
        transaction.put_bulk_job(before.version, &job);
        if before.applies() {
            transaction.end_applying(job.id);
        }
        let answer = BulkJobView::one(context, &job).await?;
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
