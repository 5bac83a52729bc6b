//! What befalls workers' own sign-in (B13): the clients' rules A10–A12, A16, A17 and A19, with three differences.
//! Locking ends the sessions at once, for a worker sees many people's records; a mailed link always unlocks, since the
//! agency's setting is for clients; and nobody bars themselves, so that a System Administrator always remains.

use chrono::{DateTime, TimeDelta, Utc};

use super::{SecondFactor, Worker, WorkerState};
use crate::account::{
    Action, Credentials, LockReason, RESET_MINUTES, Rule, StateName, Transition, TransitionReason,
};
use crate::email::EmailAddress;
use crate::id::{MailId, WorkerId};
use crate::individual::Undeliverable;
use crate::journal::JournalEvent;
use crate::mail::MailOutcome;
use crate::settings::Settings;

codes! {
    /// Why an action on a worker was refused.
    pub enum WorkerReason {
        /// Not in this state.
        WrongState = "wrong_state",
        /// A new password has to be chosen first (A16).
        MustReset = "must_reset",
        /// A newer link has taken its place.
        Superseded = "superseded",
        /// The link's time is over.
        Expired = "expired",
        /// This worker was sent as many links as there can be.
        TooManyLinks = "too_many_links",
        /// Somebody else has to do it.
        Oneself = "oneself",
        /// A second factor is there to be proved, or proved and not there.
        SecondFactor = "second_factor",
    }
}

/// An action that was refused: on whom, in which state, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't {action} {worker} while {state}: {reason}")]
pub struct WorkerRefused {
    /// The worker.
    pub worker: WorkerId,
    /// Their state.
    pub state: StateName,
    /// What was wanted.
    pub action: Action,
    /// Why not.
    pub reason: WorkerReason,
}

/// A worker after a transition, and what else to write in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedWorker {
    /// The worker as they are now.
    pub worker: Worker,
    /// For the journal; the rule is the clients' that was followed.
    pub transition: Transition,
    /// What it means to others, in order.
    pub events: Vec<JournalEvent>,
    /// Whether every session opened before is over; the worker's epoch has grown then. After A17 the caller's own is
    /// opened anew.
    pub ends_sessions: bool,
    /// What becomes of the password: kept or set.
    pub credentials: Credentials,
}

impl ChangedWorker {
    /// The mail that will go out, if one will.
    #[must_use]
    pub fn mail(&self) -> Option<MailId> {
        self.events.iter().find_map(JournalEvent::mail)
    }

    fn event(mut self, event: JournalEvent) -> Self {
        self.events.push(event);
        self
    }

    pub(super) fn ending_sessions(mut self) -> Self {
        self.worker.epoch += 1;
        self.ends_sessions = true;
        self
    }

    fn requesting_reset(mut self, now: DateTime<Utc>, mail: MailId) -> Result<Self, WorkerReason> {
        self.worker = self.worker.with_reset_link(now)?;
        let (worker, generation) = (self.worker.id, self.worker.generation);
        Ok(self.event(JournalEvent::WorkerPasswordResetRequested { worker, mail, generation }))
    }
}

impl WorkerState {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StateName {
        match self {
            Self::Active { .. } => StateName::Active,
            Self::Locked { .. } => StateName::Locked,
            Self::Disabled => StateName::Disabled,
        }
    }

    /// Why they are locked, if they are.
    #[must_use]
    pub const fn lock_reason(&self) -> Option<LockReason> {
        match self {
            Self::Locked { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// Whether a new password has to be chosen first.
    #[must_use]
    pub const fn must_reset(&self) -> bool {
        matches!(self, Self::Active { must_reset: true, .. } | Self::Locked { must_reset: true, .. })
    }
}

impl Worker {
    /// The worker in a copy of the data, where nobody has a password or a second factor: every session and link is over.
    #[must_use]
    pub fn stripped(&self) -> Self {
        Self { epoch: self.epoch + 1, reset_expires_at: None, second_factor: None, ..self.clone() }
    }
}

const ACTIVE: WorkerState = WorkerState::Active { failed_sign_ins: 0, must_reset: false };

impl Worker {
    /// Whether the worker may use a session.
    #[must_use]
    pub fn may_sign_in(&self) -> bool {
        matches!(self.state, WorkerState::Active { must_reset: false, .. })
    }

    /// Signs the worker in, the password having been verified, and the second factor `proved` where there is one: so many
    /// recovery codes are left of it. The counts of wrong ones begin anew.
    ///
    /// # Errors
    /// When the worker isn't Active, has to choose a new password first (A16), or hasn't proved their second factor.
    pub fn sign_in(&self, now: DateTime<Utc>, proved: Option<u8>) -> Result<Self, WorkerRefused> {
        self.attempt(Action::SignIn, || match self.state {
            _ if proved.is_some() != self.second_factor.is_some() => Err(WorkerReason::SecondFactor),
            WorkerState::Active { must_reset: true, .. } => Err(WorkerReason::MustReset),
            WorkerState::Active { .. } => {
                let second_factor =
                    proved.map(|left| SecondFactor { recovery_codes_left: left, wrong_codes: 0 });
                Ok(Self { state: ACTIVE, last_sign_in: Some(now), second_factor, ..self.clone() })
            }
            _ => Err(WorkerReason::WrongState),
        })
    }

    /// A10: judges a wrong password that was counted already: nothing, or the worker locked by it and a mail with a
    /// reset link.
    ///
    /// # Errors
    /// When the worker isn't Active.
    pub fn wrong_password(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        mail_id: MailId,
    ) -> Result<Option<ChangedWorker>, WorkerRefused> {
        self.attempt(Action::FailSignIn, || {
            let WorkerState::Active { failed_sign_ins, must_reset } = self.state else {
                return Err(WorkerReason::WrongState);
            };
            if failed_sign_ins < settings.general.failed_sign_ins {
                return Ok(None);
            }
            let reason = LockReason::FailedSignIns;
            let mut changed = self.to(Rule::A10, WorkerState::Locked { reason, must_reset });
            // Who has used up their links is locked all the same, and a System Administrator unlocks.
            let (mut mail, mut generation) = (None, None);
            if let Ok(linked) = changed.worker.with_reset_link(now) {
                (mail, generation) = (Some(mail_id), Some(linked.generation));
                changed.worker = linked;
            }
            let locked = JournalEvent::WorkerLocked { worker: self.id, reason, mail, generation };
            Ok(Some(changed.event(locked).ending_sessions()))
        })
    }

    /// A11: a System Administrator suspends the worker; a reset link that is on its way dies.
    ///
    /// # Errors
    /// When the worker isn't Active, or Locked by wrong passwords; or is who asks for it.
    pub fn suspend(&self, by: WorkerId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::Suspend, || {
            self.check_another(by)?;
            let (WorkerState::Active { must_reset, .. }
            | WorkerState::Locked { reason: LockReason::FailedSignIns, must_reset }) = self.state
            else {
                return Err(WorkerReason::WrongState);
            };
            let reason = LockReason::Suspended;
            let locked = JournalEvent::WorkerLocked { worker: self.id, reason, mail: None, generation: None };
            let mut changed = self.to(Rule::A11, WorkerState::Locked { reason, must_reset });
            changed.worker.reset_expires_at = None;
            Ok(changed.event(locked).ending_sessions())
        })
    }

    /// A12: a System Administrator unlocks the worker, whose wrong codes count no more either.
    ///
    /// # Errors
    /// When the worker isn't Locked.
    pub fn unlock(&self) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::Unlock, || {
            let WorkerState::Locked { must_reset, .. } = self.state else {
                return Err(WorkerReason::WrongState);
            };
            let unlocked = WorkerState::Active { failed_sign_ins: 0, must_reset };
            let event = JournalEvent::WorkerUnlocked { worker: self.id };
            let mut changed = self.to(Rule::A12, unlocked).event(event);
            let second_factor = self.second_factor.map(|factor| SecondFactor { wrong_codes: 0, ..factor });
            changed.worker.second_factor = second_factor;
            Ok(changed)
        })
    }

    /// A16: a System Administrator makes the worker choose a new password. The reset link goes out at once, but to
    /// the suspended, who may not use one: they ask for theirs when they are unlocked.
    ///
    /// # Errors
    /// When the worker is Disabled, or is who asks for it.
    pub fn force_reset(
        &self,
        by: WorkerId,
        now: DateTime<Utc>,
        mail: MailId,
    ) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::ForceReset, || {
            self.check_another(by)?;
            let mut state = self.state;
            let (WorkerState::Active { must_reset, .. } | WorkerState::Locked { must_reset, .. }) =
                &mut state
            else {
                return Err(WorkerReason::WrongState);
            };
            *must_reset = true;
            let forced = JournalEvent::WorkerPasswordResetForced { worker: self.id };
            let changed = self.to(Rule::A16, state).event(forced).ending_sessions();
            if self.check_resettable().is_ok() { changed.requesting_reset(now, mail) } else { Ok(changed) }
        })
    }

    /// A17: the worker changes their password, the current one having been verified.
    ///
    /// # Errors
    /// When the worker isn't Active.
    pub fn change_password(&self, mail: MailId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::ChangePassword, || match self.state {
            WorkerState::Active { .. } => Ok(self.with_password(Rule::A17, mail)),
            _ => Err(WorkerReason::WrongState),
        })
    }

    /// A19: somebody asks for a reset link.
    ///
    /// # Errors
    /// When no mail may go out; whoever asks must not be told.
    pub fn forget_password(&self, now: DateTime<Utc>, mail: MailId) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::ForgetPassword, || {
            self.check_resettable()?;
            self.to(Rule::A19, self.state).requesting_reset(now, mail)
        })
    }

    /// Whether the reset link of that generation can be used.
    ///
    /// # Errors
    /// When it was superseded or is over, or the worker's state allows no reset.
    pub fn check_reset_link(&self, generation: u16, now: DateTime<Utc>) -> Result<(), WorkerRefused> {
        self.attempt(Action::ResetPassword, || self.judge_reset_link(generation, now))
    }

    /// A12, A19: the worker sets a new password by the mailed link, which also unlocks what wrong passwords locked.
    /// The link is used up.
    ///
    /// # Errors
    /// As [`Worker::check_reset_link`].
    pub fn reset_password(
        &self,
        generation: u16,
        now: DateTime<Utc>,
        mail: MailId,
    ) -> Result<ChangedWorker, WorkerRefused> {
        self.attempt(Action::ResetPassword, || {
            self.judge_reset_link(generation, now)?;
            let mut changed = match self.state {
                WorkerState::Locked { .. } => self
                    .with_password(Rule::A12, mail)
                    .event(JournalEvent::WorkerUnlocked { worker: self.id }),
                _ => self.with_password(Rule::A19, mail),
            };
            // Who has the link has the mail.
            changed.worker.undeliverable = None;
            changed.worker.invited = false;
            Ok(changed)
        })
    }

    /// The worker marked, if this is their address: mails to it don't arrive. None if there is nothing to mark.
    #[must_use]
    pub fn with_undeliverable(
        &self,
        address: &EmailAddress,
        why: MailOutcome,
        since: DateTime<Utc>,
    ) -> Option<Self> {
        let unmarked = self.email == *address && self.undeliverable.is_none();
        unmarked.then(|| Self { undeliverable: Some(Undeliverable { why, since }), ..self.clone() })
    }

    /// The worker with every session opened so far over.
    #[must_use]
    pub fn without_sessions(&self) -> Self {
        Self { epoch: self.epoch + 1, ..self.clone() }
    }

    pub(super) fn attempt<T>(
        &self,
        action: Action,
        decide: impl FnOnce() -> Result<T, WorkerReason>,
    ) -> Result<T, WorkerRefused> {
        decide().map_err(|reason| WorkerRefused { worker: self.id, state: self.state.name(), action, reason })
    }

    pub(super) fn check_another(&self, by: WorkerId) -> Result<(), WorkerReason> {
        if by == self.id { Err(WorkerReason::Oneself) } else { Ok(()) }
    }

    pub(super) const fn check_resettable(&self) -> Result<(), WorkerReason> {
        match self.state {
            WorkerState::Locked { .. } if self.has_spent_codes() => Err(WorkerReason::WrongState),
            WorkerState::Active { .. } | WorkerState::Locked { reason: LockReason::FailedSignIns, .. } => {
                Ok(())
            }
            _ => Err(WorkerReason::WrongState),
        }
    }

    fn judge_reset_link(&self, generation: u16, now: DateTime<Utc>) -> Result<(), WorkerReason> {
        self.check_resettable()?;
        let link = self.reset_expires_at.filter(|_| generation == self.generation);
        if link.ok_or(WorkerReason::Superseded)? <= now { Err(WorkerReason::Expired) } else { Ok(()) }
    }

    fn with_reset_link(&self, now: DateTime<Utc>) -> Result<Self, WorkerReason> {
        self.with_link(now + TimeDelta::minutes(RESET_MINUTES))
    }

    /// With a new link, which kills the older one.
    pub(super) fn with_link(&self, dies: DateTime<Utc>) -> Result<Self, WorkerReason> {
        let generation = self.generation.checked_add(1).ok_or(WorkerReason::TooManyLinks)?;
        Ok(Self { generation, reset_expires_at: Some(dies), ..self.clone() })
    }

    fn with_password(&self, rule: Rule, mail: MailId) -> ChangedWorker {
        let mut changed = self.to(rule, ACTIVE).ending_sessions();
        changed.worker.reset_expires_at = None;
        changed.credentials = Credentials::PasswordSet;
        changed.event(JournalEvent::WorkerPasswordChanged { worker: self.id, mail })
    }

    pub(super) fn to(&self, rule: Rule, state: WorkerState) -> ChangedWorker {
        let reason = state.lock_reason().map(TransitionReason::Lock);
        ChangedWorker {
            worker: Self { state, ..self.clone() },
            transition: Transition { rule, from: self.state.name(), to: state.name(), reason },
            events: Vec::new(),
            ends_sessions: false,
            credentials: Credentials::Kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MAIL, WORKER, at, settings, worker};
    use crate::worker::UserGroup;

    /// A active · L locked by f(ailed sign-ins) or s(uspended) · D disabled · ! must choose a new password.
    /// A cell is the clients' rule that is followed and the state it leads to, `+` when a mail goes out, or the reason
    /// for refusing; a dot is `wrong_state`, and a dash says that nothing happens.
    const TABLE: &str = "
                   | A          | A!         | Lf         | Lf!        | Ls         | Ls!        | D
sign in            | A          | must_reset | .          | .          | .          | .          | .
9th wrong password | -          | -          | .          | .          | .          | .          | .
10th wrong passw.  | A10 Lf +   | A10 Lf! +  | .          | .          | .          | .          | .
suspend            | A11 Ls     | A11 Ls!    | A11 Ls     | A11 Ls!    | .          | .          | .
suspend oneself    | oneself    | oneself    | oneself    | oneself    | oneself    | oneself    | oneself
unlock             | .          | .          | A12 A      | A12 A!     | A12 A      | A12 A!     | .
force reset        | A16 A! +   | A16 A! +   | A16 Lf! +  | A16 Lf! +  | A16 Ls!    | A16 Ls!    | .
force own reset    | oneself    | oneself    | oneself    | oneself    | oneself    | oneself    | oneself
change password    | A17 A +    | A17 A +    | .          | .          | .          | .          | .
forget password    | A19 A +    | A19 A! +   | A19 Lf +   | A19 Lf! +  | .          | .          | .
reset password     | A19 A +    | A19 A +    | A12 A +    | A12 A +    | .          | .          | .
by an older link   | superseded | superseded | superseded | superseded | .          | .          | .
by a link too late | expired    | expired    | expired    | expired    | .          | .          | .
";

    const OTHER: WorkerId = WorkerId::new(uuid::Uuid::from_u128(8));

    /// With the fourth reset link, which dies at hour 1.
    fn in_state(mark: &str, failed_sign_ins: u16) -> Worker {
        let must_reset = mark.ends_with('!');
        let state = match mark.trim_end_matches('!') {
            "A" => WorkerState::Active { failed_sign_ins, must_reset },
            "Lf" => WorkerState::Locked { reason: LockReason::FailedSignIns, must_reset },
            "Ls" => WorkerState::Locked { reason: LockReason::Suspended, must_reset },
            "D" => WorkerState::Disabled,
            unknown => panic!("no state {unknown}"),
        };
        Worker { state, generation: 4, reset_expires_at: Some(at(1)), ..worker(UserGroup::IntakeMgmt) }
    }

    fn mark(worker: &Worker) -> String {
        let mark = match (worker.state.name(), worker.state.lock_reason()) {
            (StateName::Active, _) => "A",
            (_, Some(LockReason::FailedSignIns)) => "Lf",
            (_, Some(LockReason::Suspended)) => "Ls",
            _ => "D",
        };
        format!("{mark}{}", if worker.state.must_reset() { "!" } else { "" })
    }

    fn act(action: &str, state: &str) -> Result<Option<ChangedWorker>, WorkerRefused> {
        let (worker, settings) =
            (in_state(state, if action.starts_with("9th") { 9 } else { 10 }), settings());
        match action {
            "9th wrong password" | "10th wrong passw." => worker.wrong_password(&settings, at(0), MAIL),
            "suspend" => worker.suspend(OTHER).map(Some),
            "suspend oneself" => worker.suspend(WORKER).map(Some),
            "unlock" => worker.unlock().map(Some),
            "force reset" => worker.force_reset(OTHER, at(0), MAIL).map(Some),
            "force own reset" => worker.force_reset(WORKER, at(0), MAIL).map(Some),
            "change password" => worker.change_password(MAIL).map(Some),
            "forget password" => worker.forget_password(at(0), MAIL).map(Some),
            "reset password" => worker.reset_password(4, at(0), MAIL).map(Some),
            "by an older link" => worker.reset_password(3, at(0), MAIL).map(Some),
            "by a link too late" => worker.reset_password(4, at(1), MAIL).map(Some),
            unknown => panic!("no action {unknown}"),
        }
    }

    fn cell(outcome: &Result<Option<ChangedWorker>, WorkerRefused>) -> String {
        match outcome {
            Ok(None) => "-".to_owned(),
            Ok(Some(changed)) => {
                let mail = if changed.mail().is_some() { " +" } else { "" };
                format!("{} {}{mail}", changed.transition.rule, mark(&changed.worker))
            }
            Err(WorkerRefused { reason: WorkerReason::WrongState, .. }) => ".".to_owned(),
            Err(refused) => refused.reason.to_string(),
        }
    }

    /// What holds for every transition, whatever the rule.
    fn check(before: &Worker, changed: &ChangedWorker) {
        let ChangedWorker { worker, transition, events, ends_sessions, credentials } = changed;
        assert_eq!((transition.from, transition.to), (before.state.name(), worker.state.name()));
        assert_eq!(transition.reason, worker.state.lock_reason().map(TransitionReason::Lock));
        assert_eq!(worker.epoch, before.epoch + u32::from(*ends_sessions));
        assert!(
            worker.may_sign_in() || !before.may_sign_in() || *ends_sessions,
            "who is barred is out at once"
        );
        let sets = events.iter().any(|event| matches!(event, JournalEvent::WorkerPasswordChanged { .. }));
        assert_eq!(*credentials == Credentials::PasswordSet, sets);
        assert!(!sets || worker.reset_expires_at.is_none(), "a link is used up");
        let fresh = events.iter().any(|event| {
            matches!(
                event,
                JournalEvent::WorkerPasswordResetRequested { generation: 5, mail: MAIL, .. }
                    | JournalEvent::WorkerLocked { generation: Some(5), mail: Some(MAIL), .. }
            )
        });
        assert_eq!(worker.generation, if fresh { 5 } else { 4 });
        assert!(!fresh || worker.check_reset_link(5, at(0)).is_ok());
        assert!(worker.check_reset_link(4, at(0)).is_err() || !fresh, "a newer link kills the older");
    }

    #[test]
    fn every_action_in_every_state_does_what_the_table_says() {
        let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
        let mut lines = TABLE.lines().filter(|line| !line.is_empty()).map(cells);
        let states = lines.next().unwrap();
        for line in lines {
            assert_eq!(line.len(), states.len(), "{}", line[0]);
            for (state, expected) in states.iter().zip(&line).skip(1) {
                if line[0] == "sign in" {
                    let signed_in = in_state(state, 9).sign_in(at(0), None);
                    let got = signed_in
                        .as_ref()
                        .map_or_else(|refused| refused.reason.to_string().replace("wrong_state", "."), mark);
                    assert_eq!(got, *expected, "sign in, {state}");
                    assert!(signed_in.is_err() || signed_in == in_state("A", 0).sign_in(at(0), None));
                    continue;
                }
                let outcome = act(line[0], state);
                assert_eq!(cell(&outcome), *expected, "{} in {state}", line[0]);
                match &outcome {
                    Ok(Some(changed)) => check(&in_state(state, 10), changed),
                    Ok(None) => {}
                    Err(refused) => assert!(refused.to_string().contains(refused.action.code()), "{refused}"),
                }
            }
        }
    }

    #[test]
    fn who_has_used_up_their_links_is_locked_without_one() {
        let spent = Worker { generation: u16::MAX, ..in_state("A", 10) };
        let locked = spent.wrong_password(&settings(), at(0), MAIL).unwrap().unwrap();
        assert_eq!((mark(&locked.worker).as_str(), locked.mail()), ("Lf", None));
        for refused in [spent.forget_password(at(0), MAIL), spent.force_reset(OTHER, at(0), MAIL)] {
            assert_eq!(refused.unwrap_err().reason, WorkerReason::TooManyLinks);
        }
    }

    #[test]
    fn a_link_works_once_and_for_an_hour() {
        let asked = in_state("A", 3).forget_password(at(0), MAIL).unwrap().worker;
        assert_eq!(asked.state, in_state("A", 3).state, "asking changes nothing else");
        assert_eq!(asked.epoch, 0, "an outsider who asks ends no session");
        let minutes = |minutes| at(0) + TimeDelta::minutes(minutes);
        assert!(asked.check_reset_link(5, minutes(59)).is_ok());
        assert_eq!(asked.check_reset_link(5, minutes(60)).unwrap_err().reason, WorkerReason::Expired);
        let reset = asked.reset_password(5, minutes(59), MAIL).unwrap().worker;
        assert_eq!(reset.check_reset_link(5, minutes(59)).unwrap_err().reason, WorkerReason::Superseded);
        let suspended = asked.suspend(OTHER).unwrap().worker;
        assert_eq!(suspended.check_reset_link(5, minutes(1)).unwrap_err().reason, WorkerReason::WrongState);
    }

    #[test]
    fn suspending_kills_the_link_and_unlocking_does_not_revive_it() {
        let asked = in_state("A", 0).forget_password(at(0), MAIL).unwrap().worker;
        let unlocked = asked.suspend(OTHER).unwrap().worker.unlock().unwrap().worker;
        assert_eq!(unlocked.check_reset_link(5, at(0)).unwrap_err().reason, WorkerReason::Superseded);
    }

    #[test]
    fn a_refusal_names_worker_state_and_action_and_debug_shows_no_person() {
        let worker = in_state("D", 0);
        assert_eq!(
            worker.suspend(OTHER).unwrap_err().to_string(),
            format!("can't suspend {WORKER} while disabled: wrong_state")
        );
        let shown = format!("{worker:?}");
        assert!(!shown.contains("Ortiz") && !shown.contains("harbour"));
    }
}
