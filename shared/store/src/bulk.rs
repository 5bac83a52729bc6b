//! Bulk jobs: how far each is, the lists of its targets, and what became of its mails.

use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::bulk::{BulkJob, BulkState, MailCounts, Outcome, Place, Target, Work};
use domain::job::JobMode;
use domain::{Account, AccountId, IndividualId, JobId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk, pk_sk};
use crate::individual::PROFILE;
use crate::item::{Map, Page, Position, Shape, Stored, Version, Versioned, n, parsed, s, string};
use crate::query::Rows;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::Jobs;
const JOB: &str = "bulk";
const MAILS: &str = "mails";
/// The partition of rows by which all bulk jobs are found, and of the one that says which is applied.
const ALL: &str = "bulk_jobs";
const APPLIED: &str = "applied";
/// What the keys of accounts begin with, and of nothing else beside them.
const ACCOUNT: &str = "acc_";
/// Rows that one call of a walk reads at most.
const WALKED: i32 = 1000;

#[derive(Serialize, Deserialize)]
pub(crate) struct BulkItem {
    #[serde(skip_serializing)]
    pk: String,
    work: Work,
    mode: JobMode,
    state: BulkState,
    total: Option<u64>,
    lists: u32,
    tallies: Vec<Tally>,
    place: Place,
    pages: u32,
    mails_before: MailCounts,
    dry_run: Option<JobId>,
    applied_by: Option<JobId>,
    by: WorkerId,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Tally {
    of: Outcome,
    count: u64,
}

impl Shape for BulkItem {
    const TABLE: Table = TABLE;
}

impl From<&BulkJob> for BulkItem {
    fn from(job: &BulkJob) -> Self {
        Self {
            pk: job.id.to_string(),
            work: job.work.clone(),
            mode: job.mode,
            state: job.state,
            total: job.total,
            lists: job.lists,
            tallies: job.tallies.iter().map(|(of, count)| Tally { of: *of, count: *count }).collect(),
            place: job.place.clone(),
            pages: job.pages,
            mails_before: job.mails_before,
            dry_run: job.dry_run,
            applied_by: job.applied_by,
            by: job.by,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

impl TryFrom<BulkItem> for BulkJob {
    type Error = Fault;

    fn try_from(item: BulkItem) -> Result<Self, Fault> {
        Ok(Self {
            id: parsed(&item.pk, "pk", TABLE)?,
            work: item.work,
            mode: item.mode,
            state: item.state,
            total: item.total,
            lists: item.lists,
            tallies: item.tallies.into_iter().map(|tally| (tally.of, tally.count)).collect(),
            place: item.place,
            pages: item.pages,
            mails_before: item.mails_before,
            dry_run: item.dry_run,
            applied_by: item.applied_by,
            by: item.by,
            created_at: item.created_at,
            updated_at: item.updated_at,
        })
    }
}

impl Stored for BulkJob {
    type Item = BulkItem;
    const KIND: Kind = Kind::Job;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), Some(JOB))
    }
}

pub(crate) fn question(id: JobId) -> One<Versioned<BulkJob>> {
    One::sorted(TABLE, id.to_string(), JOB)
}

/// A list of targets that a job works through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetList {
    /// The targets, in order.
    pub targets: Vec<Target>,
}

impl Shape for TargetList {
    const TABLE: Table = TABLE;
}

impl FromItem for TargetList {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Self::read(map)
    }
}

fn list_sk(number: u32) -> String {
    format!("targets#{number:06}")
}

pub(crate) fn targets(id: JobId, number: u32) -> One<TargetList> {
    One::sorted(TABLE, id.to_string(), list_sk(number))
}

impl Shape for MailCounts {
    const TABLE: Table = TABLE;
}

impl FromItem for MailCounts {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Self::read(map)
    }
}

pub(crate) fn mails(id: JobId) -> One<MailCounts> {
    One::sorted(TABLE, id.to_string(), MAILS)
}

/// Which of a job's counts a mail adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedMail {
    /// The mail service took it.
    Sent,
    /// It came back.
    Bounced,
    /// Its reader complained of it.
    Complained,
}

#[derive(Serialize, Deserialize)]
struct RowItem {
    job: JobId,
}

impl Shape for RowItem {
    const TABLE: Table = TABLE;
}

impl Transaction {
    /// Writes a bulk job where it was loaded with `version`, or anew, with the row by which it is found.
    pub fn put_bulk_job(&mut self, version: Version, job: &BulkJob) -> &mut Self {
        self.put_versioned(version, job);
        if version == Version::NONE {
            let at = job.created_at.to_rfc3339_opts(SecondsFormat::Millis, true);
            let row = RowItem { job: job.id };
            self.put_once(&row, ALL, Some(&format!("job#{at}#{}", job.id)), Kind::Job);
        }
        self
    }

    /// Writes one of the lists of targets of a bulk job, counted from 1.
    pub fn put_targets(&mut self, job: JobId, number: u32, targets: &TargetList) -> &mut Self {
        self.put_once(targets, &job.to_string(), Some(&list_sk(number)), Kind::Report)
    }

    /// Makes this the one job that is applied; `JobRunning` while there is another.
    pub fn begin_applying(&mut self, job: JobId) -> &mut Self {
        let write = RowItem { job }.write(ALL, Some(APPLIED)).map(|map| {
            Write::put(TABLE, map)
                .when("attribute_not_exists(pk) OR job = :job", Refusal::Conflict(|| Conflict::JobRunning))
                .value(":job", s(job.to_string()))
        });
        self.push(write)
    }

    /// Makes room for another job to be applied.
    pub fn end_applying(&mut self, job: JobId) -> &mut Self {
        let write = Write::delete(TABLE, pk_sk(ALL, APPLIED))
            .when("job = :job", Refusal::Stale(Kind::Job))
            .value(":job", s(job.to_string()));
        self.push(Ok(write))
    }

    /// Counts a mail for its job.
    pub fn count_mail(&mut self, job: JobId, counted: CountedMail) -> &mut Self {
        let field = match counted {
            CountedMail::Sent => "sent",
            CountedMail::Bounced => "bounced",
            CountedMail::Complained => "complained",
        };
        let write = Write::update(TABLE, pk_sk(job.to_string(), MAILS), "SET v = :one ADD #count :one");
        self.push(Ok(write.name("#count", field).value(":one", n(1))))
    }
}

/// Part of a walk through all there are.
#[derive(Debug, Clone)]
pub struct Walked<T> {
    /// What was met, in the order of the walk.
    pub items: Vec<T>,
    /// Whether there is nothing after them.
    pub ended: bool,
}

impl Store {
    /// All bulk jobs, the newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn bulk_jobs(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<BulkJob>>, Fault> {
        let rows = Rows::of(TABLE, ALL)
            .range("begins_with(sk, :job)", [(":job", s("job#"))])
            .consistent()
            .newest_first()
            .page(after, limit.min(100));
        let found = self.rows(rows).await?.read(|row| Ok(question(RowItem::read(row)?.job)))?;
        let jobs = self.ask(found.items).await?;
        Ok(Page { items: jobs.into_iter().flatten().collect(), next: found.next })
    }

    /// Walks through all individuals, read strongly, from the one after `after` on: at most `most` of them. For jobs alone:
    /// it reads the whole table. Who is added behind the walk is not met.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn walk_individuals(
        &self,
        after: Option<IndividualId>,
        most: usize,
    ) -> Result<Walked<IndividualId>, Fault> {
        let scan = self.client.scan().filter_expression("sk = :profile").projection_expression("pk");
        let scan = scan.expression_attribute_values(":profile", s(PROFILE));
        let start = after.map(|after| pk_sk(after.to_string(), PROFILE));
        let Walked { mut items, mut ended } = self.walk(Table::Individuals, scan, start).await?;
        if items.len() > most {
            items.truncate(most);
            ended = false;
        }
        let id = |row: &Map| parsed(&string(row, "pk", Table::Individuals)?, "pk", Table::Individuals);
        Ok(Walked { items: items.iter().map(id).collect::<Result<_, _>>()?, ended })
    }

    /// Walks through all accounts, as [`Store::walk_individuals`] through individuals.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn walk_accounts(&self, after: Option<AccountId>) -> Result<Walked<Account>, Fault> {
        let scan = self.client.scan().filter_expression("begins_with(pk, :account)");
        let scan = scan.expression_attribute_values(":account", s(ACCOUNT));
        let start = after.map(|after| pk(after.to_string()));
        let Walked { items, ended } = self.walk(Table::Accounts, scan, start).await?;
        let account = |row| Versioned::from_item(row).map(|account| account.value);
        Ok(Walked { items: items.into_iter().map(account).collect::<Result<_, _>>()?, ended })
    }

    /// The next rows that the scan lets through, at least one unless there are no more.
    async fn walk(
        &self,
        table: Table,
        scan: ScanFluentBuilder,
        mut start: Option<Map>,
    ) -> Result<Walked<Map>, Fault> {
        let scan = scan
            .table_name(self.table(table)?)
            .consistent_read(true)
            .limit(WALKED)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        loop {
            let response = scan.clone().set_exclusive_start_key(start).send().await?;
            let items = response.items.unwrap_or_default();
            start = response.last_evaluated_key;
            if start.is_none() || !items.is_empty() {
                return Ok(Walked { items, ended: start.is_none() });
            }
        }
    }
}
