//! Deactivates a worker, who no longer works here: every session of theirs ends, and password and links are worth nothing.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::workers::{NotBarred, OneWorker, WorkerRecord};

/// Deactivates a worker.
pub struct DeactivateWorker;

impl HttpOperation for DeactivateWorker {
    type Caller = Staff;
    type Request = OneWorker;
    type Response = WorkerRecord;
    type Refused = NotBarred;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneWorker,
    ) -> Result<Reply<WorkerRecord>, Failure<NotBarred>> {
        let worker = staff.colleague(context, request.worker_id).await?;
        let changed = worker.deactivate(staff.worker.id).map_err(NotBarred::from)?;
        staff.change_worker(context, &worker, &changed).await
    }
}
