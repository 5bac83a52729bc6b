//! Moves the session's idle clock, because the worker is active. The only thing that does.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Nothing};
use crate::signing_in::SessionTimes;

/// Extends the session.
pub struct ExtendSession;

impl HttpOperation for ExtendSession {
    type Caller = Staff;
    type Request = Nothing;
    type Response = SessionTimes;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Nothing,
    ) -> Result<Reply<SessionTimes>, Failure<NoRefusal>> {
        sessions::extend(context, &staff).await
    }
}
