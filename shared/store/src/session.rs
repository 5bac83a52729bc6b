//! Sessions of clients and workers, in a table each.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use chrono::{DateTime, TimeDelta, Utc};
use domain::session::{AuthLevel, Holder, Session};
use domain::{AccountId, SessionId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Kind, Refusal, Write, pk};
use crate::item::{Map, Shape, attribute, parsed};
use crate::{Fault, Store, Table, Transaction};

/// No session lives longer, whatever the settings.
const LONGEST: TimeDelta = TimeDelta::hours(12);

#[derive(Serialize, Deserialize)]
struct SessionItem {
    #[serde(skip_serializing)]
    pk: String,
    account: Option<AccountId>,
    worker: Option<WorkerId>,
    epoch: u32,
    auth_level: AuthLevel,
    opened_at: DateTime<Utc>,
    extended_at: DateTime<Utc>,
    ttl: i64,
}

impl Shape for SessionItem {
    const TABLE: Table = Table::Sessions;
}

impl From<&Session> for SessionItem {
    fn from(session: &Session) -> Self {
        let (account, worker) = match session.holder {
            Holder::Client(account) => (Some(account), None),
            Holder::Worker(worker) => (None, Some(worker)),
        };
        Self {
            pk: session.id.to_string(),
            account,
            worker,
            epoch: session.epoch,
            auth_level: session.auth_level,
            opened_at: session.opened_at,
            extended_at: session.extended_at,
            ttl: (session.opened_at + LONGEST).timestamp(),
        }
    }
}

impl TryFrom<SessionItem> for Session {
    type Error = Fault;

    fn try_from(item: SessionItem) -> Result<Self, Fault> {
        let holder = match (item.account, item.worker) {
            (Some(account), None) => Holder::Client(account),
            (None, Some(worker)) => Holder::Worker(worker),
            _ => return Err(Fault::corrupt(Table::Sessions, "a session needs one holder")),
        };
        Ok(Self {
            id: parsed(&item.pk, "pk", Table::Sessions)?,
            holder,
            epoch: item.epoch,
            auth_level: item.auth_level,
            opened_at: item.opened_at,
            extended_at: item.extended_at,
        })
    }
}

impl FromItem for Session {
    fn from_item(map: Map) -> Result<Self, Fault> {
        SessionItem::read(map)?.try_into()
    }
}

fn table(session: &Session) -> Table {
    match session.holder {
        Holder::Client(_) => Table::Sessions,
        Holder::Worker(_) => Table::WorkerSessions,
    }
}

pub(crate) fn question(table: Table, id: SessionId) -> One<Session> {
    One::new(table, id.to_string())
}

impl Transaction {
    /// Opens a new session.
    pub fn open_session(&mut self, session: &Session) -> &mut Self {
        let write = SessionItem::from(session)
            .write(&session.id.to_string(), None)
            .map(|map| Write::put(table(session), map).when_new(Refusal::Stale(Kind::Session)));
        self.push(write)
    }

    /// Ends one session. All sessions of somebody end by their epoch.
    pub fn close_session(&mut self, session: &Session) -> &mut Self {
        self.push(Ok(Write::delete(table(session), pk(session.id.to_string()))))
    }
}

impl Store {
    /// Keeps when a session was extended. False when it has ended meanwhile.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn extend_session(&self, session: &Session) -> Result<bool, Fault> {
        let at = attribute(&session.extended_at)?;
        let extended = self
            .client
            .update_item()
            .table_name(self.table(table(session))?)
            .set_key(Some(pk(session.id.to_string())))
            .update_expression("SET extended_at = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", at)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match extended {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(context)) if context.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
