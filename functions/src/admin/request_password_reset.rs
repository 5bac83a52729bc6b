//! A worker has forgotten the password: if the address is a worker's, a link to choose a new one is mailed (B13, as A19).
//! Everyone gets the same answer.

use domain::journal::Audience;

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::signing_in::{Asked, Forgotten};

/// Asks for a link to choose a new password.
pub struct RequestPasswordReset;

impl HttpOperation for RequestPasswordReset {
    type Caller = Anyone;
    type Request = Forgotten;
    type Response = Asked;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Forgotten,
    ) -> Result<Reply<Asked>, Failure<NoRefusal>> {
        context.request_password_reset(Audience::Admin, &request.email).await
    }
}
