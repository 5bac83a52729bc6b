//! Ends one of the worker's sessions, on whatever device it is.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Done, Which};

/// Ends a session.
pub struct EndSession;

impl HttpOperation for EndSession {
    type Caller = Staff;
    type Request = Which;
    type Response = Done;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        which: Which,
    ) -> Result<Reply<Done>, Failure<NoRefusal>> {
        sessions::end(context, &staff, &which).await
    }
}
