//! Dates and times as people write them.

use chrono::{DateTime, Datelike as _, Locale, Utc};
use chrono_tz::Tz;
use domain::Language;

use crate::catalogue::message;

/// A day and time of day in that zone, which is named.
pub(crate) fn moment(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = at.with_timezone(&zone);
    let (form, locale) = match language {
        Language::En => ("%A, %B %-d, %Y, %-I:%M\u{a0}%p", Locale::en_US),
        Language::Fr if local.day() == 1 => ("%A 1er %B %Y à %-H\u{a0}h\u{a0}%M", Locale::fr_CA),
        Language::Fr => ("%A %-d %B %Y à %-H\u{a0}h\u{a0}%M", Locale::fr_CA),
        Language::Es => ("%A %-d de %B de %Y, %-H:%M", Locale::es_MX),
    };
    format!("{} ({})", local.format_localized(form, locale), zone_name(zone, language))
}

/// The zone by its city: *Toronto time*.
fn zone_name(zone: Tz, language: Language) -> String {
    let place = zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ");
    let named = message(language, "mail_time_zone", &[("place", &place)]);
    named.filter(|_| place != "UTC").unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_reads_as_people_write_it() {
        let evening = at("2026-11-29T20:45:00Z");
        for (language, expected) in [
            (Language::En, "Sunday, November 29, 2026, 3:45\u{a0}PM (Toronto time)"),
            (Language::Fr, "dimanche 29 novembre 2026 à 15\u{a0}h\u{a0}45 (heure locale à Toronto)"),
            (Language::Es, "domingo 29 de noviembre de 2026, 15:45 (hora local de Toronto)"),
        ] {
            assert_eq!(moment(evening, Tz::America__Toronto, language), expected);
        }
    }

    #[test]
    fn the_day_is_the_one_in_the_zone() {
        let late = at("2026-03-02T03:30:00Z");
        let french = moment(late, Tz::America__St_Johns, Language::Fr);
        assert_eq!(french, "lundi 2 mars 2026 à 0\u{a0}h\u{a0}00 (heure locale à St Johns)");
        let first = moment(late, Tz::America__New_York, Language::Fr);
        assert_eq!(first, "dimanche 1er mars 2026 à 22\u{a0}h\u{a0}30 (heure locale à New York)");
        let summer = moment(at("2026-07-01T00:00:00Z"), Tz::UTC, Language::En);
        assert_eq!(summer, "Wednesday, July 1, 2026, 12:00\u{a0}AM (UTC)");
    }
}
