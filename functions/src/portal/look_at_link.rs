//! Says what a mailed link is for and whether it still works. Changes nothing, however often it is opened (B5).

use chrono::{DateTime, Utc};
use credentials::LinkOf;
use domain::Language;
use domain::account::{Account, Reason, State, StateName};
use domain::settings::Settings;
use domain::throttle::LINK_USE;
use serde::{Deserialize, Serialize};
use store::{Policy, ask};

use crate::agency::{AgencyFooter, ask_texts};
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
    /// What it was mailed for.
    pub purpose: Purpose,
    /// What can be done with it.
    pub link: LinkState,
    /// Until when it works; only while it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// Birth dates that may still be tried; only while a link to activate works.
    pub attempts_left: Option<u8>,
    /// Characters the password must have.
    pub password_minimum: u8,
    /// What is to be accepted, in the client's language; only while a link to activate works.
    pub texts: Option<Texts>,
    /// The client's language, and that of the texts.
    pub language: Language,
    /// Who sent it, and how to reach them.
    pub agency: AgencyFooter,
}

/// What a link was mailed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Purpose {
    /// To activate an account.
    Activation,
    /// To choose a new password.
    PasswordReset,
}

/// What can be done with a genuine link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LinkState {
    /// What it was mailed for.
    Usable,
    /// A newer mail has a newer link, which can be mailed again; or this one was used.
    Superseded,
    /// Its time is over; an invitation, or another link to choose a password, can be asked for.
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
        let (purpose, id) = match token.of {
            LinkOf::Activation(account) => (Purpose::Activation, account),
            LinkOf::PasswordReset(account) => (Purpose::PasswordReset, account),
            LinkOf::WorkerPasswordReset(_) => return Err(Error::LinkNotValid.into()),
        };
        let store = &context.services.store;
        let (account, settings) = store.ask((ask::account(id), context.ask_settings())).await?;
        let settings = context.settings(settings)?;
        let account = account.ok_or(Error::LinkNotValid)?.value;
        // The texts come with the individual in the language that they are likely to be read in.
        let likely = request.language.or(account.language).unwrap_or(settings.agency.language);
        let to_activate = purpose == Purpose::Activation && account.state.name() == StateName::Pending;
        let asked = if to_activate { ask_texts(&settings, likely) } else { (None, None) };
        let (individual, texts) = store.ask((ask::individual(account.individual), asked)).await?;
        let individual = individual.ok_or(Error::LinkNotValid)?.value;
        let language = request.language.or(account.language).unwrap_or(individual.language);

        let checked = match purpose {
            Purpose::Activation => account.check_link(&individual, &settings, context.now, token.generation),
            Purpose::PasswordReset => account.check_reset_link(&settings, context.now, token.generation),
        };
        let link = match checked {
            Ok(()) => LinkState::Usable,
            Err(refused) => state_of(purpose, &account.state, refused.reason),
        };
        let usable = link == LinkState::Usable;
        let texts = if usable && to_activate && language != likely {
            store.ask(ask_texts(&settings, language)).await?
        } else {
            texts
        };
        Ok(Reply::from(Response {
            purpose,
            link,
            expires_at: expires_at(purpose, &account).filter(|_| usable),
            attempts_left: (usable && to_activate).then(|| account.attempts_left()),
            password_minimum: settings.general.password_minimum,
            texts: (usable && to_activate).then(|| shown(&settings, texts)),
            language,
            agency: AgencyFooter::from(&settings.agency),
        }))
    }
}

fn expires_at(purpose: Purpose, account: &Account) -> Option<DateTime<Utc>> {
    match (purpose, account.state) {
        (Purpose::PasswordReset, _) => account.reset_expires_at,
        (Purpose::Activation, State::Pending { expires_at, .. }) => Some(expires_at),
        (Purpose::Activation, _) => None,
    }
}

/// What a refusal means to somebody who holds a genuine link.
fn state_of(purpose: Purpose, state: &State, reason: Reason) -> LinkState {
    match (purpose, state, reason) {
        (Purpose::Activation, State::Active { .. } | State::Locked { .. }, _) => LinkState::AlreadyActive,
        (_, State::Closed { .. }, _) | (_, _, Reason::NoAttemptsLeft) => LinkState::Closed,
        (_, _, Reason::Expired) => LinkState::Expired,
        (_, _, Reason::Superseded) => LinkState::Superseded,
        (_, _, Reason::NoConsent) => LinkState::ConsentNeeded,
        _ => LinkState::ContactAgency,
    }
}

fn shown(settings: &Settings, (privacy, terms): (Option<Policy>, Option<Policy>)) -> Texts {
    let text = |policy: Option<Policy>| policy.map(|Policy(markdown)| markdown).unwrap_or_default();
    Texts {
        privacy_version: settings.texts.privacy.unwrap_or_default(),
        privacy: text(privacy),
        terms_version: settings.texts.terms.unwrap_or_default(),
        terms: text(terms),
    }
}
