//! What creating, enabling and inviting again have in common: what a worker may wish, the guards of A1 as refusals, and
//! the transaction that also settles what closed accounts needed a worker for.

use domain::account::{
    Account, Action, AgeOverride, Changed, Context as Guards, Opening, Reason, Refused, StateName,
};
use domain::alert::AlertKind;
use domain::journal::{FieldName, JournalEvent, JournalRecord};
use domain::{AccountId, EmailAddress, Individual, Permission};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{CommitError, Conflict, Fault, Holding, Transaction, Version, Versioned, ask};

use crate::admin::Invitation;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::Reply;
use crate::problem::{Failure, Refusal, refusals};

refusals! {
    /// Why no account is opened.
    pub enum NotOpened {
        /// ClientConnect isn't ready (C1, C2).
        NotReady {
            /// What is missing, e.g. `client_delivery_off`.
            missing: Reason,
        } => 409, "not_ready", "ClientConnect is not ready to invite clients; a System Administrator can set it up";
        /// No email contact in use.
        NoEmailContact => 409, "no_email_contact", "Add an email contact and tick Use Contact first";
        /// No birth date.
        NoBirthDate => 409, "no_birth_date", "Fill in the birth date first; the client proves with it who they are";
        /// The default birth date proves nothing.
        DefaultBirthDate => 409, "default_birth_date", "Replace the default birth date by the real one first";
        /// Below the minimum age.
        TooYoung {
            /// The agency's minimum.
            minimum_age: u8,
        } => 409, "too_young", "The individual is below the minimum age; Intake-Mgmt or Admin-Exec can override this with a reason";
        /// Not this worker's to override, or without a reason.
        AgeOverrideNotAllowed => 403, "age_override_not_allowed", "Only Intake-Mgmt and Admin-Exec may override the minimum age, and with a reason";
        /// There is an open account.
        AccountOpen => 409, "account_open", "The individual has an open account already";
        /// Another address than the one offered.
        AddressDiffers => 409, "address_differs", "This is not the address the agency has consent for; confirm that it is right";
        /// The address is another account's sign-in name.
        AddressTaken => 409, "address_taken", "Another client signs in with this address; use a different one";
        /// All licences are in use (B7).
        NoLicence => 409, "no_licence", "All licences are in use; close accounts that are not needed, or get more";
        /// A worker ended the account: another one is created, not sent again (A4).
        ClosedByWorker => 409, "resend_not_possible", "A worker closed this account; create a new one instead";
        /// Not in this state.
        AccountState {
            /// The account's state.
            state: StateName,
            /// What was wanted.
            action: Action,
        } => 409, "account_state", "The account's state does not allow this";
    }
}

/// What a worker wishes of an account that is opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) email: Option<String>,
    pub(crate) confirm_email: bool,
    pub(crate) age_override_reason: Option<String>,
}

impl Wishes {
    /// The name of the first that is wished for.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let wished = [
            ("email", self.email.is_some()),
            ("confirm_email", self.confirm_email),
            ("age_override_reason", self.age_override_reason.is_some()),
        ];
        wished.into_iter().find_map(|(name, wished)| wished.then_some(name))
    }

    /// An opening with what is wished for, where the worker may.
    pub(crate) fn opening<'a>(
        self,
        context: &Context<'_>,
        staff: &'a Staff,
        individual: &'a Individual,
        open_account: bool,
    ) -> Result<Opening<'a>, Failure<NotOpened>> {
        let address = self.email.map(|typed| typed.parse::<EmailAddress>()).transpose();
        let reason = self.age_override_reason.as_deref();
        let age_override =
            reason.map(|reason| AgeOverride::new(&staff.worker, &staff.class, reason)).transpose();
        let guards = Guards { individual, settings: &staff.settings, now: context.now, mail: context.mail() };
        Ok(Opening {
            address: address.map_err(|error| Failure::invalid("email", error.to_string()))?,
            address_confirmed: self.confirm_email,
            age_override: age_override.map_err(|_| NotOpened::AgeOverrideNotAllowed)?,
            ..Opening::offered(guards, open_account)
        })
    }
}

/// What stands in the way of something that opens an account or invites its client, if a worker did it now.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bar {
    /// What is barred.
    pub action: Action,
    /// The code of the problem that doing it would be answered with.
    pub code: String,
    /// What that problem's text is filled with.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parameters: Map<String, Value>,
    /// Whether this worker may do it all the same, with a reason to override the minimum age.
    pub may_override_age: bool,
}

/// Which of these actions a worker would be refused with nothing wished for, found out by deciding and saving nothing.
/// Licences are counted only where one would be taken (B7).
pub(crate) async fn bars(
    context: &Context<'_>,
    staff: &Staff,
    individual: &Individual,
    account: Option<&Account>,
    actions: &[Action],
) -> Result<Vec<Bar>, Fault> {
    let guards = Guards { individual, settings: &staff.settings, now: context.now, mail: context.mail() };
    let opening = Opening::offered(guards, false);
    let decide = |action: &Action| {
        let id = AccountId::new(context.uuid());
        let decided = match action {
            Action::Create => Account::create(id, &opening),
            Action::Reopen => account?.reopen(id, &opening),
            Action::Resend => account?.resend(guards),
            Action::Enable => account?.enable(&opening),
            _ => return None,
        };
        Some((*action, decided.map(|changed| changed.free_licences(individual.test) < 0)))
    };
    let decided: Vec<_> = actions.iter().filter_map(decide).collect();
    let none_free = decided.iter().any(|(_, takes_one)| *takes_one == Ok(true))
        && context.services.store.ask(ask::licences()).await?.free() == 0;
    let barred = decided.into_iter().filter_map(|(action, decided)| {
        let refusal = match decided {
            Err(refused) => refusal(&refused, staff),
            Ok(takes_one) if takes_one && none_free => NotOpened::NoLicence,
            Ok(_) => return None,
        };
        Some(Bar {
            action,
            code: refusal.code().to_owned(),
            parameters: refusal.parameters(),
            may_override_age: matches!(refusal, NotOpened::TooYoung { .. })
                && staff.may(Permission::OverrideAge),
        })
    });
    Ok(barred.collect())
}

/// What an individual holds: the open account, and the closed ones that still need a worker.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) open: Option<Versioned<Account>>,
    waiting: Vec<Versioned<Account>>,
}

impl Held {
    /// Reads the accounts of a holding; nothing where there are none.
    pub(crate) async fn of(context: &Context<'_>, holding: Option<Holding>) -> Result<Self, Fault> {
        let Holding { open, closed } = holding.unwrap_or_default();
        if open.is_none() && closed.is_empty() {
            return Ok(Self::default());
        }
        let closed: Vec<_> = closed.iter().map(|closed| ask::account(closed.account)).collect();
        let (open, closed) = context.services.store.ask((open.map(ask::account), closed)).await?;
        let waiting = closed.into_iter().flatten().filter(|closed| !closed.alerts.is_empty()).collect();
        Ok(Self { open, waiting })
    }

    /// The closed accounts with all settled that they needed a worker for, as a new one takes their place; the record tells
    /// of it.
    pub(crate) fn settled(&self, record: &mut JournalRecord) -> Vec<(Account, Version)> {
        let settled = |closed: &Versioned<Account>| Some((closed.settled(AlertKind::ALL)?, closed.version));
        let settled: Vec<_> = self.waiting.iter().filter_map(settled).collect();
        for (closed, _) in &settled {
            let (account, individual) = (closed.id, closed.individual);
            record.changed.push(FieldName::Alerts);
            record.events.push(JournalEvent::AlertsSettled { account, individual });
        }
        settled
    }
}

/// Saves an account that was opened; a new one settles what the closed ones needed a worker for.
pub(crate) async fn save(
    context: &Context<'_>,
    staff: &Staff,
    individual: &Individual,
    changed: &Changed,
    loaded: Version,
    held: &Held,
) -> Result<Reply<Invitation>, Failure<NotOpened>> {
    let mut record = context.transition(staff.actor(), changed);
    let settled = held.settled(&mut record);
    let mut transaction = Transaction::new(&record);
    transaction.change_account(loaded, changed, individual.test, None);
    for (closed, version) in &settled {
        transaction.put_account(*version, closed);
    }
    let answer = Invitation::from(changed);
    match context.commit(transaction, &answer).await {
        Ok(()) => Ok(Reply::from(answer)),
        Err(CommitError::Conflict(Conflict::OpenAccountExists)) => Err(NotOpened::AccountOpen.into()),
        Err(CommitError::Conflict(Conflict::SignInNameTaken)) => Err(NotOpened::AddressTaken.into()),
        Err(CommitError::Conflict(Conflict::NoLicence)) => Err(NotOpened::NoLicence.into()),
        Err(error) => Err(error.into()),
    }
}

/// A refusal of the domain, as this worker is told it.
pub(crate) fn refusal(refused: &Refused, staff: &Staff) -> NotOpened {
    match refused.reason {
        Reason::NoEmailContact => NotOpened::NoEmailContact,
        Reason::NoBirthDate => NotOpened::NoBirthDate,
        Reason::DefaultBirthDate => NotOpened::DefaultBirthDate,
        Reason::TooYoung => NotOpened::TooYoung { minimum_age: staff.settings.general.minimum_age },
        Reason::OpenAccountExists => NotOpened::AccountOpen,
        Reason::AddressNotConfirmed => NotOpened::AddressDiffers,
        Reason::NotPermitted | Reason::OverrideReasonMissing => NotOpened::AgeOverrideNotAllowed,
        Reason::ShutOut => NotOpened::ClosedByWorker,
        Reason::WrongState | Reason::TooManyLinks => {
            NotOpened::AccountState { state: refused.state, action: refused.action }
        }
        missing => NotOpened::NotReady { missing },
    }
}
