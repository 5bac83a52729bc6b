//! The journal: audit trail and outbox. Append only.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, Utc};
use domain::account::Transition;
use domain::journal::{Actor, FieldName, JournalEvent, JournalRecord, Subject};
use domain::{CorrelationId, JournalId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ask::{FromItem, One};
use crate::commit::{Refusal, Write, spread};
use crate::item::{Map, Page, Position, Shape, parsed, string};
use crate::query::Rows;
use crate::tables::DAY;
use crate::{Fault, Store, Table, Transaction};

/// Where a journal record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordName {
    /// What it was done to.
    pub subject: Subject,
    /// Its id.
    pub record: JournalId,
}

/// Shards of each day in the journal's index.
pub const DAY_SHARDS: u32 = 4;
const TABLE: Table = Table::Journal;

#[derive(Serialize, Deserialize)]
struct RecordItem {
    #[serde(skip_serializing)]
    pk: String,
    #[serde(skip_serializing)]
    sk: String,
    at: DateTime<Utc>,
    actor: Actor,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<Subject>,
    correlation: CorrelationId,
    causation: Option<JournalId>,
    transition: Option<Transition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<FieldName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<JournalEvent>,
    day_shard: String,
}

impl Shape for RecordItem {
    const TABLE: Table = TABLE;
}

fn day_shard(day: NaiveDate, shard: u32) -> String {
    format!("{day}#{shard}")
}

impl From<&JournalRecord> for RecordItem {
    fn from(record: &JournalRecord) -> Self {
        let sk = record.id.to_string();
        Self {
            pk: record.subject.to_string(),
            day_shard: day_shard(record.at.date_naive(), spread(&sk, DAY_SHARDS)),
            sk,
            at: record.at,
            actor: record.actor,
            subjects: record.subjects.clone(),
            correlation: record.correlation,
            causation: record.causation,
            transition: record.transition,
            changed: record.changed.clone(),
            events: record.events.clone(),
        }
    }
}

impl TryFrom<RecordItem> for JournalRecord {
    type Error = Fault;

    fn try_from(item: RecordItem) -> Result<Self, Fault> {
        Ok(Self {
            id: parsed(&item.sk, "sk", TABLE)?,
            at: item.at,
            actor: item.actor,
            subject: parsed(&item.pk, "pk", TABLE)?,
            subjects: item.subjects,
            correlation: item.correlation,
            causation: item.causation,
            transition: item.transition,
            changed: item.changed,
            events: item.events,
        })
    }
}

impl FromItem for JournalRecord {
    fn from_item(map: Map) -> Result<Self, Fault> {
        RecordItem::read(map)?.try_into()
    }
}

/// Reads a record from the new image that the journal's stream carries.
///
/// # Errors
/// `Corrupt` if it is no journal record.
pub fn from_stream(image: serde_dynamo::Item) -> Result<JournalRecord, Fault> {
    let image: HashMap<String, AttributeValue> = image.into();
    JournalRecord::from_item(image)
}

pub(crate) fn question(name: RecordName) -> One<JournalRecord> {
    One::sorted(TABLE, name.subject.to_string(), name.record.to_string())
}

impl Transaction {
    /// A change told by `record`, which is written with it.
    #[must_use]
    pub fn new(record: &JournalRecord) -> Self {
        let mut transaction = Self {
            writes: Vec::new(),
            changed_by: Some(record.id),
            token: record.id.uuid().simple().to_string(),
            failed: None,
        };
        let item = RecordItem::from(record);
        let write = item
            .write(&item.pk, Some(&item.sk))
            .map(|map| Write::put(TABLE, map).when_new(Refusal::OwnRecord));
        transaction.push(write);
        transaction
    }

    /// A change told by a record whose id is known beforehand, so that it is made once however often it is tried. What
    /// each try writes may differ, and DynamoDB takes nothing else under the same token: so `attempt` is the token.
    #[must_use]
    pub fn once(record: &JournalRecord, attempt: Uuid) -> Self {
        Self { token: attempt.simple().to_string(), ..Self::new(record) }
    }
}

impl Store {
    /// What happened to `subject`, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn history(
        &self,
        subject: Subject,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<JournalRecord>, Fault> {
        let rows = Rows::of(TABLE, subject.to_string()).newest_first().page(after, limit);
        self.rows(rows).await?.read(JournalRecord::from_item)
    }

    /// The names of what happened on a day (UTC), in one of [`DAY_SHARDS`], in order of the records' ids. At most 100 a
    /// page.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn journal_names_of_day(
        &self,
        day: NaiveDate,
        shard: u32,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<RecordName>, Fault> {
        let rows = Rows::of_index(TABLE, &DAY, day_shard(day, shard)).page(after, limit.min(100));
        self.rows(rows).await?.read(|row| {
            Ok(RecordName {
                subject: parsed(&string(&row, "pk", TABLE)?, "pk", TABLE)?,
                record: parsed(&string(&row, "sk", TABLE)?, "sk", TABLE)?,
            })
        })
    }

    /// What happened on a day (UTC), in one of [`DAY_SHARDS`], in order of the records' ids. At most 100 a page.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn journal_of_day(
        &self,
        day: NaiveDate,
        shard: u32,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<JournalRecord>, Fault> {
        let names = self.journal_names_of_day(day, shard, after, limit).await?;
        let records = self.ask(names.items.into_iter().map(question).collect::<Vec<_>>()).await?;
        Ok(Page { items: records.into_iter().flatten().collect(), next: names.next })
    }
}
