//! A version of the privacy policy or the terms of use, in every language it was written in.

use chrono::{DateTime, Utc};
use domain::Language;
use domain::settings::{Localized, PolicyKind};
use serde::{Deserialize, Serialize};
use store::{Policy, ask};

use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::{Failure, NoRefusal};

/// Gets a text.
pub struct GetText;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Which text.
    pub kind: PolicyKind,
    /// Which version; left out for the current one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub version: Option<String>,
}

/// The text.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// Which text.
    pub kind: PolicyKind,
    /// Which version.
    pub version: u32,
    /// When it was published; none at set-up.
    pub at: Option<DateTime<Utc>>,
    /// The name of the worker who published it.
    pub by: Option<String>,
    /// Markdown in each language it was written in.
    pub texts: Localized,
}

impl HttpOperation for GetText {
    type Caller = Staff;
    type Request = Request;
    type Response = Response;
    type Refused = NoRefusal;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<Response>, Failure<NoRefusal>> {
        let kind = request.kind;
        let version = if let Some(version) = request.version {
            version.parse().map_err(|_| Failure::invalid("version", "Use the number of a version"))?
        } else {
            let texts = staff.settings_now(context).await?.texts;
            let current = if kind == PolicyKind::Privacy { texts.privacy } else { texts.terms };
            current.ok_or_else(Failure::not_found)?
        };
        let store = &context.services.store;
        let text = |language| ask::policy(kind, version, language);
        let (publication, en, fr, es) = store
            .ask((
                ask::publication(kind, version),
                text(Language::En),
                text(Language::Fr),
                text(Language::Es),
            ))
            .await?;
        if [&en, &fr, &es].iter().all(|text| text.is_none()) {
            return Err(Failure::not_found());
        }
        let by = match &publication {
            Some(publication) => {
                store.ask(ask::worker(publication.by)).await?.map(|worker| worker.name.full())
            }
            None => None,
        };
        let own = |language: Language, text: Option<Policy>| {
            let written =
                publication.as_ref().is_none_or(|publication| publication.languages.contains(&language));
            text.filter(|_| written).map(|Policy(markdown)| markdown)
        };
        let texts =
            Localized { en: own(Language::En, en), fr: own(Language::Fr, fr), es: own(Language::Es, es) };
        let at = publication.as_ref().map(|publication| publication.at);
        Ok(Reply::from(Response { kind, version, at, by, texts }))
    }
}
