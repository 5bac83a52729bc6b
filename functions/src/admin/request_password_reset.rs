//! A worker has forgotten the password: if the address is a worker's, a link to choose a new one is mailed (B13, as A19).
//! Everyone gets the same answer.

use domain::journal::Audience;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};
use crate::signing_in::TypedAddress;

/// Asks for a link to choose a new password.
pub struct RequestPasswordReset;

/// Whose password was forgotten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The sign-in email.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub email: TypedAddress,
}

/// The same for everyone: if there is something to send, it is on its way.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {}

impl HttpOperation for RequestPasswordReset {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        context.request_password_reset(Audience::Admin, &request.email).await?;
        Ok(Reply::from(Response {}))
    }
}
