//! A client chooses a new password by the emailed link, which also unlocks what wrong passwords locked (A12, A19). It
//! ends every session and opens none: the client signs in with the new password.

use credentials::{LinkOf, LinkToken, Password};
use domain::account::{Context as Guards, Reason, Refused, StateName};
use domain::journal::Actor;
use domain::throttle::LINK_USE;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::passwords::{self, refuses_passwords};
use crate::problem::{Failure, refusals};
use crate::throttling::Who;

/// Sets a new password.
pub struct ResetPassword;

/// What the submitted form says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// From the link's fragment, or as typed.
    pub token: String,
    /// The password the client chose.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
}

/// The new password is set.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Whether it lets the client in now; else a worker has to unlock the account first (A12).
    pub may_sign_in: bool,
}

refusals! {
    /// Why no password is set.
    pub enum Error {
        /// Not a token of ours.
        LinkNotValid => 404, "link_not_valid", "This is not a link of ours; copy it whole from the newest mail";
        /// A newer mail has a newer link, or this one was used.
        LinkSuperseded => 410, "link_superseded", "A newer mail was sent; use the link in it";
        /// Its hour is over.
        ResetLinkExpired => 410, "reset_link_expired", "The time to use this link is over; ask for a new one";
        /// Suspended, disabled or closed.
        ResetNotPossible => 410, "reset_not_possible", "The password of this account can't be changed; contact the agency";
        /// ClientConnect is off (C1, C2).
        PortalOff => 503, "portal_off", "The portal is not open right now; contact the agency";
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

impl HttpOperation for ResetPassword {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = Error;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<Error>> {
        let token = context.services.links().await?.read(&request.token).ok_or(Error::LinkNotValid)?;
        context.throttle("link_use", LINK_USE, Who::default()).await?;
        let LinkToken { of: LinkOf::PasswordReset(id), generation } = token else {
            return Err(Error::LinkNotValid.into());
        };
        let store = &context.services.store;
        let (account, settings) = store.ask((ask::account(id), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        let account = account.ok_or(Error::LinkNotValid)?;
        // Nobody thinks of a password for a link that is dead.
        account.check_reset_link(&settings, context.now, generation).map_err(|refusal| refused(&refusal))?;
        let individual =
            store.ask(ask::individual(account.individual)).await?.ok_or(Error::LinkNotValid)?.value;
        passwords::judge(&request.password, &individual.name, &account.email, &settings)
            .map_err(Error::from)?;
        let hash = context.hash(&request.password)?;
        let (actor, mail) = (Actor::Client(id), context.mail());
        let state = context.reset_password(account, |account| {
            let guards = Guards { individual: &individual, settings: &settings, now: context.now, mail };
            let changed = account.reset_password(generation, guards).map_err(|refusal| refused(&refusal))?;
            let loaded = account.version;
            let transaction = context.account_change(actor, &changed, loaded, individual.test, Some(&hash));
            Ok((transaction, changed.account.state.name()))
        });
        Ok(Reply::from(Response { may_sign_in: state.await? == StateName::Active }))
    }
}

fn refused(refusal: &Refused) -> Error {
    match refusal.reason {
        Reason::Superseded => Error::LinkSuperseded,
        Reason::Expired => Error::ResetLinkExpired,
        Reason::WrongState => Error::ResetNotPossible,
        _ => Error::PortalOff,
    }
}
