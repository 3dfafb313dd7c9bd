//! Counts, intervals, times.

use super::Verdict;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often what came of a group of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub cases: usize,
    /// Intent and slots right.
    pub right: usize,
    /// The intent right, whatever the slots, and whether or not it was asked about.
    pub intent: usize,
    /// Of these, without a question and with other slots.
    pub slots_wrong: usize,
    /// Asked.
    pub asked: usize,
    /// Wrong, or left alone.
    pub wrong: usize,
    /// Of these, left alone.
    pub silent: usize,
    /// Of these, with a change to the homelab.
    pub wrong_changing: usize,
}

impl Tally {
    pub(super) fn add(&mut self, verdict: Verdict, intent: bool) {
        self.cases += 1;
        self.intent += usize::from(intent);
        let acted = matches!(verdict, Verdict::Wrong | Verdict::WrongChange);
        self.slots_wrong += usize::from(intent && acted);
        match verdict {
            Verdict::Right => self.right += 1,
            Verdict::Asked => self.asked += 1,
            Verdict::Silent => (self.silent, self.wrong) = (self.silent + 1, self.wrong + 1),
            Verdict::Wrong => self.wrong += 1,
            Verdict::WrongChange => {
                (self.wrong_changing, self.wrong) = (self.wrong_changing + 1, self.wrong + 1);
            }
        }
    }

    /// A share of the cases with its 95 % interval (Wilson).
    #[must_use]
    pub fn share(&self, count: usize) -> Interval {
        Interval::wilson(count, self.cases)
    }
}

/// Counts by name, and the same as shares with their intervals.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = [
            ("right", self.right),
            ("intent", self.intent),
            ("slots_wrong", self.slots_wrong),
            ("asked", self.asked),
            ("wrong", self.wrong),
            ("silent", self.silent),
            ("wrong_changing", self.wrong_changing),
        ];
        let shares: BTreeMap<&str, Interval> =
            counts.into_iter().map(|(name, count)| (name, self.share(count))).collect();
        let mut map = serializer.serialize_map(Some(counts.len() + 2))?;
        map.serialize_entry("cases", &self.cases)?;
        for (name, count) in counts {
            map.serialize_entry(name, &count)?;
        }
        map.serialize_entry("shares", &shares)?;
        map.end()
    }
}

/// A share from 0 to 1 and where it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Interval {
    /// The share.
    pub share: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Wilson's interval for `count` of `cases`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of sentences are small")]
    pub fn wilson(count: usize, cases: usize) -> Self {
        if cases == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        const Z: f64 = 1.96;
        let (n, share) = (cases as f64, count as f64 / cases as f64);
        let middle = share + Z * Z / (2.0 * n);
        let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Self { share, low: ((middle - half) / scale).max(0.0), high: ((middle + half) / scale).min(1.0) }
    }
}

/// Times for a sentence, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half are faster.
    pub p50: f64,
    /// 95 of 100 are faster.
    pub p95: f64,
    /// 99 of 100 are faster.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl Latency {
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| {
            let i = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(i).map_or(0.0, |t| t.as_secs_f64() * 1e3)
        };
        Self { p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval() {
        let i = Interval::wilson(90, 100);
        assert!((i.low - 0.826).abs() < 0.001 && (i.high - 0.945).abs() < 0.001, "{i:?}");
        let none = Interval::wilson(0, 800);
        assert!(none.low == 0.0 && none.high < 0.005, "{none:?}");
    }

    #[test]
    fn times_are_ranked() {
        let latency = Latency::new((1..=100).map(Duration::from_millis).collect());
        assert!((latency.p50 - 51.0).abs() < 0.1 && (latency.max - 100.0).abs() < 0.1, "{latency:?}");
    }
}
