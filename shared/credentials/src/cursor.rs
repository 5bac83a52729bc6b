//! Cursors of lists: opaque, sealed, and good only for the caller, operation and filter they were made for.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BadKey;

/// Longest cursor that is made or read, in bytes.
pub const MAXIMUM: usize = 512;
const NONCE_BYTES: usize = 12;

/// A cursor that is not ours, or was made for another caller, operation or filter.
#[derive(Debug, thiserror::Error)]
#[error("the cursor is not valid here")]
pub struct CursorError;

/// Seals cursors, and turns what must not be stored as it is (addresses) into keys.
pub struct Seal {
    cursors: RandomizedNonceKey,
    names: hmac::Key,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Derives its keys from one secret.
    ///
    /// # Errors
    /// [`BadKey`] when the secret is shorter than 32 characters.
    pub fn parse(secret: &str) -> Result<Self, BadKey> {
        if secret.trim().len() < 32 {
            return Err(BadKey("seal key"));
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.trim().as_bytes());
        let derive = |label: &str| hmac::sign(&root, label.as_bytes());
        Ok(Self {
            cursors: RandomizedNonceKey::new(&AES_256_GCM, derive("cursors").as_ref())
                .map_err(|_| BadKey("seal key"))?,
            names: hmac::Key::new(hmac::HMAC_SHA256, derive("names").as_ref()),
        })
    }

    /// A keyed name for something personal: equal for equal input, and says nothing without the key.
    #[must_use]
    pub fn name(&self, kind: &str, value: &str) -> String {
        let tag = hmac::sign(&self.names, format!("{kind}\0{value}").as_bytes());
        HEXLOWER.encode(tag.as_ref().get(..16).unwrap_or_default())
    }

    /// Seals a position for one caller, operation and filter (`bound`, any text naming all three).
    ///
    /// # Errors
    /// [`CursorError`] when the position is too long for a cursor.
    pub fn close(&self, position: &impl Serialize, bound: &str) -> Result<String, CursorError> {
        let mut sealed = serde_json::to_vec(position).map_err(|_| CursorError)?;
        let nonce = self
            .cursors
            .seal_in_place_append_tag(Aad::from(bound.as_bytes()), &mut sealed)
            .map_err(|_| CursorError)?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        let cursor = BASE64URL_NOPAD.encode(&bytes);
        if cursor.len() > MAXIMUM { Err(CursorError) } else { Ok(cursor) }
    }

    /// Opens what [`Seal::close`] made for the same `bound`.
    ///
    /// # Errors
    /// [`CursorError`] for anything else.
    pub fn open<T: DeserializeOwned>(&self, cursor: &str, bound: &str) -> Result<T, CursorError> {
        if cursor.len() > MAXIMUM {
            return Err(CursorError);
        }
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| CursorError)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(CursorError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CursorError)?;
        let mut sealed = sealed.to_vec();
        let plain = self
            .cursors
            .open_in_place(nonce, Aad::from(bound.as_bytes()), &mut sealed)
            .map_err(|_| CursorError)?;
        serde_json::from_slice(plain).map_err(|_| CursorError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_where_it_was_made() {
        let seal = Seal::parse("an example of a seal key, long enough").unwrap();
        let cursor = seal.close(&("position", 7), "wrk_1 search filter").unwrap();
        assert_eq!(
            seal.open::<(String, u8)>(&cursor, "wrk_1 search filter").unwrap(),
            ("position".to_owned(), 7)
        );
        assert!(seal.open::<(String, u8)>(&cursor, "wrk_2 search filter").is_err());
        let mut tampered = cursor.into_bytes();
        tampered[20] = if tampered[20] == b'A' { b'B' } else { b'A' };
        assert!(
            seal.open::<(String, u8)>(std::str::from_utf8(&tampered).unwrap(), "wrk_1 search filter")
                .is_err()
        );
        for bad in ["", "x", "////", &"A".repeat(600)] {
            assert!(seal.open::<(String, u8)>(bad, "wrk_1 search filter").is_err());
        }
    }

    #[test]
    fn names_differ_by_kind_and_key() {
        let one = Seal::parse("an example of a seal key, long enough").unwrap();
        let two = Seal::parse("another example of a key, long enough").unwrap();
        assert_eq!(one.name("email", "a@example.org"), one.name("email", "a@example.org"));
        assert_ne!(one.name("email", "a@example.org"), one.name("viewer", "a@example.org"));
        assert_ne!(one.name("email", "a@example.org"), two.name("email", "a@example.org"));
    }
}
