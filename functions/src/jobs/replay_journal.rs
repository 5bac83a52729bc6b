//! Puts the events of journal records on the bus again: of whole days, or of single records. For what was passed over,
//! once its cause is gone; and for a consumer that should hear again. Consumers know what they have dealt with, so too
//! much does no harm.

use chrono::NaiveDate;
use domain::journal::{Envelope, JournalRecord};
use serde::{Deserialize, Serialize};
use store::{Fault, RecordName, ask, journal};
use tracing::warn;

use super::publish_journal::publish;
use crate::context::Context;
use crate::entry::event::EventOperation;

/// Records read at once.
const PAGE: u32 = 100;

/// Replays the journal.
pub struct ReplayJournal;

/// What is to be replayed.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Replay {
    /// All that happened on these days (UTC), both included.
    Days {
        /// The first.
        from: NaiveDate,
        /// The last.
        to: NaiveDate,
    },
    /// These records.
    Records {
        /// Their names.
        records: Vec<RecordName>,
    },
}

/// What was replayed.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    records: usize,
    events: usize,
    /// Records that still can't be read: their cause isn't gone.
    unreadable: Vec<RecordName>,
}

impl EventOperation for ReplayJournal {
    type Event = Replay;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, replay: Replay) -> Result<Summary, Fault> {
        let mut summary = Summary::default();
        match replay {
            Replay::Days { from, to } => {
                for day in from.iter_days().take_while(|day| *day <= to) {
                    for shard in 0..journal::DAY_SHARDS {
                        replay_shard(context, day, shard, &mut summary).await?;
                    }
                }
            }
            Replay::Records { records } => {
                for names in records.chunks(PAGE as usize) {
                    replay_records(context, names, &mut summary).await?;
                }
            }
        }
        Ok(summary)
    }
}

async fn replay_shard(
    context: &Context<'_>,
    day: NaiveDate,
    shard: u32,
    summary: &mut Summary,
) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let page = context.services.store.journal_names_of_day(day, shard, after.as_ref(), PAGE).await?;
        replay_records(context, &page.items, summary).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn replay_records(
    context: &Context<'_>,
    names: &[RecordName],
    summary: &mut Summary,
) -> Result<(), Fault> {
    let records = readable(context, names, summary).await?;
    let envelopes: Vec<Envelope> = records.iter().flat_map(JournalRecord::envelopes).collect();
    publish(context, &envelopes).await?;
    summary.records += records.len();
    summary.events += envelopes.len();
    Ok(())
}

/// The records, together or, where one of them can't be read, one by one without it.
async fn readable(
    context: &Context<'_>,
    names: &[RecordName],
    summary: &mut Summary,
) -> Result<Vec<JournalRecord>, Fault> {
    let store = &context.services.store;
    match store.ask(names.iter().map(|name| ask::journal_record(*name)).collect::<Vec<_>>()).await {
        Err(Fault::Corrupt { .. }) => {}
        together => return Ok(together?.into_iter().flatten().collect()),
    }
    let mut records = Vec::new();
    for name in names {
        match store.ask(ask::journal_record(*name)).await {
            Err(fault @ Fault::Corrupt { .. }) => {
                let (request_id, operation) = (&context.request_id, context.operation.name);
                warn!(request_id, operation, record = %name.record, %fault, "a record that can't be read");
                summary.unreadable.push(*name);
            }
            alone => records.extend(alone?),
        }
    }
    Ok(records)
}
