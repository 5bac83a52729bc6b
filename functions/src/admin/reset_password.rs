//! A worker chooses a new password by the emailed link, which also unlocks what wrong passwords locked (B13, as A12 and
//! A19). It ends every session and opens none: the worker signs in with the new password.

use credentials::{LinkOf, LinkToken, Password};
use domain::journal::Actor;
use domain::throttle::LINK_USE;
use domain::worker::{WorkerReason, WorkerRefused};
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
    /// The password the worker chose.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
    pub password: Password,
}

/// The new password is set, and lets the worker in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {}

refusals! {
    /// Why no password is set.
    pub enum Error {
        /// Not a token of ours.
        LinkNotValid => 404, "link_not_valid", "This is not a link of ours; copy it whole from the newest mail";
        /// A newer mail has a newer link, or this one was used.
        LinkSuperseded => 410, "link_superseded", "A newer mail was sent; use the link in it";
        /// Its hour is over.
        ResetLinkExpired => 410, "reset_link_expired", "The time to use this link is over; ask for a new one";
        /// Suspended or disabled.
        ResetNotPossible => 410, "reset_not_possible", "The password of this account can't be changed; contact the agency";
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
        context.throttle("worker_link_use", LINK_USE, Who::default()).await?;
        let LinkToken { of: LinkOf::WorkerPasswordReset(id), generation } = token else {
            return Err(Error::LinkNotValid.into());
        };
        let asked = (ask::worker(id), context.ask_settings());
        let (worker, settings) = context.services.store.ask(asked).await?;
        let settings = context.settings(settings)?;
        let worker = worker.ok_or(Error::LinkNotValid)?;
        // Nobody thinks of a password for a link that is dead.
        worker.check_reset_link(generation, context.now).map_err(|refusal| refused(&refusal))?;
        passwords::judge(&request.password, &worker.name, &worker.email, &settings).map_err(Error::from)?;
        let hash = context.hash(&request.password)?;
        let (actor, mail) = (Actor::Worker(id), context.mail());
        let reset = context.reset_password(worker, |worker| {
            let changed =
                worker.reset_password(generation, context.now, mail).map_err(|refusal| refused(&refusal))?;
            Ok((context.worker_change(actor, &changed, worker.version, Some(&hash)), Response {}))
        });
        Ok(Reply::from(reset.await?))
    }
}

fn refused(refusal: &WorkerRefused) -> Error {
    match refusal.reason {
        WorkerReason::Superseded => Error::LinkSuperseded,
        WorkerReason::Expired => Error::ResetLinkExpired,
        _ => Error::ResetNotPossible,
    }
}
