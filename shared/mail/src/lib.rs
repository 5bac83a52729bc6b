//! Mails, written: a subject, HTML and plain text in the client's language; and the message catalogues they share
//! with the sites.
//!
//! Templates (`templates/`) and catalogues (`web/messages/`) are compiled in. The build stops when a text is
//! missing in a language, placeholders differ between languages, or a template asks for what doesn't exist.

mod activation;
mod catalogue;
mod compiled;
mod date;
mod escape;
mod fill;

use std::fmt;

pub use activation::ActivationMail;
pub use catalogue::{keys, message, placeholders, problem_title};

/// A mail, ready to be sent. Its `Debug` shows nothing of it: it carries a name and a secret link.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Loads nothing from elsewhere.
    pub html: String,
    /// Lines of at most 72 characters, save for links.
    pub text: String,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rendered(…)")
    }
}
