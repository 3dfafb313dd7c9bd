//! Hours in which nobody wants to be told, and the times at which it is made up for: by the clock on the wall of a time zone.
//!
//! What the wall clock shows decides, nothing else. On the night that an hour happens twice, 02:30 is quiet twice; on the night that it
//! does not happen, a window inside it is left out, and a digest is told at the hour's end.

#[cfg(test)]
mod tests;
mod time;
mod weekly;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{Span, ToSpan};

pub use time::Zone;
pub(super) use time::clock;
pub use weekly::{Weekly, WeeklyError, under_maintenance};

use super::Severity;

/// Quiet hours, every day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    window: Window,
    zone: Zone,
    /// What is told all the same: this severity and worse.
    pub unless: Option<Severity>,
}

/// The time of day at which everything is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    at: Time,
    zone: Zone,
}

/// From one time of day until before another, over midnight when that is the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    from: Time,
    until: Time,
}

impl Window {
    fn holds(self, time: Time) -> bool {
        if self.from < self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

impl Quiet {
    /// Quiet hours from `from` until before `until`; `None` when both are the same.
    pub fn new(from: Time, until: Time, zone: Zone, unless: Option<Severity>) -> Option<Self> {
        (from != until).then_some(Self { window: Window { from, until }, zone, unless })
    }

    /// When they begin.
    pub fn from(&self) -> Time {
        self.window.from
    }

    /// When they end.
    pub fn until(&self) -> Time {
        self.window.until
    }

    /// Where the clock hangs.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether it is quiet at `now` (milliseconds since the epoch).
    pub fn holds(&self, now: i64) -> bool {
        self.window.holds(self.zone.wall(now).time())
    }

    /// The first moment after `now` at which quiet hours end (both in milliseconds since the epoch): of these, if it is quiet, else of
    /// the next.
    pub fn ends_after(&self, now: i64) -> i64 {
        if self.holds(now)
            && let Some(end) = self.ends_without_jump(now)
        {
            return end;
        }
        first_end(&self.zone, self.window.until, now, 3, |wall| self.window.holds(wall.time()))
    }

    /// When the quiet hours that hold at `now` end if the clock is not changed until then, as on nearly all days.
    fn ends_without_jump(&self, now: i64) -> Option<i64> {
        let start = Timestamp::from_millisecond(now).ok()?;
        let offset = self.zone.tz().to_offset(start);
        let wall = offset.to_datetime(start);
        let day = if wall.time() < self.window.until { wall.date() } else { wall.date().tomorrow().ok()? };
        let end = offset.to_timestamp(day.to_datetime(self.window.until)).ok()?;
        (self.zone.tz().to_offset(end) == offset).then(|| end.as_millisecond())
    }

    /// Whether something of this severity's place is told in quiet hours, too.
    pub fn lets_through(&self, rank: u8) -> bool {
        self.unless.as_ref().is_some_and(|unless| rank >= unless.rank())
    }
}

impl Digest {
    /// A digest at this time of every day.
    pub fn new(at: Time, zone: Zone) -> Self {
        Self { at, zone }
    }

    /// When it is told.
    pub fn at(&self) -> Time {
        self.at
    }

    /// Where the clock hangs.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first digest after `now` (both in milliseconds since the epoch). A time that happens twice counts the first time; one that
    /// does not happen is made up for after the gap, so that there is exactly one a day.
    pub fn next_after(&self, now: i64) -> i64 {
        let today = self.zone.wall(now).date();
        let told = days(today, 3).filter_map(|day| {
            let moment = self.zone.tz().to_ambiguous_timestamp(day.to_datetime(self.at)).compatible();
            moment.ok().map(Timestamp::as_millisecond)
        });
        // Only at the end of the calendar is there no next day.
        told.into_iter().find(|moment| *moment > now).unwrap_or(i64::MAX)
    }
}

/// The days from yesterday on: yesterday's window may reach into today.
fn days(today: Date, ahead: i64) -> impl Iterator<Item = Date> {
    (-1..=ahead).filter_map(move |n| today.checked_add(Span::new().try_days(n).ok()?).ok())
}

/// The first moment after `now` at which `inside`, a question about the wall clock, ends to hold. That can be where the clock shows
/// `until`, or where the clock jumps.
fn first_end(zone: &Zone, until: Time, now: i64, ahead: i64, inside: impl Fn(DateTime) -> bool) -> i64 {
    let Ok(start) = Timestamp::from_millisecond(now) else { return i64::MAX };
    let mut moments = Vec::new();
    for day in days(zone.wall(now).date(), ahead) {
        let wall = day.to_datetime(until);
        let offsets = match zone.tz().to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        moments.extend(offsets.into_iter().flatten().filter_map(|offset| offset.to_timestamp(wall).ok()));
    }
    if let Ok(end) = start.checked_add(((ahead + 1) * 24).hours()) {
        let jumps = zone.tz().following(start).map(|jump| jump.timestamp());
        moments.extend(jumps.take_while(|jump| *jump <= end));
    }
    moments.sort_unstable();
    let mut moments = moments.into_iter().map(Timestamp::as_millisecond).filter(|moment| *moment > now);
    let ends = |moment: &i64| !inside(zone.wall(*moment)) && inside(zone.wall(*moment - 1));
    moments.find(ends).unwrap_or(i64::MAX)
}
