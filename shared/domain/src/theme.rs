//! The agency's colours and corners.

mod look;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use look::{NEEDED, TooFaint};

/// A colour of the sRGB space, written as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

/// A text that isn't a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the colour as # and six digits or letters a to f, such as #0b5d66")]
pub struct NotAColour;

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, NotAColour> {
        let digits = text.strip_prefix('#').ok_or(NotAColour)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| NotAColour)?.to_be_bytes();
        Ok(Self { rgb: [red, green, blue] })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.rgb;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

as_text!(Colour, "A colour, such as #0b5d66", |colour| colour.to_string());

codes! {
    /// How round the corners are.
    pub enum Corners {
        /// Not at all.
        Square = "square",
        /// A little.
        Rounded = "rounded",
        /// Very.
        Round = "round",
    }
}

/// *Theme*: how the portal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Theme {
    /// The colour of buttons and links that clients see on a light page.
    pub brand: Colour,
    /// The same on a dark page.
    pub brand_dark: Colour,
    /// How round the corners of what clients see are.
    pub corners: Corners,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            brand: Colour { rgb: [0x0b, 0x5d, 0x66] },
            brand_dark: Colour { rgb: [0x7f, 0xd0, 0xd6] },
            corners: Corners::Rounded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_either_case_and_written_in_one() {
        assert_eq!("#0B5d66".parse::<Colour>().unwrap().to_string(), "#0b5d66");
        for text in ["0b5d66", "#0b5d6", "#0b5d666", "#0b5d6g", "#+b5d66", "red", "#é5d66"] {
            assert_eq!(text.parse::<Colour>(), Err(NotAColour), "{text}");
        }
    }
}
