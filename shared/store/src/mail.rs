//! What became of each mail. Append only: a mail is asked for in the journal, then claimed, then sent or dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::account::Reason;
use domain::mail::{MailKind, MailOutcome};
use domain::{AccountId, EmailAddress, IndividualId, JobId, Language, MailId, WorkerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ask::{Ask, Found, FromItem, Key, One};
use crate::bulk::CountedMail;
use crate::commit::{CommitError, Refusal, Write};
use crate::item::{Map, Page, Position, Shape, parsed, string};
use crate::query::Rows;
use crate::tables::INDIVIDUAL;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::Mail;
const SENT: &str = "sent";
const DROPPED: &str = "dropped";
const TO: &str = "to";
/// Before the outcome, in the key of what was told of it.
const TOLD: &str = "told#";

/// Whether a mail may be sent by who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Yes. Not the first claim of it if `again`: a former sender gave no answer in time.
    Claimed {
        /// A former claim went stale.
        again: bool,
    },
    /// It has gone out.
    AlreadySent,
    /// It was decided not to send it.
    AlreadyDropped,
    /// Somebody else is at it.
    HeldByAnother {
        /// When their claim goes stale.
        until: DateTime<Utc>,
    },
}

/// A mail, and to whom it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailOf {
    /// Which one.
    pub mail: MailId,
    /// What for.
    pub kind: MailKind,
    /// Whose it is.
    pub reader: Reader,
    /// The bulk job that asked for it, which counts what becomes of it.
    pub job: Option<JobId>,
}

/// Whose mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A client's.
    Client {
        /// Whose history it belongs to.
        individual: IndividualId,
        /// For which account.
        account: AccountId,
    },
    /// A worker's.
    Worker(WorkerId),
}

impl Reader {
    const fn ids(self) -> (Option<IndividualId>, Option<AccountId>, Option<WorkerId>) {
        match self {
            Self::Client { individual, account } => (Some(individual), Some(account), None),
            Self::Worker(worker) => (None, None, Some(worker)),
        }
    }

    fn of(
        individual: Option<IndividualId>,
        account: Option<AccountId>,
        worker: Option<WorkerId>,
    ) -> Result<Self, Fault> {
        match (individual, account, worker) {
            (Some(individual), Some(account), None) => Ok(Self::Client { individual, account }),
            (None, None, Some(worker)) => Ok(Self::Worker(worker)),
            _ => Err(Fault::corrupt(TABLE, "a mail is either a client's or a worker's")),
        }
    }
}

/// A mail as it is handed to the mail service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Which mail.
    pub of: MailOf,
    /// Where it goes.
    pub address: EmailAddress,
    /// In which language.
    pub language: Language,
}

/// What the mail service told of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Which mail.
    pub mail: MailId,
    /// What it told.
    pub outcome: MailOutcome,
    /// When that was.
    pub at: DateTime<Utc>,
}

/// All that is known of what became of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailStory {
    /// Whether it was sent or dropped, and when; neither while it waits.
    pub fate: Option<(Fate, DateTime<Utc>)>,
    /// What the mail service told, and when that was.
    pub told: BTreeMap<MailOutcome, DateTime<Utc>>,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The mail service took it.
    Sent {
        /// Where it went.
        address: EmailAddress,
        /// In which language.
        language: Language,
        /// The mail service's id of it.
        message: String,
    },
    /// It was not sent.
    Dropped {
        /// Why.
        reason: Reason,
    },
}

/// A row of the mail history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRecord {
    /// Which mail.
    pub of: MailOf,
    /// What became of it.
    pub fate: Fate,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct ClaimItem {
    at: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Within, so that the index of mails by individual holds no claims.
    mail: HandoverItem,
}

#[derive(Serialize, Deserialize)]
struct HandoverItem {
    kind: MailKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    individual: Option<IndividualId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<WorkerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    address: String,
    language: Language,
}

impl From<&Handover> for HandoverItem {
    fn from(handover: &Handover) -> Self {
        let (individual, account, worker) = handover.of.reader.ids();
        Self {
            kind: handover.of.kind,
            individual,
            account,
            worker,
            job: handover.of.job,
            address: handover.address.as_typed().to_owned(),
            language: handover.language,
        }
    }
}

impl HandoverItem {
    fn read(self, mail: MailId) -> Result<Handover, Fault> {
        let reader = Reader::of(self.individual, self.account, self.worker)?;
        let of = MailOf { mail, kind: self.kind, reader, job: self.job };
        Ok(Handover { of, address: parsed(&self.address, "mail.address", TABLE)?, language: self.language })
    }
}

#[derive(Serialize, Deserialize)]
struct ToldItem {
    at: DateTime<Utc>,
}

impl Shape for ToldItem {
    const TABLE: Table = TABLE;
}

impl Told {
    fn item(&self) -> Result<Map, Fault> {
        ToldItem { at: self.at }.write(&self.mail.to_string(), Some(&format!("{TOLD}{}", self.outcome)))
    }
}

impl Shape for ClaimItem {
    const TABLE: Table = TABLE;
}

#[derive(Serialize, Deserialize)]
struct FateItem {
    #[serde(skip_serializing)]
    pk: String,
    kind: MailKind,
    individual: Option<IndividualId>,
    account: Option<AccountId>,
    worker: Option<WorkerId>,
    job: Option<JobId>,
    at: DateTime<Utc>,
    address: Option<String>,
    language: Option<Language>,
    message: Option<String>,
    reason: Option<Reason>,
}

impl Shape for FateItem {
    const TABLE: Table = TABLE;
}

impl From<&MailRecord> for FateItem {
    fn from(record: &MailRecord) -> Self {
        let MailOf { mail, kind, reader, job } = record.of;
        let (individual, account, worker) = reader.ids();
        let (address, language, message, reason) = match &record.fate {
            Fate::Sent { address, language, message } => {
                (Some(address.as_typed().to_owned()), Some(*language), Some(message.clone()), None)
            }
            Fate::Dropped { reason } => (None, None, None, Some(*reason)),
        };
        let (pk, at) = (mail.to_string(), record.at);
        Self { pk, kind, individual, account, worker, job, at, address, language, message, reason }
    }
}

impl TryFrom<FateItem> for MailRecord {
    type Error = Fault;

    fn try_from(item: FateItem) -> Result<Self, Fault> {
        let fate = match (item.address, item.language, item.message, item.reason) {
            (Some(address), Some(language), Some(message), None) => {
                Fate::Sent { address: parsed(&address, "address", TABLE)?, language, message }
            }
            (None, None, None, Some(reason)) => Fate::Dropped { reason },
            _ => return Err(Fault::corrupt(TABLE, "a mail is either sent or dropped")),
        };
        let mail = parsed(&item.pk, "pk", TABLE)?;
        let reader = Reader::of(item.individual, item.account, item.worker)?;
        let of = MailOf { mail, kind: item.kind, reader, job: item.job };
        Ok(Self { of, fate, at: item.at })
    }
}

impl FromItem for MailRecord {
    fn from_item(map: Map) -> Result<Self, Fault> {
        FateItem::read(map)?.try_into()
    }
}

pub(crate) fn item(record: &MailRecord) -> Result<Map, Fault> {
    let sk = match record.fate {
        Fate::Sent { .. } => SENT,
        Fate::Dropped { .. } => DROPPED,
    };
    FateItem::from(record).write(&record.of.mail.to_string(), Some(sk))
}

/// Where a mail is to go that doesn't go to its account's sign-in email (A18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(pub EmailAddress);

#[derive(Serialize, Deserialize)]
struct AddressItem {
    address: String,
}

impl Shape for AddressItem {
    const TABLE: Table = TABLE;
}

impl FromItem for MailAddress {
    fn from_item(map: Map) -> Result<Self, Fault> {
        parsed(&AddressItem::read(map)?.address, "address", TABLE).map(Self)
    }
}

/// The question whether a mail was sent or dropped.
#[derive(Debug, Clone)]
pub struct FateOf(Vec<One<MailRecord>>);

/// The question what became of a mail.
#[derive(Debug, Clone)]
pub struct StoryOf {
    fate: FateOf,
    told: Vec<(MailOutcome, One<ToldAt>)>,
}

/// When something was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToldAt(DateTime<Utc>);

impl FromItem for ToldAt {
    fn from_item(map: Map) -> Result<Self, Fault> {
        Ok(Self(ToldItem::read(map)?.at))
    }
}

pub(crate) fn story(mail: MailId) -> StoryOf {
    let told =
        |outcome: &MailOutcome| (*outcome, One::sorted(TABLE, mail.to_string(), format!("{TOLD}{outcome}")));
    StoryOf { fate: fate(mail), told: MailOutcome::ALL.iter().map(told).collect() }
}

pub(crate) fn fate(mail: MailId) -> FateOf {
    FateOf([SENT, DROPPED].map(|sk| One::sorted(TABLE, mail.to_string(), sk)).into())
}

impl FateOf {
    fn record(&self, found: &Found) -> Result<Option<MailRecord>, Fault> {
        // Sent comes first: a sender that was relieved may have found a reason to drop it afterwards.
        Ok(self.0.answer(found)?.into_iter().flatten().next())
    }
}

impl Ask for FateOf {
    type Answer = Option<Fate>;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.0.keys(keys);
    }

    fn answer(&self, found: &Found) -> Result<Option<Fate>, Fault> {
        Ok(self.record(found)?.map(|record| record.fate))
    }
}

impl Ask for StoryOf {
    type Answer = MailStory;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.fate.keys(keys);
        self.told.iter().for_each(|(_, row)| row.keys(keys));
    }

    fn answer(&self, found: &Found) -> Result<MailStory, Fault> {
        let fate = self.fate.record(found)?;
        let mut story =
            MailStory { fate: fate.map(|record| (record.fate, record.at)), ..MailStory::default() };
        for (outcome, row) in &self.told {
            if let Some(ToldAt(at)) = row.answer(found)? {
                story.told.insert(*outcome, at);
            }
        }
        Ok(story)
    }
}

pub(crate) fn address(mail: MailId) -> One<MailAddress> {
    One::sorted(TABLE, mail.to_string(), TO)
}

impl Transaction {
    /// Keeps where a mail is to go that this change asks for, where that isn't the account's sign-in email (A18).
    pub fn address_mail(&mut self, mail: MailId, address: &EmailAddress) -> &mut Self {
        let item = AddressItem { address: address.as_typed().to_owned() };
        let write = item.write(&mail.to_string(), Some(TO));
        // The mail's id is this change's own: who has it has made the change.
        self.push(write.map(|map| Write::put(TABLE, map).when_new(Refusal::OwnRecord)))
    }

    /// Keeps what the mail service told, with what follows from it. If it was kept before, all of that was made.
    pub fn keep_told(&mut self, told: &Told) -> &mut Self {
        self.push(told.item().map(|map| Write::put(TABLE, map).when_new(Refusal::OwnRecord)))
    }
}

pub(crate) fn claim(
    handover: &Handover,
    number: usize,
    at: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Map, Fault> {
    let item = ClaimItem { at, until, mail: handover.into() };
    item.write(&handover.of.mail.to_string(), Some(&format!("claim#{number:04}")))
}

impl Store {
    /// Claims a mail before it is handed to the mail service, for `stale_after`; then the claim may be taken over.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn claim_mail(
        &self,
        handover: &Handover,
        now: DateTime<Utc>,
        stale_after: TimeDelta,
    ) -> Result<Claim, Fault> {
        let mail = handover.of.mail;
        let rows = self.rows(Rows::of(TABLE, mail.to_string()).consistent()).await?.items;
        let mut claims = 0;
        let mut held: Option<DateTime<Utc>> = None;
        for row in rows {
            match string(&row, "sk", TABLE)?.as_str() {
                SENT => return Ok(Claim::AlreadySent),
                DROPPED => return Ok(Claim::AlreadyDropped),
                sk if sk.starts_with("claim#") => {
                    claims += 1;
                    held = held.max(Some(ClaimItem::read(row)?.until));
                }
                _ => {}
            }
        }
        if let Some(until) = held.filter(|until| *until > now) {
            return Ok(Claim::HeldByAnother { until });
        }
        let until = now + stale_after;
        let item = claim(handover, claims + 1, now, until)?;
        Ok(if self.append(TABLE, item).await? {
            Claim::Claimed { again: claims > 0 }
        } else {
            Claim::HeldByAnother { until }
        })
    }

    /// Keeps what became of a mail. What was kept first stays: telling it again changes nothing. A bulk job's mail that
    /// went out is counted for it, once, in the same transaction; `attempt` names that.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn append_mail(&self, record: &MailRecord, attempt: Uuid) -> Result<(), Fault> {
        let (Fate::Sent { .. }, Some(job)) = (&record.fate, record.of.job) else {
            return self.append(TABLE, item(record)?).await.map(|_| ());
        };
        let mut transaction = Transaction::untold(attempt);
        let kept = item(record).map(|map| Write::put(TABLE, map).when_new(Refusal::OwnRecord));
        transaction.push(kept).count_mail(job, CountedMail::Sent);
        match self.commit(transaction).await {
            Ok(()) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(CommitError::Conflict(conflict)) => Err(Fault::internal(conflict.to_string())),
        }
    }

    /// Keeps what the mail service told of a mail. Telling it again changes nothing.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn append_told(&self, told: &Told) -> Result<(), Fault> {
        self.append(TABLE, told.item()?).await.map(|_| ())
    }

    /// What was handed to the mail service, or was about to be; nothing if the mail isn't known.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn mail_handed_over(&self, mail: MailId) -> Result<Option<Handover>, Fault> {
        let rows = self.rows(Rows::of(TABLE, mail.to_string()).consistent()).await?.items;
        let mut found = None;
        for row in rows {
            match string(&row, "sk", TABLE)?.as_str() {
                SENT => {
                    let MailRecord { of, fate, .. } = MailRecord::from_item(row)?;
                    if let Fate::Sent { address, language, .. } = fate {
                        return Ok(Some(Handover { of, address, language }));
                    }
                }
                sk if sk.starts_with("claim#") => found = Some(ClaimItem::read(row)?.mail.read(mail)?),
                _ => {}
            }
        }
        Ok(found)
    }

    /// What was mailed to an individual, and what was not, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn mail_of(
        &self,
        individual: IndividualId,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<MailRecord>, Fault> {
        let rows =
            Rows::of_index(TABLE, &INDIVIDUAL, individual.to_string()).newest_first().page(after, limit);
        self.rows(rows).await?.read(MailRecord::from_item)
    }
}
