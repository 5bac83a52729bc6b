//! The account: its states, and every transition between them.
//!
//! A transition reads the account and returns the [`Changed`] one with what happened, or [`Refused`]. What needs
//! a look at other records at the moment of saving (a free licence, a sign-in name nobody else has) is the
//! store's to guard; its refusals have their [`Reason`] here too.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::id::{AccountId, IndividualId, MailId, WorkerId};
use crate::individual::Individual;
use crate::journal::JournalEvent;
use crate::language::Language;
use crate::settings::{NotReady, Settings, Texts};
use crate::text;
use crate::worker::{Permission, SecurityClass, Worker, permits};

/// Wrong birth dates that close an account (A7).
pub const BIRTH_DATE_ATTEMPTS: u8 = 3;
/// How long a reset link lives, in minutes.
pub const RESET_MINUTES: i64 = 60;

codes! {
    /// The name of a state; `none` before there is an account.
    pub enum StateName {
        /// No account.
        None = "none",
        /// Waits to be activated.
        Pending = "pending",
        /// In use.
        Active = "active",
        /// Barred, for now.
        Locked = "locked",
        /// Put aside, may be enabled again.
        Disabled = "disabled",
        /// Over.
        Closed = "closed",
    }
}

codes! {
    /// Why an account is Locked.
    pub enum LockReason {
        /// By a worker.
        Suspended = "suspended",
        /// By wrong passwords.
        FailedSignIns = "failed_sign_ins",
    }
}

codes! {
    /// Why an account is Closed.
    pub enum CloseReason {
        /// Nobody took the invitation in time (A8).
        Expired = "expired",
        /// The birth date was wrong three times (A7).
        WrongBirthDate = "wrong_birth_date",
        /// A worker withdrew the invitation (A9).
        Cancelled = "cancelled",
        /// A worker ended the account (A15).
        ClosedByWorker = "closed_by_worker",
    }
}

/// A state with its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits to be activated.
    Pending {
        /// When it was created or enabled.
        since: DateTime<Utc>,
        /// From this instant on its link refuses (A8).
        expires_at: DateTime<Utc>,
        /// Birth dates tried so far, an attempt being claimed before it is compared (B3).
        misses: u8,
    },
    /// In use.
    Active {
        /// Wrong passwords in a row.
        failed_sign_ins: u16,
        /// Only after choosing a new password (A16).
        must_reset: bool,
    },
    /// Barred, for now.
    Locked {
        /// Why.
        reason: LockReason,
        /// When.
        since: DateTime<Utc>,
        /// Survives unlocking.
        must_reset: bool,
    },
    /// Put aside.
    Disabled {
        /// When.
        since: DateTime<Utc>,
    },
    /// Over.
    Closed {
        /// Why.
        reason: CloseReason,
        /// When.
        at: DateTime<Utc>,
    },
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StateName {
        match self {
            Self::Pending { .. } => StateName::Pending,
            Self::Active { .. } => StateName::Active,
            Self::Locked { .. } => StateName::Locked,
            Self::Disabled { .. } => StateName::Disabled,
            Self::Closed { .. } => StateName::Closed,
        }
    }

    const fn reason(&self) -> Option<TransitionReason> {
        match self {
            Self::Locked { reason, .. } => Some(TransitionReason::Lock(*reason)),
            Self::Closed { reason, .. } => Some(TransitionReason::Close(*reason)),
            _ => None,
        }
    }
}

impl StateName {
    /// Whether an account in this state keeps its sign-in email and bars a second one.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::None | Self::Closed)
    }

    /// Whether an account in this state takes a licence (B7).
    #[must_use]
    pub const fn uses_licence(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Locked)
    }
}

/// An individual's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which one.
    pub id: AccountId,
    /// Whose.
    pub individual: IndividualId,
    /// Sign-in name, and where activation and security mail goes (B1, B9).
    pub email: EmailAddress,
    /// The client's own choice; else the individual's language.
    pub language: Option<Language>,
    /// Sessions opened under an earlier epoch are over.
    pub epoch: u32,
    /// Links of an earlier generation are dead.
    pub generation: u16,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// When the client last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// What the client accepted last (A5).
    pub acceptance: Option<Acceptance>,
    /// Where the client was going when they were sent to activate first (B4).
    pub landing: Option<Landing>,
    /// When the reset link of this generation dies, if there is one (A12, A19).
    pub reset_expires_at: Option<DateTime<Utc>>,
    /// Why it was opened below the minimum age, if it was (A1).
    pub age_override: Option<AgeOverride>,
}

/// The texts a client accepted, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Version of the privacy policy.
    pub privacy: u32,
    /// Version of the terms of use.
    pub terms: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A page of the portal: an absolute path of this site and never of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing(String);

impl Landing {
    /// The path, if it is one: at most 200 letters, digits and `/-_`, beginning with a single slash.
    #[must_use]
    pub fn new(path: &str) -> Option<Self> {
        let plain = path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
        (path.starts_with('/') && !path.starts_with("//") && path.len() <= 200 && plain)
            .then(|| Self(path.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A worker's recorded reason to open an account below the minimum age. Its `Debug` doesn't show the reason.
#[derive(Clone, PartialEq, Eq)]
pub struct AgeOverride {
    reason: String,
    by: WorkerId,
}

impl AgeOverride {
    /// An override by a worker who may (A1).
    ///
    /// # Errors
    /// `not_permitted`, or `override_reason_missing` for a reason that is empty, over 500 characters or has
    /// control characters.
    pub fn new(worker: &Worker, class: &SecurityClass, reason: &str) -> Result<Self, Reason> {
        if !permits(worker.user_group, class, Permission::OverrideAge) {
            return Err(Reason::NotPermitted);
        }
        Self::recorded(worker.id, reason).ok_or(Reason::OverrideReasonMissing)
    }

    /// An override as it was recorded.
    #[must_use]
    pub fn recorded(by: WorkerId, reason: &str) -> Option<Self> {
        Some(Self {
            reason: text::clean(reason, 500).ok()?,
            by,
        })
    }

    /// The reason, in the worker's words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whose decision it was.
    #[must_use]
    pub const fn by(&self) -> WorkerId {
        self.by
    }
}

impl fmt::Debug for AgeOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgeOverride")
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

codes! {
    /// The rule a transition followed.
    pub enum Rule {
        /// Create
        A1 = "A1",
        /// Bulk activation
        A2 = "A2",
        /// Resend
        A3 = "A3",
        /// The client asks again
        A3b = "A3b",
        /// Resend after closing: a new account
        A4 = "A4",
        /// Activate
        A5 = "A5",
        /// Wrong birth date, first and second
        A6 = "A6",
        /// Wrong birth date, third
        A7 = "A7",
        /// Expire
        A8 = "A8",
        /// Cancel
        A9 = "A9",
        /// Too many wrong passwords
        A10 = "A10",
        /// Suspend
        A11 = "A11",
        /// Unlock
        A12 = "A12",
        /// Disable
        A13 = "A13",
        /// Enable
        A14 = "A14",
        /// Close
        A15 = "A15",
        /// Force reset
        A16 = "A16",
        /// Change the password
        A17 = "A17",
        /// Change the sign-in email
        A18 = "A18",
        /// Forgotten password
        A19 = "A19",
        /// Consent given while Pending
        B2 = "B2",
        /// Birth date corrected while Pending
        B3 = "B3",
        /// Signed in
        SignIn = "sign_in",
    }
}

codes! {
    /// What somebody wanted to do with an account.
    pub enum Action {
        /// A1, A2, A4
        Create = "create",
        /// A3
        Resend = "resend",
        /// A3b
        AskAgain = "ask_again",
        /// A4
        Reopen = "reopen",
        /// Look at, or use, an activation link
        UseLink = "use_link",
        /// A5
        Activate = "activate",
        /// A6, A7
        MissBirthDate = "miss_birth_date",
        /// A8
        Expire = "expire",
        /// A9, A15
        Close = "close",
        /// A10
        FailSignIn = "fail_sign_in",
        /// Sign in
        SignIn = "sign_in",
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
        /// A17
        ChangePassword = "change_password",
        /// A18
        ChangeEmail = "change_email",
        /// A19: ask for a reset link
        ForgetPassword = "forget_password",
        /// A12, A19: use one
        ResetPassword = "reset_password",
        /// B2
        GiveConsent = "give_consent",
        /// B3
        CorrectBirthDate = "correct_birth_date",
    }
}

codes! {
    /// Why an action was refused, or a mail not sent.
    pub enum Reason {
        /// Not in this state.
        WrongState = "wrong_state",
        /// Client delivery is off (C1).
        ClientDeliveryOff = "client_delivery_off",
        /// The authentication email isn't verified and tested (C2).
        AuthenticationEmailNotReady = "authentication_email_not_ready",
        /// No privacy policy (C2).
        NoPrivacyPolicy = "no_privacy_policy",
        /// No terms of use (C2).
        NoTerms = "no_terms",
        /// `ClientConnect` is off (C2).
        NotEnabled = "client_connect_not_enabled",
        /// No email contact in use (A1).
        NoEmailContact = "no_email_contact",
        /// No birth date (A1).
        NoBirthDate = "no_birth_date",
        /// The agency's default birth date proves nothing (A1).
        DefaultBirthDate = "default_birth_date",
        /// Below the minimum age (A1).
        TooYoung = "too_young",
        /// The individual has an open account already (A1).
        OpenAccountExists = "open_account_exists",
        /// Another address than the one offered, to be confirmed (B9).
        AddressNotConfirmed = "address_not_confirmed",
        /// Another open account has this sign-in name (A1).
        EmailTaken = "email_taken",
        /// No licence is free (B7).
        NoLicenceFree = "no_licence_free",
        /// Consent to email is not in force (A2, A5, B2).
        NoConsent = "no_consent",
        /// Another consenting individual has the same address (A2).
        SharedAddress = "shared_address",
        /// Staff, or three wrong birth dates, shut the last account (A2, A4).
        ShutOut = "shut_out",
        /// Bulk work leaves test individuals alone.
        TestIndividual = "test_individual",
        /// The worker may not override the minimum age (A1).
        NotPermitted = "not_permitted",
        /// An override needs a reason (A1).
        OverrideReasonMissing = "override_reason_missing",
        /// The link's time is over (A8, A19).
        Expired = "expired",
        /// Its time is not over yet (A8).
        NotExpired = "not_expired",
        /// A newer link has taken its place.
        Superseded = "superseded",
        /// Three wrong birth dates (A7).
        NoAttemptsLeft = "no_attempts_left",
        /// The birth date doesn't match (A6).
        WrongBirthDate = "wrong_birth_date",
        /// The current terms and policy were not accepted (A5).
        TextsNotAccepted = "texts_not_accepted",
        /// A new password has to be chosen first (A16).
        MustReset = "must_reset",
        /// It is this address already (A18).
        SameAddress = "same_address",
        /// This account has sent as many links as it can.
        TooManyLinks = "too_many_links",
    }
}

impl From<NotReady> for Reason {
    fn from(not_ready: NotReady) -> Self {
        match not_ready {
            NotReady::ClientDeliveryOff => Self::ClientDeliveryOff,
            NotReady::AuthenticationEmailNotReady => Self::AuthenticationEmailNotReady,
            NotReady::NoPrivacyPolicy => Self::NoPrivacyPolicy,
            NotReady::NoTerms => Self::NoTerms,
            NotReady::NotEnabled => Self::NotEnabled,
        }
    }
}

/// An action that was refused: on what, in which state, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't {action} {} while {state}: {reason}", .account.map_or_else(|| "an account".to_owned(), |id| id.to_string()))]
pub struct Refused {
    /// The account, if there is one.
    pub account: Option<AccountId>,
    /// Its state.
    pub state: StateName,
    /// What was wanted.
    pub action: Action,
    /// Why not.
    pub reason: Reason,
}

/// The reason that goes with a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TransitionReason {
    /// Of a lock.
    Lock(LockReason),
    /// Of a close.
    Close(CloseReason),
}

/// What is journalled of a transition (B8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The rule it followed.
    pub rule: Rule,
    /// From which state.
    pub from: StateName,
    /// To which.
    pub to: StateName,
    /// The reason that the new state carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<TransitionReason>,
}

/// What a transition does to the sign-in name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    Kept,
    /// The sign-in name is taken, without a password.
    Claimed,
    /// The password is set or replaced.
    PasswordSet,
    /// The password is removed, the sign-in name stays taken.
    PasswordRemoved,
    /// The account's sign-in name is taken instead of this one; a password moves with it.
    Moved {
        /// The former one.
        from: EmailAddress,
    },
    /// Both are removed.
    Released,
}

/// An account after a transition, and what else to write in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The account as it is now.
    pub account: Account,
    /// For the journal.
    pub transition: Transition,
    /// What it means to others, in order.
    pub events: Vec<JournalEvent>,
    /// Whether every session opened before is over; the account's epoch has grown then. After A17 the caller's
    /// own is opened anew.
    pub ends_sessions: bool,
    /// What becomes of name and password.
    pub credentials: Credentials,
}

impl Changed {
    /// What to add to the number of free licences (B7): -1, 0 or 1. Test individuals take none.
    #[must_use]
    pub fn free_licences(&self, test_individual: bool) -> i8 {
        let used = |state: StateName| i8::from(state.uses_licence() && !test_individual);
        used(self.transition.from) - used(self.transition.to)
    }

    /// The mail that will go out, if one will: none tells the worker that the client hears nothing (A1).
    #[must_use]
    pub fn mail(&self) -> Option<MailId> {
        self.events.iter().find_map(JournalEvent::mail)
    }

    fn event(mut self, event: JournalEvent) -> Self {
        self.events.push(event);
        self
    }

    fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    fn ending_sessions(mut self) -> Self {
        self.account.epoch += 1;
        self.ends_sessions = true;
        self
    }
}

/// What every action that may mail a client looks at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Whose account it is.
    pub individual: &'a Individual,
    /// The agency's settings.
    pub settings: &'a Settings,
    /// The instant of the action.
    pub now: DateTime<Utc>,
    /// The id of the mail, should one go out.
    pub mail: MailId,
}

/// What opening an account takes (A1, A2, A4, A14).
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// For whom, and when.
    pub context: Context<'a>,
    /// Whether the individual has an open account.
    pub open_account: bool,
    /// The address the worker typed; none for the one that was offered.
    pub address: Option<EmailAddress>,
    /// The worker was warned that it isn't the one offered, and confirmed it (B9).
    pub address_confirmed: bool,
    /// Lifts the minimum age.
    pub age_override: Option<AgeOverride>,
}

impl Opening<'_> {
    /// The guards of A1 that need no other record, in the order in which a worker can mend them: the address the
    /// account will have. `former` is the closed account's address (A4).
    fn check(&self, former: Option<&EmailAddress>) -> Result<EmailAddress, Reason> {
        let Context {
            individual,
            settings,
            now,
            ..
        } = self.context;
        settings.ready()?;
        let offered = individual.prefilled_address().ok_or(Reason::NoEmailContact)?;
        check_birth_date(individual, settings)?;
        let age = individual
            .birth_date
            .map_or(0, |date| date.age_on(settings.today(now)));
        if age < u32::from(settings.general.minimum_age) && self.age_override.is_none() {
            return Err(Reason::TooYoung);
        }
        let offered = former.unwrap_or(offered);
        let address = self.address.as_ref().unwrap_or(offered);
        if address != offered && Some(address) != individual.prefilled_address() && !self.address_confirmed {
            return Err(Reason::AddressNotConfirmed);
        }
        Ok(address.clone())
    }
}

fn check_birth_date(individual: &Individual, settings: &Settings) -> Result<BirthDate, Reason> {
    let date = individual.birth_date.ok_or(Reason::NoBirthDate)?;
    if settings.general.default_birth_date == Some(date) {
        Err(Reason::DefaultBirthDate)
    } else {
        Ok(date)
    }
}

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
    /// A1: creates an account.
    ///
    /// # Errors
    /// When a guard of A1 fails.
    pub fn create(id: AccountId, opening: &Opening<'_>) -> Result<Changed, Refused> {
        let refuse = refuse(None, StateName::None, Action::Create);
        let address = opening.check(None).map_err(refuse)?;
        Self::open(id, opening, address, Rule::A1).map_err(refuse)
    }

    /// A2: creates an account in a bulk activation: no overrides, no other address than the consented one.
    /// `last_closed` is why the individual's last account closed; `shared_address` says that another consenting
    /// individual has the same address (B11).
    ///
    /// # Errors
    /// When a guard fails: the reason for skipping the individual.
    pub fn create_in_bulk(
        id: AccountId,
        context: Context<'_>,
        open_account: bool,
        last_closed: Option<CloseReason>,
        shared_address: bool,
    ) -> Result<Changed, Refused> {
        let refuse = refuse(None, StateName::None, Action::Create);
        let individual = context.individual;
        let opening = Opening {
            context,
            open_account,
            address: None,
            address_confirmed: false,
            age_override: None,
        };
        if individual.test {
            return Err(refuse(Reason::TestIndividual));
        }
        if matches!(
            last_closed,
            Some(CloseReason::ClosedByWorker | CloseReason::WrongBirthDate)
        ) {
            return Err(refuse(Reason::ShutOut));
        }
        let address = opening.check(None).map_err(refuse)?;
        if individual.consent().is_none() {
            return Err(refuse(Reason::NoConsent));
        }
        if shared_address {
            return Err(refuse(Reason::SharedAddress));
        }
        Self::open(id, &opening, address, Rule::A2).map_err(refuse)
    }

    /// A4: resend on an account that closed without having been activated opens a new one, at the closed one's
    /// address unless another is given.
    ///
    /// # Errors
    /// When this account isn't Closed, was closed by a worker (create a new one then), or a guard of A1 fails.
    pub fn reopen(&self, id: AccountId, opening: &Opening<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::Reopen);
        match self.state {
            State::Closed {
                reason: CloseReason::ClosedByWorker,
                ..
            } => Err(refuse(Reason::ShutOut)),
            State::Closed { .. } => {
                let address = opening.check(Some(&self.email)).map_err(refuse)?;
                Self::open(id, opening, address, Rule::A4).map_err(refuse)
            }
            _ => Err(refuse(Reason::WrongState)),
        }
    }

    fn open(
        id: AccountId,
        opening: &Opening<'_>,
        email: EmailAddress,
        rule: Rule,
    ) -> Result<Changed, Reason> {
        if opening.open_account {
            return Err(Reason::OpenAccountExists);
        }
        let Context {
            individual,
            settings,
            now,
            mail,
        } = opening.context;
        let account = Self {
            id,
            individual: individual.id,
            email,
            language: None,
            epoch: 0,
            generation: 1,
            created_at: now,
            state: pending(now, settings),
            last_sign_in: None,
            acceptance: None,
            landing: None,
            reset_expires_at: None,
            age_override: opening.age_override.clone(),
        };
        let transition = Transition {
            rule,
            from: StateName::None,
            to: StateName::Pending,
            reason: None,
        };
        let created = JournalEvent::AccountCreated {
            account: id,
            individual: individual.id,
            age_overridden: opening.age_override.is_some(),
        };
        let invitation = account.invitation(individual, mail);
        let events = vec![created, invitation];
        Ok(Changed {
            account,
            transition,
            events,
            ends_sessions: false,
            credentials: Credentials::Claimed,
        })
    }

    /// A3: a worker sends the activation again. The expiry restarts, even without consent, when no mail goes out.
    ///
    /// # Errors
    /// When the account isn't Pending or `ClientConnect` isn't ready.
    pub fn resend(&self, context: Context<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::Resend);
        let State::Pending { since, misses, .. } = self.state else {
            return Err(refuse(Reason::WrongState));
        };
        context
            .settings
            .ready()
            .map_err(|not_ready| refuse(not_ready.into()))?;
        let state = State::Pending {
            since,
            expires_at: expiry(context.now, context.settings),
            misses,
        };
        self.invite_again(Rule::A3, state, context).map_err(refuse)
    }

    /// A3b: the client asks for the link again. Neither expiry nor count restarts.
    ///
    /// # Errors
    /// When the account isn't Pending or is past its expiry, consent is not in force, or `ClientConnect` isn't
    /// ready. The client must not be told which.
    pub fn ask_again(&self, context: Context<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::AskAgain);
        self.check_invited(context.individual, context.settings, context.now)
            .map_err(refuse)?;
        self.invite_again(Rule::A3b, self.state, context).map_err(refuse)
    }

    /// B2: consent was given while Pending: the activation goes out at once, as a resend. While `ClientConnect`
    /// isn't ready only that nothing was sent is journalled (C1).
    ///
    /// # Errors
    /// When the account isn't Pending, is past its expiry, or the individual didn't consent.
    pub fn consent_given(&self, context: Context<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::GiveConsent);
        let State::Pending { since, misses, .. } = self.state else {
            return Err(refuse(Reason::WrongState));
        };
        if self.is_expired(context.now) {
            return Err(refuse(Reason::Expired));
        }
        if context.individual.consent().is_none() {
            return Err(refuse(Reason::NoConsent));
        }
        if let Err(not_ready) = context.settings.ready() {
            let withheld = self.withheld(not_ready.into());
            return Ok(self.to(Rule::B2, self.state).event(withheld));
        }
        let state = State::Pending {
            since,
            expires_at: expiry(context.now, context.settings),
            misses,
        };
        self.invite_again(Rule::B2, state, context).map_err(refuse)
    }

    /// B3: staff corrected the birth date: the count of attempts begins anew.
    ///
    /// # Errors
    /// When the account isn't Pending.
    pub fn birth_date_corrected(&self) -> Result<Changed, Refused> {
        let State::Pending {
            since, expires_at, ..
        } = self.state
        else {
            return Err(self.refuse(Action::CorrectBirthDate)(Reason::WrongState));
        };
        let cleared = JournalEvent::BirthDateMissesCleared {
            account: self.id,
            individual: self.individual,
        };
        Ok(self
            .to(
                Rule::B3,
                State::Pending {
                    since,
                    expires_at,
                    misses: 0,
                },
            )
            .event(cleared))
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
        let refuse = self.refuse(Action::UseLink);
        self.check_link_before_attempt(individual, settings, now, generation)
            .map_err(refuse)?;
        if self.attempts_left() == 0 {
            Err(refuse(Reason::NoAttemptsLeft))
        } else {
            Ok(())
        }
    }

    fn check_link_before_attempt(
        &self,
        individual: &Individual,
        settings: &Settings,
        now: DateTime<Utc>,
        generation: u16,
    ) -> Result<BirthDate, Reason> {
        self.check_invited(individual, settings, now)?;
        if generation != self.generation {
            return Err(Reason::Superseded);
        }
        check_birth_date(individual, settings)
    }

    /// Whether the invitation still stands, whichever link it is.
    fn check_invited(
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
        let refuse = self.refuse(Action::Activate);
        let expected = self
            .check_link_before_attempt(individual, settings, now, generation)
            .map_err(refuse)?;
        let (Some(privacy), Some(terms)) = (accepted.privacy, accepted.terms) else {
            return Err(refuse(Reason::TextsNotAccepted));
        };
        if accepted != settings.texts {
            return Err(refuse(Reason::TextsNotAccepted));
        }
        if given != expected {
            return Err(refuse(Reason::WrongBirthDate));
        }
        let activated = JournalEvent::AccountActivated {
            account: self.id,
            individual: self.individual,
        };
        let mut changed = self.to(
            Rule::A5,
            State::Active {
                failed_sign_ins: 0,
                must_reset: false,
            },
        );
        changed.account.acceptance = Some(Acceptance {
            privacy,
            terms,
            at: now,
        });
        changed.account.last_sign_in = Some(now);
        Ok(changed.event(activated).credentials(Credentials::PasswordSet))
    }

    /// A6, A7: records a wrong birth date, the attempt having been claimed. With no attempt left the account
    /// closes.
    ///
    /// # Errors
    /// When the account isn't Pending.
    pub fn miss_birth_date(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        let State::Pending { misses, .. } = self.state else {
            return Err(self.refuse(Action::MissBirthDate)(Reason::WrongState));
        };
        let missed = JournalEvent::BirthDateMissed {
            account: self.id,
            individual: self.individual,
            misses,
        };
        if self.attempts_left() > 0 {
            return Ok(self.to(Rule::A6, self.state).event(missed));
        }
        let mut changed = self.closed(Rule::A7, CloseReason::WrongBirthDate, now);
        changed.events.insert(0, missed);
        Ok(changed)
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
        let refuse = self.refuse(Action::Expire);
        match self.state {
            State::Pending { .. } if self.is_expired(now) => {
                Ok(self.closed(Rule::A8, CloseReason::Expired, now))
            }
            State::Pending { .. } => Err(refuse(Reason::NotExpired)),
            _ => Err(refuse(Reason::WrongState)),
        }
    }

    /// A9, A15: a worker cancels the invitation or closes the account.
    ///
    /// # Errors
    /// When it is Closed.
    pub fn close(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        match self.state {
            State::Pending { .. } => Ok(self.closed(Rule::A9, CloseReason::Cancelled, now)),
            State::Closed { .. } => Err(self.refuse(Action::Close)(Reason::WrongState)),
            _ => Ok(self.closed(Rule::A15, CloseReason::ClosedByWorker, now)),
        }
    }

    /// Signs the client in, the password having been verified.
    ///
    /// # Errors
    /// When `ClientConnect` isn't ready, the account isn't Active, or a new password has to be chosen first (A16).
    pub fn sign_in(&self, settings: &Settings, now: DateTime<Utc>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::SignIn);
        settings.ready().map_err(|not_ready| refuse(not_ready.into()))?;
        match self.state {
            State::Active { must_reset: true, .. } => Err(refuse(Reason::MustReset)),
            State::Active { must_reset, .. } => {
                let mut changed = self.to(
                    Rule::SignIn,
                    State::Active {
                        failed_sign_ins: 0,
                        must_reset,
                    },
                );
                changed.account.last_sign_in = Some(now);
                Ok(changed)
            }
            _ => Err(refuse(Reason::WrongState)),
        }
    }

    /// A10: judges a wrong password that was counted already: nothing, or the account locked by it and a mail
    /// with a reset link.
    ///
    /// # Errors
    /// When the account isn't Active.
    pub fn wrong_password(
        &self,
        settings: &Settings,
        now: DateTime<Utc>,
        mail: MailId,
    ) -> Result<Option<Changed>, Refused> {
        let refuse = self.refuse(Action::FailSignIn);
        let State::Active {
            failed_sign_ins,
            must_reset,
        } = self.state
        else {
            return Err(refuse(Reason::WrongState));
        };
        if failed_sign_ins < settings.general.failed_sign_ins {
            return Ok(None);
        }
        let reason = LockReason::FailedSignIns;
        let mut changed = self.to(
            Rule::A10,
            State::Locked {
                reason,
                since: now,
                must_reset,
            },
        );
        changed.account = changed.account.with_reset_link(now).map_err(refuse)?;
        let generation = Some(changed.account.generation);
        let (account, individual) = (self.id, self.individual);
        Ok(Some(changed.event(JournalEvent::AccountLocked {
            account,
            individual,
            reason,
            mail: Some(mail),
            generation,
        })))
    }

    /// A11: a worker suspends the account.
    ///
    /// # Errors
    /// When it isn't Active, or Locked by wrong passwords.
    pub fn suspend(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        let (State::Active { must_reset, .. }
        | State::Locked {
            reason: LockReason::FailedSignIns,
            must_reset,
            ..
        }) = self.state
        else {
            return Err(self.refuse(Action::Suspend)(Reason::WrongState));
        };
        let reason = LockReason::Suspended;
        let (account, individual) = (self.id, self.individual);
        let locked = JournalEvent::AccountLocked {
            account,
            individual,
            reason,
            mail: None,
            generation: None,
        };
        Ok(self
            .to(
                Rule::A11,
                State::Locked {
                    reason,
                    since: now,
                    must_reset,
                },
            )
            .event(locked)
            .ending_sessions())
    }

    /// A12: a worker unlocks the account.
    ///
    /// # Errors
    /// When it isn't Locked.
    pub fn unlock(&self) -> Result<Changed, Refused> {
        let State::Locked { must_reset, .. } = self.state else {
            return Err(self.refuse(Action::Unlock)(Reason::WrongState));
        };
        let unlocked = JournalEvent::AccountUnlocked {
            account: self.id,
            individual: self.individual,
        };
        Ok(self
            .to(
                Rule::A12,
                State::Active {
                    failed_sign_ins: 0,
                    must_reset,
                },
            )
            .event(unlocked))
    }

    /// A13: a worker disables the account.
    ///
    /// # Errors
    /// When it is Disabled or Closed.
    pub fn disable(&self, now: DateTime<Utc>) -> Result<Changed, Refused> {
        if !self.state.name().uses_licence() {
            return Err(self.refuse(Action::Disable)(Reason::WrongState));
        }
        let disabled = JournalEvent::AccountDisabled {
            account: self.id,
            individual: self.individual,
        };
        let changed = self.to(Rule::A13, State::Disabled { since: now });
        Ok(changed
            .event(disabled)
            .credentials(Credentials::PasswordRemoved)
            .ending_sessions())
    }

    /// A14: a worker enables the account, by Enable or by Create: back to Pending with a fresh activation.
    ///
    /// # Errors
    /// When it isn't Disabled, or a guard of A1 fails.
    pub fn enable(&self, opening: &Opening<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::Enable);
        if self.state.name() != StateName::Disabled {
            return Err(refuse(Reason::WrongState));
        }
        let address = opening.check(Some(&self.email)).map_err(refuse)?;
        let Context { settings, now, .. } = opening.context;
        let enabled = JournalEvent::AccountEnabled {
            account: self.id,
            individual: self.individual,
        };
        let mut changed = self
            .invite_again(Rule::A14, pending(now, settings), opening.context)
            .map_err(refuse)?;
        changed.events.insert(0, enabled);
        if address != self.email {
            changed.credentials = Credentials::Moved {
                from: self.email.clone(),
            };
        }
        changed.account.email = address;
        changed.account.age_override = opening.age_override.clone().or(changed.account.age_override);
        Ok(changed)
    }

    /// A16: a worker makes the client choose a new password.
    ///
    /// # Errors
    /// When the account isn't Active or Locked.
    pub fn force_reset(&self) -> Result<Changed, Refused> {
        let state = match self.state {
            State::Active { failed_sign_ins, .. } => State::Active {
                failed_sign_ins,
                must_reset: true,
            },
            State::Locked { reason, since, .. } => State::Locked {
                reason,
                since,
                must_reset: true,
            },
            _ => return Err(self.refuse(Action::ForceReset)(Reason::WrongState)),
        };
        let forced = JournalEvent::PasswordResetForced {
            account: self.id,
            individual: self.individual,
        };
        Ok(self.to(Rule::A16, state).event(forced).ending_sessions())
    }

    /// A17: the client changes their password, the current one having been verified.
    ///
    /// # Errors
    /// When the account isn't Active.
    pub fn change_password(&self, mail: MailId) -> Result<Changed, Refused> {
        if self.state.name() != StateName::Active {
            return Err(self.refuse(Action::ChangePassword)(Reason::WrongState));
        }
        Ok(self.with_password(
            Rule::A17,
            State::Active {
                failed_sign_ins: 0,
                must_reset: false,
            },
            mail,
        ))
    }

    /// A18: the client changes their sign-in email, the code sent to the new address having been verified.
    ///
    /// # Errors
    /// When the account isn't Active, or has that address already.
    pub fn change_email(&self, address: EmailAddress, mail: MailId) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::ChangeEmail);
        if self.state.name() != StateName::Active {
            return Err(refuse(Reason::WrongState));
        }
        if address == self.email {
            return Err(refuse(Reason::SameAddress));
        }
        let moved = JournalEvent::SignInEmailChanged {
            account: self.id,
            individual: self.individual,
            mail,
        };
        let credentials = Credentials::Moved {
            from: self.email.clone(),
        };
        let mut changed = self
            .to(Rule::A18, self.state)
            .event(moved)
            .credentials(credentials);
        changed.account.email = address;
        Ok(changed)
    }

    /// A19: somebody asks for a reset link. While Pending the activation link goes out again instead (A3b).
    ///
    /// # Errors
    /// When no mail may go out; whoever asks must not be told.
    pub fn forget_password(&self, context: Context<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::ForgetPassword);
        if self.state.name() == StateName::Pending {
            return self.ask_again(context);
        }
        context
            .settings
            .ready()
            .map_err(|not_ready| refuse(not_ready.into()))?;
        if !self.may_reset() {
            return Err(refuse(Reason::WrongState));
        }
        let mut changed = self.to(Rule::A19, self.state);
        changed.account = changed.account.with_reset_link(context.now).map_err(refuse)?;
        let (account, individual, mail) = (self.id, self.individual, context.mail);
        let generation = changed.account.generation;
        Ok(changed.event(JournalEvent::PasswordResetRequested {
            account,
            individual,
            mail,
            generation,
        }))
    }

    /// A12, A19: the client sets a new password by the emailed link, which also unlocks what wrong passwords
    /// locked, where the agency allows it. The link is used up.
    ///
    /// # Errors
    /// When the link was superseded or is over, or the account's state allows no reset.
    pub fn reset_password(&self, generation: u16, context: Context<'_>) -> Result<Changed, Refused> {
        let refuse = self.refuse(Action::ResetPassword);
        let Context {
            settings, now, mail, ..
        } = context;
        settings.ready().map_err(|not_ready| refuse(not_ready.into()))?;
        if !self.may_reset() {
            return Err(refuse(Reason::WrongState));
        }
        match self.reset_expires_at {
            Some(dies) if generation == self.generation && now < dies => {}
            Some(_) if generation == self.generation => return Err(refuse(Reason::Expired)),
            _ => return Err(refuse(Reason::Superseded)),
        }
        let active = State::Active {
            failed_sign_ins: 0,
            must_reset: false,
        };
        let unlocked = JournalEvent::AccountUnlocked {
            account: self.id,
            individual: self.individual,
        };
        Ok(match self.state {
            State::Locked { .. } if settings.general.client_may_unlock => {
                self.with_password(Rule::A12, active, mail).event(unlocked)
            }
            State::Locked { reason, since, .. } => self.with_password(
                Rule::A19,
                State::Locked {
                    reason,
                    since,
                    must_reset: false,
                },
                mail,
            ),
            _ => self.with_password(Rule::A19, active, mail),
        })
    }

    /// B4: remembers where the client was going, for when the account is activated.
    #[must_use]
    pub fn remembering(&self, landing: Landing) -> Self {
        Self {
            landing: Some(landing),
            ..self.clone()
        }
    }

    /// Whether notices go out to this account's client (B10).
    #[must_use]
    pub const fn receives_notices(&self) -> bool {
        matches!(self.state, State::Active { .. })
    }

    const fn may_reset(&self) -> bool {
        matches!(
            self.state,
            State::Active { .. }
                | State::Locked {
                    reason: LockReason::FailedSignIns,
                    ..
                }
        )
    }

    fn refuse(&self, action: Action) -> impl Fn(Reason) -> Refused + Copy {
        refuse(Some(self.id), self.state.name(), action)
    }

    fn to(&self, rule: Rule, state: State) -> Changed {
        let transition = Transition {
            rule,
            from: self.state.name(),
            to: state.name(),
            reason: state.reason(),
        };
        let account = Self {
            state,
            ..self.clone()
        };
        Changed {
            account,
            transition,
            events: Vec::new(),
            ends_sessions: false,
            credentials: Credentials::Kept,
        }
    }

    fn closed(&self, rule: Rule, reason: CloseReason, now: DateTime<Utc>) -> Changed {
        let closed = JournalEvent::AccountClosed {
            account: self.id,
            individual: self.individual,
            reason,
        };
        let changed = self.to(rule, State::Closed { reason, at: now });
        changed
            .event(closed)
            .credentials(Credentials::Released)
            .ending_sessions()
    }

    fn with_password(&self, rule: Rule, state: State, mail: MailId) -> Changed {
        let (account, individual) = (self.id, self.individual);
        let mut changed = self.to(rule, state);
        changed.account.reset_expires_at = None;
        changed
            .event(JournalEvent::PasswordChanged {
                account,
                individual,
                mail,
            })
            .credentials(Credentials::PasswordSet)
            .ending_sessions()
    }

    fn with_reset_link(self, now: DateTime<Utc>) -> Result<Self, Reason> {
        let generation = self.next_generation()?;
        Ok(Self {
            generation,
            reset_expires_at: Some(now + TimeDelta::minutes(RESET_MINUTES)),
            ..self
        })
    }

    fn next_generation(&self) -> Result<u16, Reason> {
        self.generation.checked_add(1).ok_or(Reason::TooManyLinks)
    }

    fn invite_again(&self, rule: Rule, state: State, context: Context<'_>) -> Result<Changed, Reason> {
        let mut changed = self.to(rule, state);
        changed.account.generation = self.next_generation()?;
        let invitation = changed.account.invitation(context.individual, context.mail);
        Ok(changed.event(invitation))
    }

    /// The activation mail, or that it must not go out.
    fn invitation(&self, individual: &Individual, mail: MailId) -> JournalEvent {
        if individual.consent().is_none() {
            return self.withheld(Reason::NoConsent);
        }
        let Self {
            id: account,
            individual,
            generation,
            ..
        } = *self;
        JournalEvent::ActivationRequested {
            account,
            individual,
            mail,
            generation,
        }
    }

    const fn withheld(&self, reason: Reason) -> JournalEvent {
        JournalEvent::ActivationWithheld {
            account: self.id,
            individual: self.individual,
            reason,
        }
    }
}

fn refuse(account: Option<AccountId>, state: StateName, action: Action) -> impl Fn(Reason) -> Refused + Copy {
    move |reason| Refused {
        account,
        state,
        action,
        reason,
    }
}

fn expiry(now: DateTime<Utc>, settings: &Settings) -> DateTime<Utc> {
    now + TimeDelta::hours(24 * i64::from(settings.general.activation_expiry_days))
}

fn pending(now: DateTime<Utc>, settings: &Settings) -> State {
    State::Pending {
        since: now,
        expires_at: expiry(now, settings),
        misses: 0,
    }
}
