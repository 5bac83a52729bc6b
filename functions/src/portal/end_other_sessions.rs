//! Ends all of the client's sessions but this one, which goes on under a new id.

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Nothing};
use crate::signing_in::SessionTimes;

/// Ends all other sessions.
pub struct EndOtherSessions;

impl HttpOperation for EndOtherSessions {
    type Caller = Client;
    type Request = Nothing;
    type Response = SessionTimes;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Nothing,
    ) -> Result<Reply<SessionTimes>, Failure<NoRefusal>> {
        sessions::end_others(context, &client).await
    }
}
