//! Birth dates: local dates, of no time zone.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};

/// A birth date. Its `Debug` doesn't show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate(NaiveDate);

/// A text that isn't a birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// Not of the form 1990-12-31.
    #[error("write the date as year-month-day, for example 1990-12-31")]
    Form,
    /// No such day in the calendar, e.g. 30 February.
    #[error("check the date: that day does not exist")]
    NoSuchDay,
    /// Before 1875.
    #[error("check the year: it must be 1875 or later")]
    TooEarly,
}

impl BirthDateError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "birth_date_form",
            Self::NoSuchDay => "birth_date_no_such_day",
            Self::TooEarly => "birth_date_too_early",
        }
    }
}

impl BirthDate {
    /// The day itself.
    #[must_use]
    pub const fn day(self) -> NaiveDate {
        self.0
    }

    /// Full years lived on that day, 0 before birth. Who was born on 29 February is a year older on 1 March in
    /// other years.
    #[must_use]
    pub fn age_on(self, day: NaiveDate) -> u32 {
        let had_birthday = (day.month(), day.day()) >= (self.0.month(), self.0.day());
        let years = day.year() - self.0.year() - i32::from(!had_birthday);
        u32::try_from(years).unwrap_or(0)
    }
}

impl FromStr for BirthDate {
    type Err = BirthDateError;

    fn from_str(text: &str) -> Result<Self, BirthDateError> {
        let text = text.trim();
        let digits_and_dashes = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
        if !digits_and_dashes {
            return Err(BirthDateError::Form);
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| BirthDateError::NoSuchDay)?;
        if day.year() < 1875 {
            return Err(BirthDateError::TooEarly);
        }
        Ok(Self(day))
    }
}

as_text!(BirthDate, "A date, such as 1990-12-31", |date| date.to_string());

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_one_form_only() {
        let read = |text: &str| text.parse::<BirthDate>().map(|date| date.to_string());
        assert_eq!(read(" 1990-05-17 ").as_deref(), Ok("1990-05-17"));
        for text in
            ["17/05/1990", "1990-5-17", "90-05-17", "1990-05-17T00:00", "+199-05-17", "", "１９９０-05-17"]
        {
            assert_eq!(read(text), Err(BirthDateError::Form), "{text}");
        }
        assert_eq!(read("1990-02-30"), Err(BirthDateError::NoSuchDay));
        assert_eq!(read("1990-13-01"), Err(BirthDateError::NoSuchDay));
        assert_eq!(read("0190-05-17"), Err(BirthDateError::TooEarly));
        assert_eq!(format!("{:?}", "1990-05-17".parse::<BirthDate>()), "Ok(BirthDate(…))");
    }

    #[test]
    fn age_grows_on_the_birthday_and_on_1_march_for_leap_days() {
        let age = |born: &str, on: &str| born.parse::<BirthDate>().unwrap().age_on(on.parse().unwrap());
        assert_eq!((age("2010-05-17", "2023-05-16"), age("2010-05-17", "2023-05-17")), (12, 13));
        assert_eq!((age("2012-02-29", "2025-02-28"), age("2012-02-29", "2025-03-01")), (12, 13));
        assert_eq!((age("2012-02-29", "2024-02-28"), age("2012-02-29", "2024-02-29")), (11, 12));
        assert_eq!((age("2030-01-01", "2025-01-01"), age("2024-12-31", "2025-01-01")), (0, 0));
    }
}
