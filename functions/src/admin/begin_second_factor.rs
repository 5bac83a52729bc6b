//! A worker begins to set up a second factor: here is the secret for their authenticator, which counts for nothing until
//! a code of it confirms it. Who has one already proves themselves by it first.

use chrono::TimeDelta;
use credentials::Password;
use credentials::second_factor::TypedCode;
use domain::session::Holder;
use serde::{Deserialize, Serialize};
use store::{BegunFactor, FactorWrite, Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::second_factor::NotProved;

/// As long as somebody takes to scan a picture and type six digits.
const MINUTES: i64 = 15;

/// Begins to set up a second factor.
pub struct BeginSecondFactor;

/// Proof that it is the worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
    /// Of who has a second factor: a code of it, or a recovery code.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub code: Option<TypedCode>,
}

/// What the authenticator is to know.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The secret, to be typed.
    pub secret: String,
    /// The same as `otpauth:` address, to be scanned.
    pub uri: String,
}

refusals! {
    /// Why nothing begins.
    pub enum Error {
        /// Not the password; a few tries an hour.
        CurrentPasswordWrong => 422, "current_password_wrong", "This is not your current password; try again";
        /// Who has a second factor proves themselves by it.
        SecondFactorNeeded => 403, "second_factor_needed", "Give the code of your authenticator, or a recovery code";
        /// Not a code that is good now; each is good once.
        SecondFactorWrong => 403, "second_factor_wrong", "This code is not right, or was used; wait for the next one";
    }
}

impl From<NotProved> for Error {
    fn from(not_proved: NotProved) -> Self {
        match not_proved {
            NotProved::SecondFactorNeeded => Self::SecondFactorNeeded,
            NotProved::SecondFactorWrong => Self::SecondFactorWrong,
        }
    }
}

impl HttpOperation for BeginSecondFactor {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let Staff { session, worker, settings, .. } = &staff;
        let credentials = context.services.store.ask(ask::worker_credentials(&worker.email)).await?;
        let credentials = credentials.ok_or_else(Failure::not_found)?;
        let (holder, kept) = (Holder::Worker(worker.id), credentials.password_hash.clone());
        if !context.verify_again(holder, &request.password, kept).await? {
            return Err(Error::CurrentPasswordWrong.into());
        }
        let proof =
            context.prove_again::<Error>(worker, settings, &credentials, request.code.as_ref()).await?;

        let (secret, sealed) = context.new_secret(worker).await?;
        let until = context.now + TimeDelta::minutes(MINUTES);
        let begun = BegunFactor { secret: sealed, session: session.id, until };
        let (used, events) = context.used_factor(worker, &proof);
        let mut transaction = Transaction::new(&context.factor_record(staff.actor(), worker, events));
        if proof.factor.is_some() {
            transaction.put_worker(worker.version, &used);
        }
        let write =
            FactorWrite { used: proof.factor.as_ref(), begun: Some(&begun), ..FactorWrite::default() };
        transaction.write_factor(&worker.email, worker.id, write);
        context.services.store.commit(transaction).await?;
        let uri = secret.uri(&format!("{} ClientConnect", settings.agency.name), worker.email.as_typed());
        Ok(Reply::from(Response { secret: secret.base32(), uri }))
    }
}
