//! Accounts, and which of them an individual has.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::account::{
    Acceptance, AgeOverride, BIRTH_DATE_ATTEMPTS, Changed, CloseReason, Credentials, Landing, LockReason,
    State, Status,
};
use domain::{Account, AccountId, AlertKind, EmailAddress, IndividualId, Language, StateName, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::{FromItem, One};
use crate::commit::{Conflict, Kind, Refusal, Write, pk, spread};
use crate::count::{Counted, Counter};
use crate::item::{
    Map, Page, Position, Shape, Stale, Stored, Upcast, Version, Versioned, attribute, n, parsed, s, string,
};
use crate::query::{Part, Rows};
use crate::tables::{ALERTS, BOUNCED, DUE, IndexShape, SIGN_IN_NAME, STATUS};
use crate::{Fault, Store, Table, Transaction};

/// Shards of the index of accounts with which something is due.
pub const DUE_SHARDS: u32 = 8;
/// The one list of accounts that need a worker, and of those to which mail came back.
const OPEN: &str = "open";

#[derive(Serialize, Deserialize)]
pub(crate) struct AccountItem {
    #[serde(skip_serializing)]
    pk: String,
    individual: IndividualId,
    email: String,
    language: Option<Language>,
    epoch: u32,
    generation: u16,
    created_at: DateTime<Utc>,
    state: StateName,
    /// Since when the account is in this state, where the state says so.
    since: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    remind_at: Option<DateTime<Utc>>,
    misses: Option<u8>,
    failed_sign_ins: Option<u16>,
    must_reset: Option<bool>,
    lock_reason: Option<LockReason>,
    close_reason: Option<CloseReason>,
    last_sign_in: Option<DateTime<Utc>>,
    attempted_at: Option<DateTime<Utc>>,
    acceptance: Option<AcceptanceItem>,
    landing: Option<String>,
    reset_expires_at: Option<DateTime<Utc>>,
    age_override: Option<AgeOverrideItem>,
    alerts: Option<BTreeMap<AlertKind, DateTime<Utc>>>,
    due_shard: Option<String>,
    due_at: Option<i64>,
    alert_list: Option<String>,
    alert_at: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    status_at: String,
    #[serde(default)]
    sign_in_name: String,
    bounced_list: Option<String>,
    bounced_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct AcceptanceItem {
    privacy: u32,
    terms: u32,
    at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct AgeOverrideItem {
    by: WorkerId,
    reason: String,
}

impl Shape for AccountItem {
    const TABLE: Table = Table::Accounts;
    /// The first shape was not on the lists by status, sign-in name and bounces, which say nothing that the rest doesn't.
    const UPCASTS: &'static [Upcast] = &[|_| {}];
}

impl From<&Account> for AccountItem {
    fn from(account: &Account) -> Self {
        let bounced = account.alerts.get(&AlertKind::Bounced);
        let mut item = Self {
            pk: account.id.to_string(),
            individual: account.individual,
            email: account.email.as_typed().to_owned(),
            language: account.language,
            epoch: account.epoch,
            generation: account.generation,
            created_at: account.created_at,
            state: account.state.name(),
            since: None,
            expires_at: None,
            remind_at: None,
            misses: None,
            failed_sign_ins: None,
            must_reset: None,
            lock_reason: None,
            close_reason: None,
            last_sign_in: account.last_sign_in,
            attempted_at: account.attempted_at,
            acceptance: account.acceptance.map(|Acceptance { privacy, terms, at }| AcceptanceItem {
                privacy,
                terms,
                at,
            }),
            landing: account.landing.as_ref().map(|landing| landing.as_str().to_owned()),
            reset_expires_at: account.reset_expires_at,
            age_override: account
                .age_override
                .as_ref()
                .map(|given| AgeOverrideItem { by: given.by(), reason: given.reason().to_owned() }),
            alerts: (!account.alerts.is_empty()).then(|| account.alerts.clone()),
            due_shard: account.due_at().map(|_| spread(&account.id.to_string(), DUE_SHARDS).to_string()),
            due_at: account.due_at().map(|due_at| due_at.timestamp_millis()),
            alert_list: account.needs_worker_since().map(|_| OPEN.to_owned()),
            alert_at: account.needs_worker_since().map(|since| listed_at(since, account.individual)),
            status: status_list(Status::of(account)),
            status_at: listed_at(account.status_at(), account.individual),
            sign_in_name: account.email.normalized().to_owned(),
            bounced_list: bounced.map(|_| OPEN.to_owned()),
            bounced_at: bounced.map(|since| listed_at(*since, account.individual)),
        };
        match account.state {
            State::Pending { since, expires_at, remind_at, misses } => {
                item.since = Some(since);
                item.expires_at = Some(expires_at);
                item.remind_at = remind_at;
                item.misses = Some(misses);
            }
            State::Active { failed_sign_ins, must_reset } => {
                item.failed_sign_ins = Some(failed_sign_ins);
                item.must_reset = Some(must_reset);
            }
            State::Locked { reason, since, must_reset } => {
                item.lock_reason = Some(reason);
                item.since = Some(since);
                item.must_reset = Some(must_reset);
            }
            State::Disabled { since } => item.since = Some(since),
            State::Closed { reason, at } => {
                item.close_reason = Some(reason);
                item.since = Some(at);
            }
        }
        item
    }
}

impl AccountItem {
    fn state(&self) -> Option<State> {
        Some(match self.state {
            StateName::None => return None,
            StateName::Pending => State::Pending {
                since: self.since?,
                expires_at: self.expires_at?,
                remind_at: self.remind_at,
                misses: self.misses?,
            },
            StateName::Active => {
                State::Active { failed_sign_ins: self.failed_sign_ins?, must_reset: self.must_reset? }
            }
            StateName::Locked => {
                State::Locked { reason: self.lock_reason?, since: self.since?, must_reset: self.must_reset? }
            }
            StateName::Disabled => State::Disabled { since: self.since? },
            StateName::Closed => State::Closed { reason: self.close_reason?, at: self.since? },
        })
    }
}

impl TryFrom<AccountItem> for Account {
    type Error = Fault;

    fn try_from(item: AccountItem) -> Result<Self, Fault> {
        let corrupt = |what| move || Fault::corrupt(Table::Accounts, what);
        let state = item.state().ok_or_else(corrupt("`state` lacks its data"))?;
        Ok(Self {
            id: parsed(&item.pk, "pk", Table::Accounts)?,
            individual: item.individual,
            email: parsed(&item.email, "email", Table::Accounts)?,
            language: item.language,
            epoch: item.epoch,
            generation: item.generation,
            created_at: item.created_at,
            state,
            last_sign_in: item.last_sign_in,
            attempted_at: item.attempted_at,
            acceptance: item.acceptance.map(|AcceptanceItem { privacy, terms, at }| Acceptance {
                privacy,
                terms,
                at,
            }),
            landing: item
                .landing
                .map(|path| Landing::new(&path).ok_or_else(corrupt("`landing` is not a path of the portal")))
                .transpose()?,
            reset_expires_at: item.reset_expires_at,
            age_override: item
                .age_override
                .map(|given| {
                    AgeOverride::recorded(given.by, &given.reason)
                        .ok_or_else(corrupt("`age_override` has no reason"))
                })
                .transpose()?,
            alerts: item.alerts.unwrap_or_default(),
        })
    }
}

/// Sorts by time, and names whose account it is, so that both can be read at once.
fn listed_at(at: DateTime<Utc>, individual: IndividualId) -> String {
    format!("{}#{individual}", instant(at))
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn status_list(status: Status) -> String {
    let reason = status.reason.map(|reason| format!("#{}", reason.code()));
    format!("{}{}", status.state, reason.unwrap_or_default())
}

/// Whose account a row of an index names, and which.
fn listed(row: &Map, index: &IndexShape) -> Result<Stale<(IndividualId, AccountId)>, Fault> {
    let (field, _) = index.range;
    let range = string(row, field, Table::Accounts)?;
    let individual = range.rsplit_once('#').map_or(range.as_str(), |(_, individual)| individual);
    let account = string(row, "pk", Table::Accounts)?;
    Ok(Stale((parsed(individual, field, Table::Accounts)?, parsed(&account, "pk", Table::Accounts)?)))
}

impl Stored for Account {
    type Item = AccountItem;
    const KIND: Kind = Kind::Account;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), None)
    }
}

/// Which account an individual has open, and which were closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// The open one.
    pub open: Option<AccountId>,
    /// The closed ones, oldest first.
    pub closed: Vec<ClosedAccount>,
}

/// An account that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedAccount {
    /// Which one.
    pub account: AccountId,
    /// Why.
    pub reason: CloseReason,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct HoldingItem {
    open: Option<AccountId>,
    #[serde(default)]
    closed: Vec<ClosedAccount>,
}

impl Shape for HoldingItem {
    const TABLE: Table = Table::Accounts;
}

impl FromItem for Holding {
    fn from_item(map: Map) -> Result<Self, Fault> {
        let HoldingItem { open, closed } = HoldingItem::read(map)?;
        Ok(Self { open, closed })
    }
}

fn holding_pk(individual: IndividualId) -> String {
    format!("individual#{individual}")
}

#[cfg(test)]
pub(crate) fn holding_item(individual: IndividualId, holding: &Holding) -> Result<Map, Fault> {
    let item = HoldingItem { open: holding.open, closed: holding.closed.clone() };
    item.write(&holding_pk(individual), None)
}

pub(crate) fn holding(individual: IndividualId) -> One<Holding> {
    One::new(Table::Accounts, holding_pk(individual))
}

impl Transaction {
    /// Writes an account where it was loaded with `version`, and nothing that depends on its state: for changes that
    /// are no transitions.
    pub fn put_account(&mut self, version: Version, account: &Account) -> &mut Self {
        self.put_versioned(version, account)
    }

    /// Writes a transition, all of it: the account where it was loaded with `version` ([`Version::NONE`] for a new
    /// one), which account the individual has open, the licence (B7; a test individual takes none), sign-in name and
    /// password. `password_hash` is the one that is set, or that moves with the name.
    pub fn change_account(
        &mut self,
        version: Version,
        changed: &Changed,
        test_individual: bool,
        password_hash: Option<&str>,
    ) -> &mut Self {
        let account = &changed.account;
        self.put_versioned(version, account);
        if version == Version::NONE {
            self.hold(account);
        }
        if let State::Closed { reason, at } = account.state {
            self.let_go(account, &ClosedAccount { account: account.id, reason, at });
        }
        match changed.free_licences(test_individual) {
            -1 => self.take_licence(),
            1 => self.give_licence(),
            _ => self,
        };
        match (&changed.credentials, password_hash) {
            (Credentials::Kept, _) => self,
            (Credentials::Claimed, _) => self.claim_sign_in_name(&account.email, account.id, None),
            (Credentials::PasswordSet, Some(hash)) => self.set_password(&account.email, account.id, hash),
            (Credentials::PasswordSet, None) => {
                self.push(Err(Fault::internal("a password is set without its hash")))
            }
            (Credentials::PasswordRemoved, _) => self.remove_password(&account.email, account.id),
            (Credentials::Moved { from }, hash) => {
                self.move_sign_in_name(from, &account.email, account.id, hash)
            }
            (Credentials::Released, _) => self.release_sign_in_name(&account.email, account.id),
        }
    }

    fn hold(&mut self, account: &Account) {
        let key = pk(holding_pk(account.individual));
        let write = Write::update(Table::Accounts, key, "SET #open = :account, v = if_not_exists(v, :v)")
            .name("#open", "open")
            .value(":account", s(account.id.to_string()))
            .value(":v", n(1))
            .when("attribute_not_exists(#open)", Refusal::Conflict(|| Conflict::OpenAccountExists));
        self.push(Ok(write));
    }

    fn let_go(&mut self, account: &Account, closed: &ClosedAccount) {
        let key = pk(holding_pk(account.individual));
        let expression = "SET closed = list_append(if_not_exists(closed, :none), :closed) REMOVE #open";
        let write = attribute(closed).map(|closed| {
            Write::update(Table::Accounts, key, expression)
                .name("#open", "open")
                .value(":account", s(account.id.to_string()))
                .value(":none", AttributeValue::L(Vec::new()))
                .value(":closed", AttributeValue::L(vec![closed]))
                .when("#open = :account", Refusal::Stale(Kind::Holding))
        });
        self.push(write);
    }
}

impl Store {
    /// Claims one more birth date attempt before it is compared (B3): counted only while the account is Pending, the
    /// link is of its current generation and attempts are left (A7). It keeps when, and answers with the account as it is
    /// now.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn claim_birth_date_attempt(
        &self,
        account: AccountId,
        generation: u16,
        now: DateTime<Utc>,
    ) -> Result<Counted<Account>, Fault> {
        let counter = Counter {
            field: "misses",
            state: StateName::Pending.code(),
            also: Some("generation = :generation AND misses < :most"),
            values: vec![(":generation", n(generation)), (":most", n(BIRTH_DATE_ATTEMPTS))],
            at: Some(("attempted_at", attribute(&now)?)),
        };
        self.count_in(Table::Accounts, pk(account.to_string()), counter).await
    }

    /// Counts a sign-in attempt as failed before the password is checked (A10), while the account is Active and fewer
    /// than `most` are counted, so that no more are checked however many come at once; a sign-in that succeeds begins
    /// the count anew. Answers with the account as it is now.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn count_sign_in_attempt(
        &self,
        account: AccountId,
        most: u16,
    ) -> Result<Counted<Account>, Fault> {
        let counter = Counter::of_sign_ins(StateName::Active.code(), most);
        self.count_in(Table::Accounts, pk(account.to_string()), counter).await
    }

    /// Accounts in one of [`DUE_SHARDS`] with which something was to be done at `now` or before: a reminder, an alert,
    /// expiry (A8). Longest due first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn due_accounts(
        &self,
        shard: u32,
        now: DateTime<Utc>,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<AccountId>>, Fault> {
        let rows = Rows::of_index(Table::Accounts, &DUE, shard.to_string())
            .range("due_at <= :now", [(":now", n(now.timestamp_millis()))])
            .page(after, limit);
        let page = self.rows(rows).await?;
        page.read(|row| {
            let id = string(&row, "pk", Table::Accounts)?;
            Ok(Stale(parsed(&id, "pk", Table::Accounts)?))
        })
    }

    /// Accounts that need a worker, and whose they are, longest waiting first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn accounts_with_alerts(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<(IndividualId, AccountId)>>, Fault> {
        let rows = Rows::of_index(Table::Accounts, &ALERTS, OPEN).page(after, limit);
        self.rows(rows).await?.read(|row| listed(&row, &ALERTS))
    }

    /// Accounts to whose sign-in email a mail came back and was not settled, and whose they are, longest ago first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn accounts_with_bounces(
        &self,
        newest_first: bool,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<(IndividualId, AccountId)>>, Fault> {
        let rows = Rows::of_index(Table::Accounts, &BOUNCED, OPEN).backwards(newest_first).page(after, limit);
        self.rows(rows).await?.read(|row| listed(&row, &BOUNCED))
    }

    /// Accounts that have or had this sign-in name, and whose they are.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn accounts_named(
        &self,
        name: &EmailAddress,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<(IndividualId, AccountId)>>, Fault> {
        let rows = Rows::of_index(Table::Accounts, &SIGN_IN_NAME, name.normalized()).page(after, limit);
        self.rows(rows).await?.read(|row| listed(&row, &SIGN_IN_NAME))
    }

    /// Accounts of a status, those with reasons by reason, and whose they are: by [`Account::status_at`], which is at
    /// `from` or later and not after `to`.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn accounts_by_status(
        &self,
        status: Status,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        newest_first: bool,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Stale<(IndividualId, AccountId)>>, Fault> {
        // Rows say milliseconds, and end with an id: a tilde comes after all of them, as the year 9999 does.
        let from = from.map_or_else(|| "0".to_owned(), instant);
        let to = to.map_or_else(|| "~".to_owned(), |to| format!("{}~", instant(to)));
        if from > to {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let rows = Rows::of_index(Table::Accounts, &STATUS, status_list(status))
            .range("status_at BETWEEN :from AND :to", [(":from", s(from)), (":to", s(to))])
            .backwards(newest_first)
            .page(after, limit);
        self.rows(rows).await?.read(|row| listed(&row, &STATUS))
    }

    /// A page of one of `segments` parts of all accounts, for jobs only: it reads the whole table.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn scan_accounts(
        &self,
        (segment, segments): (u32, u32),
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<ScannedAccount>, Fault> {
        let part = Part { table: Table::Accounts, key: ("pk", AccountId::PREFIX), segment, segments };
        self.scan(part, after, limit).await?.read(|row| {
            let listed = row.get("v").is_some_and(|v| *v == n(AccountItem::UPCASTS.len() + 1));
            Ok(ScannedAccount { account: Versioned::from_item(row)?, listed })
        })
    }

    /// Puts an account that was written by a former release on the lists it is searched by, unless it was written since.
    ///
    /// # Errors
    /// `Unavailable` or `Refused`.
    pub async fn list_account(&self, account: &Versioned<Account>) -> Result<(), Fault> {
        let item = AccountItem::from(&account.value).write(&account.id.to_string(), None)?;
        let fields = ["v", "status", "status_at", "sign_in_name", "bounced_list", "bounced_at"];
        let known: Vec<_> = fields.iter().filter_map(|field| Some((*field, item.get(*field)?))).collect();
        let set: Vec<_> = known.iter().map(|(field, _)| format!("#{field} = :{field}")).collect();
        let mut request = self
            .client
            .update_item()
            .table_name(self.table(Table::Accounts)?)
            .set_key(Some(pk(account.id.to_string())))
            .update_expression(format!("SET {}", set.join(", ")))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", n(account.version.number()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (field, value) in known {
            request = request
                .expression_attribute_names(format!("#{field}"), field)
                .expression_attribute_values(format!(":{field}"), value.clone());
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Who wrote it meanwhile has put it there.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// An account that a scan came by.
#[derive(Debug)]
pub struct ScannedAccount {
    /// The account.
    pub account: Versioned<Account>,
    /// Whether it is on the lists that accounts are searched by; one that a former release wrote is not.
    pub listed: bool,
}
