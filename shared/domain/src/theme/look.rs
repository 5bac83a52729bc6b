//! Whether a theme can be read, and the stylesheet that it makes: contrast as WCAG 2.2 measures it.

use super::{Colour, Corners, Theme};

/// What text must have, to one (WCAG 2.2, 1.4.3).
pub const NEEDED: f64 = 4.5;

const BLACK: Colour = Colour { rgb: [0; 3] };
const WHITE: Colour = Colour { rgb: [255; 3] };

/// A page by day, or by night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Light,
    Dark,
}

/// A colour in which text is too faint.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "choose {nearest} or a colour with more contrast: {ratio} to 1 is too little to read, {NEEDED} is needed"
)]
pub struct TooFaint {
    /// Which colour, as a path into the settings.
    pub field: &'static str,
    /// The contrast that it has, to one, rounded down to hundredths.
    pub ratio: f64,
    /// The nearest colour of the same hue that has enough.
    pub nearest: Colour,
}

impl Look {
    /// What text stands on: `--page` and `--surface` of the sites' stylesheet.
    const fn grounds(self) -> [Colour; 2] {
        match self {
            Self::Light => [Colour { rgb: [0xf5, 0xf3, 0xee] }, WHITE],
            Self::Dark => [Colour { rgb: [0x14, 0x19, 0x1b] }, Colour { rgb: [0x1d, 0x24, 0x27] }],
        }
    }

    fn contrast(self, colour: Colour) -> f64 {
        self.grounds().map(|ground| colour.contrast(ground)).into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The colour, or the nearest that can be read: darker by day, lighter by night.
    fn readable(self, colour: Colour) -> Colour {
        let [hue, saturation, lightness] = colour.hsl();
        let end = if self == Self::Light { 0.0 } else { 1.0 };
        let away = |step: u32| lightness + (end - lightness) * f64::from(step) / 1000.0;
        std::iter::once(colour)
            .chain((1..=1000).map(|step| Colour::from_hsl([hue, saturation, away(step)])))
            .find(|colour| self.contrast(*colour) >= NEEDED)
            .unwrap_or(colour)
    }

    /// What is written on a colour that can be read on the page: it reads at least as well there.
    const fn ink(self) -> Colour {
        match self {
            Self::Light => WHITE,
            Self::Dark => BLACK,
        }
    }

    /// The colour of what is pointed at: further from the page.
    fn strong(self, colour: Colour) -> Colour {
        let [hue, saturation, lightness] = colour.hsl();
        let stronger = match self {
            Self::Light => lightness * 0.73,
            Self::Dark => lightness + (1.0 - lightness) * 0.36,
        };
        Colour::from_hsl([hue, saturation, stronger])
    }
}

impl Theme {
    /// Whether text can be read in its colours.
    ///
    /// # Errors
    /// The first colour in which it can't.
    pub fn check(&self) -> Result<(), TooFaint> {
        for (field, look, colour) in
            [("theme.brand", Look::Light, self.brand), ("theme.brand_dark", Look::Dark, self.brand_dark)]
        {
            let ratio = look.contrast(colour);
            if ratio < NEEDED {
                let nearest = look.readable(colour);
                return Err(TooFaint { field, ratio: (ratio * 100.0).floor() / 100.0, nearest });
            }
        }
        Ok(())
    }

    /// The custom properties that the sites' stylesheet asks an agency for. A colour that is the default one leaves those
    /// that go with it as they were drawn.
    #[must_use]
    pub fn stylesheet(&self) -> String {
        let default = Self::default();
        let radius = match self.corners {
            Corners::Square => "0",
            Corners::Rounded => "12px",
            Corners::Round => "24px",
        };
        let mut text = format!(":root {{\n  --agency-radius: {radius};\n");
        for (suffix, look, colour, default) in [
            ("", Look::Light, self.brand, default.brand),
            ("-dark", Look::Dark, self.brand_dark, default.brand_dark),
        ] {
            if colour != default {
                let (strong, on) = (look.strong(colour), look.ink());
                text.extend([
                    format!("  --agency-brand{suffix}: {colour};\n"),
                    format!("  --agency-brand{suffix}-strong: {strong};\n"),
                    format!("  --agency-on-brand{suffix}: {on};\n"),
                ]);
            }
        }
        text.push_str("}\n");
        text
    }
}

impl Colour {
    /// How light it is to the eye, 0 to 1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.rgb.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast of two colours, to one.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Hue in turns, saturation, lightness.
    fn hsl(self) -> [f64; 3] {
        let [red, green, blue] = self.rgb.map(|channel| f64::from(channel) / 255.0);
        let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
        let (lightness, spread) = (f64::midpoint(high, low), high - low);
        if spread <= 0.0 {
            return [0.0, 0.0, lightness];
        }
        let saturation = spread / (1.0 - (2.0 * lightness - 1.0).abs());
        let sixths = if high <= red {
            (green - blue) / spread
        } else if high <= green {
            (blue - red) / spread + 2.0
        } else {
            (red - green) / spread + 4.0
        };
        [(sixths / 6.0).rem_euclid(1.0), saturation, lightness]
    }

    fn from_hsl([hue, saturation, lightness]: [f64; 3]) -> Self {
        let reach = saturation * lightness.min(1.0 - lightness);
        let channel = |offset: f64| {
            let place = (offset + hue * 12.0).rem_euclid(12.0);
            let channel = lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0);
            // Between 0 and 255 already, but for what rounding may leave.
            (0..=255_u8).min_by(|a, b| {
                let far = |byte: &u8| (f64::from(*byte) / 255.0 - channel).abs();
                far(a).total_cmp(&far(b))
            })
        };
        Self { rgb: [0.0, 8.0, 4.0].map(|offset| channel(offset).unwrap_or_default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    fn theme(brand: &str, brand_dark: &str) -> Theme {
        Theme { brand: colour(brand), brand_dark: colour(brand_dark), corners: Corners::Rounded }
    }

    #[test]
    fn contrast_is_measured_as_the_guidelines_do() {
        for (one, other, ratio) in [
            ("#000000", "#ffffff", 21.0),
            ("#777777", "#ffffff", 4.47),
            ("#767676", "#ffffff", 4.54),
            ("#ff0000", "#ffffff", 3.99),
            ("#0000ff", "#ffffff", 8.59),
            ("#0b5d66", "#0b5d66", 1.0),
        ] {
            let measured = colour(one).contrast(colour(other));
            assert!((measured - ratio).abs() < 0.01, "{one} on {other}: {measured}");
            assert_eq!(measured.to_bits(), colour(other).contrast(colour(one)).to_bits());
        }
    }

    #[test]
    fn what_is_hard_to_read_is_refused_with_the_nearest_colour_of_its_hue_that_is_not() {
        assert_eq!(Theme::default().check(), Ok(()));
        for (brand, brand_dark, field) in [
            ("#777777", "#7fd0d6", "theme.brand"),
            ("#ffff00", "#7fd0d6", "theme.brand"),
            ("#ffffff", "#7fd0d6", "theme.brand"),
            ("#ff5500", "#7fd0d6", "theme.brand"),
            ("#0b5d66", "#0b5d66", "theme.brand_dark"),
            ("#0b5d66", "#000000", "theme.brand_dark"),
            ("#0b5d66", "#0000ff", "theme.brand_dark"),
        ] {
            let refused = theme(brand, brand_dark).check().unwrap_err();
            assert_eq!(refused.field, field, "{brand} {brand_dark}");
            assert!(refused.ratio < NEEDED, "{refused:?}");
            let (look, wanted) = match field {
                "theme.brand" => (Look::Light, colour(brand)),
                _ => (Look::Dark, colour(brand_dark)),
            };
            assert!(look.contrast(refused.nearest) >= NEEDED, "{refused:?}");
            // Nearer to what was wanted by one in 255, it would be refused, too.
            let [hue, saturation, lightness] = refused.nearest.hsl();
            let nearer = lightness + (wanted.hsl()[2] - lightness).signum() * 1.5 / 255.0;
            assert!(look.contrast(Colour::from_hsl([hue, saturation, nearer])) < NEEDED, "{refused:?}");
            let turn = (hue - wanted.hsl()[0]).abs();
            assert!(wanted.hsl()[1] < 0.01 || turn.min(1.0 - turn) < 0.02, "another hue: {refused:?}");
        }
        // Pure yellow is as light as colours get, and becomes an olive.
        assert_eq!(theme("#ffff00", "#7fd0d6").check().unwrap_err().nearest.rgb[2], 0);
    }

    #[test]
    fn whatever_can_be_read_makes_buttons_that_can() {
        let steps = [0_u8, 51, 102, 153, 204, 255];
        for rgb in steps.iter().flat_map(|r| steps.iter().flat_map(|g| steps.map(|b| [*r, *g, b]))) {
            for look in [Look::Light, Look::Dark] {
                let brand = look.readable(Colour { rgb });
                let strong = look.strong(brand);
                assert!(look.contrast(strong) >= NEEDED, "{look:?} {brand} {strong}");
                for button in [brand, strong] {
                    assert!(button.contrast(look.ink()) >= NEEDED, "{look:?} {brand} {button}");
                }
            }
            let same = Colour::from_hsl(Colour { rgb }.hsl());
            assert_eq!(same.rgb, rgb);
        }
    }

    #[test]
    fn a_stylesheet_says_only_what_the_agency_chose() {
        assert_eq!(Theme::default().stylesheet(), ":root {\n  --agency-radius: 12px;\n}\n");
        let own = Theme { corners: Corners::Square, ..theme("#7a1f5c", "#7fd0d6") };
        assert_eq!(
            own.stylesheet(),
            ":root {\n  --agency-radius: 0;\n  --agency-brand: #7a1f5c;\n  --agency-brand-strong: #591743;\n  \
             --agency-on-brand: #ffffff;\n}\n"
        );
    }
}
