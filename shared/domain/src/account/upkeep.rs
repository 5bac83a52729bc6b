//! What workers do with accounts that exist: close, suspend, unlock, disable, force reset (A9, A11–A13, A15, A16).

use chrono::{DateTime, Utc};

use super::{Account, Action, Changed, CloseReason, Credentials, LockReason, Reason, Refused, Rule, State};

impl Account {
    /// What a worker may do with it, as far as its state goes.
    #[must_use]
    pub const fn worker_actions(&self) -> &'static [Action] {
        use Action::{Close, Disable, Enable, ForceReset, Reopen, Resend, Suspend, Unlock};
        match self.state {
            State::Pending { .. } => &[Resend, Close, Disable],
            State::Active { .. } => &[Suspend, ForceReset, Close, Disable],
            State::Locked { reason: LockReason::FailedSignIns, .. } => {
                &[Unlock, Suspend, ForceReset, Close, Disable]
            }
            State::Locked { reason: LockReason::Suspended, .. } => &[Unlock, ForceReset, Close, Disable],
            State::Disabled { .. } => &[Enable, Close],
            State::Closed { reason: CloseReason::ClosedByWorker, .. } => &[],
            State::Closed { .. } => &[Reopen],
        }
    }

    /// A9, A15: cancels the invitation or closes the account.
    ///
    /// # Errors
    /// When it is Closed.
    pub fn close(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::Close, || match self.state {
            State::Pending { .. } => Ok(self.closed(Rule::A9, CloseReason::Cancelled, now)),
            State::Closed { .. } => Err(Reason::WrongState),
            _ => Ok(self.closed(Rule::A15, CloseReason::ClosedByWorker, now)),
        })
    }

    /// A11: suspends the account. A reset link that is on its way works no more, not even after unlocking.
    ///
    /// # Errors
    /// When it isn't Active, or Locked by wrong passwords.
    pub fn suspend(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::Suspend, || {
            let (State::Active { must_reset, .. }
            | State::Locked { reason: LockReason::FailedSignIns, must_reset, .. }) = self.state
            else {
                return Err(Reason::WrongState);
            };
            let (reason, mail, generation) = (LockReason::Suspended, None, None);
            let mut changed = self.to(Rule::A11, State::Locked { reason, since: now, must_reset });
            changed.account.reset_expires_at = None;
            Ok(changed.event(event!(AccountLocked of self, reason, mail, generation)).ending_sessions())
        })
    }

    /// A12: unlocks the account.
    ///
    /// # Errors
    /// When it isn't Locked.
    pub fn unlock(&self) -> Result<Changed, Refused> {
        self.attempt(Action::Unlock, || {
            let State::Locked { must_reset, .. } = self.state else {
                return Err(Reason::WrongState);
            };
            let unlocked = State::Active { failed_sign_ins: 0, must_reset };
            Ok(self.to(Rule::A12, unlocked).event(event!(AccountUnlocked of self)))
        })
    }

    /// A13: disables the account.
    ///
    /// # Errors
    /// When it is Disabled or Closed.
    pub fn disable(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::Disable, || {
            if matches!(self.state, State::Disabled { .. } | State::Closed { .. }) {
                return Err(Reason::WrongState);
            }
            let changed =
                self.to(Rule::A13, State::Disabled { since: now }).event(event!(AccountDisabled of self));
            Ok(changed.credentials(Credentials::PasswordRemoved).ending_sessions())
        })
    }

    /// A16: makes the client choose a new password.
    ///
    /// # Errors
    /// When the account isn't Active or Locked.
    pub fn force_reset(&self) -> Result<Changed, Refused> {
        self.attempt(Action::ForceReset, || {
            let mut state = self.state;
            let (State::Active { must_reset, .. } | State::Locked { must_reset, .. }) = &mut state else {
                return Err(Reason::WrongState);
            };
            *must_reset = true;
            Ok(self.to(Rule::A16, state).event(event!(PasswordResetForced of self)).ending_sessions())
        })
    }
}
