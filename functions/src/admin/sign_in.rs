//! Signs a worker in. The same rules as for clients (B13): one answer for every cause, ten wrong passwords lock.

use credentials::{Password, PasswordHash};
use domain::EmailAddress;
use domain::account::LockReason;
use domain::id::WorkerId;
use domain::journal::{Actor, FieldName, JournalEvent, JournalRecord, Subject};
use domain::session::Holder;
use domain::settings::Settings;
use domain::throttle::SIGN_IN;
use domain::worker::Worker;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Counted, Credentials, Fault, Transaction, Versioned, ask};

use crate::change::Access;
use crate::context::{Context, defect};
use crate::entry::caller::{ADMIN_COOKIE, Anyone};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::signing_in::{SessionTimes, TypedAddress};
use crate::throttling::Who;

/// How often to look again when another call changed the worker meanwhile.
const TRIES: usize = 5;

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
        let address = request.email.address();
        context
            .throttle(
                "worker_sign_in",
                SIGN_IN,
                Who { address: Some(address.normalized()), ..Who::default() },
            )
            .await?;
        let asked = (ask::worker_credentials(&address), context.ask_settings());
        let (credentials, settings) = context.services.store.ask(asked).await?;
        let settings = context.settings(settings)?;

        let worker = count_attempt(context, credentials.as_ref(), &address).await?;
        let kept =
            credentials.and_then(|credentials| credentials.password_hash).map(PasswordHash::from_stored);
        let right = request.password.verify(kept.as_ref());
        match worker {
            Some(worker) if right && worker.may_sign_in() => {
                open(context, worker, &settings, &request.password, kept.as_ref()).await
            }
            worker => Err(fail(context, worker, &settings).await?),
        }
    }
}

async fn count_attempt(
    context: &Context<'_>,
    credentials: Option<&Credentials<WorkerId>>,
    address: &EmailAddress,
) -> Result<Option<Versioned<Worker>>, Fault> {
    let store = &context.services.store;
    let Some(credentials) = credentials else {
        let name = context.services.seal().await?.name("worker_address", address.normalized());
        store.count_decoy_attempt(&name, context.now).await?;
        return Ok(None);
    };
    Ok(match store.count_worker_sign_in_attempt(credentials.holder).await? {
        Counted::Yes(worker) => Some(worker),
        Counted::No(_) => None,
    })
}

async fn open(
    context: &Context<'_>,
    mut worker: Versioned<Worker>,
    settings: &Settings,
    password: &Password,
    kept: Option<&PasswordHash>,
) -> Result<Reply<Response>, Failure<Error>> {
    let rehashed = match kept {
        Some(kept) if kept.is_outdated() => {
            Some(password.hash(context.random()).map_err(|bad| defect("hashing", bad))?)
        }
        _ => None,
    };
    for _ in 0..TRIES {
        if !worker.may_sign_in() {
            return Err(Error::SignInFailed.into());
        }
        let opened = context.new_session(Holder::Worker(worker.id), worker.epoch, settings).await?;
        let actor = Actor::Worker(worker.id);
        let mut transaction = Transaction::logged(&context.access(Access::SignedIn, actor));
        transaction.put_worker(worker.version, &worker.signed_in()).open_session(&opened.session);
        if let Some(hash) = &rehashed {
            transaction.set_password(&worker.email, worker.id, hash.as_str());
        }
        let response =
            Response { worker_id: worker.id, session: SessionTimes::of(&opened.session, settings, context) };
        match context.services.store.commit(transaction).await {
            Ok(()) => return Ok(Reply::from(response).with_session(ADMIN_COOKIE, &opened.token)),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                worker =
                    context.services.store.ask(ask::worker(worker.id)).await?.ok_or(Error::SignInFailed)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

/// Records the refusal, and locks the worker if that was the last password allowed. Says the same either way.
async fn fail(
    context: &Context<'_>,
    worker: Option<Versioned<Worker>>,
    settings: &Settings,
) -> Result<Failure<Error>, Failure<Error>> {
    let store = &context.services.store;
    let Some(mut worker) = worker else {
        store.log_access(&context.access(Access::Refused, Actor::Anonymous)).await?;
        return Ok(Error::SignInFailed.into());
    };
    let actor = Actor::Worker(worker.id);
    for _ in 0..TRIES {
        let failed = match worker.state {
            domain::worker::WorkerState::Active { failed_sign_ins, .. } => failed_sign_ins,
            _ => 0,
        };
        let Some(locked) = worker.wrong_password(failed, settings) else {
            store.log_access(&context.access(Access::Refused, actor)).await?;
            return Ok(Error::SignInFailed.into());
        };
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
        transaction.put_worker(worker.version, &locked).log_access(&context.access(Access::Refused, actor));
        match store.commit(transaction).await {
            Ok(()) => return Ok(Error::SignInFailed.into()),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                worker = store.ask(ask::worker(worker.id)).await?.ok_or(Error::SignInFailed)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Failure::conflict())
}
