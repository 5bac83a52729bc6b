//! A worker who is signed in changes the password: every other session ends, this one goes on under a new id (B13, as
//! A17).

use credentials::{Password, PasswordHash};
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{self, refuses_passwords};
use crate::problem::{EntryRefusal, Failure, refusals};
use crate::signing_in::SessionTimes;

/// How often to look again when another call changed the worker meanwhile.
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
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let worker = &staff.worker;
        // What the worker can mend comes first: it must not cost a try.
        passwords::judge(&request.new, &worker.name, &worker.email, &staff.settings).map_err(Error::from)?;
        let credentials = context.services.store.ask(ask::worker_credentials(&worker.email)).await?;
        let kept = credentials.and_then(|credentials| credentials.password_hash);
        if !context.verify_again(staff.session.holder, &request.current, kept).await? {
            return Err(Error::CurrentPasswordWrong.into());
        }
        let hash = context.hash(&request.new)?;
        save(context, staff, &hash).await
    }
}

/// Saves the password and renews the session, in one transaction.
async fn save(
    context: &Context<'_>,
    staff: Staff,
    hash: &PasswordHash,
) -> Result<Reply<Response>, Failure<Error>> {
    let store = &context.services.store;
    let actor = staff.actor();
    let Staff { session, mut worker, settings, .. } = staff;
    let mail = context.mail();
    for _ in 0..TRIES {
        // Whatever ended the session meanwhile, another new password above all, stands.
        let changed = worker.change_password(mail).map_err(|_| session_ended())?;
        let opened = context.renewed_session(&session, changed.worker.epoch, &settings).await?;
        let mut transaction = context.worker_change(actor, &changed, worker.version, Some(hash));
        transaction
            .renew_session(&session, &opened.session)
            .log_access(&context.access(Access::PasswordSet, actor));
        match store.commit(transaction).await {
            Ok(()) => {
                let session = SessionTimes::of(&opened.session, &settings, context);
                return Ok(Reply::from(Response { session }).with_session(&opened));
            }
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = store.ask(ask::worker(worker.id)).await?;
                worker = again.filter(|again| again.epoch == session.epoch).ok_or_else(session_ended)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

fn session_ended<R>() -> Failure<R> {
    Failure::Entry(EntryRefusal::SessionEnded)
}
