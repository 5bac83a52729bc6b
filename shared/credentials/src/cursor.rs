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

/// Seals cursors and secrets, and turns what must not be stored as it is (addresses) into keys.
pub struct Seal {
    current: Keys,
    /// What else was sealed with is opened, and named, still.
    former: Vec<Keys>,
}

struct Keys {
    seals: RandomizedNonceKey,
    names: hmac::Key,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Reads `secret[,former secret…]`, and derives keys from each; the first seals.
    ///
    /// # Errors
    /// [`BadKey`] when a secret is shorter than 32 characters.
    pub fn parse(secrets: &str) -> Result<Self, BadKey> {
        let mut keys = secrets.trim().split(',').map(Keys::derive).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { current: keys.remove(0), former: keys })
    }

    /// A keyed name for something personal: equal for equal input, and says nothing without the key.
    #[must_use]
    pub fn name(&self, kind: &str, value: &str) -> String {
        self.current.name(kind, value)
    }

    /// The names that something personal may have been given: the current one first.
    #[must_use]
    pub fn names(&self, kind: &str, value: &str) -> Vec<String> {
        std::iter::once(&self.current).chain(&self.former).map(|keys| keys.name(kind, value)).collect()
    }

    /// Seals a position for one caller, operation and filter (`bound`, any text naming all three).
    ///
    /// # Errors
    /// [`CursorError`] when the position is too long for a cursor.
    pub fn close(&self, position: &impl Serialize, bound: &str) -> Result<String, CursorError> {
        let mut sealed = serde_json::to_vec(position).map_err(|_| CursorError)?;
        let nonce = self
            .current
            .seals
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
        let opened = std::iter::once(&self.current).chain(&self.former).find_map(|keys| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut sealed = sealed.to_vec();
            let plain = keys.seals.open_in_place(nonce, Aad::from(bound.as_bytes()), &mut sealed).ok()?;
            Some(plain.to_vec())
        });
        serde_json::from_slice(&opened.ok_or(CursorError)?).map_err(|_| CursorError)
    }
}

impl Keys {
    fn derive(secret: &str) -> Result<Self, BadKey> {
        if secret.trim().len() < 32 {
            return Err(BadKey("seal key"));
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.trim().as_bytes());
        let derive = |label: &str| hmac::sign(&root, label.as_bytes());
        Ok(Self {
            seals: RandomizedNonceKey::new(&AES_256_GCM, derive("cursors").as_ref())
                .map_err(|_| BadKey("seal key"))?,
            names: hmac::Key::new(hmac::HMAC_SHA256, derive("names").as_ref()),
        })
    }

    fn name(&self, kind: &str, value: &str) -> String {
        let tag = hmac::sign(&self.names, format!("{kind}\0{value}").as_bytes());
        HEXLOWER.encode(tag.as_ref().get(..16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_where_it_was_made() {
        let seal = Seal::parse("an example of a seal key; long enough").unwrap();
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
    fn what_a_former_key_sealed_opens_and_is_named_until_that_key_is_taken_out() {
        let (former, new) =
            ("an example of a seal key; long enough", "another example of a key; long enough");
        let old = Seal::parse(former).unwrap();
        let both = Seal::parse(&format!("{new},{former}")).unwrap();
        let alone = Seal::parse(new).unwrap();
        let sealed = old.close(&"secret", "of wrk_1").unwrap();
        assert_eq!(both.open::<String>(&sealed, "of wrk_1").unwrap(), "secret");
        assert!(alone.open::<String>(&sealed, "of wrk_1").is_err());
        assert!(old.open::<String>(&both.close(&"secret", "of wrk_1").unwrap(), "of wrk_1").is_err());
        assert_eq!(both.names("code", "x"), [alone.name("code", "x"), old.name("code", "x")]);
        assert!(Seal::parse(&format!("{new},short")).is_err());
    }

    #[test]
    fn names_differ_by_kind_and_key() {
        let one = Seal::parse("an example of a seal key; long enough").unwrap();
        let two = Seal::parse("another example of a key; long enough").unwrap();
        assert_eq!(one.name("email", "a@example.org"), one.name("email", "a@example.org"));
        assert_ne!(one.name("email", "a@example.org"), one.name("viewer", "a@example.org"));
        assert_ne!(one.name("email", "a@example.org"), two.name("email", "a@example.org"));
    }
}
