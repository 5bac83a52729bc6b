//! A worker gets new recovery codes, shown this once; the former ones are worth nothing.

use credentials::Password;
use credentials::second_factor::TypedCode;
use domain::session::Holder;
use serde::{Deserialize, Serialize};
use store::{FactorWrite, StoredFactor, Transaction, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::second_factor::NotProved;

/// Renews recovery codes.
pub struct RenewRecoveryCodes;

/// Proof that it is the worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
    /// A code of the authenticator, or one of the recovery codes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: TypedCode,
}

/// The new ones.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Each signs in once, in the place of a code, should the authenticator be lost.
    pub recovery_codes: Vec<String>,
}

refusals! {
    /// Why there are no new ones.
    pub enum Error {
        /// Not the password; a few tries an hour.
        CurrentPasswordWrong => 422, "current_password_wrong", "This is not your current password; try again";
        /// Not a code that is good now; each is good once.
        SecondFactorWrong => 403, "second_factor_wrong", "This code is not right, or was used; wait for the next one";
        /// There is no second factor that they could stand in for.
        NotEnrolled => 409, "no_second_factor", "There is no second factor yet; set one up first";
    }
}

impl From<NotProved> for Error {
    fn from(_: NotProved) -> Self {
        Self::SecondFactorWrong
    }
}

impl HttpOperation for RenewRecoveryCodes {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let Staff { worker, settings, .. } = &staff;
        let credentials = context.services.store.ask(ask::worker_credentials(&worker.email)).await?;
        let credentials = credentials.ok_or_else(Failure::not_found)?;
        let (holder, kept) = (Holder::Worker(worker.id), credentials.password_hash.clone());
        if !context.verify_again(holder, &request.password, kept).await? {
            return Err(Error::CurrentPasswordWrong.into());
        }
        let proof = context.prove_again::<Error>(worker, settings, &credentials, Some(&request.code)).await?;
        let (used, events) = context.used_factor(worker, &proof);
        let (before, after) = proof.factor.ok_or(Error::NotEnrolled)?;

        let (shown, recovery) = context.new_recovery_codes(worker).await?;
        let renewed = StoredFactor { recovery, ..after };
        let (renewed_worker, _) = used.with_recovery_codes(renewed.codes_left(), context.mail());
        let mut transaction = Transaction::new(&context.factor_record(staff.actor(), worker, events));
        let factor = (before, renewed);
        let write = FactorWrite { used: Some(&factor), ..FactorWrite::default() };
        transaction.put_worker(worker.version, &renewed_worker).write_factor(&worker.email, worker.id, write);
        context.services.store.commit(transaction).await?;
        Ok(Reply::from(Response { recovery_codes: shown }))
    }
}
