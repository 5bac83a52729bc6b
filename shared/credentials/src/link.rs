//! The secret in a mailed link: recomputed from the account, never stored and never queued.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::{Encoding, Specification};
use domain::EmailAddress;
use domain::id::{AccountId, MailId, SessionId, WorkerId};
use uuid::Uuid;

use crate::BadKey;

const MAC_BYTES: usize = 16;
const BODY_BYTES: usize = 1 + 1 + 16 + 2;
/// Longer input is not even decoded.
const MAX_TYPED: usize = 120;
/// What codes of email addresses are signed for; links have the numbers of [`LinkOf`].
const EMAIL_CODE: u8 = 4;

/// What a link may be used for, and by whom; a token of one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkOf {
    /// Turning a Pending account into an Active one (A5).
    Activation(AccountId),
    /// Choosing a new password for an account (A12, A19).
    PasswordReset(AccountId),
    /// The same for a worker (B13).
    WorkerPasswordReset(WorkerId),
}

impl LinkOf {
    const fn code(self) -> (u8, Uuid) {
        match self {
            Self::Activation(account) => (1, account.uuid()),
            Self::PasswordReset(account) => (2, account.uuid()),
            Self::WorkerPasswordReset(worker) => (3, worker.uuid()),
        }
    }

    const fn from_code(code: u8, holder: Uuid) -> Option<Self> {
        match code {
            1 => Some(Self::Activation(AccountId::new(holder))),
            2 => Some(Self::PasswordReset(AccountId::new(holder))),
            3 => Some(Self::WorkerPasswordReset(WorkerId::new(holder))),
            _ => None,
        }
    }
}

/// What a genuine token says. Whether its generation is still its holder's is the holder's to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkToken {
    /// What it is for, and whose it is.
    pub of: LinkOf,
    /// Which link of that holder: a newer one kills the older.
    pub generation: u16,
}

/// The HMAC-SHA-256 keys of links by key number: the first signs, all verify.
pub struct LinkKeys {
    current: u8,
    keys: BTreeMap<u8, hmac::Key>,
}

impl fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl LinkKeys {
    /// Reads `secret` or `number:secret[,number:secret…]`, the current one first; a bare secret is number 1.
    ///
    /// # Errors
    /// [`BadKey`] when a key is shorter than 32 characters or its number is not 1–255.
    pub fn parse(secret: &str) -> Result<Self, BadKey> {
        let refuse = || BadKey("link key");
        let mut current = None;
        let mut keys = BTreeMap::new();
        for part in secret.trim().split(',') {
            let (number, key) = part.split_once(':').unwrap_or(("1", part));
            let number: u8 = number.parse().map_err(|_| refuse())?;
            if number == 0 || key.len() < 32 {
                return Err(refuse());
            }
            current.get_or_insert(number);
            keys.insert(number, hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()));
        }
        Ok(Self { current: current.ok_or_else(refuse)?, keys })
    }

    /// The token in its one form, as mailed and as typed: groups of four characters without look-alikes.
    #[must_use]
    pub fn write(&self, token: LinkToken) -> String {
        let Some(key) = self.keys.get(&self.current) else { return String::new() };
        let (purpose, holder) = token.of.code();
        let mut bytes = vec![self.current, purpose];
        bytes.extend_from_slice(holder.as_bytes());
        bytes.extend_from_slice(&token.generation.to_be_bytes());
        let mac = hmac::sign(key, &bytes);
        bytes.extend(mac.as_ref().iter().take(MAC_BYTES));
        let text = crockford().encode(&bytes);
        let groups: Vec<&str> =
            text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join("-")
    }

    /// Reads a token as pasted or typed: case, white space and hyphens don't matter. `None` unless it is genuine;
    /// costs no look-up.
    #[must_use]
    pub fn read(&self, typed: &str) -> Option<LinkToken> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let text: String = typed.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        let bytes = crockford().decode(text.as_bytes()).ok()?;
        let (body, mac) = bytes.split_at_checked(BODY_BYTES)?;
        let [kid, purpose, rest @ ..] = body else { return None };
        let expected = hmac::sign(self.keys.get(kid)?, body);
        constant_time::verify_slices_are_equal(expected.as_ref().get(..MAC_BYTES)?, mac).ok()?;
        let (holder, generation) = rest.split_at_checked(16)?;
        Some(LinkToken {
            of: LinkOf::from_code(*purpose, Uuid::from_slice(holder).ok()?)?,
            generation: u16::from_be_bytes(generation.try_into().ok()?),
        })
    }

    /// The eight digits that prove, to the session that asked for them by that mail, that its reader has the address
    /// (A18). Never stored.
    #[must_use]
    pub fn email_code(&self, session: SessionId, mail: MailId, address: &EmailAddress) -> String {
        self.code_by(self.current, session, mail, address).unwrap_or_default()
    }

    /// Whether this is that code, as pasted or typed. Whether it is still in time, and how often it may be tried, is the
    /// session's to decide.
    #[must_use]
    pub fn is_email_code(
        &self,
        typed: &str,
        session: SessionId,
        mail: MailId,
        address: &EmailAddress,
    ) -> bool {
        let typed: String =
            typed.chars().filter(|c| *c != '-' && !c.is_whitespace()).take(MAX_TYPED).collect();
        let by = |number: &u8| self.code_by(*number, session, mail, address);
        let same =
            |code: String| constant_time::verify_slices_are_equal(code.as_bytes(), typed.as_bytes()).is_ok();
        self.keys.keys().filter_map(by).any(same)
    }

    /// Cut to digits as in RFC 4226, 5.3.
    fn code_by(
        &self,
        number: u8,
        session: SessionId,
        mail: MailId,
        address: &EmailAddress,
    ) -> Option<String> {
        let mut bytes = vec![number, EMAIL_CODE];
        bytes.extend_from_slice(session.uuid().as_bytes());
        bytes.extend_from_slice(mail.uuid().as_bytes());
        bytes.extend_from_slice(address.normalized().as_bytes());
        let mac = hmac::sign(self.keys.get(&number)?, &bytes);
        let mac = mac.as_ref();
        let offset = usize::from(mac.last()? & 0x0f);
        let cut = u32::from_be_bytes(mac.get(offset..offset + 4)?.try_into().ok()?) & 0x7fff_ffff;
        Some(format!("{:08}", cut % 100_000_000))
    }
}

#[expect(clippy::unwrap_used, reason = "a constant alphabet")]
fn crockford() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut alphabet = Specification::new();
        alphabet.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
        alphabet.translate.from.push_str("ABCDEFGHJKMNPQRSTVWXYZiIlLoO");
        alphabet.translate.to.push_str("abcdefghjkmnpqrstvwxyz111100");
        alphabet.encoding().unwrap()
    });
    &ENCODING
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "an example of a link key long enough";

    fn token() -> LinkToken {
        let account = AccountId::new(Uuid::from_u128(0x0190_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0001));
        LinkToken { of: LinkOf::Activation(account), generation: 3 }
    }

    #[test]
    fn a_token_is_read_back_however_it_is_typed() {
        let keys = LinkKeys::parse(SECRET).unwrap();
        let written = keys.write(token());
        assert_eq!(keys.read(&written), Some(token()));
        assert_eq!(keys.read(&written.to_uppercase().replace('-', " \n")), Some(token()));
        assert_eq!(keys.read(&written.replace('1', "l").replace('0', "O")), Some(token()));
    }

    #[test]
    fn every_changed_character_makes_it_worthless() {
        let keys = LinkKeys::parse(SECRET).unwrap();
        let written = keys.write(token());
        for (place, was) in written.char_indices().filter(|(_, c)| *c != '-') {
            let mut forged = written.clone();
            forged.replace_range(place..=place, if was == '2' { "3" } else { "2" });
            assert_eq!(keys.read(&forged), None, "{place}");
        }
        for bad in ["", "-", "2222", "not a token ü", &"2".repeat(500)] {
            assert_eq!(keys.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_of_one_purpose_is_another_than_of_any_other() {
        let keys = LinkKeys::parse(SECRET).unwrap();
        let LinkOf::Activation(account) = token().of else { unreachable!() };
        let worker = WorkerId::new(account.uuid());
        let all = [
            LinkOf::Activation(account),
            LinkOf::PasswordReset(account),
            LinkOf::WorkerPasswordReset(worker),
        ];
        for of in all {
            assert_eq!(
                keys.read(&keys.write(LinkToken { of, generation: 3 })).map(|token| token.of),
                Some(of)
            );
        }
    }

    #[test]
    fn an_older_key_still_reads_and_a_foreign_one_never() {
        let old = LinkKeys::parse(SECRET).unwrap();
        let foreign = LinkKeys::parse("another example of a link key long enough").unwrap();
        let rotated =
            LinkKeys::parse(&format!("2:a newer example of a link key long enough,1:{SECRET}")).unwrap();
        assert_eq!(rotated.read(&old.write(token())), Some(token()));
        assert_eq!(old.read(&rotated.write(token())), None);
        assert_eq!(foreign.read(&old.write(token())), None);
        assert!(LinkKeys::parse("short").is_err());
    }

    #[test]
    fn a_code_is_for_one_session_mail_and_address() {
        let keys = LinkKeys::parse(SECRET).unwrap();
        let session = |number| SessionId::new(Uuid::from_u128(number));
        let mail = |number| MailId::new(Uuid::from_u128(number));
        let address = |text: &str| text.parse::<EmailAddress>().unwrap();
        let zoe = address("zoe@example.org");
        let code = keys.email_code(session(1), mail(2), &zoe);
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        let is = |typed: &str| keys.is_email_code(typed, session(1), mail(2), &zoe);
        assert!(is(&code) && is(&format!(" {}-{}\n", &code[..4], &code[4..])));
        assert!(
            keys.is_email_code(&code, session(1), mail(2), &address("ZOE@Example.org")),
            "as it is compared"
        );
        assert!(!keys.is_email_code(&code, session(3), mail(2), &zoe));
        assert!(!keys.is_email_code(&code, session(1), mail(3), &zoe));
        assert!(!keys.is_email_code(&code, session(1), mail(2), &address("zoe@example.com")));
        for wrong in ["", "0", &code[..7], &format!("{code}0"), &"1".repeat(500)] {
            assert!(!is(wrong), "{wrong}");
        }
    }

    #[test]
    fn codes_are_spread_over_all_digits_and_survive_a_new_key() {
        let old = LinkKeys::parse(SECRET).unwrap();
        let rotated =
            LinkKeys::parse(&format!("2:a newer example of a link key long enough,1:{SECRET}")).unwrap();
        let address: EmailAddress = "zoe@example.org".parse().unwrap();
        let session = SessionId::new(Uuid::from_u128(1));
        let mails = (0..200).map(|number| MailId::new(Uuid::from_u128(number)));
        let codes: Vec<_> = mails.map(|mail| (mail, old.email_code(session, mail, &address))).collect();
        for digit in '0'..='9' {
            assert!(codes.iter().any(|(_, code)| code.starts_with(digit)), "{digit}");
        }
        for (mail, code) in &codes {
            assert!(rotated.is_email_code(code, session, *mail, &address));
            assert_ne!(*code, rotated.email_code(session, *mail, &address));
        }
    }
}
