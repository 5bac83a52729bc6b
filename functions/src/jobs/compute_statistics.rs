//! Computes statistics from the journal, day by day, and counts the accounts. A day is computed again until nothing can
//! change it any more, always from its start: so telling anything twice, or running this twice, changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::Individual;
use domain::account::Status;
use domain::id::{IndividualId, MailId, SiteId};
use domain::journal::{JournalRecord, Subject};
use domain::statistics::{Accounts, Day, Sites};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use store::journal::DAY_SHARDS;
use store::{CountedAccounts, Fate, Fault, Position, StatisticsProgress, Versioned, ask};

use crate::context::Context;
use crate::entry::event::EventOperation;

/// Records, or accounts, that are read at once.
const PAGE: u32 = 100;
/// Parts of the accounts that are counted side by side.
const SEGMENTS: u32 = 4;
/// Up to so many accounts are counted in every run, more of them once a day: counting reads each with its individual.
const COUNTED_EVERY_RUN: u64 = 10_000;
/// A run stops in good time before its function is stopped; the next one goes on.
const LONGEST: TimeDelta = TimeDelta::seconds(780);

/// Computes statistics.
pub struct ComputeStatistics;

/// The schedule's event; the time in it is not used, so that a late run catches up.
#[derive(Debug, Deserialize)]
pub struct Event {}

/// What a run came to.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Days that were computed.
    pub days: u32,
    /// Accounts that were counted; none where that wasn't due.
    pub accounts: Option<u64>,
    /// Accounts that a former release wrote and that can be searched for from now on.
    pub listed: u64,
    /// Whether there is more than one run could do.
    pub more: bool,
}

impl EventOperation for ComputeStatistics {
    type Event = Event;
    type Summary = Summary;

    async fn handle(context: &Context<'_>, _: Event) -> Result<Summary, Fault> {
        let store = &context.services.store;
        let asked = (ask::set_up(), ask::statistics_progress(), ask::counted_accounts());
        let (set_up, progress, counted) = store.ask(asked).await?;
        let Some(set_up) = set_up else { return Ok(Summary::default()) };
        let mut summary = Summary::default();
        compute_days(context, set_up.at.date_naive(), progress, &mut summary).await?;
        if counted.is_none_or(|counted| is_due(&counted, context.now)) {
            count_accounts(context, &mut summary).await?;
        }
        Ok(summary)
    }
}

fn is_late(context: &Context<'_>) -> bool {
    context.services.clock.now() - context.now > LONGEST
}

fn is_due(counted: &CountedAccounts, now: DateTime<Utc>) -> bool {
    counted.accounts.total() <= COUNTED_EVERY_RUN || counted.counted_at.date_naive() < now.date_naive()
}

/// Computes every day that isn't settled, up to today, month by month.
async fn compute_days(
    context: &Context<'_>,
    first: NaiveDate,
    progress: Option<StatisticsProgress>,
    summary: &mut Summary,
) -> Result<(), Fault> {
    let store = &context.services.store;
    let today = context.now.date_naive();
    let begin = progress.map_or(Some(first), |progress| progress.settled.succ_opt()).unwrap_or(first);
    let mut settled = begin.pred_opt();
    let mut all_settled = true;
    let mut days = begin.iter_days().take_while(|day| *day <= today).peekable();
    while let Some(date) = days.next() {
        let day = compute_day(context, date).await?;
        store.put_statistics_of_day(&day).await?;
        summary.days += 1;
        all_settled &= day.is_settled();
        if all_settled {
            settled = Some(date);
        }
        let next = days.peek();
        summary.more = next.is_some() && is_late(context);
        if summary.more || next.is_none_or(|next| !same_month(*next, date)) {
            store.put_statistics_of_month(date, context.now).await?;
            if let Some(settled) = settled {
                let end = date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1);
                let until = end.min(context.now);
                let progress = StatisticsProgress { settled, until, computed_at: context.now };
                store.put_statistics_progress(&progress).await?;
            }
        }
        if summary.more {
            break;
        }
    }
    Ok(())
}

fn same_month(one: NaiveDate, other: NaiveDate) -> bool {
    (one.year(), one.month()) == (other.year(), other.month())
}

/// What the journal says of a day.
async fn compute_day(context: &Context<'_>, day: NaiveDate) -> Result<Day, Fault> {
    let store = &context.services.store;
    let mut computed = Day { day, sites: Sites::new(), waiting: 0, computed_at: context.now };
    for shard in 0..DAY_SHARDS {
        let mut after: Option<Position> = None;
        loop {
            let page = store.journal_of_day(day, shard, after.as_ref(), PAGE).await?;
            add_records(context, &mut computed, &page.items).await?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    computed.sites.retain(|_, tally| *tally != domain::statistics::Tally::default());
    Ok(computed)
}

/// Adds what records say of individuals who are no test.
async fn add_records(context: &Context<'_>, day: &mut Day, records: &[JournalRecord]) -> Result<(), Fault> {
    let whose: BTreeSet<IndividualId> = records.iter().filter_map(individual_of).collect();
    let mails: Vec<MailId> = records
        .iter()
        .flat_map(|record| &record.events)
        .flat_map(domain::JournalEvent::client_mails)
        .collect();
    let asked = (
        whose.iter().map(|id| ask::individual(*id)).collect::<Vec<_>>(),
        mails.iter().map(|mail| ask::mail_fate(*mail)).collect::<Vec<_>>(),
    );
    let (found, fates) = context.services.store.ask(asked).await?;
    let sites = sites_of(found);
    let fates: BTreeMap<_, _> = mails.into_iter().zip(fates).collect();
    for record in records {
        let Some(site) = individual_of(record).and_then(|id| sites.get(&id)) else { continue };
        let tally = day.sites.entry(*site).or_default();
        for event in &record.events {
            tally.count(event);
            for mail in event.client_mails() {
                match fates.get(&mail).and_then(Option::as_ref) {
                    Some(Fate::Sent { .. }) => tally.mails_sent += 1,
                    Some(Fate::Dropped { .. }) => {}
                    None => day.waiting += 1,
                }
            }
        }
    }
    Ok(())
}

const fn individual_of(record: &JournalRecord) -> Option<IndividualId> {
    match record.subject {
        Subject::Individual(id) => Some(id),
        _ => None,
    }
}

/// The home sites of those who are no test.
fn sites_of(found: Vec<Option<Versioned<Individual>>>) -> BTreeMap<IndividualId, SiteId> {
    let known = found.into_iter().flatten().filter(|individual| !individual.test);
    known.map(|individual| (individual.id, individual.site)).collect()
}

/// Counts all accounts. A count that isn't ready in time is left to the next run.
async fn count_accounts(context: &Context<'_>, summary: &mut Summary) -> Result<(), Fault> {
    let segments = try_join_all((0..SEGMENTS).map(|segment| count_segment(context, segment))).await?;
    summary.listed = segments.iter().map(|(_, listed)| listed).sum();
    let counts: Option<Vec<Accounts>> = segments.into_iter().map(|(accounts, _)| accounts).collect();
    let Some(counts) = counts else {
        summary.more = true;
        return Ok(());
    };
    let mut accounts = Accounts::default();
    for counted in &counts {
        accounts.add(counted);
    }
    summary.accounts = Some(accounts.total());
    let counted = CountedAccounts { accounts, counted_at: context.now };
    context.services.store.put_counted_accounts(&counted).await
}

/// Counts a part, and puts accounts that a former release wrote on the lists they are searched by.
async fn count_segment(context: &Context<'_>, segment: u32) -> Result<(Option<Accounts>, u64), Fault> {
    let store = &context.services.store;
    let (mut accounts, mut listed) = (Accounts::default(), 0);
    let mut after: Option<Position> = None;
    loop {
        let page = store.scan_accounts((segment, SEGMENTS), after.as_ref(), PAGE).await?;
        let whose: Vec<_> =
            page.items.iter().map(|scanned| ask::individual(scanned.account.individual)).collect();
        let sites = sites_of(store.ask(whose).await?);
        for scanned in &page.items {
            if let Some(site) = sites.get(&scanned.account.individual) {
                accounts.count(*site, Status::of(&scanned.account));
            }
            if !scanned.listed {
                store.list_account(&scanned.account).await?;
                listed += 1;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok((Some(accounts), listed));
        }
        if is_late(context) {
            return Ok((None, listed));
        }
    }
}
