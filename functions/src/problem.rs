//! Answers that are not the wished-for one: refusals an operation expects, and faults nobody does.

use http::StatusCode;
use serde_json::{Map, Value, json};
use store::Fault;

/// An expected refusal: a stable code that the sites translate, typed parameters, an English title.
pub trait Refusal: std::fmt::Display + std::fmt::Debug + Send {
    /// Every refusal of this kind: code, status, title. What OpenAPI and the translations are checked against.
    const ALL: &'static [(&'static str, u16, &'static str)];

    /// The names of each refusal's parameters, in the order of `ALL`. What its translations may ask for.
    const PARAMETERS: &'static [&'static [&'static str]];

    /// The stable code.
    fn code(&self) -> &'static str;

    /// The HTTP status.
    fn status(&self) -> u16;

    /// What the translated text needs, by name.
    fn parameters(&self) -> Map<String, Value>;
}

/// Why an operation didn't do what was asked.
#[derive(Debug)]
pub enum Failure<R> {
    /// The caller can do something about it.
    Refused(R),
    /// Refused by the shared entry: one of its own codes.
    Entry(EntryRefusal),
    /// The caller can't; logged once at the edge, shown as `unavailable` or `internal`.
    Fault(Fault),
}

impl<R: Refusal> From<R> for Failure<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<Fault> for Failure<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Of an operation that refuses nothing beyond what its entry does.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("never refused")]
pub enum NoRefusal {}

impl Refusal for NoRefusal {
    const ALL: &'static [(&'static str, u16, &'static str)] = &[];
    const PARAMETERS: &'static [&'static [&'static str]] = &[];

    fn code(&self) -> &'static str {
        match *self {}
    }

    fn status(&self) -> u16 {
        match *self {}
    }

    fn parameters(&self) -> Map<String, Value> {
        match *self {}
    }
}

/// Declares an operation's error enum: variant => status, code, English title.
macro_rules! refusals {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),+ $(,)? })? => $status:literal, $code:literal, $title:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        $vis enum $name {
            $($(#[$doc])* #[error($title)] $variant $({ $($(#[$field_doc])* $field: $kind),+ })?,)+
        }

        impl $crate::problem::Refusal for $name {
            const ALL: &'static [(&'static str, u16, &'static str)] = &[$(($code, $status, $title)),+];
            const PARAMETERS: &'static [&'static [&'static str]] = &[$(&[$($(stringify!($field)),+)?]),+];

            fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code),+ }
            }

            fn status(&self) -> u16 {
                match self { $(Self::$variant { .. } => $status),+ }
            }

            fn parameters(&self) -> serde_json::Map<String, serde_json::Value> {
                match self {
                    $(Self::$variant $({ $($field),+ })? => {
                        #[allow(unused_mut, clippy::allow_attributes, reason = "variants without fields")]
                        let mut parameters = serde_json::Map::new();
                        $($(parameters.insert(stringify!($field).to_owned(), serde_json::json!($field));)+)?
                        parameters
                    })+
                }
            }
        }
    };
}
pub(crate) use refusals;

/// Lists put one after the other, as a list of their lengths' sum.
#[expect(clippy::indexing_slicing, reason = "evaluated at build: a place out of bounds stops it")]
pub(crate) const fn joined<T: Copy, const N: usize>(parts: &[&[T]]) -> [T; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut place, mut next) = (0, 0, 0);
    while part < parts.len() {
        if place < parts[part].len() {
            all[next] = parts[part][place];
            (place, next) = (place + 1, next + 1);
        } else {
            (part, place) = (part + 1, 0);
        }
    }
    all
}

/// Declares the refusals of several enums as one.
macro_rules! joined_refusals {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident($of:ty),)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        $vis enum $name {
            $($(#[$doc])* #[error(transparent)] $variant(#[from] $of),)+
        }

        impl $crate::problem::Refusal for $name {
            const ALL: &'static [(&'static str, u16, &'static str)] = {
                const COUNT: usize = 0 $(+ <$of as $crate::problem::Refusal>::ALL.len())+;
                &$crate::problem::joined::<_, COUNT>(&[$(<$of as $crate::problem::Refusal>::ALL),+])
            };
            const PARAMETERS: &'static [&'static [&'static str]] = {
                const COUNT: usize = 0 $(+ <$of as $crate::problem::Refusal>::PARAMETERS.len())+;
                &$crate::problem::joined::<_, COUNT>(&[$(<$of as $crate::problem::Refusal>::PARAMETERS),+])
            };

            fn code(&self) -> &'static str {
                match self { $(Self::$variant(of) => of.code(),)+ }
            }

            fn status(&self) -> u16 {
                match self { $(Self::$variant(of) => of.status(),)+ }
            }

            fn parameters(&self) -> serde_json::Map<String, serde_json::Value> {
                match self { $(Self::$variant(of) => of.parameters(),)+ }
            }
        }
    };
}
pub(crate) use joined_refusals;

refusals! {
    /// What any operation's entry may refuse before the operation is asked.
    pub enum EntryRefusal {
        /// The body isn't what the operation takes.
        InvalidRequest {
            /// Where, as a path into the body.
            field: String,
            /// What is wrong with it and what would be right.
            detail: String,
        } => 400, "invalid_request", "The request is not what this operation takes";
        /// The body isn't declared as JSON.
        UnsupportedContentType => 415, "unsupported_content_type", "Send the body as application/json";
        /// The body is longer than any request needs.
        RequestTooLarge {
            /// The most bytes that are read.
            maximum: u64,
        } => 413, "request_too_large", "The request is too large";
        /// A browser on another site, or a caller that doesn't say where it comes from.
        OriginRefused => 403, "origin_refused", "Send the portal's own address as Origin";
        /// No session, or a token that opens none.
        NotSignedIn => 401, "not_signed_in", "Sign in first";
        /// A genuine session that is over.
        SessionEnded => 401, "session_ended", "The session has ended; sign in again";
        /// Signed in, but not allowed this.
        NotAllowed => 403, "not_allowed", "You may not do this";
        /// Signed in by the password alone, where a second factor is required.
        SecondFactorRequired => 403, "second_factor_required", "Set up a second factor first";
        /// What is not there, or not for the caller to know of.
        NotFound => 404, "not_found", "There is no such record";
        /// Somebody else changed the record at the same moment.
        Conflict => 409, "conflict", "Somebody changed this record at the same moment; look again, then repeat";
        /// The operation must be given an idempotency key.
        IdempotencyKeyMissing => 400, "idempotency_key_missing", "Send an Idempotency-Key of 8 to 64 letters, digits, - or _";
        /// The key was used for another request.
        IdempotencyKeyReused => 422, "idempotency_key_reused", "This Idempotency-Key was used for a different request";
        /// Too many tries.
        TooManyRequests {
            /// Seconds until the next one is taken.
            retry_after: u32,
        } => 429, "too_many_requests", "Too many tries; wait, then try again";
        /// Something we depend on doesn't answer.
        Unavailable {
            /// Seconds after which it's worth trying again.
            retry_after: u32,
        } => 503, "unavailable", "This can't be done right now; nothing was changed; try again soon";
        /// A defect of ours.
        Internal => 500, "internal", "Something went wrong on our side";
    }
}

impl<R> Failure<R> {
    /// What is not there, or not for the caller to know of: one answer for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::Entry(EntryRefusal::NotFound)
    }

    /// Somebody changed the same record meanwhile.
    #[must_use]
    pub fn conflict() -> Self {
        Self::Entry(EntryRefusal::Conflict)
    }

    /// A field that is well-formed JSON but not what it should be.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::Entry(EntryRefusal::InvalidRequest { field: field.to_owned(), detail: detail.into() })
    }
}

/// An RFC 9457 problem document with its status and the seconds to wait, if any.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// The document.
    pub body: Value,
    /// For `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// Writes a refusal out.
    #[must_use]
    pub fn of(refusal: &impl Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let parameters = refusal.parameters();
        let retry_after = parameters.get("retry_after").and_then(Value::as_u64);
        let mut body = json!({
            "type": format!("urn:clientconnect:problem:{}", refusal.code()),
            "title": refusal.to_string(),
            "status": status.as_u16(),
            "code": refusal.code(),
        });
        if let (Some(body), false) = (body.as_object_mut(), parameters.is_empty()) {
            body.insert("parameters".to_owned(), Value::Object(parameters));
        }
        Self { status, body, retry_after }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }
}
