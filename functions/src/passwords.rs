//! Choosing a password: judged the same wherever one is chosen.

use credentials::{Password, PasswordRefused};
use domain::settings::Settings;
use domain::{EmailAddress, PersonName};

/// Whether somebody of that name and address may choose this password.
///
/// # Errors
/// The rule it fails.
pub(crate) fn judge(
    password: &Password,
    name: &PersonName,
    address: &EmailAddress,
    settings: &Settings,
) -> Result<(), PasswordRefused> {
    let name = name.full();
    let context = [name.as_str(), address.normalized(), settings.agency.name.as_str(), "clientconnect"];
    password.judge(settings.general.password_minimum, &context)
}

/// Makes an operation's refusals of what [`judge`] says: it names `PasswordTooShort`, `PasswordTooLong` and
/// `PasswordGuessable`.
macro_rules! refuses_passwords {
    ($refusals:ty) => {
        impl From<credentials::PasswordRefused> for $refusals {
            fn from(refused: credentials::PasswordRefused) -> Self {
                use credentials::PasswordRefused::{Guessable, TooLong, TooShort};
                match refused {
                    TooShort { minimum } => Self::PasswordTooShort { minimum },
                    TooLong { maximum } => Self::PasswordTooLong { maximum },
                    Guessable => Self::PasswordGuessable,
                }
            }
        }
    };
}
pub(crate) use refuses_passwords;
