//! Mails, written: a subject, HTML and plain text in the reader's language; and the message catalogues they share
//! with the sites.
//!
//! All share one layout (`templates/`), which is compiled in as are the catalogues (`web/messages/`). The build stops
//! when a text is missing, in one language too, or placeholders differ between languages.

mod catalogue;
mod compiled;
mod date;
mod escape;
mod fill;
mod footer;
mod kinds;
mod letter;

use std::fmt;

pub use catalogue::{keys, message, placeholders, problem_title};
pub use kinds::{Link, Mail, Says};

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
