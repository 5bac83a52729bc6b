//! The access log: sign-ins, refusals, staff views. Append only.

use chrono::{DateTime, TimeDelta, Utc};
use domain::journal::{Actor, Subject};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use crate::commit::{Refusal, Write, spread};
use crate::item::{Map, Shape};
use crate::{Fault, Store, Table, Transaction};

/// Shards of each day.
const SHARDS: u32 = 4;
/// Six years.
const KEPT: TimeDelta = TimeDelta::days(6 * 365 + 2);

/// Who looked at what, or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// A fresh UUID of version 7.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// The operation's name.
    pub operation: String,
    /// What came of it: a stable code, `ok` or why it was refused.
    pub outcome: String,
    /// Whose data.
    pub subject: Option<Subject>,
    /// HMAC of the viewer's network address.
    pub viewer: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct EntryItem {
    at: DateTime<Utc>,
    actor: Actor,
    operation: String,
    outcome: String,
    subject: Option<Subject>,
    viewer: Option<String>,
    ttl: i64,
}

impl Shape for EntryItem {
    const TABLE: Table = Table::AccessLog;
}

fn item(entry: &AccessEntry) -> Result<Map, Fault> {
    let id = entry.id.simple().to_string();
    let pk = format!("{}#{}", entry.at.date_naive(), spread(&id, SHARDS));
    let item = EntryItem {
        at: entry.at,
        actor: entry.actor,
        operation: entry.operation.clone(),
        outcome: entry.outcome.clone(),
        subject: entry.subject,
        viewer: entry.viewer.clone(),
        ttl: (entry.at + KEPT).timestamp(),
    };
    item.write(&pk, Some(&id))
}

impl Transaction {
    /// A change that is no change of state (a session ends): told by the access log, not by the journal.
    #[must_use]
    pub fn logged(entry: &AccessEntry) -> Self {
        let mut transaction = Self::untold(entry.id);
        transaction.log_access(entry);
        transaction
    }

    /// Adds an access-log entry.
    pub fn log_access(&mut self, entry: &AccessEntry) -> &mut Self {
        let write = item(entry).map(|map| Write::put(Table::AccessLog, map).when_new(Refusal::OwnRecord));
        self.push(write)
    }
}

impl Store {
    /// Adds an access-log entry. What it tells of may only go on if this succeeds.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn log_access(&self, entry: &AccessEntry) -> Result<(), Fault> {
        // An entry that is there already is this one: its id is fresh.
        self.append(Table::AccessLog, item(entry)?).await.map(|_| ())
    }

    /// Adds an item; false if there is one already.
    pub(crate) async fn append(&self, table: Table, item: Map) -> Result<bool, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(self.table(table)?)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(aws_sdk_dynamodb::error::SdkError::ServiceError(context))
                if context.err().is_conditional_check_failed_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
