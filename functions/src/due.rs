//! Walks through the invitations with which something is due, for the jobs that do it. The index may be behind, so that
//! each account is read by its key and decides itself; a run that ends early is gone on with by the next.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Individual;
use domain::account::Account;
use serde::Serialize;
use store::{CommitError, Conflict, DUE_SHARDS, Fault, Position, Stale, Transaction, Versioned, ask};

use crate::context::Context;

/// Accounts that are read at once.
const PAGE: u32 = 100;
/// A run stops in good time before its function is stopped.
const LONGEST: TimeDelta = TimeDelta::seconds(240);

/// What a run came to.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Accounts with which something was done.
    pub done: u32,
    /// Accounts with which nothing was due when they were looked at, or somebody else was quicker.
    pub skipped: u32,
    /// Whether there is more than one run could do.
    pub more: bool,
}

/// Does to every account that is due what `decide` says of it and its individual, each in a transaction of its own.
/// Which accounts those are, `concerns` says: the others are not this job's.
pub(crate) async fn walk(
    context: &Context<'_>,
    concerns: fn(&Account, DateTime<Utc>) -> bool,
    mut decide: impl FnMut(&Versioned<Account>, &Individual) -> Option<Transaction> + Send,
) -> Result<Summary, Fault> {
    let store = &context.services.store;
    let mut summary = Summary::default();
    for shard in 0..DUE_SHARDS {
        let mut after: Option<Position> = None;
        loop {
            let page = store.due_accounts(shard, context.now, after.as_ref(), PAGE).await?;
            let due: Vec<_> = page.items.into_iter().map(Stale::key).map(ask::account).collect();
            let found = due.len();
            let mut accounts: Vec<_> = store.ask(due).await?.into_iter().flatten().collect();
            accounts.retain(|account| concerns(&account.value, context.now));
            let whose: Vec<_> = accounts.iter().map(|account| ask::individual(account.individual)).collect();
            let whose = store.ask(whose).await?;
            let mut done = 0;
            for (account, individual) in accounts.iter().zip(&whose) {
                if context.services.clock.now() - context.now > LONGEST {
                    return Ok(Summary { more: true, ..summary });
                }
                let Some(transaction) = individual.as_ref().and_then(|whose| decide(account, &whose.value))
                else {
                    continue;
                };
                match store.commit(transaction).await {
                    Ok(()) => done += 1,
                    Err(CommitError::Conflict(Conflict::Stale(_))) => {}
                    Err(CommitError::Conflict(conflict)) => {
                        let what = format!("{} met a conflict: {conflict}", context.operation.name);
                        return Err(Fault::Internal { what, source: None });
                    }
                    Err(CommitError::Fault(fault)) => return Err(fault),
                }
            }
            summary.done += done;
            summary.skipped += u32::try_from(found).unwrap_or(u32::MAX).saturating_sub(done);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(summary)
}
