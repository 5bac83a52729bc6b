//! What the build made of the catalogues and templates.

use domain::Language;

use crate::fill::Piece;

include!(concat!(env!("OUT_DIR"), "/mails.rs"));

/// Texts by key, sorted, in the order English, French, Spanish.
pub(crate) const fn messages() -> &'static [(&'static str, [&'static str; 3])] {
    MESSAGES
}
