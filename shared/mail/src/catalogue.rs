//! The message catalogues: the sites' texts and the mails', by key and language.

use domain::Language;

use crate::compiled;

/// A message with its placeholders filled in. A value that is a code with a word of its own (`word_state_closed`
/// for `closed` in `{state}`) reads as that word.
///
/// `None` when there is no such key, or no value for one of its placeholders.
#[must_use]
pub fn message(language: Language, key: &str, params: &[(&str, &str)]) -> Option<String> {
    fill(language, text(language, key)?, params)
}

/// What a person reads for a problem code, by the problem's parameters. `None` as for [`message`].
#[must_use]
pub fn problem_title(language: Language, code: &str, params: &[(&str, &str)]) -> Option<String> {
    message(language, &format!("problem_{code}"), params)
}

/// Every key, sorted. Each has a text in every language, with the same placeholders.
pub fn keys() -> impl Iterator<Item = &'static str> {
    compiled::messages().iter().map(|(key, _)| *key)
}

/// The names of a message's placeholders, in the order of its English text; nothing for an unknown key.
pub fn placeholders(key: &str) -> impl Iterator<Item = &'static str> {
    let text = text(Language::En, key).unwrap_or_default();
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// A message of mails: English, French, Spanish.
#[derive(Clone, Copy)]
pub(crate) struct Message(pub(crate) [&'static str; 3]);

impl Message {
    /// Its text, with the placeholders as they are.
    pub(crate) const fn text(self, language: Language) -> &'static str {
        let [en, fr, es] = self.0;
        match language {
            Language::En => en,
            Language::Fr => fr,
            Language::Es => es,
        }
    }
}

/// A message as it stands in the catalogue.
pub(crate) fn text(language: Language, key: &str) -> Option<&'static str> {
    let messages = compiled::messages();
    let at = messages.binary_search_by_key(&key, |(key, _)| key).ok()?;
    messages.get(at).map(|(_, texts)| Message(*texts).text(language))
}

pub(crate) fn fill(language: Language, text: &str, params: &[(&str, &str)]) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let (_, value) = params.iter().find(|(known, _)| *known == name)?;
        let word = crate::catalogue::text(language, &format!("word_{name}_{value}"));
        filled.push_str(before);
        filled.push_str(word.unwrap_or(value));
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_in_every_language() {
        let params = [("attempts_left", "2")];
        for (language, tries) in [
            (Language::En, "Tries left: 2."),
            (Language::Fr, "Essais restants\u{a0}: 2."),
            (Language::Es, "Intentos restantes: 2."),
        ] {
            let title = problem_title(language, "birth_date_wrong", &params).unwrap();
            assert!(title.ends_with(tries), "{title}");
        }
    }

    #[test]
    fn a_code_in_a_message_reads_as_its_word() {
        let params = [("state", "closed"), ("action", "resend")];
        let title = problem_title(Language::Fr, "account_state", &params).unwrap();
        assert!(title.contains("est fermé") && title.contains("renvoyer l’invitation"), "{title}");
    }

    #[test]
    fn nothing_is_said_half() {
        assert_eq!(message(Language::En, "no_such_key", &[]), None);
        assert_eq!(message(Language::En, "problem_birth_date_wrong", &[]), None);
        assert_eq!(message(Language::En, "problem_birth_date_wrong", &[("other", "2")]), None);
    }

    #[test]
    fn every_key_has_a_text_in_every_language_and_names_its_placeholders() {
        for key in keys() {
            let params: Vec<_> = placeholders(key).map(|name| (name, "x")).collect();
            for language in Language::ALL {
                let text = message(*language, key, &params).unwrap();
                assert!(!text.contains(['{', '}', '<', '>']), "{key}: {text}");
            }
        }
        assert_eq!(placeholders("problem_account_state").collect::<Vec<_>>(), ["state", "action"]);
        assert_eq!(placeholders("no_such_key").count(), 0);
    }

    #[test]
    fn french_never_breaks_a_line_before_its_punctuation() {
        for key in keys() {
            let text = text(Language::Fr, key).unwrap();
            for mark in [" :", " ;", " ?", " !", " »", "« "] {
                assert!(!text.contains(mark), "{key}: {text}");
            }
        }
    }

    #[test]
    fn apostrophes_and_quotes_are_curly() {
        for key in keys() {
            for language in Language::ALL {
                let text = text(*language, key).unwrap();
                assert!(!text.contains(['\'', '"']), "{key}: {text}");
            }
        }
    }
}
