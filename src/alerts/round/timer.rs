//! When the next round is due.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::Schedule;

/// So long after the last round there is another one, whatever the clock on the wall did.
const SAFETY: Duration = Duration::from_secs(15 * 60);

/// When the next round is due: by the schedule, and by a clock that never jumps.
pub(super) struct Timer<'a> {
    schedule: &'a Schedule,
    zone: TimeZone,
    /// Milliseconds since the epoch.
    next_ts: i64,
    /// When the last round ended, or this began: time since the start.
    last: Duration,
}

/// Why a round is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The schedule says so.
    Schedule,
    /// There was none for too long.
    Safety,
}

impl<'a> Timer<'a> {
    /// One that begins at `now` (milliseconds since the epoch) and `elapsed` (time since the start).
    pub(super) fn new(schedule: &'a Schedule, zone: TimeZone, now: i64, elapsed: Duration) -> Self {
        let mut timer = Self { schedule, zone, next_ts: 0, last: elapsed };
        timer.ran(now, elapsed);
        timer
    }

    /// Whether a round is due, and why.
    pub(super) fn due(&self, now: i64, elapsed: Duration) -> Option<Due> {
        if now >= self.next_ts {
            Some(Due::Schedule)
        } else if elapsed.saturating_sub(self.last) >= SAFETY {
            Some(Due::Safety)
        } else {
            None
        }
    }

    /// A round came to its end. What was due meanwhile is left out.
    pub(super) fn ran(&mut self, now: i64, elapsed: Duration) {
        self.next_ts = self.schedule.next_after(now, &self.zone).unwrap_or(i64::MAX);
        self.last = elapsed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const MINUTE: i64 = 60_000;

    /// A clock on the wall and one that never jumps, beside a timer.
    struct Clocks {
        wall: Clock,
        elapsed: Duration,
    }

    impl Clocks {
        fn pass(&mut self, ms: i64) {
            self.wall.advance(ms);
            self.elapsed += Duration::from_millis(u64::try_from(ms).unwrap());
        }

        fn due(&self, timer: &Timer<'_>) -> Option<Due> {
            timer.due(self.wall.now_ms(), self.elapsed)
        }
    }

    fn story(schedule: &str, tell: impl FnOnce(&mut Clocks, &mut Timer<'_>)) {
        // 2026-10-25T00:58:00Z: two minutes before the clock goes back in Berlin.
        let mut clocks = Clocks { wall: Clock::manual(1_792_889_880_000), elapsed: Duration::ZERO };
        let (schedule, zone) = (Schedule::parse(schedule).unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        let mut timer = Timer::new(&schedule, zone, clocks.wall.now_ms(), clocks.elapsed);
        tell(&mut clocks, &mut timer);
    }

    #[test]
    fn rounds_go_on_over_the_hour_that_comes_twice() {
        story("*/5 * * * *", |clocks, timer| {
            let mut rounds = 0;
            for _ in 0..120 {
                clocks.pass(MINUTE);
                if clocks.due(timer) == Some(Due::Schedule) {
                    rounds += 1;
                    timer.ran(clocks.wall.now_ms(), clocks.elapsed);
                }
                assert_eq!(clocks.due(timer), None, "once");
            }
            assert_eq!(rounds, 24);
        });
    }

    #[test]
    fn what_was_missed_is_made_up_for_once() {
        story("*/5 * * * *", |clocks, timer| {
            clocks.pass(47 * MINUTE);
            assert_eq!(clocks.due(timer), Some(Due::Schedule));
            timer.ran(clocks.wall.now_ms(), clocks.elapsed);
            assert_eq!(clocks.due(timer), None);
        });
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        story("*/5 * * * *", |clocks, timer| {
            clocks.wall.advance(-24 * 60 * MINUTE);
            clocks.pass(14 * MINUTE);
            assert_eq!(clocks.due(timer), None);
            clocks.pass(MINUTE);
            assert_eq!(clocks.due(timer), Some(Due::Safety));
            timer.ran(clocks.wall.now_ms(), clocks.elapsed);
            clocks.pass(5 * MINUTE);
            assert_eq!(clocks.due(timer), Some(Due::Schedule), "and all is as before");
        });
    }

    #[test]
    fn a_rare_schedule_is_helped_along() {
        story("0 12 1 1 *", |clocks, timer| {
            clocks.pass(15 * MINUTE);
            assert_eq!(clocks.due(timer), Some(Due::Safety));
        });
    }
}
