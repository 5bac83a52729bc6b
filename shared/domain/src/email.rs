//! Email addresses, in the form that makes them comparable (B1).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization as _;

/// An email address. Two are equal when their [normal forms](Self::normalized) are, however they were typed.
#[derive(Clone)]
pub struct EmailAddress {
    typed: String,
    normalized: String,
}

/// Why a text can't be an address that mail can be sent to, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but blanks.
    #[error("type an email address")]
    Empty,
    /// Not exactly one @ with something on both sides.
    #[error("type one address of the form name@example.org")]
    Form,
    /// Over 254 characters, or over 64 before the @.
    #[error("shorten the address: at most 64 characters before the @ and 254 in all")]
    TooLong,
    /// Non-ASCII letters before the @, which our mail service can't send to.
    #[error("use an address without accents or other non-English letters before the @")]
    NonAsciiLocalPart,
    /// Blanks, quotes, brackets, or misplaced dots before the @.
    #[error(
        "check the part before the @: no spaces, quotes or brackets, and no dot first, last or twice in a row"
    )]
    LocalPart,
    /// Not a domain name with at least one dot.
    #[error("check the part after the @: it should look like example.org")]
    Domain,
}

impl EmailError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "email_empty",
            Self::Form => "email_form",
            Self::TooLong => "email_too_long",
            Self::NonAsciiLocalPart => "email_non_ascii_local_part",
            Self::LocalPart => "email_local_part",
            Self::Domain => "email_domain",
        }
    }
}

impl EmailAddress {
    /// What is stored as a key and compared: NFC, lower case, the domain in its ASCII form; dots and plus kept.
    #[must_use]
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// What people are shown: as it was typed, without surrounding blanks.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let typed: String = text.trim().nfc().collect();
        if typed.is_empty() {
            return Err(EmailError::Empty);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailError::Form)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::Form);
        }
        // Lower-casing comes first: the Kelvin sign, for one, becomes an ASCII k.
        let local = local.to_lowercase();
        if !local.is_ascii() {
            return Err(EmailError::NonAsciiLocalPart);
        }
        if !local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
        {
            return Err(EmailError::LocalPart);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
        let last = domain
            .rsplit_once('.')
            .map(|(_, last)| last)
            .ok_or(EmailError::Domain)?;
        if last.is_empty() || last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EmailError::Domain);
        }
        let normalized = format!("{local}@{domain}");
        if local.len() > 64 || normalized.len() > 254 || typed.chars().count() > 254 {
            return Err(EmailError::TooLong);
        }
        Ok(Self { typed, normalized })
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.normalized.cmp(&other.normalized)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}
