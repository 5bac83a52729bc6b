//! Calls that may be repeated: what was answered is kept under caller, operation and key, in the call's own transaction.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Refusal, Write};
use crate::item::{Map, Shape, n};
use crate::{Fault, Table, Transaction};

/// How long a call may be repeated.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What a call was answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answered {
    /// Digest of the payload it was made with; another payload under the same key is a mistake of the caller's.
    pub payload_hash: String,
    /// The response, as it was sent.
    pub response: String,
    /// After this instant the key may be used anew.
    pub until: DateTime<Utc>,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered")
            .field("payload_hash", &self.payload_hash)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl Answered {
    pub(crate) fn read(item: Option<Map>) -> Result<Self, Fault> {
        Self::from_item(item.ok_or_else(|| Fault::internal("DynamoDB sent no old item"))?)
    }
}

#[derive(Serialize, Deserialize)]
struct Item {
    payload_hash: String,
    response: String,
    ttl: i64,
}

impl Shape for Item {
    const TABLE: Table = Table::Idempotency;
}

impl FromItem for Answered {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let item = Item::read(map)?;
        Ok(Self {
            payload_hash: item.payload_hash,
            response: item.response,
            until: DateTime::from_timestamp(item.ttl, 0)
                .ok_or_else(|| Fault::corrupt(Table::Idempotency, "`ttl` is not an instant"))?,
        })
    }
}

pub(crate) fn question(call: &str) -> One<Answered> {
    One::new(Table::Idempotency, call)
}

impl Transaction {
    /// Keeps what the call is answered, for 24 hours; `AlreadyHappened` if it has been answered before. `call` is the
    /// digest of caller, operation and the caller's key.
    pub fn answer(
        &mut self,
        call: &str,
        payload_hash: &str,
        response: &str,
        now: DateTime<Utc>,
    ) -> &mut Self {
        let item = Item {
            payload_hash: payload_hash.to_owned(),
            response: response.to_owned(),
            ttl: (now + KEPT).timestamp(),
        };
        let write = item.write(call, None).map(|map| {
            Write::put(Table::Idempotency, map)
                .when("attribute_not_exists(pk) OR #ttl < :now", Refusal::Answered)
                .name("#ttl", "ttl")
                .value(":now", n(now.timestamp()))
        });
        self.push(write)
    }
}
