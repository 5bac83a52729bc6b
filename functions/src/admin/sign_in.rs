//! Signs a worker in. The same rules as for clients (B13): one answer for every cause, ten wrong passwords lock.

use credentials::Password;
use domain::EmailAddress;
use domain::account::LockReason;
use domain::id::WorkerId;
use domain::journal::{Actor, Audience, FieldName, JournalEvent, JournalRecord, Subject};
use domain::settings::Settings;
use domain::worker::{Worker, WorkerState};
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

    fn credentials(address: &EmailAddress) -> impl Ask<Answer = Option<Credentials<WorkerId>>> + Send + Sync {
        ask::worker_credentials(address)
    }

    fn again(id: WorkerId) -> impl Ask<Answer = Option<Versioned<Self>>> + Send + Sync {
        ask::worker(id)
    }

    fn admit(_: &Settings) -> Result<(), Error> {
        Ok(())
    }

    async fn count(store: &Store, id: WorkerId) -> Result<Counted<Self>, Fault> {
        store.count_worker_sign_in_attempt(id).await
    }

    fn sign_in(
        worker: &Versioned<Self>,
        _: &Context<'_>,
        _: &Settings,
        access: &AccessEntry,
    ) -> Result<(Transaction, u32), Error> {
        if !worker.may_sign_in() {
            return Err(Error::SignInFailed);
        }
        let mut transaction = Transaction::logged(access);
        transaction.put_worker(worker.version, &worker.signed_in());
        Ok((transaction, worker.epoch))
    }

    fn lock(worker: &Versioned<Self>, context: &Context<'_>, settings: &Settings) -> Option<Transaction> {
        let failed = match worker.state {
            WorkerState::Active { failed_sign_ins, .. } => failed_sign_ins,
            _ => 0,
        };
        let locked = worker.wrong_password(failed, settings)?;
        let record = JournalRecord {
            changed: vec![FieldName::State],
            events: vec![JournalEvent::WorkerLocked {
                worker: worker.id,
                reason: LockReason::FailedSignIns,
                mail: None,
                generation: None,
            }],
            ..context.record(Actor::Anonymous, Subject::Worker(worker.id))
        };
        let mut transaction = Transaction::new(&record);
        transaction.put_worker(worker.version, &locked);
        Some(transaction)
    }
}
