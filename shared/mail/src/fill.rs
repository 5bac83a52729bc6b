//! Putting values into templates.

/// A piece of a part of the layout.
pub(crate) enum Piece {
    /// As it is.
    Text(&'static str),
    /// Something is to be put there.
    Hole(Hole),
}

/// What the layout asks for.
#[derive(Clone, Copy)]
pub(crate) enum Hole {
    Language,
    Subject,
    Preheader,
    Header,
    Text,
    Url,
    Footer,
    Why,
}

/// The part with every hole filled.
pub(crate) fn fill(part: &[Piece], value: impl Fn(Hole) -> String) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Hole(hole) => value(*hole),
    };
    part.iter().map(piece).collect()
}

/// The text on one line, without marks that reverse the direction of writing: such a line can't end a header and
/// begin another, nor turn the words around it.
pub(crate) fn one_line(text: &str) -> String {
    let shown: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The text with lines of at most `width` characters, as far as there are spaces to break at, and with at most
/// one empty line in a row.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / width);
    let mut empty_lines = 0;
    for line in text.lines() {
        empty_lines = if line.is_empty() { empty_lines + 1 } else { 0 };
        if empty_lines > 1 {
            continue;
        }
        let mut used = 0;
        for (at, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if at > 0 && used + 1 + length > width {
                wrapped.push('\n');
                used = 0;
            } else if at > 0 {
                wrapped.push(' ');
                used += 1;
            }
            wrapped.push_str(word);
            used += length;
        }
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_only() {
        assert_eq!(wrap("one two three", 7), "one two\nthree\n");
        assert_eq!(wrap("a\u{a0}b c", 3), "a\u{a0}b\nc\n");
        assert_eq!(wrap("a veryverylong word", 6), "a\nveryverylong\nword\n");
        assert_eq!(wrap("a\n\n\n\nb", 6), "a\n\nb\n");
        assert_eq!(wrap("    indented", 20), "    indented\n");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(one_line("Bcc\r\nX: y\u{85}z\u{2028}\t!"), "Bcc X: y z !");
        assert_eq!(one_line("ab\u{202E}cd\u{2066}"), "abcd");
        assert_eq!(one_line("  \n "), "");
        assert_eq!(one_line("می\u{200C}خواهم"), "می\u{200C}خواهم");
    }
}
