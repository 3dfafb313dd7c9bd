//! Maintenance: when nobody wants to hear of what.

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};

use super::{Window, Zone, clock, first_end};
use crate::alerts::Labels;
use crate::config::Alerts;

/// A window on some days of every week, such as `sun 02:00-04:00`, `sat,sun 00:00-24:00` or `mo-fr 22:00-06:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// From Monday.
    days: [bool; 7],
    /// A whole day when both ends are the same.
    window: Window,
    zone: Zone,
}

/// Why a text is no weekly window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeeklyError {
    /// It has not the two parts.
    #[error("must be days and hours: write `sun 02:00-04:00`")]
    Form,
    /// A day that is none.
    #[error("`{0}` is no day: write `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, `mon-fri` or `daily`")]
    Day(String),
    /// A time that is none.
    #[error("`{0}` are no hours: write two times such as `02:00-04:00`")]
    Hours(String),
}

/// In English and German, from Monday.
const DAYS: [[&str; 4]; 7] = [
    ["mon", "mo", "monday", "montag"],
    ["tue", "di", "tuesday", "dienstag"],
    ["wed", "mi", "wednesday", "mittwoch"],
    ["thu", "do", "thursday", "donnerstag"],
    ["fri", "fr", "friday", "freitag"],
    ["sat", "sa", "saturday", "samstag"],
    ["sun", "so", "sunday", "sonntag"],
];

fn day(word: &str) -> Result<usize, WeeklyError> {
    DAYS.iter().position(|names| names.contains(&word)).ok_or_else(|| WeeklyError::Day(word.to_owned()))
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

impl Weekly {
    /// The window of that text.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, WeeklyError> {
        let text = text.trim().to_lowercase().replace(" - ", "-");
        let (named, hours) = text.rsplit_once(char::is_whitespace).ok_or(WeeklyError::Form)?;
        let mut days = [false; 7];
        for part in named.split(',').map(str::trim) {
            if matches!(part, "daily" | "täglich") {
                days = [true; 7];
                continue;
            }
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first.trim())?, day(last.trim())?);
            // `fri-mon` goes over the week's end.
            (0..=(last + 7 - first) % 7).for_each(|n| days[(first + n) % 7] = true);
        }
        let bad = || WeeklyError::Hours(hours.to_owned());
        let (from, until) = hours.split_once(['-', '–']).ok_or_else(bad)?;
        let window = Window { from: clock(from).ok_or_else(bad)?, until: clock(until).ok_or_else(bad)? };
        Ok(Self { days, window, zone })
    }

    fn inside(&self, wall: DateTime) -> bool {
        let (today, time) = (index(wall.weekday()), wall.time());
        if self.window.from < self.window.until {
            return self.days[today] && self.window.holds(time);
        }
        let yesterday = (today + 6) % 7;
        self.days[today] && time >= self.window.from || self.days[yesterday] && time < self.window.until
    }

    /// Whether it is on at `now`, milliseconds since the epoch.
    pub fn holds(&self, now: i64) -> bool {
        self.inside(self.zone.wall(now))
    }

    /// The first moment after `now` at which it ends (both in milliseconds since the epoch): this one if it is on, else the next.
    /// `i64::MAX` if it never does.
    pub fn ends_after(&self, now: i64) -> i64 {
        first_end(&self.zone, self.window.until, now, 9, |wall| self.inside(wall))
    }
}

/// The maintenance that these labels are under at `now` (milliseconds since the epoch), and when it ends: the one that ends last.
pub fn under_maintenance(config: &Alerts, labels: &Labels, now: i64) -> Option<(usize, i64)> {
    let ends = config.maintenance.iter().enumerate().filter_map(|(which, window)| {
        if !window.matchers.matches(labels) {
            return None;
        }
        let moment = Timestamp::from_millisecond(now).ok()?;
        if let Some(text) = &window.weekly {
            let zone = Zone::named_or_system(window.time_zone.as_deref().or(config.time_zone.as_deref()));
            let weekly = Weekly::parse(text, zone).ok()?;
            return weekly.holds(now).then(|| (which, weekly.ends_after(now)));
        }
        let until = window.until.filter(|until| moment < *until)?;
        let begun = window.from.is_none_or(|from| from <= moment);
        begun.then(|| (which, until.as_millisecond()))
    });
    ends.max_by_key(|(_, until)| *until)
}
