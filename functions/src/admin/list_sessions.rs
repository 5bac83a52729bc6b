//! Lists where the worker is signed in.

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Nothing, Sessions};

/// Lists sessions.
pub struct ListSessions;

impl HttpOperation for ListSessions {
    type Caller = Staff;
    type Request = Nothing;
    type Response = Sessions;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        _: Nothing,
    ) -> Result<Reply<Sessions>, Failure<NoRefusal>> {
        sessions::list(context, &staff).await
    }
}
