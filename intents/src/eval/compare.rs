//! Two runs over the same cases, sentence by sentence.

use super::{Case, Judged, Report, Tally, Verdict};
use crate::reading::Slots;
use serde::Serialize;
use std::fmt;

/// How two runs differ in one respect, case by case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Paired {
    /// Cases of which it holds in the first run only.
    pub only_first: usize,
    /// Cases of which it holds in the second run only.
    pub only_second: usize,
    /// The probability of a difference at least so large when the two are equally good: McNemar's exact test, two-sided.
    pub p: f64,
}

/// A case that the two runs read differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The case.
    pub case: Case,
    /// What the first run made of it.
    pub first: (Verdict, String, Slots),
    /// What the second run made of it.
    pub second: (Verdict, String, Slots),
}

/// Two runs over the same cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first run.
    pub first: Report,
    /// The second run.
    pub second: Report,
    /// Intent and slots right.
    pub right: Paired,
    /// Wrong, with a change to the homelab.
    pub wrong_changing: Paired,
    /// What the two read differently.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Puts two runs over the same cases beside each other; of runs of different length the common beginning counts.
    #[must_use]
    pub fn new(first: Report, second: Report) -> Self {
        let pairs: Vec<(&Judged, &Judged)> = first.judged.iter().zip(&second.judged).collect();
        let of = |judged: &Judged| (judged.verdict, judged.intent.clone(), judged.slots.clone());
        let differences =
            pairs.iter().map(|(a, b)| Difference { case: a.case.clone(), first: of(a), second: of(b) });
        let differences: Vec<Difference> = differences.filter(|d| d.first != d.second).collect();
        let (right, wrong_changing) = (paired(&pairs, Verdict::Right), paired(&pairs, Verdict::WrongChange));
        Self { first, second, right, wrong_changing, differences }
    }

    /// The figures as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn paired(pairs: &[(&Judged, &Judged)], verdict: Verdict) -> Paired {
    let count = |holds: fn(bool, bool) -> bool| {
        pairs.iter().filter(|(a, b)| holds(a.verdict == verdict, b.verdict == verdict)).count()
    };
    let (only_first, only_second) = (count(|a, b| a && !b), count(|a, b| b && !a));
    Paired { only_first, only_second, p: mcnemar(only_first, only_second) }
}

/// McNemar's exact test: how likely a split at least as uneven is when each case falls to either side by a coin.
#[expect(clippy::cast_precision_loss, reason = "counts of sentences are small")]
fn mcnemar(a: usize, b: usize) -> f64 {
    let (n, least) = (a + b, a.min(b));
    // Logarithms of the binomial coefficients: they grow too large for numbers.
    let mut log_choose = 0.0_f64;
    let mut tail = 0.0;
    for k in 0..=least {
        if k > 0 {
            log_choose += ((n - k + 1) as f64 / k as f64).ln();
        }
        tail += (log_choose - n as f64 * std::f64::consts::LN_2).exp();
    }
    (2.0 * tail).min(1.0)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (&self.first, &self.second);
        writeln!(f, "{:26} {:>24} {:>24}", "", name(first), name(second))?;
        let rows: [Row; 8] = [
            ("right (intent and slots)", |r| r.ours, |t| t.right),
            ("intent right", |r| r.ours, |t| t.intent),
            ("asked", |r| r.ours, |t| t.asked),
            ("wrong", |r| r.ours, |t| t.wrong - t.silent),
            ("left alone", |r| r.ours, |t| t.silent),
            ("wrong and changing (all)", |r| r.all, |t| t.wrong_changing),
            ("foreign left alone", |r| r.foreign, |t| t.right),
            ("foreign became an action", |r| r.foreign, |t| t.wrong),
        ];
        for (title, group, count) in rows {
            let cell = |report: &Report| {
                let tally = group(report);
                let i = tally.share(count(&tally));
                format!("{:.1} % ({:.1}–{:.1})", i.share * 1e2, i.low * 1e2, i.high * 1e2)
            };
            writeln!(f, "{title:26} {:>24} {:>24}", cell(first), cell(second))?;
        }
        let times = |r: &Report| format!("{:.1} / {:.1} ms", r.latency.p50, r.latency.p99);
        writeln!(f, "{:26} {:>24} {:>24}", "time p50 / p99", times(first), times(second))?;
        let asked = |r: &Report| {
            r.model
                .as_ref()
                .map_or_else(|| "–".to_owned(), |m| format!("{} times, {} failed", m.times, m.failed))
        };
        writeln!(f, "{:26} {:>24} {:>24}\n", "model asked", asked(first), asked(second))?;
        for (title, paired) in [("right", self.right), ("wrong and changing", self.wrong_changing)] {
            let Paired { only_first, only_second, p } = paired;
            writeln!(
                f,
                "{title}: only the first {only_first}, only the second {only_second}; p = {p:.3} (McNemar, exact): {}",
                if p < 0.05 { "a real difference" } else { "too little to tell them apart" }
            )?;
        }
        writeln!(
            f,
            "read differently: {} of {}",
            self.differences.len(),
            first.judged.len().min(second.judged.len())
        )
    }
}

/// What it is called, of which cases it is, and how many of them it holds of.
type Row = (&'static str, fn(&Report) -> Tally, fn(&Tally) -> usize);

fn name(report: &Report) -> String {
    report.model.as_ref().map_or_else(|| "without a model".to_owned(), |model| model.name.clone())
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = |(verdict, intent, slots): &(Verdict, String, Slots)| {
            format!("{} {intent} {slots:?}", verdict.sign())
        };
        writeln!(f, "{}", self.case.text)?;
        writeln!(f, "  meant  {} {:?}", self.case.intent, self.case.slots)?;
        writeln!(f, "  first  {}", read(&self.first))?;
        write!(f, "  second {}", read(&self.second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcnemars_exact_test() {
        for (a, b, p) in
            [(0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (0, 6, 0.031_25), (10, 2, 0.038_57), (2, 10, 0.038_57)]
        {
            assert!((mcnemar(a, b) - p).abs() < 1e-4, "{a} {b}: {}", mcnemar(a, b));
        }
        assert!(mcnemar(600, 900) < 1e-10 && mcnemar(1500, 1500) > 0.9);
    }
}
