//! What the build made of the catalogues and the layout: the mails' texts and the layout's parts by name, so that one
//! that doesn't exist stops the build.

#![expect(dead_code, reason = "some mails' texts are asked for by key")]

use crate::catalogue::Message;
use crate::fill::{Hole, Piece};

include!(concat!(env!("OUT_DIR"), "/mails.rs"));

/// Texts by key, sorted, in the order English, French, Spanish.
pub(crate) const fn messages() -> &'static [(&'static str, [&'static str; 3])] {
    MESSAGES
}
