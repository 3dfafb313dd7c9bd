//! Time zones, and times of day as people write them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

/// A time zone that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The name of the machine's own zone when it has no other.
const LOCAL: &str = "local";

impl Zone {
    /// The zone of that IANA name, such as `Europe/Berlin`; `local` is the machine's own.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case(LOCAL) {
            return Some(Self::system());
        }
        TimeZone::get(name).ok().map(Self)
    }

    /// The machine's own.
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// The zone of that name, else the machine's own: for a name that the configuration's check has accepted.
    pub fn named_or_system(name: Option<&str>) -> Self {
        name.and_then(Self::named).unwrap_or_else(Self::system)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(LOCAL)
    }

    /// As jiff knows it.
    pub fn tz(&self) -> &TimeZone {
        &self.0
    }

    /// What a clock on its wall shows at `ts`, milliseconds since the epoch.
    pub fn wall(&self, ts: i64) -> DateTime {
        self.0.to_datetime(Timestamp::from_millisecond(ts).unwrap_or_default())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A time of day: `22`, `22:00`, `22.00`, `7:30am`, `10pm`, `7h`; `24:00` is midnight.
pub(in crate::alerts) fn clock(text: &str) -> Option<Time> {
    let text = text.to_ascii_lowercase();
    let (text, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(text), _) => (text, Some(0)),
        (_, Some(text)) => (text, Some(12)),
        _ => (text.strip_suffix('h').unwrap_or(&text), None),
    };
    let (hour, minute) = text.split_once([':', '.']).unwrap_or((text, "0"));
    let number = |digits: &str| {
        let right = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        right.then(|| digits.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None if hour == 24 && minute == 0 => 0,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}
