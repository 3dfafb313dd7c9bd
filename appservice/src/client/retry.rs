//! When to try again.

use std::time::Duration;

/// How often and after what pause a call is repeated inside the library.
///
/// Repeated are calls that are idempotent (GET, PUT, and anything that was refused by a rate limit)
/// after no answer, 408, 429 or 5xx. The pause is drawn evenly between zero and an upper bound that
/// doubles each time ("full jitter"); if the homeserver asks for a pause, that pause is added below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The upper bound of the first pause.
    pub base: Duration,
    /// The greatest upper bound.
    pub max_pause: Duration,
    /// How many times a call is made at most, the first one included.
    pub max_attempts: u32,
    /// The time that a call may take with all its repetitions. A pause that would end later is not
    /// begun: the error is given back at once.
    pub budget: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts within 30 s, pauses of up to 0.25, 0.5, 1, 2 s.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            max_pause: Duration::from_secs(5),
            max_attempts: 5,
            budget: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Never repeats anything: for callers whose own outbox does.
    pub fn none() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// The pause before the next attempt, or `None` if it shall not be made.
    ///
    /// `made` is the number of attempts so far, `spent` the time since the first, `asked` the pause
    /// that the homeserver wants, and `draw` a random number from 0 up to 1.
    pub(crate) fn pause(
        &self,
        made: u32,
        spent: Duration,
        asked: Option<Duration>,
        draw: f64,
    ) -> Option<Duration> {
        if made >= self.max_attempts {
            return None;
        }
        let doublings = made.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.max_pause);
        let pause = asked.unwrap_or_default().saturating_add(bound.mul_f64(draw));
        (spent.saturating_add(pause) <= self.budget).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetryPolicy;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn the_bound_doubles_up_to_the_greatest() {
        let policy = RetryPolicy { max_attempts: 100, ..RetryPolicy::default() };
        let bounds: Vec<_> =
            (1..=7).map(|made| policy.pause(made, NOW, None, 1.0).expect("a pause").as_millis()).collect();
        assert_eq!(bounds, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(policy.pause(90, NOW, None, 1.0), Some(Duration::from_secs(5)));
        assert_eq!(policy.pause(3, NOW, None, 0.0), Some(NOW));
    }

    #[test]
    fn the_homeserver_is_never_asked_too_early() {
        let policy = RetryPolicy::default();
        let asked = Some(Duration::from_secs(3));
        assert_eq!(policy.pause(1, NOW, asked, 0.0), asked);
        assert_eq!(policy.pause(1, NOW, asked, 1.0), Some(Duration::from_millis(3250)));
    }

    #[test]
    fn attempts_and_budget_end_it() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.pause(5, NOW, None, 0.5), None);
        assert_eq!(policy.pause(1, NOW, Some(Duration::from_secs(31)), 0.0), None);
        assert_eq!(policy.pause(1, Duration::from_secs(29), Some(Duration::from_secs(2)), 0.0), None);
        assert_eq!(RetryPolicy::none().pause(1, NOW, None, 0.0), None);
    }
}
