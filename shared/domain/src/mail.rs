//! Mails, and whether one may still go when its turn comes.

use chrono::{DateTime, Utc};

use crate::account::{Account, LockReason, Reason, State};
use crate::email::EmailAddress;
use crate::individual::Individual;
use crate::journal::TestMailKind;
use crate::settings::Settings;
use crate::worker::{Worker, WorkerState};

codes! {
    /// What a mail is for.
    pub enum MailKind {
        /// The invitation to activate an account.
        Activation = "activation",
        /// The invitation ends soon.
        ActivationReminder = "activation_reminder",
        /// The link to choose a new password.
        PasswordReset = "password_reset",
        /// Wrong passwords have locked the account (A10).
        AccountLocked = "account_locked",
        /// The password was changed (A17).
        PasswordChanged = "password_changed",
        /// The sign-in email was changed; goes to the new one (A18).
        SignInEmailChanged = "sign_in_email_changed",
        /// The same, to the former one.
        SignInEmailLeft = "sign_in_email_left",
        /// The code that proves a new sign-in email (A18).
        EmailCode = "email_code",
        /// Tells a worker that a client asks to be invited again (A3b).
        InvitationAskedFor = "invitation_asked_for",
        /// Invites a worker to choose their first password.
        WorkerInvited = "worker_invited",
        /// Tells a client that their service request has come; a client message.
        ServiceRequestReceived = "service_request_received",
        /// Tells a worker that a client asks for a service.
        ServiceRequested = "service_requested",
        /// Tells a worker that a client's mail didn't arrive.
        ClientMailFailed = "client_mail_failed",
        /// Shows a worker whether mails arrive.
        Test = "test",
        /// The link for a worker to choose a new password (B13).
        WorkerPasswordReset = "worker_password_reset",
        /// Wrong passwords have locked a worker (B13).
        WorkerLocked = "worker_locked",
        /// A worker's password was changed (B13).
        WorkerPasswordChanged = "worker_password_changed",
        /// A worker's second factor was set up.
        SecondFactorSet = "second_factor_set",
        /// It was taken away by a System Administrator.
        SecondFactorReset = "second_factor_reset",
        /// A recovery code was used in its place.
        RecoveryCodeUsed = "recovery_code_used",
    }
}

codes! {
    /// What the mail service told of a mail.
    pub enum MailOutcome {
        /// It took the mail.
        Sent = "sent",
        /// The receiver's mail server took it.
        Delivered = "delivered",
        /// The receiver's mail server refused it for good.
        Bounced = "bounced",
        /// It could not be delivered so far, and is not tried again.
        Undelivered = "undelivered",
        /// The receiver called it unwanted.
        Complained = "complained",
        /// The mail service refused it.
        Rejected = "rejected",
    }
}

/// What to do with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it there.
    Send(EmailAddress),
    /// Don't, and record why.
    Drop(Reason),
}

/// Whether mails that need consent may go to an individual: invitations and notices (B2, B9, C1).
///
/// # Errors
/// `client_delivery_off` or `no_consent`.
pub fn check_consented_mail(individual: &Individual, settings: &Settings) -> Result<(), Reason> {
    if !settings.communications.reach_clients() {
        return Err(Reason::ClientDeliveryOff);
    }
    individual.consent().map(|_| ()).ok_or(Reason::NoConsent)
}

/// Decides on an activation mail, or its reminder, just before it is sent (B2, C1, C2): what was true when it was asked
/// for may be so no longer. `generation` is the one it was asked for with.
#[must_use]
pub fn decide_activation_mail(
    account: &Account,
    individual: &Individual,
    settings: &Settings,
    now: DateTime<Utc>,
    generation: u16,
) -> Decision {
    match account.check_link(individual, settings, now, generation) {
        Ok(()) => Decision::Send(account.email.clone()),
        Err(refused) => Decision::Drop(refused.reason),
    }
}

/// Decides on the mail with a reset link (A19). Consent isn't asked for (B9).
#[must_use]
pub fn decide_reset_mail(
    account: &Account,
    settings: &Settings,
    now: DateTime<Utc>,
    generation: u16,
) -> Decision {
    match account.check_reset_link(settings, now, generation) {
        Ok(()) => Decision::Send(account.email.clone()),
        Err(refused) => Decision::Drop(refused.reason),
    }
}

/// Decides on the mail that tells of a lock by wrong passwords (A10), with the link of that generation or, where the
/// agency itself unlocks, without. A link that has died meanwhile is left out: the client is told all the same.
#[must_use]
pub fn decide_locked_mail(account: &Account, settings: &Settings, generation: u16) -> Decision {
    match account.state {
        State::Locked { reason: LockReason::FailedSignIns, .. } if generation != account.generation => {
            Decision::Drop(Reason::Superseded)
        }
        State::Locked { reason: LockReason::FailedSignIns, .. } => decide_security_mail(account, settings),
        _ => Decision::Drop(Reason::WrongState),
    }
}

/// Decides on a mail that tells what happened to an account (A17–A19), and on the code for a new address (A18): whoever
/// is suspended, disabled or closed is told nothing.
#[must_use]
pub fn decide_security_mail(account: &Account, settings: &Settings) -> Decision {
    match account.state {
        _ if !settings.communications.reach_clients() => Decision::Drop(Reason::ClientDeliveryOff),
        State::Active { .. } | State::Locked { reason: LockReason::FailedSignIns, .. } => {
            Decision::Send(account.email.clone())
        }
        _ => Decision::Drop(Reason::WrongState),
    }
}

/// Decides on a client message: it goes to the contact that consent was given for (B9), of who may sign in (B10, C1).
#[must_use]
pub fn decide_client_message(account: &Account, individual: &Individual, settings: &Settings) -> Decision {
    if let Err(reason) = check_consented_mail(individual, settings) {
        return Decision::Drop(reason);
    }
    match (account.state, individual.consented_address()) {
        (State::Active { .. }, Some(address)) => Decision::Send(address.clone()),
        (State::Active { .. }, None) => Decision::Drop(Reason::NoConsent),
        _ => Decision::Drop(Reason::WrongState),
    }
}

/// What a worker's mail is about (B13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToWorker {
    /// The invitation, with the link of that generation.
    Invited {
        /// Which.
        generation: u16,
    },
    /// The reset link of that generation.
    PasswordReset {
        /// Which.
        generation: u16,
    },
    /// Wrong passwords have locked them.
    Locked {
        /// Of the reset link that goes with it.
        generation: u16,
    },
    /// Their password was changed.
    PasswordChanged,
    /// Their second factor was set up.
    SecondFactorSet,
    /// It was taken away.
    SecondFactorReset,
    /// A recovery code was used in its place.
    RecoveryCodeUsed,
    /// A client asks to be invited again (A3b).
    InvitationAskedFor,
    /// A client asks for a service.
    ServiceRequested,
    /// A client's mail didn't arrive.
    ClientMailFailed,
    /// Whether mails arrive.
    Test(TestMailKind),
}

/// Decides on a mail to a worker. *Enable Client Delivery* (C1) is about clients alone.
#[must_use]
pub fn decide_worker_mail(
    worker: &Worker,
    settings: &Settings,
    now: DateTime<Utc>,
    about: ToWorker,
) -> Decision {
    let by_passwords = matches!(worker.state, WorkerState::Locked { reason: LockReason::FailedSignIns, .. });
    let active = matches!(worker.state, WorkerState::Active { .. });
    let outdated = |generation| generation != worker.generation;
    let refused = match about {
        _ if !settings.communications.email => Some(Reason::EmailOff),
        _ if !active && !by_passwords => Some(Reason::WrongState),
        ToWorker::InvitationAskedFor
        | ToWorker::ServiceRequested
        | ToWorker::ClientMailFailed
        | ToWorker::Test(_)
            if !active =>
        {
            Some(Reason::WrongState)
        }
        ToWorker::Locked { .. } if active => Some(Reason::WrongState),
        ToWorker::Invited { generation }
        | ToWorker::PasswordReset { generation }
        | ToWorker::Locked { generation }
            if outdated(generation) =>
        {
            Some(Reason::Superseded)
        }
        ToWorker::Invited { .. } | ToWorker::PasswordReset { .. }
            if worker.reset_expires_at.is_none_or(|dies| dies <= now) =>
        {
            Some(Reason::Expired)
        }
        _ => None,
    };
    refused.map_or_else(|| Decision::Send(worker.email.clone()), Decision::Drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{account, at, settings, settings_with, worker};
    use crate::worker::UserGroup;

    const ACTIVE: State = State::Active { failed_sign_ins: 0, must_reset: false };

    fn locked(reason: LockReason) -> State {
        State::Locked { reason, since: at(0), must_reset: false }
    }

    fn states() -> [State; 6] {
        let reason = crate::account::CloseReason::ClosedByWorker;
        [
            State::Pending { since: at(0), expires_at: at(100), remind_at: None, misses: 0 },
            ACTIVE,
            locked(LockReason::FailedSignIns),
            locked(LockReason::Suspended),
            State::Disabled { since: at(0) },
            State::Closed { reason, at: at(0) },
        ]
    }

    /// In which of the states a mail goes out.
    fn goes(decide: impl Fn(&Account) -> Decision) -> Vec<bool> {
        states().map(|state| decide(&account(state)) == Decision::Send(account(state).email)).to_vec()
    }

    #[test]
    fn suspended_disabled_and_closed_are_told_nothing() {
        let settings = settings();
        let (active, failed) = (1, 2);
        let only = |wanted: &[usize]| (0..6).map(|state| wanted.contains(&state)).collect::<Vec<_>>();
        assert_eq!(goes(|account| decide_reset_mail(account, &settings, at(0), 4)), only(&[active, failed]));
        assert_eq!(goes(|account| decide_security_mail(account, &settings)), only(&[active, failed]));
        assert_eq!(goes(|account| decide_locked_mail(account, &settings, 4)), only(&[failed]));
    }

    #[test]
    fn a_link_that_is_over_is_not_mailed() {
        let (settings, account) = (settings(), account(ACTIVE));
        let decide = |hours, generation| decide_reset_mail(&account, &settings, at(hours), generation);
        assert_eq!(decide(0, 3), Decision::Drop(Reason::Superseded));
        assert_eq!(decide(1, 4), Decision::Drop(Reason::Expired));
        let used_up = Account { reset_expires_at: None, ..account.clone() };
        let decision = decide_reset_mail(&used_up, &settings, at(0), 4);
        assert_eq!(decision, Decision::Drop(Reason::Superseded));
        let locked = account_locked();
        assert_eq!(decide_locked_mail(&locked, &settings, 3), Decision::Drop(Reason::Superseded));
    }

    fn account_locked() -> Account {
        account(locked(LockReason::FailedSignIns))
    }

    #[test]
    fn with_client_delivery_off_clients_get_nothing_and_workers_their_own() {
        let settings = settings_with(|s| s.communications.client_delivery = false);
        let off = Decision::Drop(Reason::ClientDeliveryOff);
        assert_eq!(decide_reset_mail(&account(ACTIVE), &settings, at(0), 4), off);
        assert_eq!(decide_security_mail(&account(ACTIVE), &settings), off);
        assert_eq!(decide_locked_mail(&account_locked(), &settings, 4), off);
        let worker = worker(UserGroup::IntakeMgmt);
        let told = decide_worker_mail(&worker, &settings, at(0), ToWorker::PasswordChanged);
        assert_eq!(told, Decision::Send(worker.email.clone()));
        let silent = settings_with(|s| s.communications.email = false);
        let told = decide_worker_mail(&worker, &silent, at(0), ToWorker::PasswordChanged);
        assert_eq!(told, Decision::Drop(Reason::EmailOff));
    }

    #[test]
    fn workers_are_told_by_their_state_and_link() {
        let settings = settings();
        let of = |state| Worker {
            state,
            generation: 2,
            reset_expires_at: Some(at(1)),
            ..worker(UserGroup::IntakeMgmt)
        };
        let active = of(WorkerState::Active { failed_sign_ins: 0, must_reset: true });
        let locked = |reason| of(WorkerState::Locked { reason, must_reset: false });
        let (failed, suspended) = (locked(LockReason::FailedSignIns), locked(LockReason::Suspended));
        let reset = ToWorker::PasswordReset { generation: 2 };
        let lock = ToWorker::Locked { generation: 2 };
        let decide =
            |worker: &Worker, hours, about| match decide_worker_mail(worker, &settings, at(hours), about) {
                Decision::Send(_) => None,
                Decision::Drop(reason) => Some(reason),
            };
        assert_eq!((decide(&active, 0, reset), decide(&failed, 0, reset)), (None, None));
        assert_eq!(decide(&active, 1, reset), Some(Reason::Expired));
        let older = ToWorker::PasswordReset { generation: 1 };
        assert_eq!(decide(&active, 0, older), Some(Reason::Superseded));
        assert_eq!((decide(&failed, 5, lock), decide(&active, 0, lock)), (None, Some(Reason::WrongState)));
        let asked = ToWorker::InvitationAskedFor;
        assert_eq!((decide(&active, 0, asked), decide(&failed, 0, asked)), (None, Some(Reason::WrongState)));
        for about in [reset, lock, asked, ToWorker::PasswordChanged] {
            assert_eq!(decide(&suspended, 0, about), Some(Reason::WrongState));
            assert_eq!(decide(&of(WorkerState::Disabled), 0, about), Some(Reason::WrongState));
        }
    }
}
