//! Closes invitations that nobody took in time (A8). Every run takes whatever is due, however late it comes; links
//! refuse themselves from the instant on, whether or not this has run.

use chrono::TimeDelta;
use domain::id::AccountId;
use domain::journal::{Actor, JobName};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, DUE_SHARDS, Fault, ask};

use crate::context::Context;
use crate::entry::event::EventOperation;

/// Accounts in a page of the index.
const PAGE: u32 = 100;
/// A run stops in good time before its function is stopped; the next one goes on.
const LONGEST: TimeDelta = TimeDelta::seconds(240);

/// Expires activations.
pub struct ExpireActivations;

/// The schedule's event; the time in it is not used, so that a late run catches up.
#[derive(Debug, Deserialize)]
pub struct Event {}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Accounts closed.
    pub expired: u32,
    /// Accounts that were no longer due when they were looked at.
    pub skipped: u32,
    /// Whether there is more than one run could do.
    pub more: bool,
}

impl EventOperation for ExpireActivations {
    type Event = Event;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, _: Event) -> Result<Summary, Fault> {
        let mut summary = Summary::default();
        for shard in 0..DUE_SHARDS {
            let mut after = None;
            loop {
                let page =
                    context.services.store.due_accounts(shard, context.now, after.as_ref(), PAGE).await?;
                for due in page.items {
                    if context.services.clock.now() - context.now > LONGEST {
                        summary.more = true;
                        return Ok(summary);
                    }
                    if expire(context, due.key()).await? {
                        summary.expired += 1;
                    } else {
                        summary.skipped += 1;
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(summary)
    }
}

/// The index may be behind: the account itself decides.
async fn expire(context: &Context<'_>, id: AccountId) -> Result<bool, Fault> {
    let store = &context.services.store;
    let Some(account) = store.ask(ask::account(id)).await? else { return Ok(false) };
    let Ok(changed) = account.expire(context.now) else { return Ok(false) };
    let individual = store.ask(ask::individual(account.individual)).await?;
    let test = individual.is_some_and(|individual| individual.test);
    let actor = Actor::Job(JobName::ExpireActivations);
    match store.commit(context.account_change(actor, &changed, account.version, test, None)).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(Conflict::Stale(_))) => Ok(false),
        Err(CommitError::Conflict(conflict)) => {
            Err(Fault::Internal { what: format!("expiring met a conflict: {conflict}"), source: None })
        }
        Err(CommitError::Fault(fault)) => Err(fault),
    }
}
