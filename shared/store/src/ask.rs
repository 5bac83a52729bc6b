//! Questions answered by key, strongly consistent, any number of them in one read:
//!
//! ```ignore
//! let (session, account, settings) =
//!     store.ask((ask::session(session_id), ask::account(account_id), ask::settings())).await?;
//! ```
//!
//! A question's answer is `None` where there is no such item. Tuples, `Option`s and `Vec`s of questions are questions.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};

use domain::bulk::{BulkJob, MailCounts};
use domain::job::Job;
use domain::journal::{Audience, JournalRecord};
use domain::service::ServiceCounts;
use domain::service_file::{Place, ServiceFile};
use domain::{
    Account, AccountId, EmailAddress, Individual, IndividualId, JobId, Language, MailId, SecurityClass,
    Service, ServiceFileId, ServiceId, ServiceRequest, ServiceRequestId, Session, SessionId, Settings,
    Worker, WorkerId,
};

use crate::commit::{backoff, pk, pk_sk};
use crate::item::Map;
use crate::{
    Answered, CountedAccounts, Credentials, ExternalIdOf, FateOf, Fault, FreeLicences, Holding, MailAddress,
    Mark, Policy, PolicyKind, PublicKeys, Publication, RecordName, ReportPage, ServiceFileWithExternalId,
    ServiceWithExternalId, SettingsVersion, Site, StatisticsProgress, Store, StoryOf, Table, TargetList,
    Versioned, unbuilt,
};

/// `BatchGetItem` takes no more keys.
const MOST_KEYS: usize = 100;
/// How often keys that DynamoDB left out are asked for again.
const RETRIES: u32 = 4;

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    table: Table,
    pk: String,
    sk: Option<String>,
}

impl Key {
    fn map(&self) -> Map {
        match &self.sk {
            Some(sk) => pk_sk(&self.pk, sk),
            None => pk(&self.pk),
        }
    }

    fn of(table: Table, map: &Map) -> Option<Self> {
        let text = |field| Some(map.get(field)?.as_s().ok()?.clone());
        Some(Self { table, pk: text("pk")?, sk: text("sk") })
    }
}

/// The items found.
#[derive(Default)]
pub struct Found(HashMap<Key, Map>);

/// A question, or several.
pub trait Ask {
    /// What the answer is.
    type Answer;

    /// Adds the keys of the items it is answered from.
    fn keys(&self, keys: &mut Vec<Key>);

    /// Takes its answer from the items found.
    ///
    /// # Errors
    /// `Corrupt` where an item can't be read.
    fn answer(&self, found: &Found) -> Result<Self::Answer, Fault>;
}

/// Read from one item.
pub(crate) trait FromItem: Sized {
    fn from_item(map: Map) -> Result<Self, Fault>;
}

/// A question answered by one item.
#[derive(Debug, Clone)]
pub struct One<T> {
    key: Key,
    answer: PhantomData<fn() -> T>,
}

impl<T> One<T> {
    pub(crate) fn new(table: Table, pk: impl Into<String>) -> Self {
        Self { key: Key { table, pk: pk.into(), sk: None }, answer: PhantomData }
    }

    pub(crate) fn sorted(table: Table, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        let mut one = Self::new(table, pk);
        one.key.sk = Some(sk.into());
        one
    }
}

impl<T: FromItem> Ask for One<T> {
    type Answer = Option<T>;

    fn keys(&self, keys: &mut Vec<Key>) {
        keys.push(self.key.clone());
    }

    fn answer(&self, found: &Found) -> Result<Option<T>, Fault> {
        let item = found.0.get(&self.key).cloned();
        item.map(T::from_item).transpose()
    }
}

impl<T: Ask> Ask for Vec<T> {
    type Answer = Vec<T::Answer>;

    fn keys(&self, keys: &mut Vec<Key>) {
        for question in self {
            question.keys(keys);
        }
    }

    fn answer(&self, found: &Found) -> Result<Self::Answer, Fault> {
        self.iter().map(|question| question.answer(found)).collect()
    }
}

/// A question that is asked only if there is one; no question has no answer.
impl<T> Ask for Option<One<T>>
where
    One<T>: Ask<Answer = Option<T>>,
{
    type Answer = Option<T>;

    fn keys(&self, keys: &mut Vec<Key>) {
        if let Some(question) = self {
            question.keys(keys);
        }
    }

    fn answer(&self, found: &Found) -> Result<Option<T>, Fault> {
        self.as_ref().map_or(Ok(None), |question| question.answer(found))
    }
}

/// Nothing is asked.
impl Ask for () {
    type Answer = ();

    fn keys(&self, _: &mut Vec<Key>) {}

    fn answer(&self, _: &Found) -> Result<(), Fault> {
        Ok(())
    }
}

macro_rules! ask_tuple {
    ($($name:ident)+) => {
        #[expect(non_snake_case, reason = "the fields are named after their types")]
        impl<$($name: Ask),+> Ask for ($($name,)+) {
            type Answer = ($($name::Answer,)+);

            fn keys(&self, keys: &mut Vec<Key>) {
                let ($($name,)+) = self;
                $($name.keys(keys);)+
            }

            fn answer(&self, found: &Found) -> Result<Self::Answer, Fault> {
                let ($($name,)+) = self;
                Ok(($($name.answer(found)?,)+))
            }
        }
    };
}

ask_tuple!(A);
ask_tuple!(A B);
ask_tuple!(A B C);
ask_tuple!(A B C D);
ask_tuple!(A B C D E);
ask_tuple!(A B C D E F);
ask_tuple!(A B C D E F G);
ask_tuple!(A B C D E F G H);

/// A client's session.
#[must_use]
pub fn session(id: SessionId) -> One<Session> {
    crate::session::question(Table::Sessions, id)
}

/// A worker's session.
#[must_use]
pub fn worker_session(id: SessionId) -> One<Session> {
    crate::session::question(Table::WorkerSessions, id)
}

/// An account.
#[must_use]
pub fn account(id: AccountId) -> One<Versioned<Account>> {
    One::new(Table::Accounts, id.to_string())
}

/// Which account an individual has open, and which were closed (A1, A2, A4). None: never had one.
#[must_use]
pub fn holding(individual: IndividualId) -> One<Holding> {
    crate::account::holding(individual)
}

/// How many licences are free (B7).
#[must_use]
pub fn licences() -> FreeLicences {
    crate::licences::question()
}

/// An individual.
#[must_use]
pub fn individual(id: IndividualId) -> One<Versioned<Individual>> {
    crate::individual::profile(id)
}

/// Whose external id this is (B12).
#[must_use]
pub fn external_id(source: &str, id: &str) -> One<ExternalIdOf> {
    crate::individual::external_id(source, id)
}

/// The account that has this sign-in name (B1).
#[must_use]
pub fn credentials(address: &EmailAddress) -> One<Credentials<AccountId>> {
    crate::credentials::question(address)
}

/// The worker who has this sign-in name.
#[must_use]
pub fn worker_credentials(address: &EmailAddress) -> One<Credentials<WorkerId>> {
    crate::credentials::question(address)
}

/// A worker.
#[must_use]
pub fn worker(id: WorkerId) -> One<Versioned<Worker>> {
    crate::worker::question(id)
}

/// The agency's settings. None: not set up yet.
#[must_use]
pub fn settings() -> One<Versioned<Settings>> {
    crate::settings::settings()
}

/// The settings as they were saved once. None: no version has that number, or it is older than versions are.
#[must_use]
pub fn settings_version(version: u64) -> One<SettingsVersion> {
    crate::settings::settings_version(version)
}

/// When a version of policy or terms was published. None: with the set-up.
#[must_use]
pub fn publication(kind: PolicyKind, version: u32) -> One<Publication> {
    crate::agency::publication(kind, version)
}

/// The agency's security classes.
#[must_use]
pub fn security_classes() -> One<Versioned<Vec<SecurityClass>>> {
    crate::agency::security_classes()
}

/// The agency's sites.
#[must_use]
pub fn sites() -> One<Versioned<Vec<Site>>> {
    crate::agency::sites()
}

/// The keys that verify sessions.
#[must_use]
pub fn public_keys(audience: Audience) -> One<Versioned<PublicKeys>> {
    crate::agency::public_keys(audience)
}

/// Whether the agency has been set up.
#[must_use]
pub fn set_up() -> One<Mark> {
    crate::agency::set_up()
}

/// That the data is a copy from which was taken what reaches clients.
#[must_use]
pub fn sandbox_stripped() -> One<Mark> {
    crate::agency::stripped()
}

/// A text that clients accept (A5).
#[must_use]
pub fn policy(kind: PolicyKind, version: u32, language: Language) -> One<Policy> {
    crate::agency::policy(kind, version, language)
}

/// Where a mail is to go that doesn't go to its account's sign-in email (A18).
#[must_use]
pub fn mail_address(mail: MailId) -> One<MailAddress> {
    crate::mail::address(mail)
}

/// Whether a mail was sent or dropped; neither while it waits.
#[must_use]
pub fn mail_fate(id: MailId) -> FateOf {
    crate::mail::fate(id)
}

/// How far statistics are computed.
#[must_use]
pub fn statistics_progress() -> One<StatisticsProgress> {
    crate::statistics::progress()
}

/// How many accounts there were when they were last counted.
#[must_use]
pub fn counted_accounts() -> One<CountedAccounts> {
    crate::statistics::accounts()
}

/// What became of a mail.
#[must_use]
pub fn mail(id: MailId) -> StoryOf {
    crate::mail::story(id)
}

/// A job.
#[must_use]
pub fn job(id: JobId) -> One<Versioned<Job>> {
    crate::job::question(id)
}

/// A page of a job's report, from 1.
#[must_use]
pub fn report(id: JobId, page: u32) -> One<ReportPage> {
    crate::job::report(id, page)
}

/// A journal record.
#[must_use]
pub fn journal_record(name: RecordName) -> One<JournalRecord> {
    crate::journal::question(name)
}

/// A bulk job.
#[must_use]
pub fn bulk_job(id: JobId) -> One<Versioned<BulkJob>> {
    crate::bulk::question(id)
}

/// One of the lists of targets of a bulk job, from 1.
#[must_use]
pub fn targets(id: JobId, number: u32) -> One<TargetList> {
    crate::bulk::targets(id, number)
}

/// What became of the mails of a bulk job; none while none is out.
#[must_use]
pub fn bulk_mails(id: JobId) -> One<MailCounts> {
    crate::bulk::mails(id)
}

/// A service, group or series.
#[must_use]
pub fn service(id: ServiceId) -> One<Versioned<Service>> {
    crate::service::question(id)
}

/// What depends on a service; none while nothing ever did.
#[must_use]
pub fn service_counts(id: ServiceId) -> One<ServiceCounts> {
    crate::service::counts(id)
}

/// Which service has this external id (B12).
#[must_use]
pub fn service_with_external_id(source: &str, id: &str) -> One<ServiceWithExternalId> {
    crate::service::external_id(source, id)
}

/// One of an individual's service files.
#[must_use]
pub fn service_file(individual: IndividualId, id: ServiceFileId) -> One<Versioned<ServiceFile>> {
    crate::service_file::file(individual, id)
}

/// Which service file has this external id (B12).
#[must_use]
pub fn service_file_with_external_id(source: &str, id: &str) -> One<ServiceFileWithExternalId> {
    crate::service_file::external_id(source, id)
}

/// The place of an individual on a roster; none where they aren't on it.
#[must_use]
pub fn place(individual: IndividualId, service: ServiceId) -> One<Place> {
    crate::service_file::place(individual, service)
}

/// What an individual asked for.
#[must_use]
pub fn service_request(individual: IndividualId, id: ServiceRequestId) -> One<Versioned<ServiceRequest>> {
    crate::service_request::question(individual, id)
}

/// What a call was answered, if it was made before. `call` is the digest of caller, operation and the caller's key.
#[must_use]
pub fn idempotency(call: &str) -> One<Answered> {
    crate::idempotency::question(call)
}

impl Store {
    /// Answers all that is asked in one read, or one per 100 items.
    ///
    /// # Errors
    /// `Unavailable`, `Refused`, or `Corrupt` where an item can't be read.
    pub async fn ask<A: Ask>(&self, question: A) -> Result<A::Answer, Fault> {
        let mut keys = Vec::new();
        question.keys(&mut keys);
        let mut seen = HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let mut found = Found::default();
        for chunk in keys.chunks(MOST_KEYS) {
            self.find(chunk, &mut found).await?;
        }
        question.answer(&found)
    }

    async fn find(&self, keys: &[Key], found: &mut Found) -> Result<(), Fault> {
        let mut wanted: HashMap<String, Vec<Map>> = HashMap::new();
        let mut tables: HashMap<String, Table> = HashMap::new();
        for key in keys {
            let name = self.table(key.table)?.to_owned();
            tables.insert(name.clone(), key.table);
            wanted.entry(name).or_default().push(key.map());
        }
        let mut request = HashMap::new();
        for (name, keys) in wanted {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(unbuilt)?;
            request.insert(name, keys);
        }
        for attempt in 0..=RETRIES {
            let response = self
                .client
                .batch_get_item()
                .set_request_items(Some(request))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            for (name, items) in response.responses.unwrap_or_default() {
                let table = tables.get(&name).copied();
                for item in items {
                    if let Some(key) = table.and_then(|table| Key::of(table, &item)) {
                        found.0.insert(key, item);
                    }
                }
            }
            request = response.unprocessed_keys.unwrap_or_default();
            if request.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(backoff("unprocessed", attempt)).await;
        }
        Err(Fault::unavailable("unprocessed keys"))
    }
}
