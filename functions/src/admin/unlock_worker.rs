//! Unlocks a worker, whether wrong passwords or a System Administrator locked them (B13, as A12).

use domain::account::{Action, StateName};
use domain::id::WorkerId;
use serde::Deserialize;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::workers::WorkerView;

/// Unlocks a worker.
pub struct UnlockWorker;

/// Which worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Who.
    pub worker_id: WorkerId,
}

refusals! {
    /// Why they aren't unlocked.
    pub enum Error {
        /// They aren't locked.
        WorkerState {
            /// The worker's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "worker_state", "The worker's state does not allow this";
    }
}

impl HttpOperation for UnlockWorker {
    type Caller = Staff;
    type Request = Request;
    type Response = WorkerView;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<WorkerView>, Failure<Error>> {
        let worker = staff.colleague(context, request.worker_id).await?;

        let changed = worker
            .unlock()
            .map_err(|refused| Error::WorkerState { state: refused.state, action: refused.action })?;
        let answer = WorkerView::from(&changed.worker);
        let mut transaction = context.worker_change(staff.actor(), &changed, worker.version, None);
        transaction.while_not_barred(&staff.worker);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
