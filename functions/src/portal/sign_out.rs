//! Ends the client's session and clears what the browser keeps.

use serde::{Deserialize, Serialize};
use store::Transaction;

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::{Client, PORTAL_COOKIE};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Signs out.
pub struct SignOut;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// Signed out.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {}

impl HttpOperation for SignOut {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let mut transaction = Transaction::logged(&context.access(Access::SignedOut, client.actor()));
        transaction.close_session(&client.session);
        context.services.store.commit(transaction).await?;
        Ok(Reply::from(Response {}).without_session(PORTAL_COOKIE))
    }
}
