//! Ends the client's session and clears what the browser keeps.

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::sessions::{self, Done, Nothing};

/// Signs out.
pub struct SignOut;

impl HttpOperation for SignOut {
    type Caller = Client;
    type Request = Nothing;
    type Response = Done;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Nothing,
    ) -> Result<Reply<Done>, Failure<NoRefusal>> {
        sessions::sign_out(context, &client).await
    }
}
