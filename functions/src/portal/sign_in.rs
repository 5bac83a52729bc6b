//! Signs a client in by sign-in email and password. Known and unknown addresses get the same bytes, the same status
//! and the same sequence of store calls; ten wrong passwords in a row lock the account (A10).

use credentials::{Password, PasswordHash};
use domain::EmailAddress;
use domain::account::{Account, Reason};
use domain::id::AccountId;
use domain::journal::Actor;
use domain::session::Holder;
use domain::settings::Settings;
use domain::throttle::SIGN_IN;
use serde::{Deserialize, Serialize};
use store::{CommitError, Conflict, Counted, Credentials, Fault, Versioned, ask};

use crate::change::Access;
use crate::context::{Context, defect};
use crate::entry::caller::{Anyone, PORTAL_COOKIE};
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::signing_in::{SessionTimes, TypedAddress};
use crate::throttling::Who;

/// How often to look again when another call changed the account meanwhile.
const TRIES: usize = 5;

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
        let store = &context.services.store;
        let address = request.email.address();
        context
            .throttle("sign_in", SIGN_IN, Who { address: Some(address.normalized()), ..Who::default() })
            .await?;
        let (credentials, settings) = store.ask((ask::credentials(&address), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        if settings.ready().is_err() {
            return Err(Error::PortalOff.into());
        }

        let account = count_attempt(context, credentials.as_ref(), &address).await?;
        let kept =
            credentials.and_then(|credentials| credentials.password_hash).map(PasswordHash::from_stored);
        let right = request.password.verify(kept.as_ref());
        match account {
            Some(account) if right => {
                open(context, account, &settings, &request.password, kept.as_ref()).await
            }
            account => Err(fail(context, account, &settings).await?),
        }
    }
}

/// Counts the attempt before the password is looked at: on the account, or on a decoy that costs the same.
async fn count_attempt(
    context: &Context<'_>,
    credentials: Option<&Credentials<AccountId>>,
    address: &EmailAddress,
) -> Result<Option<Versioned<Account>>, Fault> {
    let store = &context.services.store;
    let Some(credentials) = credentials else {
        let name = context.services.seal().await?.name("address", address.normalized());
        store.count_decoy_attempt(&name, context.now).await?;
        return Ok(None);
    };
    Ok(match store.count_sign_in_attempt(credentials.holder).await? {
        Counted::Yes(account) => Some(account),
        // Not Active: nothing to count, and nothing to tell.
        Counted::No(_) => None,
    })
}

/// Opens a session; a password hashed with older parameters is hashed anew.
async fn open(
    context: &Context<'_>,
    mut account: Versioned<Account>,
    settings: &Settings,
    password: &Password,
    kept: Option<&PasswordHash>,
) -> Result<Reply<Response>, Failure<Error>> {
    let rehashed = match kept {
        Some(kept) if kept.is_outdated() => {
            Some(password.hash(context.random()).map_err(|bad| defect("hashing", bad))?)
        }
        _ => None,
    };
    for _ in 0..TRIES {
        let changed =
            account.value.sign_in(settings, context.now).map_err(|refused| match refused.reason {
                Reason::MustReset => Error::MustReset,
                _ => Error::SignInFailed,
            })?;
        let opened =
            context.new_session(Holder::Client(changed.account.id), changed.account.epoch, settings).await?;
        let actor = Actor::Client(changed.account.id);
        let mut transaction = context.account_change(actor, &changed, account.version, false, None);
        if let Some(hash) = &rehashed {
            transaction.set_password(&changed.account.email, changed.account.id, hash.as_str());
        }
        transaction.open_session(&opened.session).log_access(&context.access(Access::SignedIn, actor));
        let response = Response {
            account_id: changed.account.id,
            session: SessionTimes::of(&opened.session, settings, context),
        };
        match context.services.store.commit(transaction).await {
            Ok(()) => return Ok(Reply::from(response).with_session(PORTAL_COOKIE, &opened.token)),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = context.services.store.ask(ask::account(account.value.id)).await?;
                account = again.ok_or(Error::SignInFailed)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::conflict())
}

/// Records the refusal, and locks the account if that was the last password allowed (A10). Says the same either way.
async fn fail(
    context: &Context<'_>,
    account: Option<Versioned<Account>>,
    settings: &Settings,
) -> Result<Failure<Error>, Failure<Error>> {
    let store = &context.services.store;
    let Some(mut account) = account else {
        store.log_access(&context.access(Access::Refused, Actor::Anonymous)).await?;
        return Ok(Error::SignInFailed.into());
    };
    let actor = Actor::Client(account.value.id);
    for _ in 0..TRIES {
        let Ok(Some(changed)) = account.value.wrong_password(settings, context.now, context.mail()) else {
            store.log_access(&context.access(Access::Refused, actor)).await?;
            return Ok(Error::SignInFailed.into());
        };
        let mut transaction =
            context.account_change(Actor::Anonymous, &changed, account.version, false, None);
        transaction.log_access(&context.access(Access::Refused, actor));
        match store.commit(transaction).await {
            Ok(()) => return Ok(Error::SignInFailed.into()),
            Err(CommitError::Conflict(Conflict::Stale(_))) => {
                let again = store.ask(ask::account(account.value.id)).await?;
                account = again.ok_or(Error::SignInFailed)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Failure::conflict())
}
