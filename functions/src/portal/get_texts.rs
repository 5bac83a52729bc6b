//! The privacy policy and terms of use in force, for whoever wants to read them, before an activation and long after.

use domain::Language;
use serde::{Deserialize, Serialize};
use store::Policy;

use crate::agency::ask_texts;
use crate::context::Context;
use crate::entry::caller::Anyone;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets the texts.
pub struct GetTexts;

/// In which language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// What the visitor reads; the agency's language if left out.
    #[serde(default)]
    pub language: Option<Language>,
}

/// The texts, as far as they are written.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Of the texts.
    pub language: Language,
    /// The privacy policy.
    pub privacy: Option<Text>,
    /// The terms of use.
    pub terms: Option<Text>,
}

/// A text in force.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Text {
    /// Which version, as clients accept it.
    pub version: u32,
    /// The text.
    pub markdown: String,
}

impl HttpOperation for GetTexts {
    type Caller = Anyone;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        _: Anyone,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let settings = context.read_settings().await?;
        let language = request.language.unwrap_or(settings.agency.language);
        let (privacy, terms) = context.services.store.ask(ask_texts(&settings, language)).await?;
        let text = |version: Option<u32>, policy: Option<Policy>| {
            version.zip(policy).map(|(version, Policy(markdown))| Text { version, markdown })
        };
        let reply = Reply::from(Response {
            language,
            privacy: text(settings.texts.privacy, privacy),
            terms: text(settings.texts.terms, terms),
        });
        Ok(reply.for_everybody())
    }
}
