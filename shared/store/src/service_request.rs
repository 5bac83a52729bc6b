//! What clients asked for: in the individual's own partition, beside what they are enrolled in.

use chrono::{DateTime, Utc};
use domain::service_request::{RequestOutcome, ServiceRequest, Settled};
use domain::{AccountId, IndividualId, ServiceId, ServiceRequestId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::One;
use crate::commit::{Conflict, Kind, Refusal, Write, pk_sk};
use crate::item::{Page, Position, Shape, Stale, Stored, Version, Versioned, parsed, string};
use crate::query::Rows;
use crate::tables::REQUESTS;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::ServiceFiles;
const PREFIX: &str = "request#";

fn sk(id: ServiceRequestId) -> String {
    format!("{PREFIX}{id}")
}

/// Which service requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestList {
    /// Those that wait.
    Open,
    /// Those that are settled.
    Settled,
}

impl RequestList {
    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RequestItem {
    id: ServiceRequestId,
    #[serde(skip_serializing)]
    pk: String,
    account: AccountId,
    service: ServiceId,
    parent: Option<ServiceId>,
    message: Option<String>,
    requested_at: DateTime<Utc>,
    settled: Option<SettledItem>,
    /// Keys of the index, of no meaning when read.
    #[serde(default)]
    request_list: String,
    #[serde(default)]
    request_at: String,
}

#[derive(Serialize, Deserialize)]
struct SettledItem {
    outcome: RequestOutcome,
    by: WorkerId,
    at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Shape for RequestItem {
    const TABLE: Table = TABLE;
}

impl From<&ServiceRequest> for RequestItem {
    fn from(request: &ServiceRequest) -> Self {
        let (list, at) = match &request.settled {
            None => (RequestList::Open, request.requested_at),
            Some(settled) => (RequestList::Settled, settled.at),
        };
        let settled = request.settled.clone();
        Self {
            id: request.id,
            pk: request.individual.to_string(),
            account: request.account,
            service: request.service,
            parent: request.parent,
            message: request.message.clone(),
            requested_at: request.requested_at,
            settled: settled.map(|Settled { outcome, by, at, note }| SettledItem { outcome, by, at, note }),
            request_list: list.name().to_owned(),
            request_at: format!("{}#{}", at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true), request.id),
        }
    }
}

impl TryFrom<RequestItem> for ServiceRequest {
    type Error = Fault;

    fn try_from(item: RequestItem) -> Result<Self, Fault> {
        let settled = item.settled;
        Ok(Self {
            id: item.id,
            individual: parsed(&item.pk, "pk", TABLE)?,
            account: item.account,
            service: item.service,
            parent: item.parent,
            message: item.message,
            requested_at: item.requested_at,
            settled: settled.map(|SettledItem { outcome, by, at, note }| Settled { outcome, by, at, note }),
        })
    }
}

impl Stored for ServiceRequest {
    type Item = RequestItem;
    const KIND: Kind = Kind::ServiceRequest;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.individual.to_string(), None)
    }

    fn sort_key(&self) -> Option<String> {
        Some(sk(self.id))
    }
}

pub(crate) fn question(individual: IndividualId, id: ServiceRequestId) -> One<Versioned<ServiceRequest>> {
    One::sorted(TABLE, individual.to_string(), sk(id))
}

/// The mark that an individual has asked for a service, as long as it waits.
#[derive(Serialize, Deserialize)]
struct MarkItem {
    request: ServiceRequestId,
}

impl Shape for MarkItem {
    const TABLE: Table = TABLE;
}

fn mark_sk(service: ServiceId) -> String {
    format!("open_request#{service}")
}

impl Transaction {
    /// Adds a service request; `AlreadyRequested` where one for the same service waits.
    pub fn put_service_request(&mut self, request: &ServiceRequest) -> &mut Self {
        self.put_versioned(Version::NONE, request);
        let mark = MarkItem { request: request.id };
        let write = mark.write(&request.individual.to_string(), Some(&mark_sk(request.service)));
        let refusal = Refusal::Conflict(|| Conflict::AlreadyRequested);
        self.push(write.map(|map| Write::put(TABLE, map).when_new(refusal)))
    }

    /// Writes a service request that was settled; the service may be asked for again.
    pub fn settle_service_request(&mut self, loaded: Version, settled: &ServiceRequest) -> &mut Self {
        self.put_versioned(loaded, settled);
        let mark = pk_sk(settled.individual.to_string(), mark_sk(settled.service));
        self.push(Ok(Write::delete(TABLE, mark)))
    }
}

impl Store {
    /// Service requests that wait, the longest waiting first; or that were settled, the last first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn service_requests(
        &self,
        list: RequestList,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<(IndividualId, ServiceRequestId)>>, Fault> {
        let rows = Rows::of_index(TABLE, &REQUESTS, list.name())
            .backwards(list == RequestList::Settled)
            .page(after, limit.min(100));
        self.rows(rows).await?.read(|row| {
            let individual = parsed(&string(&row, "pk", TABLE)?, "pk", TABLE)?;
            let sk = string(&row, "sk", TABLE)?;
            let id = parsed(sk.strip_prefix(PREFIX).unwrap_or_default(), "sk", TABLE)?;
            Ok(Stale((individual, id)))
        })
    }
}
