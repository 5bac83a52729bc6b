//! Shows a worker as a System Administrator edits them.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::workers::{OneWorker, WorkerRecord};

/// Gets a worker.
pub struct GetWorker;

impl HttpOperation for GetWorker {
    type Caller = Staff;
    type Request = OneWorker;
    type Response = WorkerRecord;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: OneWorker,
    ) -> Result<Reply<WorkerRecord>, Failure<NoRefusal>> {
        let worker = staff.colleague(context, request.worker_id).await?;
        Ok(Reply::from(WorkerRecord::from(&worker.value)))
    }
}
