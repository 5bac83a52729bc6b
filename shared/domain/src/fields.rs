//! The fields of an individual as people type them, in a file or on a screen: one set of rules for both.

use chrono::NaiveDate;

use crate::birth_date::{BirthDate, BirthDateError};
use crate::email::{EmailAddress, EmailError};
use crate::individual::{ContactKind, ContactValue};
use crate::text::{self, TextError};

/// Why a field can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{help}")]
pub struct Wrong {
    /// Stable code.
    pub code: &'static str,
    /// What to do, in English. Holds nothing of what was typed.
    pub help: String,
}

impl Wrong {
    /// A reason by its code and help.
    #[must_use]
    pub fn new(code: &'static str, help: impl Into<String>) -> Self {
        Self { code, help: help.into() }
    }
}

impl From<TextError> for Wrong {
    fn from(error: TextError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<EmailError> for Wrong {
    fn from(error: EmailError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<BirthDateError> for Wrong {
    fn from(error: BirthDateError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// A field that may be left empty.
///
/// # Errors
/// When it isn't empty and can't be read.
pub fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Result<Option<T>, Wrong> {
    if text.trim().is_empty() { Ok(None) } else { read(text).map(Some) }
}

/// One line, of what the reading of a field then makes something else.
///
/// # Errors
/// When it is empty, over 320 characters or has control characters.
pub fn word(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 320)?)
}

/// An id in another system.
///
/// # Errors
/// When it is empty, over 100 characters or has control characters.
pub fn external_id(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 100)?)
}

/// The name of another system.
///
/// # Errors
/// When it isn't 1 to 40 lower-case letters, digits, `-` or `_`.
pub fn source(text: &str) -> Result<String, Wrong> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("source_form", "Name the system with 1 to 40 lower-case letters, digits, - or _"))
}

/// Gender, in any words.
///
/// # Errors
/// When it is empty, over 100 characters or has control characters.
pub fn gender(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 100)?)
}

/// A birth date that isn't still to come, `today` being the agency's date.
///
/// # Errors
/// When it isn't of the form 1990-12-31, there is no such day, or it is before 1875 or after today.
pub fn birth_date(text: &str, today: NaiveDate) -> Result<BirthDate, Wrong> {
    let date: BirthDate = word(text)?.parse()?;
    if date.day() > today {
        return Err(Wrong::new("birth_date_in_future", "check the year: the date is still to come"));
    }
    Ok(date)
}

/// A day, as every file and screen writes it.
///
/// # Errors
/// When it isn't of the form 2026-03-31, or there is no such day.
pub fn day(text: &str) -> Result<NaiveDate, Wrong> {
    let help = "write the day as 2026-03-31";
    NaiveDate::parse_from_str(&word(text)?, "%Y-%m-%d").map_err(|_| Wrong::new("day_form", help))
}

/// An email address.
///
/// # Errors
/// When it isn't one that mail can be sent to (B1).
pub fn email(text: &str) -> Result<EmailAddress, Wrong> {
    Ok(word(text)?.parse()?)
}

/// A contact of that kind. A postal address may be written in several lines and becomes one.
///
/// # Errors
/// When it is empty, not an email address, longer than 50 (phone) or 300 (postal) characters, or has control
/// characters.
pub fn contact(kind: ContactKind, text: &str) -> Result<ContactValue, Wrong> {
    Ok(match kind {
        ContactKind::Email => ContactValue::Email(email(text)?),
        ContactKind::Phone => ContactValue::Phone(text::clean(text, 50)?),
        ContactKind::Postal => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            ContactValue::Postal(text::clean(&lines.collect::<Vec<_>>().join(", "), 300)?)
        }
    })
}

/// What the agency calls something of its own: a security class, a site.
///
/// # Errors
/// When it is empty, over 100 characters or has control characters.
pub fn label(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 100)?)
}

/// What clients read about a worker.
///
/// # Errors
/// When it is empty, over 300 characters or has control characters.
pub fn description(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 300)?)
}

/// Communication instructions for staff.
///
/// # Errors
/// When they are empty, over 300 characters or have control characters.
pub fn instructions(text: &str) -> Result<String, Wrong> {
    Ok(text::clean(text, 300)?)
}
