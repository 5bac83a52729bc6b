//! Publishes a new version of the privacy policy or the terms of use (A5).

use domain::Language;
use domain::settings::{Draft, Localized, PolicyKind, Section, markdown};
use serde::Deserialize;
use store::{Policy, Publication, Transaction, ask};

use crate::configuration::{NotSaved, RefusedField, Save, Saved, SettingsView};
use crate::context::Context;
use crate::entry::caller::Staff;
use crate::entry::http::{HttpOperation, Reply};
use crate::problem::Failure;
use crate::sections::Whole;

/// Publishes a text.
pub struct PublishText;

/// The text in each language it is written in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Which text.
    pub kind: PolicyKind,
    /// The version of the settings that was seen.
    pub version: u64,
    /// Markdown, at most 15 KB each; a language that is left out shows the text of the agency's language, which is
    /// required.
    #[cfg_attr(feature = "openapi", schema(value_type = Localized))]
    pub texts: Whole<Localized>,
}

impl HttpOperation for PublishText {
    type Caller = Staff;
    type Request = Request;
    type Response = SettingsView;
    type Refused = NotSaved;

    async fn handle(
        context: &Context<'_>,
        staff: Staff,
        request: Request,
    ) -> Result<Reply<SettingsView>, Failure<NotSaved>> {
        let Request { kind, version: seen, texts: Whole(texts) } = request;
        let written = written(&texts)?;
        let settings = staff.settings_now(context).await?;
        let own = settings.agency.language;
        let in_agencys = written.iter().find(|(language, _)| *language == own).map(|(_, text)| text);
        let Some(in_agencys) = in_agencys else {
            let field = format!("texts.{own}");
            return Err(NotSaved::field(field, "empty", "write the text in the agency's language").into());
        };
        // Of one save: no earlier text has that number, nor will a later one, whatever is restored.
        let number =
            u32::try_from(seen + 1).map_err(|_| Failure::invalid("version", "Read the settings first"))?;
        let current = match kind {
            PolicyKind::Privacy => settings.texts.privacy,
            PolicyKind::Terms => settings.texts.terms,
        };
        let of_current = |language: &Language| current.map(|current| ask::policy(kind, current, *language));
        let asked = (
            ask::publication(kind, number),
            ask::policy(kind, number, own),
            current.map(|current| ask::publication(kind, current)),
            Language::ALL.iter().filter_map(of_current).collect::<Vec<_>>(),
        );
        let (other, text, publication, texts) = context.services.store.ask(asked).await?;
        if let Some(other) = other
            && (other.by != staff.worker.value.id || text.is_none_or(|text| text.0 != *in_agencys))
        {
            let Saved { by, at } = staff.saved(context, seen + 1).await?;
            return Err(NotSaved::SettingsChanged { version: seen + 1, by, at }.into());
        }
        let languages: Vec<_> = written.iter().map(|(language, _)| *language).collect();
        let stored = |language: Language| {
            let own = written.iter().find(|(written, _)| *written == language).map(|(_, text)| text);
            Policy(own.unwrap_or(in_agencys).clone())
        };
        let same = |(text, language): (&Option<Policy>, &Language)| {
            text.as_ref().is_some_and(|text| text.0 == stored(*language).0)
        };
        // Clients would be asked to accept anew what they accepted.
        if settings.value.version == seen
            && publication.is_some_and(|publication| publication.languages == languages)
            && texts.iter().zip(Language::ALL).all(same)
        {
            let saved = staff.saved(context, seen).await?;
            return Ok(Reply::from(SettingsView::of(&settings, saved)));
        }
        let change = |draft: &mut Draft| match kind {
            PolicyKind::Privacy => draft.texts.privacy = Some(number),
            PolicyKind::Terms => draft.texts.terms = Some(number),
        };
        let publication = Publication { at: context.now, by: staff.worker.value.id, languages };
        let beside = |transaction: &mut Transaction, _| {
            transaction.put_publication(kind, number, &publication);
            for language in Language::ALL {
                transaction.put_policy(kind, number, *language, &stored(*language));
            }
        };
        staff.save_settings_with(context, Save::of(Section::Texts, seen), change, beside).await
    }
}

/// The texts there are, each in its stored form.
fn written(texts: &Localized) -> Result<Vec<(Language, String)>, NotSaved> {
    let (mut written, mut fields) = (Vec::new(), Vec::new());
    for language in Language::ALL {
        let Some(text) = texts.in_language(*language).filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        match markdown(text) {
            Ok(text) => written.push((*language, text)),
            Err(wrong) => fields.push(RefusedField {
                field: format!("texts.{language}"),
                code: wrong.code.to_owned(),
                help: wrong.help,
            }),
        }
    }
    if fields.is_empty() { Ok(written) } else { Err(NotSaved::SettingsRefused { fields }) }
}
