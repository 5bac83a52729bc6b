//! Takes from a copy of an agency's data what reaches clients, before anybody works with the copy (§5, sandbox safety):
//! client delivery, every individual's consent, open accounts with their links, everybody's passwords, sessions and the
//! keys that sign them, requests and kept answers. Mail on its way is dropped by `jobs.send_mail`, which asks account,
//! consent and settings before it sends. What was written to clients stays (B6). Refuses where the deployment is marked
//! production. Done again it finds nothing to do, so one that ran out of time goes on.

use chrono::TimeDelta;
use domain::Individual;
use domain::id::IndividualId;
use domain::individual::{ConsentChange, EventMessages, Origin};
use domain::journal::{Actor, Audience, FieldName, JobName, JournalEvent, JournalRecord, Subject};
use domain::settings::Section;
use domain::worker::Worker;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use store::tables::Table;
use store::{CommitError, Fault, SettingsVersion, Transaction, Versioned, ask};

use crate::change::IndividualChange;
use crate::context::{Context, defect};
use crate::entry::caller::not_set_up;
use crate::entry::event::EventOperation;
use crate::signing_in::NewKeys;

/// Individuals dealt with at once.
const AT_ONCE: usize = 20;
/// Workers read at once.
const PAGE: u32 = 100;
/// When to leave the rest to another run; the function may take 15 minutes.
const TIME: TimeDelta = TimeDelta::minutes(13);
/// The stage whose data is nobody's copy.
const PRODUCTION: &str = "production";
/// Tables of nothing that lasts.
const CLEARED: [Table; 4] = [Table::Sessions, Table::WorkerSessions, Table::Requests, Table::Idempotency];
const ACTOR: Actor = Actor::Job(JobName::StripSandbox);

/// Strips the sandbox.
pub struct StripSandbox;

/// Said on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strip {
    /// The agency's name, as its settings have it.
    agency: String,
}

/// What was taken.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Whether nothing is left to take; when not, run it again.
    finished: bool,
    /// Why nothing was taken.
    refused: Option<&'static str>,
    /// Individuals whose consent was withdrawn.
    consents: usize,
    /// Accounts that were closed.
    accounts: usize,
    /// Workers who have to choose a password.
    workers: usize,
    /// Sessions, requests and kept answers removed.
    removed: usize,
}

impl EventOperation for StripSandbox {
    type Event = Strip;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, strip: Strip) -> Result<Summary, Fault> {
        let refused = |why| Ok(Summary { refused: Some(why), ..Summary::default() });
        if context.services.variable("STAGE")? == PRODUCTION {
            return refused("this deployment is marked production: its data is no copy");
        }
        let settings = context.read_settings().await?;
        if settings.agency.name != strip.agency {
            return refused("the agency has another name: name the one whose copy this is");
        }
        reach_nobody(context).await?;
        let mut summary = Summary::default();
        for table in CLEARED {
            summary.removed += context.services.store.clear(table).await?;
        }
        strip_workers(context, &mut summary).await?;
        summary.finished = strip_individuals(context, &mut summary).await?;
        Ok(summary)
    }
}

/// Client delivery off, and the keys that sign sessions renewed: once, for somebody may be at work in the copy by the
/// time this runs again.
async fn reach_nobody(context: &Context<'_>) -> Result<(), Fault> {
    let store = &context.services.store;
    let (mark, settings, portal, admin) = store
        .ask((
            ask::sandbox_stripped(),
            ask::settings(),
            ask::public_keys(Audience::Portal),
            ask::public_keys(Audience::Admin),
        ))
        .await?;
    if mark.is_some() {
        return Ok(());
    }
    let (Some(settings), Some(portal), Some(admin)) = (settings, portal, admin) else {
        return Err(not_set_up());
    };
    let stripped = settings.value.clone().reaching_nobody();
    let keys = NewKeys::of_both_sites(context)?;
    let mut events = vec![JournalEvent::SandboxStripped { settings_version: stripped.version }];
    events.extend(keys.iter().map(NewKeys::event));
    let record = JournalRecord {
        events,
        changed: vec![FieldName::Settings, FieldName::Keys],
        ..context.record(ACTOR, Subject::Agency)
    };
    let mut transaction = Transaction::new(&record);
    let version =
        SettingsVersion { settings: stripped, at: context.now, by: None, section: Section::Sandbox };
    transaction.mark_stripped(context.now).save_settings(settings.version, &version);
    for (keys, version) in keys.iter().zip([portal.version, admin.version]) {
        keys.hide(context).await?;
        transaction.put_public_keys(version, &keys.public);
    }
    store.commit(transaction).await.map_err(fault)
}

async fn strip_workers(context: &Context<'_>, summary: &mut Summary) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let page = context.services.store.staff(after.as_ref(), PAGE).await?;
        for worker in &page.items {
            summary.workers += usize::from(strip_worker(context, worker).await?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Whether there was something to take.
async fn strip_worker(context: &Context<'_>, worker: &Versioned<Worker>) -> Result<bool, Fault> {
    let store = &context.services.store;
    let credentials = store.ask(ask::worker_credentials(&worker.email)).await?;
    if credentials.is_none_or(|credentials| credentials.password_hash.is_none()) {
        return Ok(false);
    }
    let events = vec![JournalEvent::WorkerSessionsEnded { worker: worker.id }];
    let record = JournalRecord {
        events,
        changed: vec![FieldName::Password],
        ..context.record(ACTOR, Subject::Worker(worker.id))
    };
    let mut transaction = Transaction::new(&record);
    transaction.put_worker(worker.version, &worker.stripped()).strip_credentials(&worker.email, worker.id);
    store.commit(transaction).await.map_err(fault)?;
    Ok(true)
}

/// Whether all of them were met in time.
async fn strip_individuals(context: &Context<'_>, summary: &mut Summary) -> Result<bool, Fault> {
    let until = context.now + TIME;
    let mut after = None;
    while context.services.clock.now() < until {
        let walked = context.services.store.walk_individuals(after, AT_ONCE).await?;
        let stripped = walked.items.iter().map(|individual| strip_individual(context, *individual));
        for (consent, account) in try_join_all(stripped).await? {
            summary.consents += usize::from(consent);
            summary.accounts += usize::from(account);
        }
        if walked.ended {
            return Ok(true);
        }
        after = walked.items.last().copied();
    }
    Ok(false)
}

/// Takes the communication settings and closes the account: whether consent was withdrawn, and whether an account was
/// closed (A9, A15).
async fn strip_individual(context: &Context<'_>, id: IndividualId) -> Result<(bool, bool), Fault> {
    let store = &context.services.store;
    let (individual, holding) = store.ask((ask::individual(id), ask::holding(id))).await?;
    let Some(before) = individual else { return Ok((false, false)) };
    let account = context.open_account(holding).await?;
    let closed = account.as_ref().and_then(|account| Some((account, account.close(context.now).ok()?)));
    if let Some((account, closed)) = &closed {
        let transaction = context.account_change(ACTOR, closed, account.version, before.test, None);
        store.commit(transaction).await.map_err(fault)?;
    }
    let mut after = Individual { event_messages: EventMessages::default(), ..before.value.clone() };
    let consent = after.set_communication_settings(None, Origin::Sandbox, context.now);
    let withdrawn = matches!(consent, Ok(ConsentChange::Withdrawn));
    if after != before.value {
        let change = IndividualChange { before: Some(&before), after: &after, told: None, account: None };
        let settings = context.read_settings().await?;
        let (transaction, _) = context.individual_change(ACTOR, &settings, &change);
        store.commit(transaction).await.map_err(fault)?;
    }
    Ok((withdrawn, closed.is_some()))
}

/// Nobody else works in the data yet; if somebody does, the next run finds what is left.
fn fault(error: CommitError) -> Fault {
    match error {
        CommitError::Fault(fault) => fault,
        CommitError::Conflict(conflict) => defect("stripping while somebody else is at work", conflict),
    }
}
