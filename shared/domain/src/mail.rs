//! Mails to clients, and whether one may still go when its turn comes.

use chrono::{DateTime, Utc};

use crate::account::{Account, Reason};
use crate::email::EmailAddress;
use crate::individual::Individual;
use crate::settings::Settings;

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
        /// The link for a worker to choose a new password (B13).
        WorkerPasswordReset = "worker_password_reset",
        /// Wrong passwords have locked a worker (B13).
        WorkerLocked = "worker_locked",
        /// A worker's password was changed (B13).
        WorkerPasswordChanged = "worker_password_changed",
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

/// Decides on an activation mail just before it is sent (B2, C1, C2): what was true when it was asked for may be
/// so no longer. `generation` is the one it was asked for with.
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
