//! One transaction: the items, the journal record of the change, and the conditions under which they are written.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};

use domain::JournalId;
use uuid::Uuid;

use crate::idempotency::Answered;
use crate::item::{Map, n, s};
use crate::{Fault, Store, Table};

/// How often a transaction, or a counter, is tried again when others write the same items.
pub(crate) const RETRIES: u32 = 4;
/// How often a licence is looked for in another shard.
const LICENCE_TRIES: u32 = 16;
/// DynamoDB takes no more in one transaction.
const MOST_ITEMS: usize = 100;

/// What a transaction may find changed, taken or absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An individual's profile.
    Individual,
    /// An account.
    Account,
    /// Which account an individual has open.
    Holding,
    /// The licences.
    Licences,
    /// Sign-in name and password of an account or worker.
    Credentials,
    /// A worker's second factor.
    SecondFactor,
    /// A worker.
    Worker,
    /// A session.
    Session,
    /// The agency's settings.
    Settings,
    /// The agency's security classes.
    SecurityClasses,
    /// The agency's sites.
    Sites,
    /// The mark that the agency has been set up.
    SetUp,
    /// Public keys.
    PublicKeys,
    /// A text of policy or terms.
    Policy,
    /// A job.
    Job,
    /// A page of a job's report.
    Report,
    /// An access-log entry.
    AccessLog,
    /// A journal record.
    Journal,
    /// A service.
    Service,
    /// A service file.
    ServiceFile,
    /// A place on a roster.
    Place,
    /// A service request.
    ServiceRequest,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Individual => "individual",
            Self::Account => "account",
            Self::Holding => "individual's open account",
            Self::Licences => "licences",
            Self::Credentials => "credentials",
            Self::SecondFactor => "second factor",
            Self::Worker => "worker",
            Self::Session => "session",
            Self::Settings => "settings",
            Self::SecurityClasses => "security classes",
            Self::Sites => "sites",
            Self::SetUp => "mark of set-up",
            Self::PublicKeys => "public keys",
            Self::Policy => "policy",
            Self::Job => "job",
            Self::Report => "report page",
            Self::AccessLog => "access-log entry",
            Self::Journal => "journal record",
            Self::Service => "service",
            Self::ServiceFile => "service file",
            Self::Place => "place on a roster",
            Self::ServiceRequest => "service request",
        })
    }
}

/// Why a transaction was not made: a condition that no longer holds. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// This call was made before; here is what was answered.
    #[error("the call was made before")]
    AlreadyHappened(Answered),
    /// The individual has an open account (A1).
    #[error("the individual has an open account")]
    OpenAccountExists,
    /// The address is the sign-in name of another open account or worker (A1, B1).
    #[error("the address is a sign-in name already")]
    SignInNameTaken,
    /// Another individual has this external id (B12).
    #[error("another individual has this external id")]
    ExternalIdTaken,
    /// It was changed since it was loaded, or a new one exists already: load again and decide again.
    #[error("{0} was changed by another call")]
    Stale(Kind),
    /// Another bulk job is being applied.
    #[error("another bulk job is being applied")]
    JobRunning,
    /// All licences are used (B7).
    #[error("no licence is free")]
    NoLicence,
    /// People are enrolled in the service, or something active is below it.
    #[error("the service is in use")]
    ServiceInUse,
    /// The client has asked for this service, and it waits.
    #[error("the service is asked for already")]
    AlreadyRequested,
}

impl Conflict {
    /// Which of several to report: what says most first.
    fn rank(&self) -> u8 {
        match self {
            Self::AlreadyHappened(_) => 0,
            Self::OpenAccountExists => 1,
            Self::SignInNameTaken => 2,
            Self::ExternalIdTaken => 3,
            Self::JobRunning => 4,
            Self::ServiceInUse => 5,
            Self::AlreadyRequested => 6,
            Self::Stale(_) => 7,
            Self::NoLicence => 8,
        }
    }
}

/// Why a commit did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition no longer holds.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The store failed; whether the transaction was made is unknown after `Unavailable`.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What a failed condition of a write means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    Conflict(fn() -> Conflict),
    Stale(Kind),
    /// The record of this very transaction exists: it was made.
    OwnRecord,
    /// The call's idempotency record exists.
    Answered,
    /// No licence in this shard; there may be one in another.
    Licence,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Put(Map),
    Update {
        key: Map,
        expression: String,
    },
    Delete {
        key: Map,
    },
    /// Nothing is written; the condition alone counts.
    Check {
        key: Map,
    },
}

/// One write of a transaction.
#[derive(Clone)]
pub(crate) struct Write {
    pub(crate) table: Table,
    pub(crate) op: Op,
    condition: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    refusal: Refusal,
}

impl Write {
    pub(crate) fn new(table: Table, op: Op) -> Self {
        Self {
            table,
            op,
            condition: String::new(),
            names: HashMap::new(),
            values: HashMap::new(),
            refusal: Refusal::Stale(Kind::Journal),
        }
    }

    pub(crate) fn put(table: Table, item: Map) -> Self {
        Self::new(table, Op::Put(item))
    }

    pub(crate) fn update(table: Table, key: Map, expression: impl Into<String>) -> Self {
        Self::new(table, Op::Update { key, expression: expression.into() })
    }

    pub(crate) fn delete(table: Table, key: Map) -> Self {
        Self::new(table, Op::Delete { key })
    }

    pub(crate) fn check(table: Table, key: Map) -> Self {
        Self::new(table, Op::Check { key })
    }

    /// Demands `condition`, whose failure means `refusal`.
    pub(crate) fn when(mut self, condition: impl Into<String>, refusal: Refusal) -> Self {
        self.condition = condition.into();
        self.refusal = refusal;
        self
    }

    pub(crate) fn when_new(self, refusal: Refusal) -> Self {
        self.when("attribute_not_exists(pk)", refusal)
    }

    pub(crate) fn name(mut self, placeholder: &str, field: &str) -> Self {
        self.names.insert(placeholder.to_owned(), field.to_owned());
        self
    }

    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    pub(crate) fn into_sdk(self, store: &Store) -> Result<TransactWriteItem, Fault> {
        let table = store.table(self.table)?;
        let names = (!self.names.is_empty()).then_some(self.names);
        let values = (!self.values.is_empty()).then_some(self.values);
        let condition = (!self.condition.is_empty()).then_some(self.condition);
        let old =
            matches!(self.refusal, Refusal::Answered).then_some(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = TransactWriteItem::builder();
        let built = match self.op {
            Op::Put(map) => Put::builder()
                .table_name(table)
                .set_item(Some(map))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(old)
                .build()
                .map(|put| item.put(put)),
            Op::Update { key, expression } => Update::builder()
                .table_name(table)
                .set_key(Some(key))
                .update_expression(expression)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|update| item.update(update)),
            Op::Delete { key } => Delete::builder()
                .table_name(table)
                .set_key(Some(key))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|delete| item.delete(delete)),
            Op::Check { key } => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|check| item.condition_check(check)),
        };
        built.map(TransactWriteItemBuilder::build).map_err(crate::unbuilt)
    }
}

/// Collects the writes of one change. What it is made with says who changes what, and is written with it.
pub struct Transaction {
    pub(crate) writes: Vec<Write>,
    /// The journal record that the changed items name.
    pub(crate) changed_by: Option<JournalId>,
    /// Identifies this transaction, towards DynamoDB and as seed of its jitter.
    pub(crate) token: String,
    /// A defect met while building, told at commit.
    pub(crate) failed: Option<Fault>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("token", &self.token)
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

impl Transaction {
    /// What is no change of state, and told by no record of its own.
    pub(crate) fn untold(attempt: Uuid) -> Self {
        let token = attempt.simple().to_string();
        Self { writes: Vec::new(), changed_by: None, token, failed: None }
    }

    pub(crate) fn push(&mut self, write: Result<Write, Fault>) -> &mut Self {
        match write {
            Ok(write) => self.writes.push(write),
            Err(fault) => {
                self.failed.get_or_insert(fault);
            }
        }
        self
    }

    /// How many items it writes; DynamoDB takes 100.
    #[must_use]
    pub fn items(&self) -> usize {
        self.writes.len()
    }

    /// Spreads what belongs to this transaction over `shards`.
    pub(crate) fn shard(&self, shards: u32) -> u32 {
        spread(&self.token, shards)
    }
}

/// The same place among `shards` for the same text, always.
pub(crate) fn spread(text: &str, shards: u32) -> u32 {
    // FNV-1a.
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 15)) % shards
}

/// How long to wait before the next attempt: between half and all of 25 ms, doubled each time.
pub(crate) fn backoff(seed: &str, attempt: u32) -> Duration {
    let half = 12_500_u32 << attempt.min(6);
    let micros = half + spread(&format!("{seed}{attempt}"), half);
    Duration::from_micros(micros.into())
}

/// What came of one attempt.
enum Attempt {
    Made,
    Refused(Conflict),
    NoLicenceHere,
    Contended,
}

impl Store {
    /// Writes all of it or nothing. Repeats it, bounded, while others write the same items; a licence is looked for in
    /// every shard; a transaction whose own journal record exists has been made.
    ///
    /// # Errors
    /// `Conflict`: a condition no longer holds, and nothing was written. `Fault`: the store failed.
    pub async fn commit(&self, transaction: Transaction) -> Result<(), CommitError> {
        let Transaction { mut writes, token, failed, .. } = transaction;
        if let Some(fault) = failed {
            return Err(fault.into());
        }
        if writes.len() > MOST_ITEMS {
            let what = format!("a transaction of {} items", writes.len());
            return Err(Fault::internal(what).into());
        }
        let (mut contended, mut moved) = (0, 0);
        loop {
            // The token names one set of parameters, and another shard is another set.
            match self.attempt(&writes, format!("{token}-{moved:x}")).await? {
                Attempt::Made => return Ok(()),
                Attempt::Refused(conflict) => return Err(conflict.into()),
                Attempt::Contended if contended < RETRIES => {
                    tokio::time::sleep(backoff(&token, contended)).await;
                    contended += 1;
                }
                Attempt::NoLicenceHere if moved < LICENCE_TRIES => {
                    moved += 1;
                    let licences = self.ask(crate::ask::licences()).await?;
                    let from = spread(&format!("{token}{moved}"), crate::LICENCE_SHARDS);
                    let shard = licences.shard_with_one_free(from).ok_or(Conflict::NoLicence)?;
                    for write in &mut writes {
                        if let (Refusal::Licence, Op::Update { key, .. }) = (write.refusal, &mut write.op) {
                            *key = crate::licences::key(shard);
                        }
                    }
                }
                Attempt::Contended | Attempt::NoLicenceHere => {
                    return Err(Fault::contention().into());
                }
            }
        }
    }

    async fn attempt(&self, writes: &[Write], token: String) -> Result<Attempt, CommitError> {
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            items.push(write.clone().into_sdk(self)?);
        }
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token)
            .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Attempt::Made),
            Err(SdkError::ServiceError(context)) => match context.err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    Ok(judge(writes, cancelled.cancellation_reasons())?)
                }
                TransactWriteItemsError::TransactionInProgressException(_) => Ok(Attempt::Contended),
                _ => Err(Fault::from(SdkError::ServiceError(context)).into()),
            },
            Err(error) => Err(Fault::from(error).into()),
        }
    }
}

/// Says what the reasons of a cancelled transaction, one per write, mean together.
fn judge(writes: &[Write], reasons: &[CancellationReason]) -> Result<Attempt, Fault> {
    let mut conflict: Option<Conflict> = None;
    let (mut licence, mut contended) = (false, false);
    for (write, reason) in writes.iter().zip(reasons) {
        let found = match reason.code().unwrap_or("None") {
            "None" => continue,
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                contended = true;
                continue;
            }
            "ConditionalCheckFailed" => match write.refusal {
                Refusal::OwnRecord => return Ok(Attempt::Made),
                Refusal::Licence => {
                    licence = true;
                    continue;
                }
                Refusal::Conflict(conflict) => conflict(),
                Refusal::Stale(kind) => Conflict::Stale(kind),
                Refusal::Answered => Conflict::AlreadyHappened(Answered::read(reason.item().cloned())?),
            },
            code => {
                let table = write.table.name();
                return Err(Fault::internal(format!("{code} for a write to `{table}`")));
            }
        };
        if conflict.as_ref().is_none_or(|other| found.rank() < other.rank()) {
            conflict = Some(found);
        }
    }
    Ok(match conflict {
        Some(conflict) => Attempt::Refused(conflict),
        None if licence => Attempt::NoLicenceHere,
        None if contended => Attempt::Contended,
        None => return Err(Fault::internal("a transaction cancelled for no reason")),
    })
}

/// A key of a table without sort key.
pub(crate) fn pk(pk: impl Into<String>) -> Map {
    Map::from([("pk".to_owned(), s(pk))])
}

/// A key of a table with sort key.
pub(crate) fn pk_sk(pk: impl Into<String>, sk: impl Into<String>) -> Map {
    Map::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// Demands that the item is as it was loaded.
pub(crate) fn unchanged(write: Write, version: crate::Version, kind: Kind) -> Write {
    if version == crate::Version::NONE {
        write.when_new(Refusal::Stale(kind))
    } else {
        write.when("version = :loaded", Refusal::Stale(kind)).value(":loaded", n(version.0))
    }
}
