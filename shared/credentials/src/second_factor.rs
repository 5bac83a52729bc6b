//! A worker's second factor: codes of an authenticator (RFC 6238: SHA-1, six digits, 30 seconds), and recovery codes
//! for when it is lost.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use chrono::{DateTime, Utc};
use data_encoding::{BASE32_NOPAD, Encoding, HEXUPPER};
use serde::Deserialize;

const STEP_SECONDS: i64 = 30;
/// Of 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Longer input is not looked at.
const MAX_TYPED: usize = 40;
const RECOVERY_CHARACTERS: usize = 16;

/// What an authenticator shares with us. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// Of random bytes.
    #[must_use]
    pub const fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// Reads [`Self::base32`].
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        BASE32_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// As it is typed into an authenticator that can't scan.
    #[must_use]
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// As an authenticator scans it: `issuer` and `account` are what it shows beside the code.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            self.base32()
        )
    }

    /// The code that an authenticator shows at that instant.
    #[must_use]
    pub fn code_at(&self, at: DateTime<Utc>) -> String {
        self.code(step_at(at))
    }

    /// The step that a typed code is of: now's, or one beside it, for clocks differ; later than `used`, for each is good
    /// once.
    #[must_use]
    pub fn step_of(&self, code: &TypedCode, now: DateTime<Utc>, used: Option<i64>) -> Option<i64> {
        let typed = code.digits()?;
        let current = step_at(now);
        let is_its = |step: &i64| {
            constant_time::verify_slices_are_equal(self.code(*step).as_bytes(), typed.as_bytes()).is_ok()
        };
        (current - 1..=current + 1).filter(is_its).find(|step| used.is_none_or(|used| *step > used))
    }

    /// RFC 4226, 5.3.
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac.last().copied().unwrap_or_default() & 0x0f);
        let cut = mac.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
        format!("{:06}", (u32::from_be_bytes(cut) & 0x7fff_ffff) % 1_000_000)
    }
}

const fn step_at(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(STEP_SECONDS)
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.extend(["%", &HEXUPPER.encode(&[byte])]),
        }
    }
    encoded
}

/// A recovery code of 80 random bits, as it is shown once: `abcd-efgh-ijkl-mnop`, without look-alikes of letters.
#[must_use]
pub fn recovery_code(random: [u8; 10]) -> String {
    let text = lower().encode(&random);
    let groups: Vec<&str> =
        text.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    groups.join("-")
}

#[expect(clippy::unwrap_used, reason = "a constant alphabet")]
fn lower() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut alphabet = data_encoding::Specification::new();
        alphabet.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        alphabet.encoding().unwrap()
    });
    &ENCODING
}

/// A code as typed: of an authenticator, or a recovery code. Its `Debug` shows nothing.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct TypedCode(String);

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(…)")
    }
}

impl TypedCode {
    fn plain(&self) -> Option<String> {
        if self.0.len() > MAX_TYPED {
            return None;
        }
        let kept = self.0.chars().filter(|c| *c != '-' && !c.is_whitespace());
        Some(kept.collect::<String>().to_lowercase())
    }

    fn digits(&self) -> Option<String> {
        self.plain().filter(|code| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// As a recovery code in its one form, if it can be one: case, white space and hyphens don't matter, and nought and
    /// one, which none has, are taken for the letters they look like.
    #[must_use]
    pub fn recovery(&self) -> Option<String> {
        let code = self.plain()?.replace('0', "o").replace('1', "l");
        (code.len() == RECOVERY_CHARACTERS && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn typed(text: &str) -> TypedCode {
        TypedCode(text.to_owned())
    }

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(at(seconds)), code);
            assert!(secret.step_of(&typed(code), at(seconds), None).is_some());
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_either_side_and_once() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        let code = typed(&secret.code_at(at(3_000)));
        for (seconds, good) in [(2_969, false), (2_970, true), (3_029, true), (3_059, true), (3_060, false)] {
            assert_eq!(secret.step_of(&code, at(seconds), None).is_some(), good, "{seconds}");
        }
        assert_eq!(secret.step_of(&code, at(3_000), None), Some(100));
        assert_eq!(secret.step_of(&code, at(3_000), Some(99)), Some(100));
        assert_eq!(secret.step_of(&code, at(3_000), Some(100)), None);
        let other = TotpSecret::new(*b"12345678901234567891");
        assert_eq!(other.step_of(&code, at(3_000), None), None);
    }

    #[test]
    fn codes_are_read_however_they_are_typed() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for text in ["287 082", " 287082\n", "287-082"] {
            assert_eq!(secret.step_of(&typed(text), at(59), None), Some(1), "{text}");
        }
        for text in ["28708", "2870820", "２８７０８２", "", "28708２", "+28708", &"2".repeat(60)] {
            assert_eq!(secret.step_of(&typed(text), at(59), None), None, "{text}");
        }
        let code = recovery_code([0x5a; 10]);
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        let plain = code.replace('-', "");
        for text in [&code, &code.to_uppercase(), &code.replace('-', " "), &plain] {
            assert_eq!(typed(text).recovery().as_ref(), Some(&plain), "{text}");
        }
        assert_eq!(typed("ll00-aaaa-bbbb-cccc").recovery(), typed("1loo-aaaa-bbbb-cccc").recovery());
        assert_eq!((typed("287082").recovery(), typed("aaaa-bbbb-cccc").recovery()), (None, None));
    }

    #[test]
    fn an_authenticator_scans_whose_it_is() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        assert_eq!(
            secret.uri("Alder & Quay", "ana@example.org"),
            "otpauth://totp/Alder%20%26%20Quay:ana%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Alder%20%26%20Quay&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(TotpSecret::from_base32(&secret.base32()), Some(secret));
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?} {:?}", typed("287082"), TotpSecret::new([50; 20])).contains('2'));
    }
}
