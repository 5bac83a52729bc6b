//! Suspends a worker (B13, as A11): every session of theirs ends, and no reset link of theirs works, until a System
//! Administrator unlocks them.

use domain::id::WorkerId;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::workers::{NotBarred, WorkerView};

/// Suspends a worker.
pub struct SuspendWorker;

/// Which worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Who.
    pub worker_id: WorkerId,
}

impl HttpOperation for SuspendWorker {
    type Caller = Staff;
    type Request = Request;
    type Response = WorkerView;
    type Refused = NotBarred;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<WorkerView>, Failure<NotBarred>> {
        let worker = staff.colleague(context, request.worker_id).await?;

        let changed = worker.suspend(staff.worker.id).map_err(NotBarred::from)?;
        let answer = WorkerView::from(&changed.worker);
        let mut transaction = context.worker_change(staff.actor(), &changed, worker.version, None);
        transaction.while_not_barred(&staff.worker);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
