//! Bulk work on accounts: what is asked for, how far it is, and when it stops by itself.
//!
//! Every bulk job begins as a dry run; the applying one is made of it, with the same targets, and decides anew for each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::account::{
    Account, Action, Changed, CloseReason, Context, Criteria, Opening, Reason, Refused, State, StateName,
};
use crate::id::{AccountId, IndividualId, JobId, SiteId, WorkerId};
use crate::job::JobMode;
use crate::journal::JournalEvent;
use crate::worker::Permission;

/// Accounts that may be chosen one by one.
pub const MOST_CHOSEN: usize = 500;
/// Mails that have to be out before bounces say anything.
const FEWEST_SENT: u64 = 100;
/// A job that got no further for so long, in hours, was given up: longer than its queue repeats a step.
const GIVEN_UP_HOURS: i64 = 21;

codes! {
    /// What is done to many accounts at once.
    pub enum BulkAction {
        /// A9, A15
        Close = "close",
        /// A11
        Suspend = "suspend",
        /// A12
        Unlock = "unlock",
        /// A13
        Disable = "disable",
        /// A14
        Enable = "enable",
        /// A16
        ForceReset = "force_reset",
    }
}

codes! {
    /// Whom a bulk activation invites, by how their last invitation ended (A2).
    pub enum InvitedBefore {
        /// Never, so far.
        First = "first",
        /// Nobody took it in time.
        Expired = "expired",
        /// It was withdrawn.
        Cancelled = "cancelled",
    }
}

impl InvitedBefore {
    /// The group of somebody whose last account closed for that reason; none of those whom staff, or three wrong birth
    /// dates, shut out.
    #[must_use]
    pub const fn of(last_closed: Option<CloseReason>) -> Option<Self> {
        match last_closed {
            None => Some(Self::First),
            Some(CloseReason::Expired) => Some(Self::Expired),
            Some(CloseReason::Cancelled) => Some(Self::Cancelled),
            Some(CloseReason::WrongBirthDate | CloseReason::ClosedByWorker) => None,
        }
    }
}

codes! {
    /// Why a bulk job stands still before its end.
    pub enum StopReason {
        /// A worker stopped it.
        ByWorker = "by_worker",
        /// No licence is free (B7).
        NoLicence = "no_licence",
        /// Too many of its mails came back.
        Bounces = "bounces",
        /// Readers complained of its mails.
        Complaints = "complaints",
        /// `ClientConnect` is not ready any more (C1, C2).
        NotReady = "not_ready",
    }
}

/// What a bulk job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Bulk activation (A2).
    ActivateInBulk {
        /// Only individuals of this site.
        site: Option<SiteId>,
        /// Only these groups; all individuals if none is named, also who can't be invited.
        groups: BTreeSet<InvitedBefore>,
    },
    /// An action on accounts.
    ChangeAccounts {
        /// Which.
        action: BulkAction,
        /// On which.
        targets: Targets,
    },
}

/// Which accounts an action is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// Those of its lists: chosen one by one, or found by criteria.
    Listed,
    /// Those that fit, until all of them are found and listed; then the criteria are forgotten, for they may name somebody.
    Matching(Box<Criteria>),
    /// What a bulk activation opened, as far as nobody has activated it: closing undoes it.
    OpenedBy(JobId),
}

/// An account, or an individual who may get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Who.
    pub individual: IndividualId,
    /// Which account; none in a bulk activation.
    pub account: Option<AccountId>,
}

/// What became of a target, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// An account was opened.
    Opened {
        /// For whom.
        group: InvitedBefore,
    },
    /// The account was changed.
    Changed,
    /// Nothing was done.
    Skipped {
        /// Why.
        reason: Reason,
        /// The account's state, where that is why.
        state: Option<StateName>,
    },
}

impl Outcome {
    /// Skipped, as the domain refused it.
    #[must_use]
    pub fn skipped(refused: &Refused) -> Self {
        let state = (refused.reason == Reason::WrongState).then_some(refused.state);
        Self::Skipped { reason: refused.reason, state }
    }
}

/// How far a bulk job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", content = "for", rename_all = "snake_case")]
pub enum BulkState {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Stands still; may be resumed where it is.
    Stopped(StopReason),
    /// At its end.
    Done,
}

/// Where a bulk job goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Steps that were taken: a message for another one is late.
    pub step: u32,
    /// The last individual that was looked at, in the order of the walk.
    pub individual: Option<IndividualId>,
    /// The last account that was compared with the criteria, in the order of the walk.
    pub account: Option<AccountId>,
    /// Lists of targets that are done with.
    pub list: u32,
    /// Targets of the next list that are done with.
    pub row: usize,
    /// Targets passed over for want of a licence: the first to be taken when the job goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Target>,
}

/// What became of a job's mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailCounts {
    /// The mail service took them.
    #[serde(default)]
    pub sent: u64,
    /// Came back for good.
    #[serde(default)]
    pub bounced: u64,
    /// Were called unwanted by who got them.
    #[serde(default)]
    pub complained: u64,
}

impl MailCounts {
    /// Whether a job must stop for what became of its mails: 3 % bounced once a hundred are out, or 0.05 % were complained
    /// of, which among the first 2,000 is a single one.
    #[must_use]
    pub const fn brake(self) -> Option<StopReason> {
        if self.complained > 0 && self.complained * 2000 >= self.sent {
            Some(StopReason::Complaints)
        } else if self.sent >= FEWEST_SENT && self.bounced * 100 >= self.sent * 3 {
            Some(StopReason::Bounces)
        } else {
            None
        }
    }

    const fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(earlier.sent),
            bounced: self.bounced.saturating_sub(earlier.bounced),
            complained: self.complained.saturating_sub(earlier.complained),
        }
    }
}

/// A bulk job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkJob {
    /// Which one.
    pub id: JobId,
    /// What it does.
    pub work: Work,
    /// Whether it changes anything.
    pub mode: JobMode,
    /// How far it is.
    pub state: BulkState,
    /// How many targets it has: as many as are found so far while it looks for them, none while nobody knows.
    pub total: Option<u64>,
    /// Lists of targets that it works through.
    pub lists: u32,
    /// What became of its targets so far.
    pub tallies: BTreeMap<Outcome, u64>,
    /// Where it goes on.
    pub place: Place,
    /// Pages of its report.
    pub pages: u32,
    /// Mails that its brakes count no more, as it was resumed after them.
    pub mails_before: MailCounts,
    /// The dry run that it applies.
    pub dry_run: Option<JobId>,
    /// The job that applies this dry run.
    pub applied_by: Option<JobId>,
    /// Who started it.
    pub by: WorkerId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it last got further.
    pub updated_at: DateTime<Utc>,
}

/// What a step came to.
#[derive(Clone, Debug)]
pub struct Worked {
    /// What became of each target.
    pub outcomes: Vec<Outcome>,
    /// Where the job goes on.
    pub place: Place,
    /// Whether it is at its end, stands still, or goes on.
    pub state: BulkState,
}

impl BulkJob {
    /// A dry run that has not begun.
    #[must_use]
    pub const fn dry_run(id: JobId, work: Work, by: WorkerId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            work,
            mode: JobMode::DryRun,
            state: BulkState::Waiting,
            total: None,
            lists: 0,
            tallies: BTreeMap::new(),
            place: Place { step: 0, individual: None, account: None, list: 0, row: 0, left: Vec::new() },
            pages: 0,
            mails_before: MailCounts { sent: 0, bounced: 0, complained: 0 },
            dry_run: None,
            applied_by: None,
            by,
            created_at: now,
            updated_at: now,
        }
    }

    /// The job that applies this dry run, for a worker; none while the dry run isn't at its end.
    #[must_use]
    pub fn applying(&self, id: JobId, by: WorkerId, now: DateTime<Utc>) -> Option<Self> {
        (self.mode == JobMode::DryRun && self.state == BulkState::Done).then(|| Self {
            mode: JobMode::Apply,
            total: self.total,
            lists: self.lists,
            dry_run: Some(self.id),
            ..Self::dry_run(id, self.work.clone(), by, now)
        })
    }

    /// Whether it works or waits for its turn.
    #[must_use]
    pub const fn is_going(&self) -> bool {
        matches!(self.state, BulkState::Waiting | BulkState::Running)
    }

    /// The criteria by which it still looks for its targets.
    #[must_use]
    pub fn looks_for(&self) -> Option<&Criteria> {
        match &self.work {
            Work::ChangeAccounts { targets: Targets::Matching(criteria), .. } => Some(criteria),
            _ => None,
        }
    }

    /// The job after so many more targets were found and listed, up to an account of the walk; without one there are no
    /// more.
    #[must_use]
    pub fn found(&self, targets: u64, lists: u32, up_to: Option<AccountId>, now: DateTime<Utc>) -> Self {
        let mut job = Self {
            state: BulkState::Running,
            total: Some(self.total.unwrap_or_default() + targets),
            lists: self.lists + lists,
            updated_at: now,
            ..self.clone()
        };
        job.place.step += 1;
        job.place.account = up_to;
        if let (None, Work::ChangeAccounts { targets, .. }) = (up_to, &mut job.work) {
            *targets = Targets::Listed;
        }
        job
    }

    /// Whether it is the one that is being applied.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.mode == JobMode::Apply && self.is_going()
    }

    /// Whether its queue has given it up, so that only resuming brings it on.
    #[must_use]
    pub fn was_given_up(&self, now: DateTime<Utc>) -> bool {
        self.is_going() && now >= self.updated_at + TimeDelta::hours(GIVEN_UP_HOURS)
    }

    /// Targets that are done with.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.tallies.values().sum()
    }

    /// Whether what it does mails clients.
    #[must_use]
    pub const fn sends_mail(&self) -> bool {
        matches!((self.mode, self.work.invites()), (JobMode::Apply, true))
    }

    /// Whose lists of targets it works through.
    #[must_use]
    pub fn lists_of(&self) -> JobId {
        self.dry_run.unwrap_or(self.id)
    }

    /// Whether its mails must stop it.
    #[must_use]
    pub const fn brake(&self, mails: MailCounts) -> Option<StopReason> {
        mails.since(self.mails_before).brake()
    }

    /// The job standing still; none if it did already.
    #[must_use]
    pub fn stopped(&self, reason: StopReason, now: DateTime<Utc>) -> Option<Self> {
        self.is_going().then(|| Self { state: BulkState::Stopped(reason), updated_at: now, ..self.clone() })
    }

    /// The job going on where it stands still, or was given up. Its brakes count mails from now on.
    #[must_use]
    pub fn resumed(&self, mails: MailCounts, now: DateTime<Utc>) -> Option<Self> {
        (matches!(self.state, BulkState::Stopped(_)) || self.was_given_up(now)).then(|| Self {
            state: BulkState::Running,
            mails_before: mails,
            updated_at: now,
            ..self.clone()
        })
    }

    /// The job after a step. What was done counts also if it was stopped meanwhile, and then it stands still.
    #[must_use]
    pub fn after(&self, worked: &Worked, now: DateTime<Utc>) -> Self {
        let mut job = Self { place: worked.place.clone(), updated_at: now, ..self.clone() };
        for outcome in &worked.outcomes {
            *job.tallies.entry(*outcome).or_default() += 1;
        }
        job.pages += u32::from(!worked.outcomes.is_empty());
        job.place.step = self.place.step + 1;
        if self.is_going() || worked.state == BulkState::Done {
            job.state = worked.state;
        }
        if job.state == BulkState::Done {
            job.total = Some(job.handled());
        }
        job
    }
}

impl Work {
    /// Its kind, as it is shown.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ActivateInBulk { .. } => "activate_in_bulk",
            Self::ChangeAccounts { .. } => "change_accounts",
        }
    }

    /// What it does to accounts, unless it opens them.
    #[must_use]
    pub const fn action(&self) -> Option<BulkAction> {
        match self {
            Self::ActivateInBulk { .. } => None,
            Self::ChangeAccounts { action, .. } => Some(*action),
        }
    }

    /// Whether it invites clients, and so needs `ClientConnect` to be ready (C1, C2).
    #[must_use]
    pub const fn invites(&self) -> bool {
        matches!(self, Self::ActivateInBulk { .. } | Self::ChangeAccounts { action: BulkAction::Enable, .. })
    }

    /// All that a worker needs to start, apply, stop and resume it.
    #[must_use]
    pub const fn permissions(&self) -> &'static [Permission] {
        use Permission::{
            ActivateInBulk, ChangeAccountsInBulk, CloseAccount, DisableAccount, EnableAccount, ForceReset,
            SuspendAccount, UnlockAccount,
        };
        match self {
            Self::ActivateInBulk { .. } => &[ActivateInBulk],
            Self::ChangeAccounts { action, .. } => match action {
                BulkAction::Close => &[ChangeAccountsInBulk, CloseAccount],
                BulkAction::Suspend => &[ChangeAccountsInBulk, SuspendAccount],
                BulkAction::Unlock => &[ChangeAccountsInBulk, UnlockAccount],
                BulkAction::Disable => &[ChangeAccountsInBulk, DisableAccount],
                BulkAction::Enable => &[ChangeAccountsInBulk, EnableAccount],
                BulkAction::ForceReset => &[ChangeAccountsInBulk, ForceReset],
            },
        }
    }
}

impl Account {
    /// Does to the account what a bulk job does to many. Test individuals are left alone; an undone activation leaves
    /// alone whom it has let in.
    ///
    /// # Errors
    /// The reason for skipping it.
    pub fn change_in_bulk(
        &self,
        action: BulkAction,
        targets: &Targets,
        context: Context<'_>,
    ) -> Result<Changed, Refused> {
        let as_one = match action {
            BulkAction::Close => Action::Close,
            BulkAction::Suspend => Action::Suspend,
            BulkAction::Unlock => Action::Unlock,
            BulkAction::Disable => Action::Disable,
            BulkAction::Enable => Action::Enable,
            BulkAction::ForceReset => Action::ForceReset,
        };
        let refuse = |reason| {
            Err(Refused { account: Some(self.id), state: self.state.name(), action: as_one, reason })
        };
        if context.individual.test {
            return refuse(Reason::TestIndividual);
        }
        if matches!(targets, Targets::OpenedBy(_)) && !matches!(self.state, State::Pending { .. }) {
            return refuse(Reason::WrongState);
        }
        match action {
            BulkAction::Close => self.close(context.now),
            BulkAction::Suspend => self.suspend(context.now),
            BulkAction::Unlock => self.unlock(),
            BulkAction::Disable => self.disable(context.now),
            BulkAction::Enable => self.enable(&Opening::offered(context, false)),
            BulkAction::ForceReset => self.force_reset(),
        }
    }
}

impl Changed {
    /// The change as one of a bulk job's: nobody waits for its invitation, and what becomes of that is counted for the job.
    #[must_use]
    pub fn in_bulk(mut self, job: JobId) -> Self {
        for event in &mut self.events {
            if let JournalEvent::ActivationRequested { account, individual, mail, generation } = *event {
                *event = JournalEvent::BulkActivationRequested { account, individual, mail, generation, job };
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::account::LockReason;
    use crate::samples::{MAIL, WORKER, account, at, context, individual, settings};

    const JOB: JobId = JobId::new(Uuid::from_u128(31));

    fn job() -> BulkJob {
        let work = Work::ActivateInBulk { site: None, groups: BTreeSet::new() };
        let dry = BulkJob { state: BulkState::Done, ..BulkJob::dry_run(JOB, work, WORKER, at(0)) };
        dry.applying(JobId::new(Uuid::from_u128(32)), WORKER, at(1)).unwrap()
    }

    #[test]
    fn brakes_take_hold_at_three_percent_and_at_the_first_complaint() {
        let counts = |sent, bounced, complained| MailCounts { sent, bounced, complained }.brake();
        assert_eq!(counts(0, 0, 0), None);
        assert_eq!(counts(99, 99, 0), None);
        assert_eq!(counts(100, 2, 0), None);
        assert_eq!(counts(100, 3, 0), Some(StopReason::Bounces));
        assert_eq!(counts(1000, 29, 0), None);
        assert_eq!(counts(1000, 30, 0), Some(StopReason::Bounces));
        assert_eq!(counts(1, 0, 1), Some(StopReason::Complaints));
        assert_eq!(counts(2000, 0, 1), Some(StopReason::Complaints));
        assert_eq!(counts(2001, 0, 1), None);
    }

    #[test]
    fn after_resuming_only_new_mails_count() {
        let mails = MailCounts { sent: 200, bounced: 6, complained: 0 };
        let stopped = job().stopped(StopReason::Bounces, at(2)).unwrap();
        assert_eq!(stopped.stopped(StopReason::ByWorker, at(3)), None);
        let resumed = stopped.resumed(mails, at(3)).unwrap();
        assert_eq!(resumed.brake(MailCounts { sent: 299, bounced: 12, ..mails }), None);
        assert_eq!(resumed.brake(MailCounts { sent: 300, bounced: 9, ..mails }), Some(StopReason::Bounces));
    }

    #[test]
    fn a_job_is_resumed_when_it_stands_still_or_was_given_up() {
        let running = job();
        assert_eq!(running.resumed(MailCounts::default(), at(2)), None);
        assert!(!running.was_given_up(at(21)) && running.was_given_up(at(22)));
        assert!(running.resumed(MailCounts::default(), at(22)).is_some());
        let done = BulkJob { state: BulkState::Done, ..running };
        assert_eq!(done.resumed(MailCounts::default(), at(99)), None);
    }

    #[test]
    fn only_a_finished_dry_run_is_applied() {
        let applying = job();
        assert_eq!(applying.applying(JOB, WORKER, at(2)), None);
        let work = applying.work.clone();
        assert_eq!(BulkJob::dry_run(JOB, work, WORKER, at(0)).applying(JOB, WORKER, at(2)), None);
    }

    #[test]
    fn what_a_step_did_counts_though_the_job_was_stopped_meanwhile() {
        let outcomes = vec![Outcome::Changed, Outcome::Changed];
        let place = Place { list: 1, ..Place::default() };
        let worked = Worked { outcomes, place, state: BulkState::Running };
        let stopped = job().stopped(StopReason::ByWorker, at(2)).unwrap().after(&worked, at(3));
        assert_eq!(stopped.state, BulkState::Stopped(StopReason::ByWorker));
        assert_eq!((stopped.handled(), stopped.pages, stopped.place.step), (2, 1, 1));
        let last = Worked { state: BulkState::Done, ..worked };
        let done = job().stopped(StopReason::ByWorker, at(2)).unwrap().after(&last, at(3));
        assert_eq!((done.state, done.total), (BulkState::Done, Some(2)));
    }

    #[test]
    fn an_undone_activation_leaves_alone_whom_it_let_in() {
        let (individual, settings) = (individual(), settings());
        let context = context(&individual, &settings, 0);
        let pending = State::Pending { since: at(-1), expires_at: at(5), remind_at: None, misses: 0 };
        let active = State::Active { failed_sign_ins: 0, must_reset: false };
        let close = |state, targets: &Targets| {
            account(state)
                .change_in_bulk(BulkAction::Close, targets, context)
                .map_err(|refused| Outcome::skipped(&refused))
        };
        let undo = Targets::OpenedBy(JOB);
        assert!(close(pending, &undo).is_ok());
        let skipped = Outcome::Skipped { reason: Reason::WrongState, state: Some(StateName::Active) };
        assert_eq!(close(active, &undo), Err(skipped));
        assert!(close(active, &Targets::Listed).is_ok());
        let locked = State::Locked { reason: LockReason::Suspended, since: at(-1), must_reset: false };
        assert!(close(locked, &undo).is_err());
    }

    #[test]
    fn test_individuals_are_left_alone() {
        let (mut individual, settings) = (individual(), settings());
        individual.test = true;
        let context = context(&individual, &settings, 0);
        let active = account(State::Active { failed_sign_ins: 0, must_reset: false });
        for action in BulkAction::ALL {
            let refused = active.change_in_bulk(*action, &Targets::Listed, context).unwrap_err();
            assert_eq!(refused.reason, Reason::TestIndividual);
        }
    }

    #[test]
    fn an_invitation_in_bulk_belongs_to_its_job() {
        let (individual, settings) = (individual(), settings());
        let context = context(&individual, &settings, 0);
        let disabled = account(State::Disabled { since: at(-1) });
        let enabled = disabled.change_in_bulk(BulkAction::Enable, &Targets::Listed, context).unwrap();
        let enabled = enabled.in_bulk(JOB);
        assert_eq!(enabled.mail(), Some(MAIL));
        let of_job = |event: &JournalEvent| matches!(event, JournalEvent::BulkActivationRequested { job, .. } if *job == JOB);
        assert!(enabled.events.iter().any(of_job));
    }
}
