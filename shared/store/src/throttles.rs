//! Counters that slow callers down. They are written before the costly work they guard.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};
use domain::throttle::{Limit, Per};

use crate::commit::{pk, spread};
use crate::item::n;
use crate::{Fault, Store, Table};

/// Shards of a counter that every caller hits.
const GLOBAL_SHARDS: u32 = 8;
/// How long a counter outlives its window, for clocks differ.
const KEPT_AFTER: TimeDelta = TimeDelta::days(1);
/// How long attempts at an address that nobody has are counted.
const DECOY_KEPT: TimeDelta = TimeDelta::days(1);

impl Store {
    /// Counts one more try of `what` (an operation or a group of them) by `who`, and says how many there have been in
    /// the limit's window, this one included. `who` is an id, or the HMAC of an address; for a global limit it only
    /// spreads the counts, whose number is estimated from one shard.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn hit(&self, what: &str, limit: Limit, who: &str, now: DateTime<Utc>) -> Result<u32, Fault> {
        let (name, ttl) = counter(what, limit, who, now);
        let hits = self.count(name, ttl, 1).await?;
        Ok(if limit.per == Per::Global { hits.saturating_mul(GLOBAL_SHARDS) } else { hits })
    }

    /// Takes back what [`Store::hit`] counted with the same arguments.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn take_back(
        &self,
        what: &str,
        limit: Limit,
        who: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let (name, ttl) = counter(what, limit, who, now);
        self.count(name, ttl, -1).await.map(drop)
    }

    /// Counts a failed sign-in at an address that nobody has, given as HMAC: one update of one small item, as
    /// [`Store::count_sign_in_attempt`] makes, so that both answers take as long.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn count_decoy_attempt(&self, address_hmac: &str, now: DateTime<Utc>) -> Result<u32, Fault> {
        let ttl = (now + DECOY_KEPT).timestamp();
        self.count(format!("decoy#{address_hmac}"), ttl, 1).await
    }

    async fn count(&self, name: String, ttl: i64, more: i8) -> Result<u32, Fault> {
        let response = self
            .client
            .update_item()
            .table_name(self.table(Table::Throttles)?)
            .set_key(Some(pk(name)))
            .update_expression("SET #ttl = :ttl, v = :v ADD hits :more")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", n(ttl))
            .expression_attribute_values(":v", n(1))
            .expression_attribute_values(":more", n(more))
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        response
            .attributes()
            .and_then(|item| item.get("hits")?.as_n().ok()?.parse().ok())
            .ok_or_else(|| Fault::corrupt(Table::Throttles, "`hits` is not a count"))
    }
}

/// The name of a counter, and when it may be forgotten.
fn counter(what: &str, limit: Limit, who: &str, now: DateTime<Utc>) -> (String, i64) {
    let (per, window) = (limit.per, limit.window_at(now));
    let ttl = limit.window_ends(now) + KEPT_AFTER.num_seconds();
    let name = match per {
        Per::Global => format!("{what}#{per}#{}#{window}", spread(who, GLOBAL_SHARDS)),
        _ => format!("{what}#{per}#{who}#{window}"),
    };
    (name, ttl)
}
