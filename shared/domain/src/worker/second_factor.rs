//! Workers' second factor: set up by themselves, asked for at every sign-in from then on, taken away only by another
//! System Administrator. A mailed link never takes its place.

use chrono::{DateTime, Utc};

use super::{ChangedWorker, SecondFactor, Worker, WorkerReason, WorkerRefused, WorkerState};
use crate::account::{Action, LockReason, Rule};
use crate::id::{MailId, WorkerId};
use crate::journal::JournalEvent;
use crate::settings::Settings;

/// Recovery codes that are made at a time.
pub const RECOVERY_CODES: u8 = 10;

/// Wrong codes in a row after which no mailed link unlocks, so that who has the mail and the password can't go on
/// guessing; NIST SP 800-63B-4 allows a hundred.
pub const MOST_WRONG_CODES: u8 = 20;

/// A worker whose second factor changed, and what it means to others.
pub type FactorChange = (Worker, Vec<JournalEvent>);

impl Worker {
    /// Who has set up a second factor: every other session of theirs is over.
    #[must_use]
    pub fn with_second_factor(&self, mail: MailId) -> FactorChange {
        let factor = SecondFactor { recovery_codes_left: RECOVERY_CODES, wrong_codes: 0 };
        let worker = Self { second_factor: Some(factor), epoch: self.epoch + 1, ..self.clone() };
        let events = vec![
            JournalEvent::SecondFactorSet { worker: self.id, mail },
            JournalEvent::WorkerSessionsEnded { worker: self.id },
        ];
        (worker, events)
    }

    /// Who has lost theirs: a System Administrator takes it away, and with it every session.
    ///
    /// # Errors
    /// `Oneself`; `WrongState` when there is none.
    pub fn without_second_factor(&self, by: WorkerId, mail: MailId) -> Result<FactorChange, WorkerReason> {
        if by == self.id {
            return Err(WorkerReason::Oneself);
        }
        if self.second_factor.is_none() {
            return Err(WorkerReason::WrongState);
        }
        let worker = Self { second_factor: None, epoch: self.epoch + 1, ..self.clone() };
        let events = vec![
            JournalEvent::SecondFactorReset { worker: self.id, mail },
            JournalEvent::WorkerSessionsEnded { worker: self.id },
        ];
        Ok((worker, events))
    }

    /// With so many recovery codes left, one of which was just used where there are fewer than before, and no wrong codes.
    #[must_use]
    pub fn with_recovery_codes(&self, left: u8, mail: MailId) -> FactorChange {
        let before = self.second_factor.map_or(0, |factor| factor.recovery_codes_left);
        let used = (left < before).then_some(JournalEvent::RecoveryCodeUsed { worker: self.id, mail });
        let second_factor =
            self.second_factor.map(|_| SecondFactor { recovery_codes_left: left, wrong_codes: 0 });
        (Self { second_factor, ..self.clone() }, used.into_iter().collect())
    }

    /// The password was right, and the code, or a new password, is yet to come: the attempt counts neither as failed nor as
    /// anything else, or who knows the password could clear the count of wrong codes.
    ///
    /// # Errors
    /// When the worker isn't Active.
    pub fn let_off(&self) -> Result<Self, WorkerRefused> {
        self.attempt(Action::SignIn, || match self.state {
            WorkerState::Active { failed_sign_ins, must_reset } => {
                let failed_sign_ins = failed_sign_ins.saturating_sub(1);
                Ok(Self { state: WorkerState::Active { failed_sign_ins, must_reset }, ..self.clone() })
            }
            _ => Err(WorkerReason::WrongState),
        })
    }

    /// A10: judges a wrong code: the worker with one more, or locked by it, as by a wrong password that was counted
    /// already. After too many in a row, over however many locks, only a System Administrator unlocks.
    ///
    /// # Errors
    /// When the worker isn't Active, or has no second factor.
    pub fn wrong_code(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        mail: MailId,
    ) -> Result<WrongCode, WorkerRefused> {
        let factor = self.second_factor.filter(|_| matches!(self.state, WorkerState::Active { .. }));
        let factor = self.attempt(Action::FailSignIn, || factor.ok_or(WorkerReason::WrongState))?;
        let wrong_codes = factor.wrong_codes.saturating_add(1);
        let worker = Self { second_factor: Some(SecondFactor { wrong_codes, ..factor }), ..self.clone() };
        if wrong_codes < MOST_WRONG_CODES {
            let locked = worker.wrong_password(settings, now, mail)?;
            return Ok(locked.map_or(WrongCode::Counted(worker), WrongCode::Locked));
        }
        let must_reset = worker.state.must_reset();
        let reason = LockReason::FailedSignIns;
        let mut changed = worker.to(Rule::A10, WorkerState::Locked { reason, must_reset });
        changed.worker.reset_expires_at = None;
        let generation = Some(worker.generation);
        changed.events.push(JournalEvent::WorkerLocked {
            worker: self.id,
            reason,
            mail: Some(mail),
            generation,
        });
        Ok(WrongCode::Locked(changed.ending_sessions()))
    }

    /// Whether so many wrong codes were typed in a row that no link unlocks.
    pub(super) const fn has_spent_codes(&self) -> bool {
        matches!(self.second_factor, Some(SecondFactor { wrong_codes, .. }) if wrong_codes >= MOST_WRONG_CODES)
    }
}

/// What a wrong code comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongCode {
    /// It was one more.
    Counted(Worker),
    /// It was the last one allowed.
    Locked(ChangedWorker),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MAIL, WORKER, at, settings, worker};
    use crate::worker::UserGroup;

    const OTHER: WorkerId = WorkerId::new(uuid::Uuid::from_u128(8));

    fn enrolled(failed_sign_ins: u16, wrong_codes: u8) -> Worker {
        Worker {
            state: WorkerState::Active { failed_sign_ins, must_reset: false },
            second_factor: Some(SecondFactor { recovery_codes_left: 3, wrong_codes }),
            ..worker(UserGroup::IntakeMgmt)
        }
    }

    fn failed(worker: &Worker) -> u16 {
        let WorkerState::Active { failed_sign_ins, .. } = worker.state else { panic!("{worker:?}") };
        failed_sign_ins
    }

    #[test]
    fn who_is_enrolled_never_signs_in_by_the_password_alone() {
        let refused = |worker: &Worker, proved| worker.sign_in(at(0), proved).unwrap_err().reason;
        let left = Some(2);
        assert_eq!(refused(&enrolled(1, 0), None), WorkerReason::SecondFactor);
        assert_eq!(refused(&worker(UserGroup::IntakeMgmt), left), WorkerReason::SecondFactor);
        let signed_in = enrolled(5, 7).sign_in(at(0), left).unwrap();
        assert_eq!(failed(&signed_in), 0);
        assert_eq!(signed_in.second_factor, Some(SecondFactor { recovery_codes_left: 2, wrong_codes: 0 }));
    }

    #[test]
    fn asking_for_the_code_takes_back_one_attempt_and_no_more() {
        let asked = enrolled(7, 6).let_off().unwrap();
        assert_eq!((failed(&asked), asked.second_factor.unwrap().wrong_codes), (6, 6));
    }

    #[test]
    fn wrong_codes_lock_as_wrong_passwords_do_and_in_the_end_for_good() {
        let settings = settings();
        let WrongCode::Counted(one) = enrolled(9, 3).wrong_code(&settings, at(0), MAIL).unwrap() else {
            panic!()
        };
        assert_eq!((failed(&one), one.second_factor.unwrap().wrong_codes), (9, 4));
        let WrongCode::Locked(locked) = enrolled(10, 9).wrong_code(&settings, at(0), MAIL).unwrap() else {
            panic!()
        };
        assert!(locked.ends_sessions && locked.mail().is_some());
        let reset = locked.worker.reset_password(locked.worker.generation, at(0), MAIL).unwrap().worker;
        assert_eq!(reset.second_factor.unwrap().wrong_codes, 10, "a new password is no right code");

        let WrongCode::Locked(last) = enrolled(1, 19).wrong_code(&settings, at(0), MAIL).unwrap() else {
            panic!()
        };
        assert!(last.ends_sessions && last.mail().is_some(), "they are told");
        assert!(last.worker.forget_password(at(0), MAIL).is_err(), "and no link unlocks");
        assert_eq!(last.worker.force_reset(OTHER, at(0), MAIL).unwrap().mail(), None);
        let unlocked = last.worker.unlock().unwrap().worker;
        assert_eq!(unlocked.second_factor.unwrap().wrong_codes, 0);
    }

    #[test]
    fn only_somebody_else_takes_it_away() {
        assert_eq!(enrolled(0, 0).without_second_factor(WORKER, MAIL).unwrap_err(), WorkerReason::Oneself);
        let none = worker(UserGroup::IntakeMgmt);
        assert_eq!(none.without_second_factor(OTHER, MAIL).unwrap_err(), WorkerReason::WrongState);
        let (without, events) = enrolled(0, 0).without_second_factor(OTHER, MAIL).unwrap();
        assert_eq!((without.second_factor, without.epoch, events.len()), (None, 1, 2));
    }

    #[test]
    fn a_used_recovery_code_is_told_and_new_ones_are_not() {
        let used = |left| enrolled(0, 0).with_recovery_codes(left, MAIL).1.len();
        assert_eq!((used(2), used(3), used(10)), (1, 0, 0));
    }
}
