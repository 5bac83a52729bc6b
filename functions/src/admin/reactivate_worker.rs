//! Reactivates a worker who works here again: they are invited to choose a new password, as at first.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::workers::{NotInvited, OneWorker, WorkerRecord};

/// Reactivates a worker.
pub struct ReactivateWorker;

impl HttpOperation for ReactivateWorker {
    type Caller = Staff;
    type Request = OneWorker;
    type Response = WorkerRecord;
    type Refused = NotInvited;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneWorker,
    ) -> Result<Reply<WorkerRecord>, Failure<NotInvited>> {
        let worker = staff.colleague(context, request.worker_id).await?;
        let changed = worker.reactivate(context.now, context.mail()).map_err(NotInvited::from)?;
        staff.change_worker(context, &worker, &changed).await
    }
}
