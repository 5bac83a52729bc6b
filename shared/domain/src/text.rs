//! Text that people typed, one line unless said otherwise: trimmed, in NFC, without characters that hide or reorder
//! others.

use unicode_normalization::UnicodeNormalization as _;

/// Why a text can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("fill this in")]
    Empty,
    /// More characters than fit.
    #[error("shorten this to {max} characters")]
    TooLong {
        /// The most that fit.
        max: usize,
    },
    /// Control characters, line breaks, or marks that reverse the direction of writing.
    #[error("remove line breaks and invisible control characters")]
    ControlCharacter,
}

impl TextError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

/// The text in its one stored form.
///
/// # Errors
/// When it is empty, longer than `max` characters, or holds control characters.
pub fn clean(text: &str, max: usize) -> Result<String, TextError> {
    optional(text, max)?.ok_or(TextError::Empty)
}

/// As [`clean`], but an empty text is nothing rather than an error.
///
/// # Errors
/// When it is longer than `max` characters, or holds control characters.
pub fn optional(text: &str, max: usize) -> Result<Option<String>, TextError> {
    let text: String = text.trim().nfc().collect();
    if text.chars().any(hides_or_reorders) {
        return Err(TextError::ControlCharacter);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// As [`optional`], of several lines: each without blanks around it, parted by line feeds.
///
/// # Errors
/// When it is longer than `max` characters in all, or holds control characters.
pub fn lines(text: &str, max: usize) -> Result<Option<String>, TextError> {
    let lines: Result<Vec<_>, _> = text.trim().lines().map(|line| optional(line, max)).collect();
    let text = lines?.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("\n");
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Zero-width joiners are not among these: Persian, Indic scripts and emoji need them.
pub(crate) fn hides_or_reorders(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
