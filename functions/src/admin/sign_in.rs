//! Signs a worker in. The same rules as for clients (B13): one answer for every cause, ten wrong passwords lock. Who has a
//! second factor gives its code besides.

use credentials::Password;
use credentials::second_factor::TypedCode;
use domain::EmailAddress;
use domain::id::WorkerId;
use domain::journal::{Actor, Audience};
use domain::session::AuthLevel;
use domain::settings::Settings;
use domain::worker::{Worker, WorkerReason};
use serde::{Deserialize, Serialize};
use store::ask::{self, Ask};
use store::{AccessEntry, Counted, Credentials, Fault, Store, Transaction, Versioned, WorkerCredentials};

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::second_factor::{NotProved, Proof};
use crate::signing_in::{SessionTimes, SignsIn, TypedAddress, Wrong};

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
    /// Of who has a second factor: the authenticator's six digits, or a recovery code.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub code: Option<TypedCode>,
}

/// The worker is signed in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The worker.
    pub worker_id: WorkerId,
    /// What the session is worth: `password`, or `second_factor`.
    pub auth_level: AuthLevel,
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
        /// The right password of who has a second factor; the attempt doesn't count.
        SecondFactorNeeded => 403, "second_factor_needed", "Give the code of your authenticator, or a recovery code";
        /// The right password, and not a code that is good now; it counts, and locks, as a wrong password does.
        SecondFactorWrong => 403, "second_factor_wrong", "This code is not right, or was used; wait for the next one";
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
        let signed_in = context.sign_in::<Worker>(&request.email, &request.password, &request.code).await?;
        let auth_level = signed_in.auth_level();
        Ok(signed_in.reply(|worker_id, session| Response { worker_id, auth_level, session }))
    }
}

impl SignsIn for Worker {
    type Id = WorkerId;
    type Refused = Error;
    type Beside = Option<TypedCode>;

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

    async fn prove(
        context: &Context<'_>,
        worker: &Self,
        credentials: &WorkerCredentials,
        code: &Option<TypedCode>,
    ) -> Result<Result<Proof, NotProved>, Fault> {
        context.prove(worker, credentials.second_factor.as_ref(), code.as_ref()).await
    }

    fn unproved(not_proved: NotProved) -> Error {
        match not_proved {
            NotProved::SecondFactorNeeded => Error::SecondFactorNeeded,
            NotProved::SecondFactorWrong => Error::SecondFactorWrong,
        }
    }

    fn let_off(worker: &Versioned<Self>, access: &AccessEntry) -> Option<Transaction> {
        let mut transaction = Transaction::logged(access);
        transaction.put_worker(worker.version, &worker.let_off().ok()?);
        Some(transaction)
    }

    fn sign_in(
        worker: &Versioned<Self>,
        context: &Context<'_>,
        _: &Settings,
        access: &AccessEntry,
        proof: &Proof,
    ) -> Result<(Transaction, u32), Error> {
        let left = proof.codes_left();
        let signed_in = worker.sign_in(context.now, left).map_err(|refused| match refused.reason {
            WorkerReason::MustReset => Error::MustReset,
            _ => Error::SignInFailed,
        })?;
        let (_, events) = context.used_factor(worker, proof);
        let mut transaction = if events.is_empty() {
            Transaction::logged(access)
        } else {
            let record = context.factor_record(Actor::Worker(worker.id), worker, events);
            let mut transaction = Transaction::new(&record);
            transaction.log_access(access);
            transaction
        };
        transaction.put_worker(worker.version, &signed_in);
        Ok((transaction, signed_in.epoch))
    }

    fn lock(
        worker: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        wrong: Wrong,
    ) -> Option<Transaction> {
        if wrong == Wrong::Code {
            return context.wrong_code(worker, settings, Actor::Anonymous);
        }
        let changed = worker.wrong_password(settings, context.now, context.mail()).ok()??;
        Some(context.worker_change(Actor::Anonymous, &changed, worker.version, None))
    }
}
