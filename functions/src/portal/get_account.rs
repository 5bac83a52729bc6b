//! What *My `ClientConnect`* shows of the client's own account.

use chrono::{DateTime, Utc};
use domain::Language;
use serde::{Deserialize, Serialize};

use super::{MessagePreferences, WantedEmail};
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
    /// Which messages about their events they want; null while the agency doesn't send both kinds (S1).
    pub messages: Option<MessagePreferences>,
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
        let individual = client.record(context).await?;
        let chooses = client.settings.communications.client_messages.chosen_by_clients();
        let wanted = client.session.email_change.as_ref();
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
            messages: chooses.then(|| MessagePreferences::of(&individual, account)),
            email_change: wanted
                .map(|change| WantedEmail::of(change, context.now))
                .filter(|wanted| wanted.tries_left > 0),
        }))
    }
}
