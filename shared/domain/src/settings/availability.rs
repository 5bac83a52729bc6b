//! When the agency can be reached, as it tells its clients.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

codes! {
    /// A day of the week.
    pub enum Day {
        /// Monday
        Monday = "monday",
        /// Tuesday
        Tuesday = "tuesday",
        /// Wednesday
        Wednesday = "wednesday",
        /// Thursday
        Thursday = "thursday",
        /// Friday
        Friday = "friday",
        /// Saturday
        Saturday = "saturday",
        /// Sunday
        Sunday = "sunday",
    }
}

/// A time of day to the minute, on the agency's clock; 24:00 ends a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: u16,
}

/// A text that isn't a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the time as hours and minutes, such as 09:30")]
pub struct NotATime;

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u16>().ok()).flatten().ok_or(NotATime)
        };
        let (hours, minutes) = text.split_once(':').ok_or(NotATime)?;
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let time = Self { minutes: hours * 60 + minutes };
        if minutes < 60 && time.minutes <= 24 * 60 { Ok(time) } else { Err(NotATime) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

as_text!(TimeOfDay, "A time of day, such as 09:30", |time| time.to_string());

/// A span of a day in which the agency can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hours {
    /// The day.
    pub day: Day,
    /// From then on.
    pub from: TimeOfDay,
    /// Until then.
    pub to: TimeOfDay,
}

impl Hours {
    /// Monday to Friday, nine to five.
    #[must_use]
    pub fn office() -> Vec<Self> {
        let (from, to) = (TimeOfDay { minutes: 9 * 60 }, TimeOfDay { minutes: 17 * 60 });
        Day::ALL.iter().take(5).map(|day| Self { day: *day, from, to }).collect()
    }

    /// Puts the spans in order.
    ///
    /// # Errors
    /// What to do when one ends before it begins, two of a day overlap, or a day has more than three.
    pub(super) fn check(spans: &mut [Self]) -> Result<(), &'static str> {
        spans.sort();
        if spans.iter().any(|span| span.from >= span.to) {
            return Err("let each time end after it begins");
        }
        for day in spans.chunk_by(|one, next| one.day == next.day) {
            if day.len() > 3 {
                return Err("give each day at most three times");
            }
            if day.windows(2).any(|pair| matches!(pair, [one, next] if next.from < one.to)) {
                return Err("let no two times of a day overlap");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spans: &[(Day, &str, &str)]) -> Result<(), &'static str> {
        let hours = |&(day, from, to): &(Day, &str, &str)| Hours {
            day,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        Hours::check(&mut spans.iter().map(hours).collect::<Vec<_>>())
    }

    #[test]
    fn spans_of_a_day_follow_one_another_in_any_order_given() {
        use Day::{Friday, Monday};
        assert_eq!(
            check(&[(Monday, "13:00", "24:00"), (Friday, "09:00", "17:00"), (Monday, "09:00", "13:00")]),
            Ok(())
        );
        assert_eq!(check(&[(Monday, "09:00", "09:00")]), Err("let each time end after it begins"));
        let overlapping = [(Monday, "09:00", "12:00"), (Monday, "11:59", "13:00")];
        assert_eq!(check(&overlapping), Err("let no two times of a day overlap"));
        let four = ["01", "03", "05", "07"].map(|hour| (Monday, format!("{hour}:00"), format!("{hour}:30")));
        let four = four.each_ref().map(|(day, from, to)| (*day, from.as_str(), to.as_str()));
        assert_eq!((check(&four), check(&four[..3])), (Err("give each day at most three times"), Ok(())));
    }

    #[test]
    fn times_have_one_form() {
        assert_eq!(
            ["00:00", "09:05", "24:00"].map(|text| text.parse::<TimeOfDay>().unwrap().to_string()),
            ["00:00", "09:05", "24:00"]
        );
        for text in ["9:00", "09:60", "24:01", "25:00", "0900", "09:5", "+9:00", ""] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NotATime), "{text}");
        }
    }
}
