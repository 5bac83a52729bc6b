//! Opening an account: create (A1), bulk activation (A2), resend after closing (A4), enable (A14).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Account, Action, Changed, CloseReason, Credentials, Reason, Refused, Rule, State, StateName, Transition,
};
use crate::alert::AlertKind;
use crate::birth_date::BirthDate;
use crate::email::EmailAddress;
use crate::id::{AccountId, MailId, WorkerId};
use crate::individual::Individual;
use crate::journal::JournalEvent;
use crate::settings::Settings;
use crate::text;
use crate::worker::{Permission, SecurityClass, Worker, permits};

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

/// What opening an account takes.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// For whom, and when.
    pub context: Context<'a>,
    /// Whether the individual has an open account; of no account when that one is enabled.
    pub open_account: bool,
    /// The address the worker typed; none for the one that was offered.
    pub address: Option<EmailAddress>,
    /// The worker was warned that it isn't the one offered, and confirmed it (B9).
    pub address_confirmed: bool,
    /// Lifts the minimum age.
    pub age_override: Option<AgeOverride>,
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
        Some(Self { reason: text::clean(reason, 500).ok()?, by })
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
        f.debug_struct("AgeOverride").field("by", &self.by).finish_non_exhaustive()
    }
}

impl<'a> Opening<'a> {
    /// An opening as it is offered: at the address that is pre-filled, of the minimum age.
    #[must_use]
    pub const fn offered(context: Context<'a>, open_account: bool) -> Self {
        Self { context, open_account, address: None, address_confirmed: false, age_override: None }
    }
}

impl Opening<'_> {
    /// The guards of A1 that need no other record, in the order in which a worker can mend them: the address the
    /// account will have. `former` is the address of the closed or disabled account, offered before any other.
    fn check(&self, former: Option<&EmailAddress>) -> Result<EmailAddress, Reason> {
        let Context { individual, settings, now, .. } = self.context;
        settings.ready()?;
        let prefilled = individual.prefilled_address().ok_or(Reason::NoEmailContact)?;
        match check_age(individual, settings, now) {
            Err(Reason::TooYoung) if self.age_override.is_some() => {}
            checked => checked?,
        }
        let offered = former.unwrap_or(prefilled);
        let address = self.address.as_ref().unwrap_or(offered);
        if ![offered, prefilled].contains(&address) && !self.address_confirmed {
            return Err(Reason::AddressNotConfirmed);
        }
        Ok(address.clone())
    }

    fn open(&self, id: AccountId, former: Option<&EmailAddress>, rule: Rule) -> Result<Changed, Reason> {
        if self.open_account {
            return Err(Reason::OpenAccountExists);
        }
        let email = self.check(former)?;
        let Context { individual, now, .. } = self.context;
        let mut account = Account {
            id,
            individual: individual.id,
            email,
            language: None,
            epoch: 0,
            generation: 1,
            created_at: now,
            state: pending(now, 0, self.context),
            last_sign_in: None,
            attempted_at: None,
            acceptance: None,
            landing: None,
            reset_expires_at: None,
            age_override: self.age_override.clone(),
            alerts: BTreeMap::new(),
        };
        let invitation = account.invite(self.context);
        let age_overridden = self.age_override.is_some();
        let events = vec![event!(AccountCreated of account, age_overridden), invitation];
        let transition = Transition { rule, from: StateName::None, to: StateName::Pending, reason: None };
        Ok(Changed { account, transition, events, ends_sessions: false, credentials: Credentials::Claimed })
    }
}

impl Account {
    /// A1: creates an account. Without consent to email it is created all the same, but no mail goes out:
    /// [`Changed::mail`] tells.
    ///
    /// # Errors
    /// When a guard of A1 fails.
    pub fn create(id: AccountId, opening: &Opening<'_>) -> Result<Changed, Refused> {
        opening.open(id, None, Rule::A1).map_err(refuse_create)
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
        let opening = Opening::offered(context, open_account);
        let shut_out = matches!(last_closed, Some(CloseReason::ClosedByWorker | CloseReason::WrongBirthDate));
        let skip = if context.individual.test {
            Some(Reason::TestIndividual)
        } else if shut_out {
            Some(Reason::ShutOut)
        } else if context.individual.consent().is_none() {
            Some(Reason::NoConsent)
        } else {
            shared_address.then_some(Reason::SharedAddress)
        };
        // The guards of A1 come first: a worker learns what to mend before what to leave.
        let changed = opening.open(id, None, Rule::A2).map_err(refuse_create)?;
        skip.map_or(Ok(changed), |reason| Err(refuse_create(reason)))
    }

    /// A4: resend on an account that closed without having been activated opens a new one, at the closed one's
    /// address unless another is given.
    ///
    /// # Errors
    /// When this account isn't Closed, was closed by a worker (create a new one then), or a guard of A1 fails.
    pub fn reopen(&self, id: AccountId, opening: &Opening<'_>) -> Result<Changed, Refused> {
        self.attempt(Action::Reopen, || match self.state {
            State::Closed { reason: CloseReason::ClosedByWorker, .. } => Err(Reason::ShutOut),
            State::Closed { .. } => opening.open(id, Some(&self.email), Rule::A4),
            _ => Err(Reason::WrongState),
        })
    }

    /// A14: a worker enables the account, by Enable or by Create: back to Pending with a fresh activation.
    ///
    /// # Errors
    /// When it isn't Disabled, or a guard of A1 fails.
    pub fn enable(&self, opening: &Opening<'_>) -> Result<Changed, Refused> {
        self.attempt(Action::Enable, || {
            if self.state.name() != StateName::Disabled {
                return Err(Reason::WrongState);
            }
            let email = opening.check(Some(&self.email))?;
            let pending = pending(opening.context.now, 0, opening.context);
            let mut changed = self.invite_again(Rule::A14, pending, opening.context)?;
            changed.events.insert(0, event!(AccountEnabled of self));
            if email != self.email {
                changed.credentials = Credentials::Moved { from: self.email.clone() };
            }
            changed.account.email = email;
            changed.account.age_override.clone_from(&opening.age_override);
            Ok(changed)
        })
    }

    /// The account with a link of a new generation, which kills the older ones, and the mail that carries it.
    pub(super) fn invite_again(
        &self,
        rule: Rule,
        state: State,
        context: Context<'_>,
    ) -> Result<Changed, Reason> {
        let mut changed = self.to(rule, state);
        changed.account.generation = self.next_generation()?;
        let invitation = changed.account.invite(context);
        Ok(changed.event(invitation))
    }

    /// The activation mail, or that it must not go out, which needs a worker.
    fn invite(&mut self, context: Context<'_>) -> JournalEvent {
        let (mail, generation, reason) = (context.mail, self.generation, Reason::NoConsent);
        if context.individual.consent().is_some() {
            self.alerts.remove(&AlertKind::NoConsent);
            event!(ActivationRequested of self, mail, generation)
        } else {
            self.alerts.entry(AlertKind::NoConsent).or_insert(context.now);
            event!(ActivationWithheld of self, reason)
        }
    }
}

fn refuse_create(reason: Reason) -> Refused {
    Refused { account: None, state: StateName::None, action: Action::Create, reason }
}

/// The birth date, if it proves anything.
pub(super) fn check_birth_date(individual: &Individual, settings: &Settings) -> Result<BirthDate, Reason> {
    let date = individual.birth_date.ok_or(Reason::NoBirthDate)?;
    let is_default = settings.general.default_birth_date == Some(date);
    if is_default { Err(Reason::DefaultBirthDate) } else { Ok(date) }
}

/// Whether an account may be opened by this birth date (A1): it is known, proves something, and the individual is of
/// the minimum age.
///
/// # Errors
/// `no_birth_date`, `default_birth_date` or `too_young`.
pub fn check_age(individual: &Individual, settings: &Settings, now: DateTime<Utc>) -> Result<(), Reason> {
    let age = check_birth_date(individual, settings)?.age_on(settings.today(now));
    if age < u32::from(settings.general.minimum_age) { Err(Reason::TooYoung) } else { Ok(()) }
}

/// Pending with an invitation of this instant: when it expires (A8), and when its client is reminded, unless that
/// were at once.
pub(super) fn pending(since: DateTime<Utc>, misses: u8, context: Context<'_>) -> State {
    let general = &context.settings.general;
    let days = |days: u8| TimeDelta::hours(24 * i64::from(days));
    let expires_at = context.now + days(general.activation_expiry_days);
    let remind_at = expires_at - days(general.reminder_days);
    let remind_at = (context.now < remind_at && remind_at < expires_at).then_some(remind_at);
    State::Pending { since, expires_at, remind_at, misses }
}
