//! A client wants to sign in with another email: a code goes to it, after the password was asked once more (A18).

use credentials::Password;
use domain::account::{Reason, Refused};
use domain::email::{EmailAddress, EmailError};
use domain::journal::{JournalEvent, JournalRecord, Subject};
use domain::session::EmailChange;
use domain::throttle::EMAIL_CHANGE;
use serde::Deserialize;
use store::{CommitError, Conflict, Transaction, ask};

use super::WantedEmail;
use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{EntryRefusal, Failure, refusals};
use crate::throttling::Who;

/// Requests the change.
pub struct RequestEmailChange;

/// To what, and the proof that it is the client who asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The new sign-in email, as typed.
    pub email: String,
    /// The current password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
}

refusals! {
    /// Why no code goes out. That another account has the address is not told before its owner typed the code.
    pub enum Error {
        /// Nothing was typed.
        EmailEmpty => 422, "email_empty", "Type the new email address";
        /// Not one address.
        EmailForm => 422, "email_form", "Type one email address like name@example.org";
        /// Longer than addresses are.
        EmailTooLong => 422, "email_too_long", "This email address is too long; check it";
        /// Letters before the @ that mail can't be sent to.
        EmailNonAsciiLocalPart => 422, "email_non_ascii_local_part", "Use an address without accents before the @";
        /// What can't be before the @.
        EmailLocalPart => 422, "email_local_part", "Check the part of the address before the @";
        /// What can't be after it.
        EmailDomain => 422, "email_domain", "Check the part of the address after the @; it should look like example.org";
        /// They sign in with it already.
        SameAddress => 409, "same_address", "You sign in with this email already; type another one";
        /// Not the password; a few tries an hour.
        CurrentPasswordWrong => 422, "current_password_wrong", "This is not your current password; try again";
        /// Wrong passwords locked the account (A10) while this session goes on.
        AccountLocked => 409, "account_locked", "The account is locked; choose a new password by the mailed link first";
        /// Nothing can be mailed (C1, C2).
        PortalOff => 503, "portal_off", "The portal is not open right now; contact the agency";
    }
}

impl HttpOperation for RequestEmailChange {
    type Caller = Client;
    type Request = Request;
    type Response = WantedEmail;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        request: Request,
    ) -> Result<Reply<WantedEmail>, Failure<Error>> {
        let (store, account) = (&context.services.store, &client.account);
        let address: EmailAddress = request.email.parse().map_err(not_an_address)?;
        client.settings.ready().map_err(|_| Error::PortalOff)?;
        let change = EmailChange::begin(address, context.mail(), context.now);
        account
            .change_email(change.address.clone(), change.mail, change.mail)
            .map_err(|refusal| refused(&refusal))?;

        let credentials = store.ask(ask::credentials(&account.email)).await?;
        let kept = credentials.and_then(|credentials| credentials.password_hash);
        if !context.verify_again(client.session.holder, &request.password, kept).await? {
            return Err(Error::CurrentPasswordWrong.into());
        }
        let who = Who { account: Some(&account.id.to_string()), ..Who::default() };
        context.throttle("email_change", EMAIL_CHANGE, who).await?;

        match store.commit(begin(context, &client, &change)).await {
            Ok(()) => Ok(Reply::from(WantedEmail::of(&change, context.now))),
            Err(CommitError::Conflict(Conflict::Stale(_))) => Err(Failure::Entry(EntryRefusal::SessionEnded)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The session remembers where the code is to go.
fn begin(context: &Context<'_>, client: &Client, change: &EmailChange) -> Transaction {
    let (account, individual) = (client.account.id, client.account.individual);
    let (session, mail) = (client.session.id, change.mail);
    let record = JournalRecord {
        events: vec![JournalEvent::EmailCodeRequested { account, individual, session, mail }],
        ..context.record(client.actor(), Subject::Individual(individual))
    };
    let mut transaction = Transaction::new(&record);
    transaction.begin_email_change(&client.session, change);
    transaction
}

const fn not_an_address(error: EmailError) -> Error {
    match error {
        EmailError::Empty => Error::EmailEmpty,
        EmailError::Form => Error::EmailForm,
        EmailError::TooLong => Error::EmailTooLong,
        EmailError::NonAsciiLocalPart => Error::EmailNonAsciiLocalPart,
        EmailError::LocalPart => Error::EmailLocalPart,
        EmailError::Domain => Error::EmailDomain,
    }
}

fn refused(refusal: &Refused) -> Error {
    if refusal.reason == Reason::SameAddress { Error::SameAddress } else { Error::AccountLocked }
}
