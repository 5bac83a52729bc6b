//! Mail templates, made into pieces that are filled in when a mail is written.

use mrml::prelude::render::RenderOptions;

/// A part of a template.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// As it is.
    Text(String),
    /// The name of a value.
    Value(String),
}

/// Compiles MJML to HTML that loads nothing from elsewhere, fonts included.
///
/// # Errors
/// What mrml refuses or would ignore.
pub(crate) fn compile(mjml: &str) -> Result<String, String> {
    let parsed = mrml::parse(mjml).map_err(|error| error.to_string())?;
    if let Some(warning) = parsed.warnings.first() {
        return Err(warning.to_string());
    }
    let options = RenderOptions { fonts: std::collections::HashMap::new(), ..RenderOptions::default() };
    let html = parsed.element.render(&options).map_err(|error| error.to_string())?;
    match html.split_once("<mj-") {
        Some((_, unknown)) => {
            let name = unknown.split([' ', '>', '/']).next().unwrap_or_default();
            Err(format!("mj-{name} is not known here"))
        }
        None => Ok(html),
    }
}

/// Takes `{{names}}` apart: `language` and messages are put in place, every other name stays a value.
///
/// # Errors
/// When a name has no end, or begins like a message of mails and isn't one.
pub(crate) fn pieces<'a>(
    template: &str,
    language: &str,
    message: impl Fn(&str) -> Option<&'a str>,
    escape: fn(&str) -> String,
) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        push_text(&mut pieces, before);
        let (name, after) = after.split_once("}}").ok_or("a {{ has no }}")?;
        match message(name) {
            Some(text) => push_message(&mut pieces, text, escape),
            None if name == "language" => push_text(&mut pieces, language),
            None if name.starts_with("mail_") => return Err(format!("there is no message {name}")),
            None => pieces.push(Piece::Value(name.to_owned())),
        }
        rest = after;
    }
    push_text(&mut pieces, rest);
    Ok(pieces)
}

fn push_message(pieces: &mut Vec<Piece>, text: &str, escape: fn(&str) -> String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        push_text(pieces, &escape(before));
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        pieces.push(Piece::Value(name.to_owned()));
        rest = after;
    }
    push_text(pieces, &escape(rest));
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}
