//! Says what a mailed link is for and whether it still works. Changes nothing, however often it is opened (B5).

use chrono::{DateTime, Utc};
use credentials::{LinkOf, LinkToken};
use domain::Language;
use domain::account::{Reason, State};
use domain::throttle::LINK_USE;
use serde::{Deserialize, Serialize};
use store::{Policy, PolicyKind, ask};

use super::AgencyFooter;
use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, refusals};
use crate::throttling::Who;

/// Looks at a link.
pub struct LookAtLink;

/// The link's secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// From the link's fragment, or as typed.
    pub token: String,
    /// What the client reads; the individual's language if left out.
    #[serde(default)]
    pub language: Option<Language>,
}

/// What the link is for, and what the page shows.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// What can be done with it.
    pub link: LinkState,
    /// Until when it works; only while it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// Birth dates that may still be tried; only while it works.
    pub attempts_left: Option<u8>,
    /// Characters the password must have.
    pub password_minimum: u8,
    /// What is to be accepted, in the client's language; only while the link works.
    pub texts: Option<Texts>,
    /// The language of the texts.
    pub language: Language,
    /// Who sent it, and how to reach them.
    pub agency: AgencyFooter,
}

/// What can be done with a genuine link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LinkState {
    /// Activate the account.
    Usable,
    /// A newer mail has a newer link; the newest can be mailed again.
    Superseded,
    /// Its time is over; an invitation can be asked for.
    Expired,
    /// The account is closed; an invitation can be asked for.
    Closed,
    /// Done already: sign in.
    AlreadyActive,
    /// Consent to email isn't in force: contact the agency (B2).
    ConsentNeeded,
    /// Nothing online: contact the agency.
    ContactAgency,
}

/// Terms and policy as they will be recorded (A5).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Texts {
    /// Version of the privacy policy, to send back when it is accepted.
    pub privacy_version: u32,
    /// Markdown.
    pub privacy: String,
    /// Version of the terms of use, to send back when they are accepted.
    pub terms_version: u32,
    /// Markdown.
    pub terms: String,
}

refusals! {
    /// Why nothing can be said of a link.
    pub enum Error {
        /// Not a token of ours. Costs no read, so that guessing is cheap for us alone.
        LinkNotValid => 404, "link_not_valid", "This is not a link of ours; copy it whole from the newest mail";
    }
}

impl HttpOperation for LookAtLink {
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
        let LinkToken { of: LinkOf::Activation(account), generation } = token else {
            return Err(Error::LinkNotValid.into());
        };
        let store = &context.services.store;
        let (account, settings) = store.ask((ask::account(account), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        let account = account.ok_or(Error::LinkNotValid)?.value;
        let individual =
            store.ask(ask::individual(account.individual)).await?.ok_or(Error::LinkNotValid)?.value;

        let link = match account.check_link(&individual, &settings, context.now, generation) {
            Ok(()) => LinkState::Usable,
            Err(refused) => state_of(&account.state, refused.reason),
        };
        let usable = link == LinkState::Usable;
        let language = request.language.or(account.language).unwrap_or(individual.language);
        let texts = if usable { Some(texts(context, &settings.texts, language).await?) } else { None };
        Ok(Reply::from(Response {
            link,
            expires_at: match account.state {
                State::Pending { expires_at, .. } if usable => Some(expires_at),
                _ => None,
            },
            attempts_left: usable.then(|| account.attempts_left()),
            password_minimum: settings.general.password_minimum,
            texts,
            language,
            agency: AgencyFooter::from(&settings.agency),
        }))
    }
}

/// What a refusal means to somebody who holds a genuine link.
fn state_of(state: &State, reason: Reason) -> LinkState {
    match (state, reason) {
        (State::Active { .. } | State::Locked { .. }, _) => LinkState::AlreadyActive,
        (State::Closed { .. }, _) | (_, Reason::NoAttemptsLeft) => LinkState::Closed,
        (_, Reason::Expired) => LinkState::Expired,
        (_, Reason::Superseded) => LinkState::Superseded,
        (_, Reason::NoConsent) => LinkState::ConsentNeeded,
        _ => LinkState::ContactAgency,
    }
}

fn text(policy: Option<Policy>) -> String {
    policy.map(|Policy(markdown)| markdown).unwrap_or_default()
}

async fn texts(
    context: &Context<'_>,
    current: &domain::settings::Texts,
    language: Language,
) -> Result<Texts, Failure<Error>> {
    let (privacy_version, terms_version) =
        (current.privacy.unwrap_or_default(), current.terms.unwrap_or_default());
    let (privacy, terms) = context
        .services
        .store
        .ask((
            ask::policy(PolicyKind::Privacy, privacy_version, language),
            ask::policy(PolicyKind::Terms, terms_version, language),
        ))
        .await?;
    Ok(Texts { privacy_version, privacy: text(privacy), terms_version, terms: text(terms) })
}
