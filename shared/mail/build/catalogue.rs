//! The message catalogues, merged and checked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The languages, in the order in which a key's texts are kept.
pub(crate) const LANGUAGES: [&str; 3] = ["en", "fr", "es"];

/// Texts by key, then in the order of [`LANGUAGES`].
pub(crate) type Messages = BTreeMap<String, [String; 3]>;

/// Merges one JSON document per language, in the order of [`LANGUAGES`].
///
/// # Errors
/// Everything that is wrong with them, a sentence each.
pub(crate) fn merge(documents: [&str; 3]) -> Result<Messages, Vec<String>> {
    let mut faults = Vec::new();
    let mut catalogues = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    for ((catalogue, document), language) in catalogues.iter_mut().zip(documents).zip(LANGUAGES) {
        match serde_json::from_str::<BTreeMap<String, Value>>(document) {
            Ok(entries) => *catalogue = entries,
            Err(error) => faults.push(format!("{language}.json is not a flat JSON object: {error}")),
        }
        catalogue.retain(|key, _| !key.starts_with('$'));
    }
    let keys: BTreeSet<String> = catalogues.iter().flat_map(|catalogue| catalogue.keys().cloned()).collect();
    let mut messages = Messages::new();
    for key in keys {
        let texts =
            catalogues.each_ref().map(|catalogue| catalogue.get(&key).and_then(Value::as_str).unwrap_or(""));
        let found = faults.len();
        check(&key, texts, &mut faults);
        if found == faults.len() {
            messages.insert(key, texts.map(str::to_owned));
        }
    }
    if faults.is_empty() { Ok(messages) } else { Err(faults) }
}

fn check(key: &str, texts: [&str; 3], faults: &mut Vec<String>) {
    let mut expected: Option<BTreeSet<&str>> = None;
    for (text, language) in texts.into_iter().zip(LANGUAGES) {
        if text.trim().is_empty() {
            faults.push(format!("{key} has no text in {language}.json: write one"));
            continue;
        }
        if text.chars().any(char::is_control) {
            faults.push(format!("{key} in {language}.json has a line break or control character: remove it"));
        }
        match placeholders(text) {
            Err(fault) => faults.push(format!("{key} in {language}.json: {fault}")),
            Ok(here) => match &expected {
                Some(there) if *there != here => faults.push(format!(
                    "{key} has the placeholders {here:?} in {language}.json, but {there:?} in another language"
                )),
                _ => expected = Some(here),
            },
        }
    }
}

/// The names in `{braces}`.
///
/// # Errors
/// When a brace has no partner, or a name is not in `snake_case`.
pub(crate) fn placeholders(text: &str) -> Result<BTreeSet<&str>, String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let braced =
            rest.get(at..).and_then(|from| from.strip_prefix('{')).and_then(|from| from.split_once('}'));
        let Some((name, after)) = braced else {
            return Err("a brace has no partner".to_owned());
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(format!("{{{name}}} is not a placeholder: use lower-case letters and _"));
        }
        names.insert(name);
        rest = after;
    }
    Ok(names)
}
