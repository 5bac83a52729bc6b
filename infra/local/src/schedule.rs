//! When schedules are due: `rate(…)` and `cron(…)` as EventBridge reads them, in any time zone.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// Days a `cron` may lie ahead; one that names 29 February needs up to eight years.
const FARTHEST: i64 = 8 * 366;

/// A schedule expression.
#[derive(Clone, Debug)]
pub struct Expression(When);

#[derive(Clone, Debug)]
enum When {
    Every(TimeDelta),
    Cron(Box<Cron>),
}

#[derive(Clone, Debug)]
struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    years: Vec<u32>,
    zone: Tz,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What isn't understood, in words.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let wrong = || format!("the schedule {text:?} isn't understood");
        let zone =
            zone.unwrap_or("UTC").parse::<Tz>().map_err(|_| format!("there is no time zone {zone:?}"))?;
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (number, unit) = rate.trim().split_once(' ').ok_or_else(wrong)?;
            let number: i64 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
            let every = match unit.trim().trim_end_matches('s') {
                "minute" => TimeDelta::minutes(number),
                "hour" => TimeDelta::hours(number),
                "day" => TimeDelta::days(number),
                _ => return Err(wrong()),
            };
            return Ok(Self(When::Every(every)));
        }
        let fields: Vec<&str> = inside("cron").ok_or_else(wrong)?.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else { return Err(wrong()) };
        let field = |field: &str, from, to, names| numbers(field, from, to, names).ok_or_else(wrong);
        let months_named =
            &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
        let weekdays_named = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
        Ok(Self(When::Cron(Box::new(Cron {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, months_named)?,
            weekdays: field(weekdays, 1, 7, weekdays_named)?,
            years: field(years, 1970, 2199, &[])?,
            zone,
        }))))
    }

    /// The first time it is due after another.
    #[must_use]
    pub fn after(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.0 {
            When::Every(every) => last.checked_add_signed(*every),
            When::Cron(cron) => cron.after(last),
        }
    }
}

impl Cron {
    fn after(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first_day = last.with_timezone(&self.zone).date_naive();
        (0..FARTHEST).find_map(|ahead| {
            let day = first_day.checked_add_signed(TimeDelta::days(ahead))?;
            let fits = self.months.contains(&day.month())
                && self.days.contains(&day.day())
                && self.weekdays.contains(&weekday(day.weekday()))
                && self.years.contains(&day.year().unsigned_abs());
            let times =
                self.hours.iter().flat_map(|&hour| self.minutes.iter().map(move |&minute| (hour, minute)));
            fits.then(|| {
                times
                    .filter_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0))
                    // A time that the clocks skip is no time of that day; of one they repeat, the first counts.
                    .filter_map(|time| self.zone.from_local_datetime(&day.and_time(time)).earliest())
                    .map(|time| time.with_timezone(&Utc))
                    .find(|time| *time > last)
            })
            .flatten()
        })
    }
}

/// Sunday is 1.
fn weekday(day: Weekday) -> u32 {
    day.num_days_from_sunday() + 1
}

/// What one field of a cron expression allows.
fn numbers(field: &str, from: u32, to: u32, names: &[&str]) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let by_name = names
            .iter()
            .position(|name| text.eq_ignore_ascii_case(name))
            .and_then(|at| u32::try_from(at).ok());
        by_name
            .map(|at| at + from)
            .or_else(|| text.parse().ok())
            .filter(|number| (from..=to).contains(number))
    };
    let mut allowed = Vec::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (from, to),
            Some((first, last)) => (number(first)?, number(last)?),
            None if part.contains('/') => (number(range)?, to),
            None => (number(range)?, number(range)?),
        };
        allowed.extend((first..=last).step_by(step));
    }
    allowed.sort_unstable();
    allowed.dedup();
    Some(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, zone: &str, last: &str) -> String {
        let last = last.parse::<DateTime<Utc>>().unwrap();
        let expression = Expression::parse(expression, Some(zone)).unwrap();
        expression.after(last).unwrap().format("%FT%RZ").to_string()
    }

    #[test]
    fn rates_and_crons_are_due_when_they_say() {
        assert_eq!(next("rate(15 minutes)", "UTC", "2026-01-01T00:00:00Z"), "2026-01-01T00:15Z");
        assert_eq!(next("cron(0/20 * * * ? *)", "UTC", "2026-01-01T10:41:00Z"), "2026-01-01T11:00Z");
        assert_eq!(next("cron(30 6 ? * MON-FRI *)", "UTC", "2026-01-02T07:00:00Z"), "2026-01-05T06:30Z");
        assert_eq!(next("cron(0 0 29 FEB ? *)", "UTC", "2026-01-01T00:00:00Z"), "2028-02-29T00:00Z");
    }

    #[test]
    fn a_zone_moves_with_its_clocks() {
        assert_eq!(next("cron(0 3 * * ? *)", "America/Toronto", "2026-03-07T12:00:00Z"), "2026-03-08T07:00Z");
        // 02:30 doesn't happen on 8 March, and happens twice on 1 November.
        assert_eq!(
            next("cron(30 2 * * ? *)", "America/Toronto", "2026-03-07T12:00:00Z"),
            "2026-03-09T06:30Z"
        );
        assert_eq!(
            next("cron(30 1 * * ? *)", "America/Toronto", "2026-10-31T12:00:00Z"),
            "2026-11-01T05:30Z"
        );
    }

    #[test]
    fn what_isnt_understood_is_refused() {
        for text in ["rate(0 minutes)", "rate(5 weeks)", "cron(0 25 * * ? *)", "cron(0 0 L * ? *)", "daily"] {
            assert!(Expression::parse(text, None).is_err(), "{text}");
        }
        assert!(Expression::parse("rate(1 day)", Some("Mars/Phobos")).is_err());
    }
}
