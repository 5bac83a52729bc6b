//! Policy and terms: Markdown that only formats text and links.

use unicode_normalization::UnicodeNormalization as _;

use super::link::{Kind, is_safe};
use crate::fields::Wrong;
use crate::text::hides_or_reorders;

/// Bytes of a text, at most.
const LONGEST: usize = 15 * 1024;

/// A text in its stored form: in NFC, lines parted by line feeds.
///
/// # Errors
/// When it is empty, longer than 15 KB, or has control characters, HTML, pictures, or links that don't begin with https://
/// or mailto:.
pub fn markdown(text: &str) -> Result<String, Wrong> {
    let text: String = text.replace("\r\n", "\n").trim_end().nfc().collect();
    if text.trim().is_empty() {
        return Err(Wrong::new("empty", "write the text"));
    }
    if text.len() > LONGEST {
        return Err(Wrong::new("too_long", "shorten the text to 15 KB"));
    }
    if text.chars().any(|c| hides_or_reorders(c) && !matches!(c, '\n' | '\t')) {
        return Err(Wrong::new("control_character", "remove invisible control characters"));
    }
    if text
        .split('<')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)))
    {
        return Err(Wrong::new("markdown", "write Markdown without HTML: no < before a letter"));
    }
    if text.contains("![") {
        return Err(Wrong::new("markdown", "leave out pictures"));
    }
    let inline = text.split("](").skip(1).map(|rest| rest.split([')', ' ', '\n']).next().unwrap_or_default());
    // `[name]: target`, which may stand in a quotation or list, and begin on the line before.
    let defined = text.split("]:").skip(1).map(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
        rest.split_whitespace().next().unwrap_or_default()
    });
    if inline.chain(defined).any(|target| !is_safe(target, Kind::PageOrMailbox)) {
        return Err(Wrong::new("not_a_link", "let every link begin with https:// or mailto:"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_links_are_taken_and_nothing_that_runs_or_loads() {
        let plain = "# Privacy\r\n\r\n- We keep < 5 things: [see](https://agency.example/privacy)\n  * a\n\n[us]: mailto:a@agency.example\n";
        assert_eq!(markdown(plain).unwrap(), plain.replace("\r\n", "\n").trim_end());
        for (text, code) in [
            (" \n", "empty"),
            ("<script>alert(1)</script>", "markdown"),
            ("a <!-- b -->", "markdown"),
            ("![x](https://tracker.example/x.png)", "markdown"),
            ("[x](javascript:alert(1))", "not_a_link"),
            ("[x]( https://a.example)", "not_a_link"),
            ("[x](http://a.example)", "not_a_link"),
            ("[x](//a.example)", "not_a_link"),
            ("a [x]\n\n  [x]: data:text/html,1", "not_a_link"),
            ("> [x]:\n> //a.example\n\n[x]", "not_a_link"),
            ("1. [x]: http://a.example", "not_a_link"),
            ("[x\ny]: http://a.example", "not_a_link"),
            ("a\u{202e}b", "control_character"),
        ] {
            assert_eq!(markdown(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(markdown(&"é".repeat(LONGEST / 2 + 1)).unwrap_err().code, "too_long");
        assert!(markdown(&"é".repeat(LONGEST / 2)).is_ok());
    }
}
