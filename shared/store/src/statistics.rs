//! Statistics: what days and months came to, and how many accounts there are. All of it is computed from what the other
//! tables say, and can be computed again.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use chrono::{DateTime, NaiveDate, Utc};
use domain::SiteId;
use domain::account::{StateName, Status, TransitionReason};
use domain::statistics::{Accounts, Day, Sites, Tally};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::item::{Map, Shape, attribute, s, string};
use crate::query::Rows;
use crate::{Fault, Store, Table};

const TABLE: Table = Table::Statistics;
const MONTHS: &str = "months";
const PROGRESS: &str = "progress";
const ACCOUNTS: &str = "accounts";
/// Sort key of rows that are alone under their partition key.
const ALONE: &str = "-";

#[derive(Serialize, Deserialize)]
struct TallyItem {
    invited: u64,
    activated: u64,
    returned: u64,
    mails_sent: u64,
    mails_bounced: u64,
    mails_complained: u64,
    /// Minutes and how many activations took so many.
    minutes: Vec<(u32, u64)>,
}

type SiteItems = BTreeMap<SiteId, TallyItem>;

impl From<&Tally> for TallyItem {
    fn from(tally: &Tally) -> Self {
        Self {
            invited: tally.invited,
            activated: tally.activated,
            returned: tally.returned,
            mails_sent: tally.mails_sent,
            mails_bounced: tally.mails_bounced,
            mails_complained: tally.mails_complained,
            minutes: tally.minutes_to_activate.iter().map(|(minutes, times)| (*minutes, *times)).collect(),
        }
    }
}

impl From<TallyItem> for Tally {
    fn from(item: TallyItem) -> Self {
        Self {
            invited: item.invited,
            activated: item.activated,
            returned: item.returned,
            mails_sent: item.mails_sent,
            mails_bounced: item.mails_bounced,
            mails_complained: item.mails_complained,
            minutes_to_activate: item.minutes.into_iter().collect(),
        }
    }
}

fn to_items(sites: &Sites) -> SiteItems {
    sites.iter().map(|(site, tally)| (*site, tally.into())).collect()
}

fn from_items(items: SiteItems) -> Sites {
    items.into_iter().map(|(site, item)| (site, item.into())).collect()
}

#[derive(Serialize, Deserialize)]
struct DayItem {
    day: NaiveDate,
    sites: SiteItems,
    waiting: u64,
    computed_at: DateTime<Utc>,
}

impl Shape for DayItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Day {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let DayItem { day, sites, waiting, computed_at } = DayItem::read(map)?;
        Ok(Self { day, sites: from_items(sites), waiting, computed_at })
    }
}

/// What a month (UTC) came to: all its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `YYYY-MM`.
    pub month: String,
    /// What happened in it.
    pub sites: Sites,
    /// When this was computed.
    pub computed_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct MonthItem {
    sites: SiteItems,
    computed_at: DateTime<Utc>,
}

impl Shape for MonthItem {
    const TABLE: Table = TABLE;
}

impl FromItem for Month {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let month = string(&map, "sk", TABLE)?;
        let MonthItem { sites, computed_at } = MonthItem::read(map)?;
        Ok(Self { month, sites: from_items(sites), computed_at })
    }
}

/// How far statistics are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsProgress {
    /// The last day that needn't be computed again; those before are settled, too.
    pub settled: NaiveDate,
    /// What happened up to this instant is in them.
    pub until: DateTime<Utc>,
    /// When they were.
    pub computed_at: DateTime<Utc>,
}

impl Shape for StatisticsProgress {
    const TABLE: Table = TABLE;
}

impl FromItem for StatisticsProgress {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Self::read(map)
    }
}

/// How many accounts there are, by site and status, and when they were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedAccounts {
    /// How many.
    pub accounts: Accounts,
    /// When.
    pub counted_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct AccountsItem {
    counts: Vec<CountItem>,
    computed_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct CountItem {
    site: SiteId,
    state: StateName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<TransitionReason>,
    count: u64,
}

impl Shape for AccountsItem {
    const TABLE: Table = TABLE;
}

impl FromItem for CountedAccounts {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let AccountsItem { counts, computed_at } = AccountsItem::read(map)?;
        let counts = counts
            .into_iter()
            .map(|CountItem { site, state, reason, count }| ((site, Status { state, reason }), count));
        Ok(Self { accounts: Accounts { counts: counts.collect() }, counted_at: computed_at })
    }
}

pub(crate) fn progress() -> One<StatisticsProgress> {
    One::sorted(TABLE, PROGRESS, ALONE)
}

pub(crate) fn accounts() -> One<CountedAccounts> {
    One::sorted(TABLE, ACCOUNTS, ALONE)
}

/// `YYYY-MM`.
fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

pub(crate) fn day_item(day: &Day) -> Result<Map, Fault> {
    let Day { day: date, ref sites, waiting, computed_at } = *day;
    let item = DayItem { day: date, sites: to_items(sites), waiting, computed_at };
    item.write(&month_of(date), Some(&date.format("%d").to_string()))
}

pub(crate) fn month_item(month: &Month) -> Result<Map, Fault> {
    let item = MonthItem { sites: to_items(&month.sites), computed_at: month.computed_at };
    item.write(MONTHS, Some(&month.month))
}

pub(crate) fn accounts_item(counted: &CountedAccounts) -> Result<Map, Fault> {
    let counts = counted.accounts.counts.iter().map(|((site, Status { state, reason }), count)| CountItem {
        site: *site,
        state: *state,
        reason: *reason,
        count: *count,
    });
    let item = AccountsItem { counts: counts.collect(), computed_at: counted.counted_at };
    item.write(ACCOUNTS, Some(ALONE))
}

pub(crate) fn progress_item(progress: &StatisticsProgress) -> Result<Map, Fault> {
    progress.write(PROGRESS, Some(ALONE))
}

impl Store {
    /// Keeps what a day came to.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn put_statistics_of_day(&self, day: &Day) -> Result<(), Fault> {
        self.put_computed(day_item(day)?, day.computed_at).await
    }

    /// Adds up the days of the month that `day` is in, and keeps it.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn put_statistics_of_month(&self, day: NaiveDate, now: DateTime<Utc>) -> Result<(), Fault> {
        let month = month_of(day);
        let mut sites = Sites::new();
        let mut after = None;
        loop {
            let rows = Rows::of(TABLE, &month).consistent().page(after.as_ref(), 100);
            let page = self.rows(rows).await?.read(Day::from_item)?;
            page.items.iter().for_each(|day| domain::statistics::add(&mut sites, &day.sites));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.put_computed(month_item(&Month { month, sites, computed_at: now })?, now).await
    }

    /// Keeps how many accounts there are.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn put_counted_accounts(&self, counted: &CountedAccounts) -> Result<(), Fault> {
        self.put_computed(accounts_item(counted)?, counted.counted_at).await
    }

    /// Keeps how far statistics are computed.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn put_statistics_progress(&self, progress: &StatisticsProgress) -> Result<(), Fault> {
        self.put_computed(progress_item(progress)?, progress.computed_at).await
    }

    /// Writes what was computed, unless what is there was computed later.
    async fn put_computed(&self, item: Map, computed_at: DateTime<Utc>) -> Result<(), Fault> {
        let put = self
            .client
            .put_item()
            .table_name(self.table(TABLE)?)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR computed_at <= :computed_at")
            .expression_attribute_values(":computed_at", attribute(&computed_at)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_dynamodb::operation::put_item::PutItemError::is_conditional_check_failed_exception,
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the months from one to another came to, both within, in order; `YYYY-MM` each. At most 100.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn statistics_of_months(&self, from: &str, to: &str) -> Result<Vec<Month>, Fault> {
        let mut months = Vec::new();
        let mut after = None;
        loop {
            let rows = Rows::of(TABLE, MONTHS)
                .range("sk BETWEEN :from AND :to", [(":from", s(from)), (":to", s(to))])
                .page(after.as_ref(), 100);
            let page = self.rows(rows).await?.read(Month::from_item)?;
            months.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(months);
            }
        }
    }
}
