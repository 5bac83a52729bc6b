//! Passwords: what may be one, and argon2id to keep it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;

use crate::BadKey;

/// No longer password is hashed: argon2 would take any length, an attacker's too.
const MAXIMUM_CHARACTERS: usize = 128;
/// zxcvbn looks at the start only: its cost grows with the square of the length.
const JUDGED_CHARACTERS: usize = 72;

/// A password as typed: any characters, never shown or logged.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl From<String> for Password {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}

/// Why a password may not be chosen (NIST SP 800-63B-4, 3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Fewer characters than the agency asks for.
    #[error("the password needs at least {minimum} characters")]
    TooShort {
        /// The agency's minimum.
        minimum: u8,
    },
    /// More characters than are hashed.
    #[error("the password is longer than {maximum} characters")]
    TooLong {
        /// The most that are taken.
        maximum: u8,
    },
    /// Common, or made of the person's name, address or agency.
    #[error("the password is easy to guess")]
    Guessable,
}

impl Password {
    /// Judges a password that somebody wants to choose; `context` are words it must not be made of.
    ///
    /// # Errors
    /// [`PasswordRefused`] says which rule it fails.
    pub fn judge(&self, minimum: u8, context: &[&str]) -> Result<(), PasswordRefused> {
        let characters = self.0.chars().count();
        if characters < usize::from(minimum) {
            return Err(PasswordRefused::TooShort { minimum });
        }
        if characters > MAXIMUM_CHARACTERS {
            return Err(PasswordRefused::TooLong { maximum: 128 });
        }
        let start: String = self.0.chars().take(JUDGED_CHARACTERS).collect();
        let words: Vec<&str> = context
            .iter()
            .flat_map(|text| std::iter::once(*text).chain(text.split(|c: char| !c.is_alphanumeric())))
            .filter(|word| word.chars().count() > 2)
            .collect();
        let strong = |text: &str| zxcvbn::zxcvbn(text, &words).score() >= zxcvbn::Score::Three;
        // In pieces, too, known words are worth nothing: what is added to them has to be strong by itself.
        let lower = start.to_lowercase();
        let added = words.iter().fold(lower.clone(), |rest, word| rest.replace(&word.to_lowercase(), "\n"));
        let between = |piece: &str| piece.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let alone: String = added.split('\n').map(between).collect();
        if strong(&start) && (added == lower || strong(&alone)) {
            Ok(())
        } else {
            Err(PasswordRefused::Guessable)
        }
    }

    /// Hashes with today's parameters and a random salt. Takes about 35 ms of a full core.
    ///
    /// # Errors
    /// [`BadKey`] when hashing fails.
    pub fn hash(&self, salt: [u8; 16]) -> Result<PasswordHash, BadKey> {
        let hash =
            hasher()?.hash_password_with_salt(self.0.as_bytes(), &salt).map_err(|_| BadKey("password"))?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Compares with a kept hash; with none does the same work and says no, so that nobody can tell the two apart.
    #[must_use]
    pub fn verify(&self, kept: Option<&PasswordHash>) -> bool {
        if self.0.chars().count() > MAXIMUM_CHARACTERS {
            return false;
        }
        let Ok(hasher) = hasher() else { return false };
        if let Some(kept) = kept {
            return hasher.verify_password(self.0.as_bytes(), kept.0.as_str()).is_ok();
        }
        // The result is thrown away: only the work counts.
        drop(hasher.hash_password_with_salt(self.0.as_bytes(), &[0; 16]));
        false
    }
}

/// An argon2id hash in PHC form, with its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    /// Takes a stored PHC string as it is; a bad one verifies nothing.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was made with other parameters than today's and should be made anew at the next sign-in.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        !self.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    }
}

static HASHED: AtomicU64 = AtomicU64::new(0);

/// How often this process has hashed or verified a password: by this, tests see that every answer takes the same work.
#[must_use]
pub fn hashed() -> u64 {
    HASHED.load(Ordering::Relaxed)
}

/// OWASP's first choice: 19 MiB, two passes, one lane.
fn hasher() -> Result<Argon2<'static>, BadKey> {
    HASHED.fetch_add(1, Ordering::Relaxed);
    let parameters = Params::new(19 * 1024, 2, 1, None).map_err(|_| BadKey("argon2 parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::from(text.to_owned())
    }

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let kept = password("harbour lantern quilt 9").hash([7; 16]).unwrap();
        assert!(password("harbour lantern quilt 9").verify(Some(&kept)));
        assert!(!password("harbour lantern quilt 8").verify(Some(&kept)));
        assert!(!password("harbour lantern quilt 9").verify(None));
        assert!(!password("x").verify(Some(&PasswordHash::from_stored("nonsense".to_owned()))));
        assert!(!kept.is_outdated());
    }

    #[test]
    fn passphrases_pass_and_guessable_ones_are_refused_with_the_rule() {
        let context = ["Maria Delgado-Ortiz", "maria.delgado@example.org", "Harbour Light Family Services"];
        let judged = |text: &str| password(text).judge(15, &context);
        assert_eq!(judged("copper violin drifts past noon"), Ok(()));
        assert_eq!(judged("maria: copper violin drifts past noon"), Ok(()));
        assert_eq!(judged("ملاحظات طويلة عن البحر"), Ok(()));
        assert_eq!(judged("fourteen chars"), Err(PasswordRefused::TooShort { minimum: 15 }));
        assert_eq!(judged(&"long ".repeat(40)), Err(PasswordRefused::TooLong { maximum: 128 }));
        for guessable in [
            "aaaaaaaaaaaaaaaaaa",
            "passwordpassword",
            "maria.delgado@example.org",
            "maria.delgado@example",
            "Delgado, Maria of Harbour Light",
            "Harbour-Light-Ortiz-2026!",
            "123456789012345678",
            "qwertyuiopasdfgh",
        ] {
            assert_eq!(judged(guessable), Err(PasswordRefused::Guessable), "{guessable}");
        }
    }
}
