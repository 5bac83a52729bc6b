//! What stops the build: the same checks that the build runs, on catalogues and templates that are wrong.

#[path = "../build/catalogue.rs"]
mod catalogue;
#[path = "../build/template.rs"]
mod template;

use domain::Language;
use domain::account::Action;
use domain::account::StateName;
use template::Piece;

fn faults(en: &str, fr: &str, es: &str) -> String {
    catalogue::merge([en, fr, es]).err().unwrap_or_default().join("\n")
}

#[test]
fn every_action_and_state_has_a_word() {
    let actions = Action::ALL.iter().map(|action| format!("word_action_{action}"));
    let states = StateName::ALL.iter().map(|state| format!("word_state_{state}"));
    for key in actions.chain(states) {
        assert!(mail::message(Language::En, &key, &[]).is_some(), "{key}");
    }
}

#[test]
fn languages_are_those_of_the_domain() {
    assert_eq!(
        catalogue::LANGUAGES.to_vec(),
        Language::ALL.iter().map(|language| language.code()).collect::<Vec<_>>()
    );
}

#[test]
fn a_key_without_a_text_in_a_language_is_named() {
    let faults = faults(r#"{"a":"one","b":"two"}"#, r#"{"a":"un"}"#, r#"{"a":" ","b":"dos"}"#);
    assert_eq!(faults, "a has no text in es.json: write one\nb has no text in fr.json: write one");
}

#[test]
fn placeholders_must_agree() {
    let faults = faults(r#"{"a":"{name}, {day}"}"#, r#"{"a":"{day} {name}"}"#, r#"{"a":"{nombre}"}"#);
    assert!(faults.contains("a has the placeholders {\"nombre\"} in es.json"), "{faults}");
}

#[test]
fn braces_line_breaks_and_other_than_texts_are_refused() {
    for (wrong, fault) in [
        (r#"{"a":"{name"}"#, "a brace has no partner"),
        (r#"{"a":"name}"}"#, "a brace has no partner"),
        (r#"{"a":"{Name}"}"#, "{Name} is not a placeholder"),
        (r#"{"a":"one\ntwo"}"#, "line break"),
        (r#"{"a":{"nested":"one"}}"#, "a has no text"),
        ("[]", "not a flat JSON object"),
        ("{", "not a flat JSON object"),
    ] {
        assert!(faults(wrong, r#"{"a":"x"}"#, r#"{"a":"x"}"#).contains(fault), "{wrong}");
    }
}

#[test]
fn a_schema_is_no_message() {
    let document = r#"{"$schema":"https://example.org","a":"x {y}"}"#;
    let messages = catalogue::merge([document; 3]).unwrap();
    assert_eq!(messages.keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_template_that_does_not_parse_is_refused() {
    assert!(template::compile("<mjml><mj-body><mj-section></mj-body></mjml>").is_err());
    assert!(template::compile("<mjml><mj-body><mj-nonsense /></mj-body></mjml>").is_err());
    assert!(template::compile("plain").is_err());
}

#[test]
fn a_layout_falls_into_parts_and_these_into_pieces() {
    let html = "<p lang={{language}}>{{part title}}<h1>{{text}}</h1>{{part end}}</p>";
    let parts = template::parts(html).unwrap();
    assert_eq!(parts, [("start", "<p lang={{language}}>"), ("title", "<h1>{{text}}</h1>"), ("end", "</p>")]);
    assert_eq!(
        template::pieces(parts[1].1).unwrap(),
        [Piece::Text("<h1>"), Piece::Hole("text"), Piece::Text("</h1>")]
    );
    assert!(template::pieces("{{link").is_err() && template::parts("{{part link").is_err());
}
