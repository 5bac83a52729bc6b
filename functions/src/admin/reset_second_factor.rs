//! Takes away the second factor of a worker who has lost it, and every session of theirs; they are told by mail. Where
//! one is required, the next sign-in leads to a new one.

use store::Transaction;

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::workers::{OneWorker, WorkerRecord};

/// Resets a worker's second factor.
pub struct ResetSecondFactor;

refusals! {
    /// Why it stays.
    pub enum Error {
        /// There is none.
        NotEnrolled => 409, "no_second_factor", "There is no second factor yet; set one up first";
        /// Nobody takes away their own.
        OwnAccount => 409, "own_account", "Ask another System Administrator to do this";
    }
}

impl HttpOperation for ResetSecondFactor {
    type Caller = Staff;
    type Request = OneWorker;
    type Response = WorkerRecord;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneWorker,
    ) -> Result<Reply<WorkerRecord>, Failure<Error>> {
        let worker = staff.colleague(context, request.worker_id).await?;
        let changed = worker.without_second_factor(staff.worker.id, context.mail());
        let (without, events) = changed.map_err(|reason| match reason {
            domain::worker::WorkerReason::Oneself => Error::OwnAccount,
            _ => Error::NotEnrolled,
        })?;
        let answer = WorkerRecord::from(&without);
        let mut transaction = Transaction::new(&context.factor_record(staff.actor(), &worker, events));
        transaction
            .put_worker(worker.version, &without)
            .remove_factor(&worker.email, worker.id)
            .while_not_barred(&staff.worker);
        context.commit(transaction, &answer).await?;
        Ok(Reply::from(answer))
    }
}
