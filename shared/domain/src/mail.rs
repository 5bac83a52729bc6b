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
        /// The link to choose a new password.
        PasswordReset = "password_reset",
        /// Wrong passwords have locked the account (A10).
        AccountLocked = "account_locked",
        /// The password was changed (A17).
        PasswordChanged = "password_changed",
        /// The sign-in email was changed; goes to the former one (A18).
        SignInEmailChanged = "sign_in_email_changed",
        /// The code that proves a new sign-in email (A18).
        EmailCode = "email_code",
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
