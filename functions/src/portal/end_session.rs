//! Ends one of the client's sessions, on whatever device it is.

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Done, Which};

/// Ends a session.
pub struct EndSession;

impl HttpOperation for EndSession {
    type Caller = Client;
    type Request = Which;
    type Response = Done;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        which: Which,
    ) -> Result<Reply<Done>, Failure<NoRefusal>> {
        sessions::end(context, &client, &which).await
    }
}
