//! What somebody asks for by an email address (A19), until a job has looked whose it is: so asking is the same for
//! known and unknown addresses.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use chrono::{DateTime, TimeDelta, Utc};
use domain::journal::Audience;
use domain::{CorrelationId, JournalId};
use serde::{Deserialize, Serialize};

use crate::ask::FromItem;
use crate::item::{Map, Shape, string};
use crate::{Fault, Store, Table};

const TABLE: Table = Table::Requests;
/// How long the stream carries it; then nobody will look at it any more.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Somebody asks for a link to choose a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// The keyed name of site and address; a later request takes the place of an earlier one.
    pub name: String,
    /// The journal record of what comes of it, known beforehand so that it comes of it once.
    pub record: JournalId,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// On which site, and so of clients or of workers.
    pub audience: Audience,
    /// The address, sealed.
    pub address: String,
    /// The same for everything that follows from it.
    pub correlation: CorrelationId,
}

#[derive(Serialize, Deserialize)]
struct Item {
    record: JournalId,
    at: DateTime<Utc>,
    audience: Audience,
    address: String,
    correlation: CorrelationId,
    ttl: i64,
}

impl Shape for Item {
    const TABLE: Table = TABLE;
}

/// Reads a request from the new image that the stream of its table carries.
///
/// # Errors
/// `Corrupt` if it is none.
pub fn from_stream(image: serde_dynamo::Item) -> Result<ResetRequest, Fault> {
    let image: HashMap<String, AttributeValue> = image.into();
    ResetRequest::from_item(image)
}

impl FromItem for ResetRequest {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let name = string(&map, "pk", TABLE)?;
        let Item { record, at, audience, address, correlation, .. } = Item::read(map)?;
        Ok(Self { name, record, at, audience, address, correlation })
    }
}

pub(crate) fn item(request: &ResetRequest) -> Result<Map, Fault> {
    let ResetRequest { name, record, at, audience, address, correlation } = request.clone();
    let ttl = (at + KEPT).timestamp();
    Item { record, at, audience, address, correlation, ttl }.write(&name, None)
}

impl Store {
    /// Keeps what was asked, for `jobs.resolve_requests` to look at.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn put_request(&self, request: &ResetRequest) -> Result<(), Fault> {
        self.client
            .put_item()
            .table_name(self.table(TABLE)?)
            .set_item(Some(item(request)?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        Ok(())
    }
}
