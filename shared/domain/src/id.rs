//! Identifiers: a type per kind, written as a prefix and a UUID in Crockford's base32.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 characters hold 130 bits, two more than a UUID has.
const LENGTH: usize = 26;

/// A text that isn't the id it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of {kind}: expected {prefix}_ and 26 lower-case characters")]
pub struct ParseIdError {
    /// What the id should have named, with its article.
    pub kind: &'static str,
    /// The prefix such ids have.
    pub prefix: &'static str,
}

fn write(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    write!(f, "{prefix}_")?;
    let bits = uuid.as_u128();
    (0..LENGTH).rev().try_for_each(|place| {
        let digit = ALPHABET.get((bits >> (5 * place) & 31) as usize);
        fmt::Write::write_char(f, digit.map_or('0', |digit| char::from(*digit)))
    })
}

fn read(text: &str, prefix: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?.strip_prefix('_')?;
    // The first digit carries three bits: a higher one would not fit, and two texts would name one id.
    if digits.len() != LENGTH || digits.as_bytes().first()? > &b'7' {
        return None;
    }
    let bits = digits.bytes().try_fold(0_u128, |bits, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some(bits << 5 | digit as u128)
    })?;
    Some(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($name:ident $prefix:literal $kind:literal;)+) => {$(
        #[doc = concat!("The id of ", $kind, ": `", $prefix, "_` and 26 characters. Never a secret.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What such an id begins with, without the underscore.
            pub const PREFIX: &str = $prefix;

            /// Names a thing by a UUID (version 7, so that ids made later sort later).
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID within.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                read(text, $prefix).map(Self).ok_or(ParseIdError { kind: $kind, prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .description(Some(concat!("The id of ", $kind)))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )+};
}

ids! {
    IndividualId "ind" "an individual";
    ContactId "cnt" "a contact";
    AccountId "acc" "an account";
    WorkerId "wrk" "a worker";
    ClassId "cls" "a security class";
    SiteId "sit" "a site";
    ServiceId "svc" "a service";
    ServiceRequestId "srq" "a service request";
    SessionId "ses" "a session";
    JournalId "jrn" "a journal record";
    CorrelationId "cor" "a chain of causes";
    MailId "mai" "a mail";
    JobId "job" "a job";
    UploadId "upl" "an uploaded file";
    ImageId "img" "an image";
    ServiceFileId "sfl" "a service file";
}

impl MailId {
    /// Of the mails that one event asks for, the one to that worker: the same whenever it is asked.
    #[must_use]
    pub const fn to_worker(self, worker: WorkerId) -> Self {
        // Time and version stay the mail's; what is random in the two is mixed.
        const RANDOM: u128 = 0x0fff_3fff_ffff_ffff_ffff;
        Self::new(Uuid::from_u128(self.0.as_u128() ^ (worker.0.as_u128() & RANDOM)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_a_prefix_and_the_uuid_in_base32() {
        let id = IndividualId::new(Uuid::from_u128(0x0192_f3a4_b5c6_7d8e_9fa0_b1c2_d3e4_f506));
        assert_eq!(id.to_string(), "ind_01jbst9de6fp79z85hrb9y9x86");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(AccountId::new(Uuid::max()).to_string(), "acc_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(serde_json::to_value(id).unwrap(), id.to_string());
        assert_eq!(serde_json::from_value::<IndividualId>(id.to_string().into()).unwrap(), id);
    }

    #[test]
    fn ids_sort_as_their_uuids() {
        let [a, b] = [0xFF, 0x100].map(|n| AccountId::new(Uuid::from_u128(n)));
        assert!(a < b && a.to_string() < b.to_string());
    }

    #[test]
    fn every_id_has_one_spelling_and_one_kind() {
        let digits = "01jbst9de6fp79z85hrb9y9x86";
        let wrong = [
            format!("acc_{digits}"),
            format!("ind_{}", digits.to_uppercase()),
            format!("ind_{}", digits.replacen('0', "8", 1)),
            format!("ind_{}", digits.replacen('1', "l", 1)),
            format!("ind_{digits}0"),
            "ind_é1jbst9de6fp79z85hrb9y9x8".to_owned(),
            format!("ind{digits}"),
            String::new(),
        ];
        for text in wrong {
            let error = text.parse::<IndividualId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                "not the id of an individual: expected ind_ and 26 lower-case characters"
            );
        }
    }

    #[test]
    fn a_mail_to_each_worker_is_one_of_its_own_and_of_the_same_time() {
        let mail = MailId::new("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001".parse().unwrap());
        let worker = |number: u128| WorkerId::new(Uuid::from_u128(number));
        let first = mail.to_worker(worker(7));
        assert_ne!(first, mail.to_worker(worker(8)));
        assert_eq!(first, mail.to_worker(worker(7)));
        assert_eq!(first.uuid().get_version_num(), 7);
        assert_eq!(first.uuid().as_bytes()[..6], mail.uuid().as_bytes()[..6]);
    }
}
