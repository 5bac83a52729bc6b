//! Invites a worker again who has not chosen a password yet; the older link dies.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::workers::{NotInvited, OneWorker, WorkerRecord};

/// Invites a worker again.
pub struct InviteWorker;

impl HttpOperation for InviteWorker {
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
        let changed = worker.invite(context.now, context.mail()).map_err(NotInvited::from)?;
        staff.change_worker(context, &worker, &changed).await
    }
}
