//! Signs a worker in. The same rules as for clients (B13): one answer for every cause, ten wrong passwords lock.

use credentials::Password;
use domain::EmailAddress;
use domain::id::WorkerId;
use domain::journal::{Actor, Audience};
use domain::settings::Settings;
use domain::worker::{Worker, WorkerReason};
use serde::{Deserialize, Serialize};
use store::ask::{self, Ask};
use store::{AccessEntry, Counted, Credentials, Fault, Store, Transaction, Versioned};

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::signing_in::{SessionTimes, SignsIn, TypedAddress};

/// Signs in.
pub struct SignIn;

/// Who, and the proof.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The sign-in email.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub email: TypedAddress,
    /// The password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
}

/// The worker is signed in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The worker.
    pub worker_id: WorkerId,
    /// When the session ends.
    pub session: SessionTimes,
}

refusals! {
    /// Why nobody is signed in.
    pub enum Error {
        /// One answer for every cause.
        SignInFailed => 401, "sign_in_failed", "The email or password is not right, or the account is not open; try again or reset the password";
        /// The right password, but a new one has to be chosen first (A16).
        MustReset => 403, "must_reset", "A new password is needed; use the reset link";
    }
}

impl HttpOperation for SignIn {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let signed_in = context.sign_in::<Worker>(&request.email, &request.password).await?;
        Ok(signed_in.reply(|worker_id, session| Response { worker_id, session }))
    }
}

impl SignsIn for Worker {
    type Id = WorkerId;
    type Refused = Error;

    const AUDIENCE: Audience = Audience::Admin;
    const COUNTED_AS: &'static str = "worker_sign_in";
    const FAILED: Error = Error::SignInFailed;

    fn id(&self) -> WorkerId {
        self.id
    }

    fn address(&self) -> &EmailAddress {
        &self.email
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn credentials(address: &EmailAddress) -> impl Ask<Answer = Option<Credentials<WorkerId>>> + Send + Sync {
        ask::worker_credentials(address)
    }

    fn again(id: WorkerId) -> impl Ask<Answer = Option<Versioned<Self>>> + Send + Sync {
        ask::worker(id)
    }

    fn admit(_: &Settings) -> Result<(), Error> {
        Ok(())
    }

    async fn count(store: &Store, id: WorkerId, most: u16) -> Result<Counted<Self>, Fault> {
        store.count_worker_sign_in_attempt(id, most).await
    }

    fn sign_in(
        worker: &Versioned<Self>,
        context: &Context<'_>,
        _: &Settings,
        access: &AccessEntry,
    ) -> Result<(Transaction, u32), Error> {
        let signed_in = worker.sign_in(context.now).map_err(|refused| match refused.reason {
            WorkerReason::MustReset => Error::MustReset,
            _ => Error::SignInFailed,
        })?;
        let mut transaction = Transaction::logged(access);
        transaction.put_worker(worker.version, &signed_in);
        Ok((transaction, signed_in.epoch))
    }

    fn lock(worker: &Versioned<Self>, context: &Context<'_>, settings: &Settings) -> Option<Transaction> {
        let changed = worker.wrong_password(settings, context.now, context.mail()).ok()??;
        Some(context.worker_change(Actor::Anonymous, &changed, worker.version, None))
    }
}
