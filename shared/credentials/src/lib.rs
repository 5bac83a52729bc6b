//! What proves who somebody is: session tokens, link tokens, passwords, and the seal on cursors.
//!
//! Nothing here reads or stores; keys and time are arguments, and every secret's `Debug` is redacted.

pub mod cursor;
pub mod link;
pub mod password;
pub mod second_factor;
pub mod session_token;

pub use cursor::{CursorError, Seal};
pub use link::{LinkKeys, LinkOf, LinkToken};
pub use password::{Password, PasswordHash, PasswordRefused};
pub use session_token::{Claims, KeyPair, SigningKey, TokenRefused, VerifyingKeys};

/// A key, or key material, that couldn't be used; says which, never what.
#[derive(Debug, thiserror::Error)]
#[error("the {0} is not usable")]
pub struct BadKey(pub &'static str);
