//! What *My `ClientConnect`* shows of the client's own account.

use chrono::{DateTime, Utc};
use domain::Language;
use domain::session::EmailChange;
use serde::{Deserialize, Serialize};
use store::ask;

use crate::context::Context;
use crate::entry::caller::Client;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the account.
pub struct GetAccount;

/// Nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {}

/// The client's account.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The sign-in email, as it was typed.
    pub email: String,
    /// What the client reads.
    pub language: Language,
    /// Whether they chose it here; else it is the agency's record.
    pub language_chosen: bool,
    /// When they last signed in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// The texts they accepted last.
    pub accepted: Option<Accepted>,
    /// The sign-in email they asked for here, while its code may be typed.
    pub email_change: Option<WantedEmail>,
}

/// The texts that were accepted.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accepted {
    /// Version of the privacy policy.
    pub privacy_version: u32,
    /// Version of the terms of use.
    pub terms_version: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A sign-in email that waits for its code (A18).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedEmail {
    /// The new address, as it was typed.
    pub email: String,
    /// Until when the code may be typed.
    pub until: DateTime<Utc>,
    /// How often it may still be tried.
    pub tries_left: u8,
}

impl HttpOperation for GetAccount {
    type Caller = Client;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        client: Client,
        _: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let account = &client.account.value;
        let individual = context.services.store.ask(ask::individual(account.individual)).await?;
        let individual = individual.ok_or_else(Failure::not_found)?;
        let wanted = |change: &EmailChange| {
            let tries_left = change.tries_left(context.now);
            let email = change.address.as_typed().to_owned();
            (tries_left > 0).then_some(WantedEmail { email, until: change.until, tries_left })
        };
        Ok(Reply::from(Response {
            email: account.email.as_typed().to_owned(),
            language: account.language.unwrap_or(individual.language),
            language_chosen: account.language.is_some(),
            last_sign_in: account.last_sign_in,
            accepted: account.acceptance.map(|accepted| Accepted {
                privacy_version: accepted.privacy,
                terms_version: accepted.terms,
                at: accepted.at,
            }),
            email_change: client.session.email_change.as_ref().and_then(wanted),
        }))
    }
}
