//! From Pending on: links, birth dates, activation, expiry (A3, A3b, A5–A8, B2, B3).

use chrono::{DateTime, TimeDelta, Utc};

use super::opening::{check_birth_date, pending};
use super::{
    ATTEMPT_MINUTES, Acceptance, Account, Action, BIRTH_DATE_ATTEMPTS, Changed, CloseReason, Context,
    Credentials, Reason, Refused, Rule, State,
};
use crate::alert::AlertKind;
use crate::birth_date::BirthDate;
use crate::individual::Individual;
use crate::settings::{Settings, Texts};

/// The outcome of comparing a birth date, the attempt having been claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is the individual's.
    Matched,
    /// It isn't (A6).
    Missed {
        /// Attempts that are left, at least 1.
        left: u8,
    },
    /// It isn't, and that was the last attempt (A7).
    LastMiss,
}

impl Account {
    /// A3: a worker sends the activation again. The expiry restarts, even without consent, when no mail goes out.
    ///
    /// # Errors
    /// When the account isn't Pending or `ClientConnect` isn't ready.
    pub fn resend(&self, context: Context<'_>) -> Result<Changed, Refused> {
        self.attempt(Action::Resend, || {
            let restarted = self.restarted(context)?;
            context.settings.ready()?;
            self.invite_again(Rule::A3, restarted, context)
        })
    }

    /// A3b: the client asks for the link again. Neither expiry nor count restarts.
    ///
    /// # Errors
    /// When the account isn't Pending or is past its expiry, consent is not in force, or `ClientConnect` isn't
    /// ready. The client must not be told which.
    pub fn ask_again(&self, context: Context<'_>) -> Result<Changed, Refused> {
        self.attempt(Action::AskAgain, || {
            self.check_invitation(context.individual, context.settings, context.now)?;
            self.invite_again(Rule::A3b, self.state, context)
        })
    }

    /// B2: consent was given while Pending: the activation goes out at once, as a resend. While `ClientConnect`
    /// isn't ready nothing changes, and that no mail went out is journalled (C1).
    ///
    /// # Errors
    /// When the account isn't Pending, is past its expiry, or the individual didn't consent.
    pub fn consent_given(&self, context: Context<'_>) -> Result<Changed, Refused> {
        self.attempt(Action::GiveConsent, || {
            let restarted = self.restarted(context)?;
            if self.is_expired(context.now) {
                return Err(Reason::Expired);
            }
            context.individual.consent().ok_or(Reason::NoConsent)?;
            match context.settings.ready().map_err(Reason::from) {
                Ok(()) => self.invite_again(Rule::B2, restarted, context),
                Err(reason) => {
                    let mut changed = self.to(Rule::B2, self.state);
                    changed.account.alerts.remove(&AlertKind::NoConsent);
                    Ok(changed.event(event!(ActivationWithheld of self, reason)))
                }
            }
        })
    }

    fn restarted(&self, context: Context<'_>) -> Result<State, Reason> {
        let State::Pending { since, misses, .. } = self.state else {
            return Err(Reason::WrongState);
        };
        Ok(pending(since, misses, context))
    }

    /// B3: staff corrected the birth date: the count of attempts begins anew.
    ///
    /// # Errors
    /// When the account isn't Pending.
    pub fn birth_date_corrected(&self) -> Result<Changed, Refused> {
        self.attempt(Action::CorrectBirthDate, || {
            let mut cleared = self.state;
            let State::Pending { misses, .. } = &mut cleared else {
                return Err(Reason::WrongState);
            };
            *misses = 0;
            Ok(self.to(Rule::B3, cleared).event(event!(BirthDateMissesCleared of self)))
        })
    }

    /// Whether the activation link of that generation may be used now: looking at it, or trying a birth date.
    ///
    /// # Errors
    /// `ClientConnect` isn't ready; not Pending; superseded; expired (A8); consent not in force (B2); no birth date
    /// to compare with; no attempts left (A7).
    pub fn check_link(
        &self,
        individual: &Individual,
        settings: &Settings,
        now: DateTime<Utc>,
        generation: u16,
    ) -> Result<(), Refused> {
        self.attempt(Action::UseLink, || {
            self.check_claimed_link(individual, settings, now, generation)?;
            if self.attempts_left() == 0 { Err(Reason::NoAttemptsLeft) } else { Ok(()) }
        })
    }

    /// Whether the link may be used by who has claimed an attempt: the birth date to compare with.
    fn check_claimed_link(
        &self,
        individual: &Individual,
        settings: &Settings,
        now: DateTime<Utc>,
        generation: u16,
    ) -> Result<BirthDate, Reason> {
        self.check_invitation(individual, settings, now)?;
        if generation == self.generation {
            check_birth_date(individual, settings)
        } else {
            Err(Reason::Superseded)
        }
    }

    /// Whether the invitation stands, whichever link it is.
    fn check_invitation(
        &self,
        individual: &Individual,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<(), Reason> {
        settings.ready()?;
        match self.state {
            State::Pending { .. } if self.is_expired(now) => Err(Reason::Expired),
            State::Pending { .. } if individual.consent().is_none() => Err(Reason::NoConsent),
            State::Pending { .. } => Ok(()),
            _ => Err(Reason::WrongState),
        }
    }

    /// Birth dates that may still be tried: 0 when not Pending.
    #[must_use]
    pub const fn attempts_left(&self) -> u8 {
        match self.state {
            State::Pending { misses, .. } => BIRTH_DATE_ATTEMPTS.saturating_sub(misses),
            _ => 0,
        }
    }

    /// Compares a birth date, the attempt having been claimed: this account's count includes it (B3).
    #[must_use]
    pub fn judge_birth_date(&self, individual: &Individual, given: BirthDate) -> Judged {
        match self.attempts_left() {
            _ if individual.birth_date == Some(given) => Judged::Matched,
            0 => Judged::LastMiss,
            left => Judged::Missed { left },
        }
    }

    /// A5: the client activates the account, the attempt having been claimed.
    ///
    /// # Errors
    /// When the link may not be used, the texts accepted are not the current ones, or the birth date is wrong.
    pub fn activate(
        &self,
        individual: &Individual,
        settings: &Settings,
        now: DateTime<Utc>,
        generation: u16,
        given: BirthDate,
        accepted: Texts,
    ) -> Result<Changed, Refused> {
        self.attempt(Action::Activate, || {
            let expected = self.check_claimed_link(individual, settings, now, generation)?;
            let (Some(privacy), Some(terms)) = (accepted.privacy, accepted.terms) else {
                return Err(Reason::TextsNotAccepted);
            };
            if accepted != settings.texts {
                return Err(Reason::TextsNotAccepted);
            }
            if given != expected {
                return Err(Reason::WrongBirthDate);
            }
            let minutes = u32::try_from((now - self.since()).num_minutes()).ok();
            let mut changed = self
                .to(Rule::A5, State::Active { failed_sign_ins: 0, must_reset: false })
                .event(event!(AccountActivated of self, minutes))
                .credentials(Credentials::PasswordSet);
            changed.account.acceptance = Some(Acceptance { privacy, terms, at: now });
            changed.account.last_sign_in = Some(now);
            Ok(changed)
        })
    }

    /// A6, A7: records a wrong birth date, the attempt having been claimed. With no attempt left the account
    /// closes.
    ///
    /// # Errors
    /// When the account isn't Pending.
    pub fn miss_birth_date(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::MissBirthDate, || {
            let State::Pending { misses, .. } = self.state else {
                return Err(Reason::WrongState);
            };
            let mut changed = match self.attempts_left() {
                0 => self.closed(Rule::A7, CloseReason::WrongBirthDate, now).alert(AlertKind::ThirdMiss, now),
                _ => self.to(Rule::A6, self.state),
            };
            changed.events.insert(0, event!(BirthDateMissed of self, misses));
            Ok(changed)
        })
    }

    /// Whether all attempts were claimed and whoever claimed the last one can't be deciding any more: that call died, and
    /// the miss is still to be recorded (A7).
    #[must_use]
    pub fn is_abandoned(&self, now: DateTime<Utc>) -> bool {
        let decided_by = |at| now >= at + TimeDelta::minutes(ATTEMPT_MINUTES);
        matches!(self.state, State::Pending { .. })
            && self.attempts_left() == 0
            && self.attempted_at.is_none_or(decided_by)
    }

    /// Whether this is an invitation whose time is over: true from that instant on (A8).
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, State::Pending { expires_at, .. } if expires_at <= now)
    }

    /// A8: closes an invitation that nobody took in time.
    ///
    /// # Errors
    /// When the account isn't Pending, or its time isn't over.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::Expire, || match self.state {
            State::Pending { .. } if self.is_expired(now) => {
                Ok(self.closed(Rule::A8, CloseReason::Expired, now).alert(AlertKind::Expired, now))
            }
            State::Pending { .. } => Err(Reason::NotExpired),
            _ => Err(Reason::WrongState),
        })
    }
}
