//! The layout of mails, cut into parts and these into pieces that are filled in when a mail is written.

use mrml::prelude::render::RenderOptions;

/// Begins the name of a part, where it starts.
const PART: &str = "{{part ";

/// A piece of a part.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// The name of what goes there.
    Hole(&'a str),
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

/// Cuts HTML at its `{{part name}}`s; what comes before the first is the part `start`.
///
/// # Errors
/// When a name has no end.
pub(crate) fn parts(html: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut parts = Vec::new();
    let (mut name, mut rest) = ("start", html);
    while let Some((part, after)) = rest.split_once(PART) {
        parts.push((name, part));
        (name, rest) = after.split_once("}}").ok_or("a {{ has no }}")?;
    }
    parts.push((name, rest));
    Ok(parts)
}

/// Takes the `{{names}}` in a part apart from its text.
///
/// # Errors
/// When a name has no end.
pub(crate) fn pieces(part: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("a {{ has no }}")?;
        pieces.extend([Piece::Text(before), Piece::Hole(name)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}
