//! What an action on an account comes to: a change, or a refusal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Account, CloseReason, LockReason, StateName};
use crate::alert::AlertKind;
use crate::email::EmailAddress;
use crate::id::{AccountId, MailId};
use crate::journal::JournalEvent;
use crate::settings::NotReady;

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
    /// What somebody wanted to do with an account, or with a worker (B13).
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
        /// No email goes out at all, to workers neither.
        EmailOff = "email_off",
        /// The session that the mail was meant for has ended (A18).
        SessionOver = "session_over",
        /// There is no such account, or it is somebody else's.
        NoSuchAccount = "no_such_account",
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TransitionReason {
    /// Of a lock.
    Lock(LockReason),
    /// Of a close.
    Close(CloseReason),
}

impl TransitionReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lock(reason) => reason.code(),
            Self::Close(reason) => reason.code(),
        }
    }
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

    pub(super) fn event(mut self, event: JournalEvent) -> Self {
        self.events.push(event);
        self
    }

    pub(super) fn alert(mut self, kind: AlertKind, now: DateTime<Utc>) -> Self {
        self.account = self.account.raising(kind, now);
        self
    }

    pub(super) fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    pub(super) fn ending_sessions(mut self) -> Self {
        self.account.epoch += 1;
        self.ends_sessions = true;
        self
    }
}
