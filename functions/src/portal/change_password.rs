//! A client who is signed in changes the password: every other session ends, this one goes on under a new id (A17).

use credentials::{Password, PasswordHash};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Kind, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{self, refuses_passwords};
use crate::problem::{EntryRefusal, Failure, refusals};
use crate::signing_in::SessionTimes;

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;

/// Changes the password.
pub struct ChangePassword;

/// What the submitted form says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
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
pub struct Response {
    /// When the session ends that goes on; not later than before.
    pub session: SessionTimes,
}

refusals! {
    /// Why the password stays as it is.
    pub enum Error {
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
refuses_passwords!(Error);

impl HttpOperation for ChangePassword {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let account = &client.account;
        let asked = (ask::credentials(&account.email), ask::individual(account.individual));
        let (credentials, individual) = context.services.store.ask(asked).await?;
        let individual = individual.ok_or_else(session_ended)?;
        // What the client can mend comes first: it must not cost a try.
        passwords::judge(&request.new, &individual.name, &account.email, &client.settings)
            .map_err(Error::from)?;
        let kept = credentials.and_then(|credentials| credentials.password_hash);
        if !context.verify_again(client.session.holder, &request.current, kept).await? {
            return Err(Error::CurrentPasswordWrong.into());
        }
        let hash = context.hash(&request.new)?;
        save(context, client, individual.test, &hash).await
    }
}

/// Saves the password and renews the session, in one transaction.
async fn save(
    context: &Context<'_>,
    client: Client,
    test: bool,
    hash: &PasswordHash,
) -> Result<Reply<Response>, Failure<Error>> {
    let store = &context.services.store;
    let actor = client.actor();
    let Client { session, mut account, settings } = client;
    let mail = context.mail();
    for _ in 0..TRIES {
        // Whatever ended the session meanwhile, another new password above all, stands.
        let changed = account.change_password(mail).map_err(|_| session_ended())?;
        let opened = context.renewed_session(&session, changed.account.epoch, &settings).await?;
        let mut transaction = context.account_change(actor, &changed, account.version, test, Some(hash));
        transaction
            .renew_session(&session, &opened.session)
            .log_access(&context.access(Access::PasswordSet, actor));
        match store.commit(transaction).await {
            Ok(()) => {
                let session = SessionTimes::of(&opened.session, &settings, context);
                return Ok(Reply::from(Response { session }).with_session(&opened));
            }
            Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => return Err(session_ended()),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = store.ask(ask::account(account.id)).await?;
                account = again.filter(|again| again.epoch == session.epoch).ok_or_else(session_ended)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

fn session_ended<R>() -> Failure<R> {
    Failure::Entry(EntryRefusal::SessionEnded)
}
