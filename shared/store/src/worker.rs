//! Workers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::LockReason;
use domain::individual::Undeliverable;
use domain::mail::MailOutcome;
use domain::worker::{SecondFactor, UserGroup, Worker, WorkerState};
use domain::{ClassId, ImageId, Language, SiteId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ask::One;
use crate::commit::{Kind, Refusal, Write, pk_sk};
use crate::count::{Counted, Counter};
use crate::individual::NameItem;
use crate::item::{Page, Position, Shape, Stored, Version, Versioned, n, parsed, string};
use crate::query::Rows;
use crate::{Fault, Store, Table, Transaction};

const TABLE: Table = Table::Workers;
const PROFILE: &str = "profile";
const ACTIVE: &str = "active";
/// The partition of the rows by which all workers are found.
const STAFF: &str = "staff";

#[derive(Serialize, Deserialize)]
pub(crate) struct WorkerItem {
    #[serde(skip_serializing)]
    pk: String,
    email: String,
    name: NameItem,
    client_facing_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    photo: Option<ImageId>,
    #[serde(default)]
    description: Option<String>,
    user_group: UserGroup,
    security_class: ClassId,
    site: SiteId,
    language: Language,
    epoch: u32,
    #[serde(default)]
    generation: u16,
    reset_expires_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "is_false")]
    invited: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    revision: u64,
    /// Recovery codes left, and wrong codes in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_factor: Option<(u8, u8)>,
    last_sign_in: Option<DateTime<Utc>>,
    /// Why mails to them don't arrive, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undeliverable: Option<(MailOutcome, DateTime<Utc>)>,
    state: String,
    failed_sign_ins: Option<u16>,
    must_reset: Option<bool>,
    lock_reason: Option<LockReason>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Shape for WorkerItem {
    const TABLE: Table = TABLE;
}

impl From<&Worker> for WorkerItem {
    fn from(worker: &Worker) -> Self {
        let (state, failed_sign_ins, must_reset, lock_reason) = match worker.state {
            WorkerState::Active { failed_sign_ins, must_reset } => {
                (ACTIVE, Some(failed_sign_ins), Some(must_reset), None)
            }
            WorkerState::Locked { reason, must_reset } => ("locked", None, Some(must_reset), Some(reason)),
            WorkerState::Disabled => ("disabled", None, None, None),
        };
        Self {
            pk: worker.id.to_string(),
            email: worker.email.as_typed().to_owned(),
            name: NameItem::from(&worker.name),
            client_facing_name: worker.client_facing_name.clone(),
            photo: worker.photo,
            description: worker.description.clone(),
            user_group: worker.user_group,
            security_class: worker.security_class,
            site: worker.site,
            language: worker.language,
            epoch: worker.epoch,
            generation: worker.generation,
            reset_expires_at: worker.reset_expires_at,
            invited: worker.invited,
            revision: worker.revision,
            second_factor: worker
                .second_factor
                .map(|factor| (factor.recovery_codes_left, factor.wrong_codes)),
            last_sign_in: worker.last_sign_in,
            undeliverable: worker.undeliverable.map(|mark| (mark.why, mark.since)),
            state: state.to_owned(),
            failed_sign_ins,
            must_reset,
            lock_reason,
        }
    }
}

impl WorkerItem {
    fn state(&self) -> Option<WorkerState> {
        match self.state.as_str() {
            ACTIVE => Some(WorkerState::Active {
                failed_sign_ins: self.failed_sign_ins?,
                must_reset: self.must_reset?,
            }),
            "locked" => Some(WorkerState::Locked { reason: self.lock_reason?, must_reset: self.must_reset? }),
            "disabled" => Some(WorkerState::Disabled),
            _ => None,
        }
    }
}

impl TryFrom<WorkerItem> for Worker {
    type Error = Fault;

    fn try_from(item: WorkerItem) -> Result<Self, Fault> {
        let state =
            item.state().ok_or_else(|| Fault::corrupt(TABLE, "`state` is unknown or lacks its data"))?;
        Ok(Self {
            id: parsed(&item.pk, "pk", TABLE)?,
            email: parsed(&item.email, "email", TABLE)?,
            name: item.name.read(TABLE)?,
            client_facing_name: item.client_facing_name,
            photo: item.photo,
            description: item.description,
            user_group: item.user_group,
            security_class: item.security_class,
            site: item.site,
            language: item.language,
            epoch: item.epoch,
            generation: item.generation,
            reset_expires_at: item.reset_expires_at,
            invited: item.invited,
            revision: item.revision,
            second_factor: item
                .second_factor
                .map(|(recovery_codes_left, wrong_codes)| SecondFactor { recovery_codes_left, wrong_codes }),
            last_sign_in: item.last_sign_in,
            undeliverable: item.undeliverable.map(|(why, since)| Undeliverable { why, since }),
            state,
        })
    }
}

impl Stored for Worker {
    type Item = WorkerItem;
    const KIND: Kind = Kind::Worker;

    fn key(&self) -> (String, Option<&'static str>) {
        (self.id.to_string(), Some(PROFILE))
    }
}

pub(crate) fn question(id: WorkerId) -> One<Versioned<Worker>> {
    One::sorted(TABLE, id.to_string(), PROFILE)
}

/// A row by which a worker is found among all; its key says it all.
#[derive(Serialize, Deserialize)]
struct StaffItem {}

impl Shape for StaffItem {
    const TABLE: Table = TABLE;
}

impl Transaction {
    /// Writes a worker where they were loaded with `version`, or anew, with the row by which they are found. Their
    /// sign-in name is claimed besides.
    pub fn put_worker(&mut self, version: Version, worker: &Worker) -> &mut Self {
        self.put_versioned(version, worker);
        if version == Version::NONE {
            self.put_once(&StaffItem {}, STAFF, Some(&worker.id.to_string()), Kind::Worker);
        }
        self
    }

    /// Demands that this worker has not been barred since they were loaded: of two who bar each other at the same
    /// moment, one remains.
    pub fn while_not_barred(&mut self, worker: &Worker) -> &mut Self {
        let check = Write::check(TABLE, pk_sk(worker.id.to_string(), PROFILE));
        let stale = Refusal::Stale(Kind::Worker);
        self.push(Ok(check.value(":epoch", n(worker.epoch)).when("epoch = :epoch", stale)))
    }
}

impl Store {
    /// All workers, the first to come first.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn staff(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Versioned<Worker>>, Fault> {
        let rows = Rows::of(TABLE, STAFF).consistent().page(after, limit.min(100));
        let found = self.rows(rows).await?.read(|row| parsed(&string(&row, "sk", TABLE)?, "sk", TABLE))?;
        let workers = self.ask(found.items.into_iter().map(question).collect::<Vec<_>>()).await?;
        Ok(Page { items: workers.into_iter().flatten().collect(), next: found.next })
    }

    /// How many workers belong to each security class.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn members_of_classes(&self) -> Result<BTreeMap<ClassId, u32>, Fault> {
        let mut members = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.staff(after.as_ref(), 100).await?;
            for worker in page.items {
                *members.entry(worker.security_class).or_default() += 1;
            }
            after = page.next;
            if after.is_none() {
                return Ok(members);
            }
        }
    }

    /// As [`Store::count_sign_in_attempt`], for a worker (B13).
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Corrupt`.
    pub async fn count_worker_sign_in_attempt(
        &self,
        worker: WorkerId,
        most: u16,
    ) -> Result<Counted<Worker>, Fault> {
        let counter = Counter::of_sign_ins(ACTIVE, most);
        self.count_in(TABLE, pk_sk(worker.to_string(), PROFILE), counter).await
    }
}
