//! Setting a password: judged the same wherever one is chosen, and saved the same for clients and workers.

use credentials::{Password, PasswordHash, PasswordRefused};
use domain::session::Session;
use domain::settings::Settings;
use domain::{EmailAddress, PersonName};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Kind, Transaction, Versioned};

use crate::change::Access;
use crate::context::Context;
use crate::entry::http::Reply;
use crate::problem::{EntryRefusal, Failure, Refusal, refusals};
use crate::signing_in::{SessionTimes, SignsIn};

/// How often to look again when another call changed the account or worker meanwhile.
const TRIES: usize = 5;

/// Whether somebody of that name and address may choose this password.
///
/// # Errors
/// The rule it fails.
pub(crate) fn judge(
    password: &Password,
    name: &PersonName,
    address: &EmailAddress,
    settings: &Settings,
) -> Result<(), PasswordRefused> {
    let name = name.full();
    let context = [name.as_str(), address.normalized(), settings.agency.name.as_str(), "clientconnect"];
    password.judge(settings.general.password_minimum, &context)
}

/// Makes an operation's refusals of what [`judge`] says: it names `PasswordTooShort`, `PasswordTooLong` and
/// `PasswordGuessable`.
macro_rules! refuses_passwords {
    ($refusals:ty) => {
        impl From<credentials::PasswordRefused> for $refusals {
            fn from(refused: credentials::PasswordRefused) -> Self {
                use credentials::PasswordRefused::{Guessable, TooLong, TooShort};
                match refused {
                    TooShort { minimum } => Self::PasswordTooShort { minimum },
                    TooLong { maximum } => Self::PasswordTooLong { maximum },
                    Guessable => Self::PasswordGuessable,
                }
            }
        }
    };
}
pub(crate) use refuses_passwords;

/// What somebody submits who changes their password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// The password as it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub current: Password,
    /// The password as it is to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub new: Password,
}

/// The password is changed.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changed {
    /// When the session ends that goes on; not later than before.
    pub session: SessionTimes,
}

refusals! {
    /// Why the password stays as it is.
    pub enum NotChanged {
        /// Not the password; a few tries an hour.
        CurrentPasswordWrong => 422, "current_password_wrong", "This is not your current password; try again";
        /// Fewer characters than the agency asks for.
        PasswordTooShort {
            /// How many it needs.
            minimum: u8,
        } => 422, "password_too_short", "Choose a longer password; a few words together work well";
        /// More characters than can be kept.
        PasswordTooLong {
            /// The most there may be.
            maximum: u8,
        } => 422, "password_too_long", "Choose a shorter password";
        /// Common, or made of name, address or agency.
        PasswordGuessable => 422, "password_guessable", "This password is easy to guess; choose words that don't belong together";
    }
}
refuses_passwords!(NotChanged);

/// Who changes their password.
pub(crate) struct Changing<'a, W> {
    /// The account or worker.
    pub(crate) holder: Versioned<W>,
    /// Their name.
    pub(crate) name: &'a PersonName,
    /// The hash that is kept of the password.
    pub(crate) kept: Option<String>,
    /// Their session, which goes on.
    pub(crate) session: &'a Session,
    /// The agency's settings.
    pub(crate) settings: &'a Settings,
}

impl Context<'_> {
    /// Changes the password and renews the session, in one transaction. `decide` says what that writes, and the epoch
    /// then; it says nothing where the holder may not.
    ///
    /// # Errors
    /// Why the password stays as it is; `session_ended` when whatever ended the session meanwhile, another new password
    /// above all, stands.
    pub(crate) async fn change_password<W: SignsIn>(
        &self,
        changing: Changing<'_, W>,
        request: &Change,
        decide: impl Fn(&Versioned<W>, &PasswordHash) -> Option<(Transaction, u32)> + Send + Sync,
    ) -> Result<Reply<Changed>, Failure<NotChanged>> {
        let Changing { mut holder, name, kept, session, settings } = changing;
        // What the holder can mend comes first: it must not cost a try.
        judge(&request.new, name, holder.address(), settings).map_err(NotChanged::from)?;
        if !self.verify_again(session.holder, &request.current, kept).await? {
            return Err(NotChanged::CurrentPasswordWrong.into());
        }
        let hash = self.hash(&request.new)?;
        let access = self.access(Access::PasswordSet, session.holder.actor());
        for _ in 0..TRIES {
            let (mut transaction, epoch) = decide(&holder, &hash).ok_or_else(session_ended)?;
            let opened = self.renewed_session(session, epoch, settings).await?;
            transaction.renew_session(session, &opened.session).log_access(&access);
            match self.services.store.commit(transaction).await {
                Ok(()) => {
                    let session = SessionTimes::of(&opened.session, settings, self);
                    return Ok(Reply::from(Changed { session }).with_session(&opened));
                }
                Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => return Err(session_ended()),
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    let again = self.services.store.ask(W::again(holder.id())).await?;
                    holder =
                        again.filter(|again| again.epoch() == session.epoch).ok_or_else(session_ended)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }

    /// Saves a password that was chosen by the mailed link, with whatever the link lifts and ends, in one transaction.
    /// `decide` says what that writes, and what to answer.
    ///
    /// # Errors
    /// What `decide` refuses, or the store's fault.
    pub(crate) async fn reset_password<W: SignsIn, T, R: Refusal>(
        &self,
        mut holder: Versioned<W>,
        decide: impl Fn(&Versioned<W>) -> Result<(Transaction, T), R> + Send + Sync,
    ) -> Result<T, Failure<R>> {
        let access = self.access(Access::PasswordSet, holder.id().into().actor());
        for _ in 0..TRIES {
            let (mut transaction, answer) = decide(&holder)?;
            transaction.log_access(&access);
            match self.services.store.commit(transaction).await {
                Ok(()) => return Ok(answer),
                // A wrong password was counted meanwhile, or the link was used: look again and decide again.
                Err(CommitError::Conflict(Conflict::Stale(_))) => {
                    let again = self.services.store.ask(W::again(holder.id())).await?;
                    holder = again.ok_or_else(Failure::conflict)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::conflict())
    }
}

/// The session is over.
pub(crate) fn session_ended<R>() -> Failure<R> {
    Failure::Entry(EntryRefusal::SessionEnded)
}
