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
        if typed.len() > 320 {
            return Err(EmailError::TooLong);
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
        if !local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte)) {
            return Err(EmailError::LocalPart);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
        let last = domain.rsplit_once('.').map(|(_, last)| last).ok_or(EmailError::Domain)?;
        if last.is_empty() || last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EmailError::Domain);
        }
        let normalized = format!("{local}@{domain}");
        if local.len() > 64 || normalized.len() > 254 {
            return Err(EmailError::TooLong);
        }
        Ok(Self { typed, normalized })
    }
}

as_text!(EmailAddress, "An email address", |address| address.as_typed());

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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, EmailError> {
        text.parse().map(|address: EmailAddress| address.normalized().to_owned())
    }

    #[test]
    fn addresses_that_differ_in_case_or_unicode_form_are_one() {
        for (typed, normalized) in [
            (" Zoe.ONeil+a@Example.ORG ", "zoe.oneil+a@example.org"),
            ("zoe@b\u{FC}cher.example", "zoe@xn--bcher-kva.example"),
            ("zoe@bu\u{308}cher.example", "zoe@xn--bcher-kva.example"),
            ("zoe@B\u{DC}CHER.example", "zoe@xn--bcher-kva.example"),
            ("\u{212A}im@example.org", "kim@example.org"),
            ("o'neil@example.org", "o'neil@example.org"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(normalized), "{typed}");
            assert_eq!(parse(normalized).as_deref(), Ok(normalized), "normal forms stay");
        }
        let address: EmailAddress = " Zoe@Example.org".parse().unwrap();
        assert_eq!(address.as_typed(), "Zoe@Example.org");
        assert_eq!(address, "zoe@example.org".parse().unwrap());
        assert!(!format!("{address:?}").to_lowercase().contains("zoe"));
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}.example", vec!["b".repeat(60); 6].join("."));
        for (text, error) in [
            ("  ", EmailError::Empty),
            ("zoe", EmailError::Form),
            ("@example.org", EmailError::Form),
            ("zoe@", EmailError::Form),
            ("zoe@home@example.org", EmailError::Form),
            ("zo\u{EB}@example.org", EmailError::NonAsciiLocalPart),
            ("zoe oneil@example.org", EmailError::LocalPart),
            (".zoe@example.org", EmailError::LocalPart),
            ("zoe..o@example.org", EmailError::LocalPart),
            ("\"zoe\"@example.org", EmailError::LocalPart),
            ("zoe\r\nbcc:a@example.org", EmailError::LocalPart),
            ("zoe@example", EmailError::Domain),
            ("zoe@exa mple.org", EmailError::Domain),
            ("zoe@-example.org", EmailError::Domain),
            ("zoe@example..org", EmailError::Domain),
            ("zoe@example.org.", EmailError::Domain),
            ("zoe@127.0.0.1", EmailError::Domain),
            ("zoe@[::1]", EmailError::Domain),
            (long.as_str(), EmailError::TooLong),
            (longer.as_str(), EmailError::TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
