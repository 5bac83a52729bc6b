//! How far a bulk job is, and what became of its targets and mails so far.

use store::ask;

use crate::bulk::{BulkJobView, OneBulkJob};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets a bulk job.
pub struct GetBulkJob;

impl HttpOperation for GetBulkJob {
    type Caller = Staff;
    type Request = OneBulkJob;
    type Response = BulkJobView;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Staff,
        request: OneBulkJob,
    ) -> Result<Reply<BulkJobView>, Failure<NoRefusal>> {
        let job = context.services.store.ask(ask::bulk_job(request.job_id)).await?;
        let job = job.ok_or_else(Failure::not_found)?;
        Ok(Reply::from(BulkJobView::one(context, &job).await?))
    }
}
