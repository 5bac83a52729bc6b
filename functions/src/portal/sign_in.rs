//! Signs a client in by sign-in email and password. Known and unknown addresses get the same bytes, the same status
//! and the same sequence of store calls; ten wrong passwords in a row lock the account (A10).

use credentials::Password;
use domain::EmailAddress;
use domain::account::{Acceptance, AcceptedTexts, Account, Reason};
use domain::id::AccountId;
use domain::journal::{Actor, Audience, JournalEvent};
use domain::settings::Settings;
use serde::{Deserialize, Serialize};
use store::ask::{self, Ask};
use store::{AccessEntry, Counted, Credentials, Fault, Store, Transaction, Versioned};

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::second_factor::Proof;
use crate::signing_in::{SessionTimes, SignsIn, TypedAddress, Wrong};

/// Signs in.
pub struct SignIn;

/// Who, and the proof.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The sign-in email.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub email: TypedAddress,
    /// The password.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
    /// The versions of the texts that are accepted, where the agency asks for that (A5).
    #[serde(default)]
    pub accepted: Option<AcceptedTexts>,
}

/// The client is signed in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The account.
    pub account_id: AccountId,
    /// When the session ends.
    pub session: SessionTimes,
}

refusals! {
    /// Why nobody is signed in.
    pub enum Error {
        /// One answer for every cause: wrong, unknown, locked, suspended, pending, closed.
        SignInFailed => 401, "sign_in_failed", "The email or password is not right, or the account is not open; try again or reset the password";
        /// The right password, but a new one has to be chosen first (A16).
        MustReset => 403, "must_reset", "A new password is needed; use the reset link";
        /// The right password, but there are new texts to accept first (A5).
        TextsChanged {
            /// The version of the privacy policy to accept.
            privacy: u32,
            /// The version of the terms of use to accept.
            terms: u32,
        } => 403, "texts_changed", "The privacy policy or the terms of use are new; accept them to sign in";
        /// ClientConnect is off (C2).
        PortalOff => 503, "portal_off", "The portal is not open right now; contact the agency";
    }
}

impl HttpOperation for SignIn {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let context = &Context { accepted: request.accepted, ..context.clone() };
        let signed_in = context.sign_in::<Account>(&request.email, &request.password, &()).await?;
        Ok(signed_in.reply(|account_id, session| Response { account_id, session }))
    }
}

impl SignsIn for Account {
    type Id = AccountId;
    type Refused = Error;
    type Beside = ();

    const AUDIENCE: Audience = Audience::Portal;
    const COUNTED_AS: &'static str = "sign_in";
    const FAILED: Error = Error::SignInFailed;

    fn id(&self) -> AccountId {
        self.id
    }

    fn address(&self) -> &EmailAddress {
        &self.email
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn credentials(
        address: &EmailAddress,
    ) -> impl Ask<Answer = Option<Credentials<AccountId>>> + Send + Sync {
        ask::credentials(address)
    }

    fn again(id: AccountId) -> impl Ask<Answer = Option<Versioned<Self>>> + Send + Sync {
        ask::account(id)
    }

    fn admit(settings: &Settings) -> Result<(), Error> {
        settings.ready().map_err(|_| Error::PortalOff)
    }

    async fn count(store: &Store, id: AccountId, most: u16) -> Result<Counted<Self>, Fault> {
        store.count_sign_in_attempt(id, most).await
    }

    fn let_off(account: &Versioned<Self>, access: &AccessEntry) -> Option<Transaction> {
        let mut transaction = Transaction::logged(access);
        transaction.put_account(account.version, &account.let_off().ok()?);
        Some(transaction)
    }

    fn sign_in(
        account: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        access: &AccessEntry,
        _: &Proof,
    ) -> Result<(Transaction, u32), Error> {
        let mut changed =
            account.value.sign_in(settings, context.now).map_err(|refused| match refused.reason {
                Reason::MustReset => Error::MustReset,
                _ => Error::SignInFailed,
            })?;
        if let Some(texts @ AcceptedTexts { privacy, terms }) = account.texts_to_accept(settings) {
            if context.accepted != Some(texts) {
                return Err(Error::TextsChanged { privacy, terms });
            }
            changed.account.acceptance = Some(Acceptance { privacy, terms, at: context.now });
            let (account, individual) = (account.id, account.individual);
            changed.events.push(JournalEvent::TextsAccepted { account, individual, privacy, terms });
        }
        let actor = Actor::Client(account.id);
        let mut transaction = context.account_change(actor, &changed, account.version, false, None);
        transaction.log_access(access);
        Ok((transaction, changed.account.epoch))
    }

    fn lock(
        account: &Versioned<Self>,
        context: &Context<'_>,
        settings: &Settings,
        _: Wrong,
    ) -> Option<Transaction> {
        let locked = account.value.wrong_password(settings, context.now, context.mail()).ok().flatten()?;
        Some(context.account_change(Actor::Anonymous, &locked, account.version, false, None))
    }
}
