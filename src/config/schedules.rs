//! `[schedules]`: what runs by the clock.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Problem;

/// `[schedules]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedules {
    /// When the main loop looks at everything.
    pub main: Schedule,
    /// The time zone of the schedules (IANA); that of `[alerts]` by default.
    pub time_zone: Option<String>,
}

impl Schedules {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        super::alerts_check::zone("schedules.time_zone", self.time_zone.as_deref(), problems);
    }
}

/// When something runs, as cron writes it: minute, hour, day, month, weekday; with a sixth field in front, seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Schedule(Cron);

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is not written as cron writes it.
    #[error("{0}; write such as `*/5 * * * *`, every five minutes")]
    Wrong(String),
    /// Such as the 30th of February.
    #[error("this time never comes; write such as `*/5 * * * *`, every five minutes")]
    Never,
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// When it is none, or its time never comes.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser
            .parse(text)
            .map_err(|error| ScheduleError::Wrong(error.to_string().trim_end_matches('.').to_owned()))?;
        let schedule = Self(cron);
        // Without a year in it, what comes once comes again.
        schedule.next_after(0, &TimeZone::UTC).ok_or(ScheduleError::Never)?;
        Ok(schedule)
    }

    /// The first time after `now` (both in milliseconds since the epoch) by the clock on the wall in `zone`.
    ///
    /// Where the clock goes forward, a fixed time that is left out comes as soon as the gap is over, and a repeated one is left
    /// out with it; where it goes back, a fixed time comes once and a repeated one in both hours.
    pub fn next_after(&self, now: i64, zone: &TimeZone) -> Option<i64> {
        let now = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone());
        let next = self.0.find_next_occurrence(&now, false).ok()?;
        Some(next.timestamp().as_millisecond())
    }
}

impl Default for Schedule {
    /// Every five minutes.
    fn default() -> Self {
        Self::parse("*/5 * * * *").expect("the test below reads it, too")
    }
}

impl TryFrom<String> for Schedule {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn next(schedule: &str, now: &str) -> String {
        let next = Schedule::parse(schedule).unwrap().next_after(at(now), &berlin()).unwrap();
        Timestamp::from_millisecond(next).unwrap().to_zoned(berlin()).strftime("%d. %H:%M:%S %z").to_string()
    }

    #[test]
    fn it_is_every_five_minutes_if_nothing_else_is_said() {
        let next = Schedule::default().next_after(at("2026-01-01T10:05:00Z"), &berlin());
        assert_eq!(next, Some(at("2026-01-01T10:10:00Z")), "after, not at");
        assert_eq!(self::next("* * * * * *", "2026-01-01T10:05:00Z"), "01. 11:05:01 +0100");
    }

    #[test]
    fn the_clock_goes_forward() {
        assert_eq!(next("*/5 * * * *", "2026-03-29T00:58:00Z"), "29. 03:00:00 +0200");
        assert_eq!(next("30 2 * * *", "2026-03-29T00:58:00Z"), "29. 03:00:00 +0200", "the gap's end");
        assert_eq!(next("30 2 * * *", "2026-03-29T01:00:00Z"), "30. 02:30:00 +0200", "once");
    }

    #[test]
    fn the_clock_goes_back() {
        assert_eq!(next("*/5 * * * *", "2026-10-25T00:58:00Z"), "25. 02:00:00 +0100");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:00:00Z"), "25. 02:30:00 +0200");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:00Z"), "26. 02:30:00 +0100", "once");
    }

    #[test]
    fn what_is_none() {
        for wrong in ["", "5", "61 * * * *", "* * * * * * 2027", "every day"] {
            let error = Schedule::parse(wrong).unwrap_err();
            assert!(matches!(&error, ScheduleError::Wrong(_)), "{wrong:?}: {error}");
        }
        assert_eq!(Schedule::parse("0 0 30 2 *").unwrap_err(), ScheduleError::Never);
    }
}
