//! Looks whose address a reset was asked for with, and asks for the mail, if that may go out (A3b, A19, B13): apart from
//! the request, so that nobody can tell from its answer whether there is such an account.

use std::time::Duration;

use domain::EmailAddress;
use domain::account::Context as Guards;
use domain::journal::{Actor, Audience, JobName, JournalRecord};
use store::{CommitError, Conflict, Fault, Image, ResetRequest, Transaction, ask, requests};
use tracing::warn;

use crate::context::Context;
use crate::entry::event::StreamOperation;

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;
const ACTOR: Actor = Actor::Job(JobName::ResolveRequests);

/// Resolves requests.
pub struct ResolveRequests;

impl StreamOperation for ResolveRequests {
    // A request takes the place of an earlier one at the same address.
    const OF: &'static [&'static str] = &["INSERT", "MODIFY"];

    async fn handle(context: &Context<'_>, image: Image) -> Result<(), Fault> {
        let request = requests::from_stream(image)?;
        let context = Context { correlation: request.correlation, ..context.clone() };
        let Some(address) = context.address_of(&request).await? else {
            // Made before the key was changed: it must not hold up the others, and whoever asked asks again.
            let (request_id, operation) = (&context.request_id, context.operation.name);
            warn!(request_id, operation, record = %request.record, "a request that can't be opened");
            return Ok(());
        };
        match request.audience {
            Audience::Portal => of_client(&context, &request, &address).await,
            Audience::Admin => of_worker(&context, &request, &address).await,
        }
    }
}

/// Asks for the client's reset link, or for the invitation again; for nothing where no mail may go out.
async fn of_client(
    context: &Context<'_>,
    request: &ResetRequest,
    address: &EmailAddress,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let (credentials, settings) = store.ask((ask::credentials(address), ask::settings())).await?;
    let settings = context.settings(settings)?;
    let Some(credentials) = credentials else { return Ok(()) };
    for _ in 0..TRIES {
        let Some(account) = store.ask(ask::account(credentials.holder)).await? else { return Ok(()) };
        let Some(individual) = store.ask(ask::individual(account.individual)).await? else { return Ok(()) };
        let guards =
            Guards { individual: &individual, settings: &settings, now: context.now, mail: context.mail() };
        let Ok(changed) = account.forget_password(guards) else { return Ok(()) };
        let record = JournalRecord { id: request.record, ..context.transition(ACTOR, &changed) };
        let mut transaction = Transaction::once(&record, context.uuid());
        transaction.change_account(account.version, &changed, individual.test, None);
        if made(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Asks for the worker's reset link; for nothing where no mail may go out (B13).
async fn of_worker(
    context: &Context<'_>,
    request: &ResetRequest,
    address: &EmailAddress,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let Some(credentials) = store.ask(ask::worker_credentials(address)).await? else { return Ok(()) };
    for _ in 0..TRIES {
        let Some(worker) = store.ask(ask::worker(credentials.holder)).await? else { return Ok(()) };
        let Ok(changed) = worker.forget_password(context.now, context.mail()) else { return Ok(()) };
        let record = JournalRecord { id: request.record, ..context.worker_transition(ACTOR, &changed) };
        let mut transaction = Transaction::once(&record, context.uuid());
        transaction.put_worker(worker.version, &changed.worker);
        if made(store.commit(transaction).await)? {
            return Ok(());
        }
    }
    Err(contended())
}

/// Whether it was made; if not, another call was quicker: look again and decide again.
fn made(committed: Result<(), CommitError>) -> Result<bool, Fault> {
    match committed {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(false),
        Err(CommitError::Conflict(conflict)) => {
            Err(Fault::Internal { what: format!("a reset request met a conflict: {conflict}"), source: None })
        }
        Err(CommitError::Fault(fault)) => Err(fault),
    }
}

fn contended() -> Fault {
    let what = "whoever forgot the password is changed all the time".to_owned();
    Fault::Unavailable { what, retry_after: Duration::from_secs(5) }
}
