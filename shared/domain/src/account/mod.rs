//! The account: its states, and every transition between them.
//!
//! A transition reads the account and returns the [`Changed`] one with what happened, or [`Refused`]. What needs
//! a look at other records at the moment of saving (a free licence, a sign-in name nobody else has) is the
//! store's to guard; its refusals have their [`Reason`] here too.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::alert::AlertKind;
use crate::email::EmailAddress;
use crate::id::{AccountId, IndividualId};
use crate::language::Language;

/// Wrong birth dates that close an account (A7).
pub const BIRTH_DATE_ATTEMPTS: u8 = 3;
/// How long a call that tries a birth date may take to decide, in minutes: far longer than any does.
pub const ATTEMPT_MINUTES: i64 = 1;
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
        /// When the reminder is due; none once that is done, or where none is wanted.
        remind_at: Option<DateTime<Utc>>,
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

    /// When the invitation ends, while there is one.
    #[must_use]
    pub const fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Pending { expires_at, .. } => Some(*expires_at),
            _ => None,
        }
    }

    /// Why, in a state that has reasons.
    #[must_use]
    pub const fn reason(&self) -> Option<TransitionReason> {
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
    /// When a birth date was last tried, while Pending (B3).
    pub attempted_at: Option<DateTime<Utc>>,
    /// What the client accepted last (A5).
    pub acceptance: Option<Acceptance>,
    /// Where the client was going when they were sent to activate first (B4).
    pub landing: Option<Landing>,
    /// When the reset link of this generation dies, if there is one (A12, A19).
    pub reset_expires_at: Option<DateTime<Utc>>,
    /// Why it was opened below the minimum age, if it was (A1).
    pub age_override: Option<AgeOverride>,
    /// What of it needs a worker, and when each arose.
    pub alerts: BTreeMap<AlertKind, DateTime<Utc>>,
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

/// Versions of the texts that a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptedTexts {
    /// Of the privacy policy.
    pub privacy: u32,
    /// Of the terms of use.
    pub terms: u32,
}

/// A page of the portal: an absolute path of this site and never of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing(String);

impl Landing {
    /// The path, if it is one: at most 200 letters, digits and `/-_`, beginning with a single slash.
    #[must_use]
    pub fn new(path: &str) -> Option<Self> {
        let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
        (path.starts_with('/') && !path.starts_with("//") && path.len() <= 200 && plain)
            .then(|| Self(path.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A journal event about an account: its ids, and the fields given.
macro_rules! event {
    ($kind:ident of $account:expr $(, $field:ident)*) => {
        $crate::journal::JournalEvent::$kind {
            account: $account.id,
            individual: $account.individual,
            $($field,)*
        }
    };
}

mod activation;
mod change;
pub mod criteria;
mod opening;
mod record;
mod reminding;
mod sign_in;
mod upkeep;

#[cfg(test)]
mod effects;
#[cfg(test)]
mod life;
#[cfg(test)]
mod table;

pub use activation::Judged;
pub use change::{Action, Changed, Credentials, Reason, Refused, Rule, Transition, TransitionReason};
pub use criteria::{Criteria, Status};
pub use opening::{AgeOverride, Context, Opening, check_age};
pub use record::{Consequence, RecordChange};
pub use reminding::Reminded;

impl Account {
    /// Whether notices go out to this account's client (B10).
    #[must_use]
    pub const fn receives_notices(&self) -> bool {
        matches!(self.state, State::Active { .. })
    }

    /// When its client last activated it (A5).
    #[must_use]
    pub fn activated_at(&self) -> Option<DateTime<Utc>> {
        self.acceptance.map(|accepted| accepted.at)
    }

    /// Since when it is in its state; of an Active one, since it was activated.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        match self.state {
            State::Pending { since, .. } | State::Locked { since, .. } | State::Disabled { since } => since,
            State::Closed { at, .. } => at,
            State::Active { .. } => self.activated_at().unwrap_or(self.created_at),
        }
    }

    /// The instant by which accounts of one status are put in order: while Pending when the invitation ends, else since
    /// when. It is never before the account was created.
    #[must_use]
    pub fn status_at(&self) -> DateTime<Utc> {
        self.state.expires_at().unwrap_or_else(|| self.since())
    }

    /// B4: remembers where the client was going, for when the account is activated.
    #[must_use]
    pub fn remembering(&self, landing: Landing) -> Self {
        Self { landing: Some(landing), ..self.clone() }
    }

    /// The account with the language its client chose.
    #[must_use]
    pub fn reading(&self, language: Language) -> Self {
        Self { language: Some(language), ..self.clone() }
    }

    /// The account with every session opened so far over.
    #[must_use]
    pub fn without_sessions(&self) -> Self {
        Self { epoch: self.epoch + 1, ..self.clone() }
    }

    /// Tries an action, and says of which account, state and action it was if it is refused.
    fn attempt<T>(&self, action: Action, decide: impl FnOnce() -> Result<T, Reason>) -> Result<T, Refused> {
        decide().map_err(|reason| Refused {
            account: Some(self.id),
            state: self.state.name(),
            action,
            reason,
        })
    }

    /// The account in another state, by that rule, and so far with nothing else.
    fn to(&self, rule: Rule, state: State) -> Changed {
        let (from, to, reason) = (self.state.name(), state.name(), state.reason());
        let invited_anew = state.expires_at().is_some_and(|anew| self.state.expires_at() != Some(anew));
        let mut account = Self { state, ..self.clone() };
        account.alerts.retain(|kind, _| kind.stays(rule, &state, invited_anew));
        Changed {
            account,
            transition: Transition { rule, from, to, reason },
            events: Vec::new(),
            ends_sessions: false,
            credentials: Credentials::Kept,
        }
    }

    fn closed(&self, rule: Rule, reason: CloseReason, now: DateTime<Utc>) -> Changed {
        self.to(rule, State::Closed { reason, at: now })
            .event(event!(AccountClosed of self, reason))
            .credentials(Credentials::Released)
            .ending_sessions()
    }

    fn next_generation(&self) -> Result<u16, Reason> {
        self.generation.checked_add(1).ok_or(Reason::TooManyLinks)
    }
}
