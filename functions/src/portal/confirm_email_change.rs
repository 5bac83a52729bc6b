//! The client types the code that went to the new address, and from then on signs in with that (A18). Both addresses are
//! told; the password and other sessions stay.

use domain::account::{Reason, Refused};
use domain::session::EmailChange;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Fault, Kind, ask};

use crate::change::Access;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{EntryRefusal, Failure, refusals};

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;

/// Confirms the change.
pub struct ConfirmEmailChange;

/// The proof that the mail was read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The eight digits; spaces don't matter.
    pub code: String,
}

/// Changed.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The sign-in email from now on, as it was typed.
    pub email: String,
}

refusals! {
    /// Why the sign-in email stays what it is.
    pub enum Error {
        /// No code was asked for in this session, or it was used.
        NoEmailChange => 409, "no_email_change", "No new email is waiting for a code here; ask for one first";
        /// Its ten minutes or five tries are over, or a newer one was sent.
        CodeExpired => 410, "code_expired", "This code can't be used any more; use the newest one or ask for another";
        /// Not the code.
        CodeWrong {
            /// How often it may still be tried.
            tries_left: u8,
        } => 422, "code_wrong", "This is not the code we mailed; check it and try again";
        /// Another open account signs in with the address; whoever typed the code owns it and may know.
        AddressTaken => 409, "address_taken", "Another open account signs in with this address; choose another one";
        /// They sign in with it already.
        SameAddress => 409, "same_address", "You sign in with this email already; type another one";
        /// Wrong passwords locked the account (A10) while this session goes on.
        AccountLocked => 409, "account_locked", "The account is locked; choose a new password by the mailed link first";
    }
}

impl HttpOperation for ConfirmEmailChange {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let change = client.session.email_change.clone().ok_or(Error::NoEmailChange)?;
        if change.tries_left(context.now) == 0 {
            return Err(Error::CodeExpired.into());
        }
        // The try is claimed before the code is looked at.
        let tries = context.services.store.claim_code_try(&client.session, &change).await?;
        let tries = tries.ok_or(Error::CodeExpired)?;
        let links = context.services.links().await?;
        if !links.is_email_code(&request.code, client.session.id, change.mail, &change.address) {
            context.services.store.log_access(&context.access(Access::Refused, client.actor())).await?;
            return Err(Error::CodeWrong { tries_left: EmailChange::TRIES.saturating_sub(tries) }.into());
        }
        save(context, client, &change).await?;
        Ok(Reply::from(Response { email: change.address.as_typed().to_owned() }))
    }
}

/// Moves sign-in name and password, tells both addresses and forgets the change, in one transaction.
async fn save(context: &Context<'_>, client: Client, change: &EmailChange) -> Result<(), Failure<Error>> {
    let store = &context.services.store;
    let actor = client.actor();
    let Client { session, mut account, .. } = client;
    let (mail, former_mail) = (context.mail(), context.mail());
    for _ in 0..TRIES {
        let credentials = store.ask(ask::credentials(&account.email)).await?;
        let password =
            credentials.and_then(|credentials| credentials.password_hash).ok_or_else(no_password)?;
        let changed = account
            .change_email(change.address.clone(), mail, former_mail)
            .map_err(|refusal| refused(&refusal))?;
        let record = context.transition(actor, &changed);
        let mut transaction = store::Transaction::new(&record);
        transaction
            .change_account(account.version, &changed, false, Some(&password))
            .address_mail(former_mail, &account.email)
            .end_email_change(&session, change);
        match store.commit(transaction).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict(Conflict::SignInNameTaken)) => return Err(Error::AddressTaken.into()),
            Err(CommitError::Conflict(Conflict::Stale(Kind::Session))) => {
                return Err(Error::NoEmailChange.into());
            }
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = store.ask(ask::account(account.id)).await?;
                account = again.filter(|again| again.epoch == session.epoch).ok_or_else(session_ended)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

fn refused(refusal: &Refused) -> Error {
    if refusal.reason == Reason::SameAddress { Error::SameAddress } else { Error::AccountLocked }
}

fn session_ended() -> Failure<Error> {
    Failure::Entry(EntryRefusal::SessionEnded)
}

/// Who is signed in has a password.
fn no_password() -> Fault {
    Fault::Internal { what: "an account that is signed in to has no password".to_owned(), source: None }
}
