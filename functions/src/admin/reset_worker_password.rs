//! Makes a worker choose a new password (B13, as A16): every session of theirs ends, and a reset link is mailed to them,
//! unless they are suspended.

use domain::id::WorkerId;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::workers::{NotBarred, WorkerView};

/// Resets a worker's password.
pub struct ResetWorkerPassword;

/// Which worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Who.
    pub worker_id: WorkerId,
}

/// They have to choose a new password.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The worker as they are now.
    pub worker: WorkerView,
    /// Whether a reset link goes out; a suspended worker asks for theirs once they are unlocked.
    pub mailed: bool,
}

impl HttpOperation for ResetWorkerPassword {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NotBarred;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NotBarred>> {
        let worker = staff.colleague(context, request.worker_id).await?;

        let changed =
            worker.force_reset(staff.worker.id, context.now, context.mail()).map_err(NotBarred::from)?;
        let response =
            Response { worker: WorkerView::from(&changed.worker), mailed: changed.mail().is_some() };
        let mut transaction = context.worker_change(staff.actor(), &changed, worker.version, None);
        transaction.while_not_barred(&staff.worker);
        context.commit(transaction, &response).await?;
        Ok(Reply::from(response))
    }
}
