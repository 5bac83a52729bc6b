//! What clients do with an active account: sign in, passwords, sign-in email (A10, A12, A17–A19).

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Acceptance, AcceptedTexts, Account, Action, Changed, Context, Credentials, LockReason, RESET_MINUTES,
    Reason, Refused, Rule, State,
};
use crate::alert::AlertKind;
use crate::email::EmailAddress;
use crate::id::MailId;
use crate::settings::Settings;

impl Account {
    /// Signs the client in, the password having been verified.
    ///
    /// # Errors
    /// When `ClientConnect` isn't ready, the account isn't Active, or a new password has to be chosen first (A16).
    pub fn sign_in(&self, settings: &Settings, now: DateTime<Utc>) -> Result<Changed, Refused> {
        self.attempt(Action::SignIn, || {
            settings.ready()?;
            let State::Active { must_reset, .. } = self.state else {
                return Err(Reason::WrongState);
            };
            if must_reset {
                return Err(Reason::MustReset);
            }
            let mut changed = self.to(Rule::SignIn, State::Active { failed_sign_ins: 0, must_reset });
            changed.account.last_sign_in = Some(now);
            Ok(if self.returns(settings, now) {
                changed.event(event!(ClientReturned of self))
            } else {
                changed
            })
        })
    }

    /// The password was right, and something else is missing, a text to accept or a new password to choose: the attempt
    /// counts neither as failed nor as anything else (A10).
    ///
    /// # Errors
    /// When the account isn't Active.
    pub fn let_off(&self) -> Result<Self, Refused> {
        self.attempt(Action::SignIn, || match self.state {
            State::Active { failed_sign_ins, must_reset } => {
                let failed_sign_ins = failed_sign_ins.saturating_sub(1);
                Ok(Self { state: State::Active { failed_sign_ins, must_reset }, ..self.clone() })
            }
            _ => Err(Reason::WrongState),
        })
    }

    /// Versions of privacy policy and terms that the client has to accept before signing in: the current ones, where the
    /// agency asks for new ones to be accepted and they accepted others (A5).
    #[must_use]
    pub fn texts_to_accept(&self, settings: &Settings) -> Option<AcceptedTexts> {
        let current = AcceptedTexts { privacy: settings.texts.privacy?, terms: settings.texts.terms? };
        let accepted =
            self.acceptance.map(|Acceptance { privacy, terms, .. }| AcceptedTexts { privacy, terms });
        (settings.general.ask_again && accepted != Some(current)).then_some(current)
    }

    /// Whether signing in now is the first time on a later day than that of the activation, by the agency's calendar.
    fn returns(&self, settings: &Settings, now: DateTime<Utc>) -> bool {
        let Some(activated) = self.activated_at().map(|at| settings.today(at)) else { return false };
        activated < settings.today(now)
            && self.last_sign_in.is_none_or(|last| settings.today(last) <= activated)
    }

    /// A10: judges a wrong password that was counted already: nothing, or the account locked by it and a mail
    /// with a reset link. Sessions go on, so that no outsider can end them.
    ///
    /// # Errors
    /// When the account isn't Active.
    pub fn wrong_password(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        mail_id: MailId,
    ) -> Result<Option<Changed>, Refused> {
        self.attempt(Action::FailSignIn, || {
            let State::Active { failed_sign_ins, must_reset } = self.state else {
                return Err(Reason::WrongState);
            };
            if failed_sign_ins < settings.general.failed_sign_ins {
                return Ok(None);
            }
            let reason = LockReason::FailedSignIns;
            let mut changed = self.to(Rule::A10, State::Locked { reason, since: now, must_reset });
            // An account that has used up its links is locked all the same, and a worker unlocks it.
            let (mut mail, mut generation) = (None, None);
            if let Ok(linked) = changed.account.with_reset_link(now) {
                (mail, generation) = (Some(mail_id), Some(linked.generation));
                changed.account = linked;
            }
            let changed = changed.event(event!(AccountLocked of self, reason, mail, generation));
            Ok(Some(changed.alert(AlertKind::Locked, now)))
        })
    }

    /// A17: the client changes their password, the current one having been verified.
    ///
    /// # Errors
    /// When the account isn't Active.
    pub fn change_password(&self, mail: MailId) -> Result<Changed, Refused> {
        self.attempt(Action::ChangePassword, || match self.state {
            State::Active { .. } => Ok(self.with_password(Rule::A17, ACTIVE, mail)),
            _ => Err(Reason::WrongState),
        })
    }

    /// A18: the client changes their sign-in email, the code sent to the new address having been verified. A reset link
    /// mailed to the former one works no more.
    ///
    /// # Errors
    /// When the account isn't Active, or has that address already.
    pub fn change_email(
        &self,
        address: EmailAddress,
        mail: MailId,
        former_mail: MailId,
    ) -> Result<Changed, Refused> {
        self.attempt(Action::ChangeEmail, || match self.state {
            State::Active { .. } if address == self.email => Err(Reason::SameAddress),
            State::Active { .. } => {
                let mut changed = self
                    .to(Rule::A18, self.state)
                    .event(event!(SignInEmailChanged of self, mail, former_mail))
                    .credentials(Credentials::Moved { from: self.email.clone() });
                changed.account.email = address;
                changed.account.reset_expires_at = None;
                Ok(changed)
            }
            _ => Err(Reason::WrongState),
        })
    }

    /// A19: somebody asks for a reset link. While Pending the activation link goes out again instead (A3b).
    ///
    /// # Errors
    /// When no mail may go out; whoever asks must not be told.
    pub fn forget_password(&self, context: Context<'_>) -> Result<Changed, Refused> {
        if let State::Pending { .. } = self.state {
            return self.ask_again(context);
        }
        self.attempt(Action::ForgetPassword, || {
            context.settings.ready()?;
            self.check_resettable()?;
            let mut changed = self.to(Rule::A19, self.state);
            changed.account = self.with_reset_link(context.now)?;
            let (mail, generation) = (context.mail, changed.account.generation);
            Ok(changed.event(event!(PasswordResetRequested of self, mail, generation)))
        })
    }

    /// A12, A19: the client sets a new password by the emailed link, which also unlocks what wrong passwords
    /// locked, where the agency allows it. The link is used up.
    ///
    /// # Errors
    /// When the link was superseded or is over, or the account's state allows no reset.
    pub fn reset_password(&self, generation: u16, context: Context<'_>) -> Result<Changed, Refused> {
        let Context { settings, now, mail, .. } = context;
        self.attempt(Action::ResetPassword, || {
            self.reset_link(settings, now, generation)?;
            Ok(match self.state {
                State::Locked { .. } if settings.general.client_may_unlock => {
                    self.with_password(Rule::A12, ACTIVE, mail).event(event!(AccountUnlocked of self))
                }
                State::Locked { reason, since, .. } => {
                    self.with_password(Rule::A19, State::Locked { reason, since, must_reset: false }, mail)
                }
                _ => self.with_password(Rule::A19, ACTIVE, mail),
            })
        })
    }

    /// Whether the reset link of that generation may be used now.
    ///
    /// # Errors
    /// When `ClientConnect` isn't ready, the account's state allows no reset, or the link was superseded or is over.
    pub fn check_reset_link(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        generation: u16,
    ) -> Result<(), Refused> {
        self.attempt(Action::ResetPassword, || self.reset_link(settings, now, generation))
    }

    fn reset_link(&self, settings: &Settings, now: DateTime<Utc>, generation: u16) -> Result<(), Reason> {
        settings.ready()?;
        self.check_resettable()?;
        let current = self.reset_expires_at.filter(|_| generation == self.generation);
        if current.ok_or(Reason::Superseded)? <= now { Err(Reason::Expired) } else { Ok(()) }
    }

    const fn check_resettable(&self) -> Result<(), Reason> {
        match self.state {
            State::Active { .. } | State::Locked { reason: LockReason::FailedSignIns, .. } => Ok(()),
            _ => Err(Reason::WrongState),
        }
    }

    fn with_reset_link(&self, now: DateTime<Utc>) -> Result<Self, Reason> {
        let reset_expires_at = Some(now + TimeDelta::minutes(RESET_MINUTES));
        Ok(Self { generation: self.next_generation()?, reset_expires_at, ..self.clone() })
    }

    fn with_password(&self, rule: Rule, state: State, mail: MailId) -> Changed {
        let mut changed = self
            .to(rule, state)
            .event(event!(PasswordChanged of self, mail))
            .credentials(Credentials::PasswordSet)
            .ending_sessions();
        changed.account.reset_expires_at = None;
        changed
    }
}

const ACTIVE: State = State::Active { failed_sign_ins: 0, must_reset: false };
