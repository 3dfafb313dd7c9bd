//! The figures for people.

use super::{Judged, Report, Tally, Verdict};
use std::fmt;

impl Verdict {
    /// One or two characters for it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Right => "✓",
            Self::Asked => "?",
            Self::Silent => "–",
            Self::Wrong => "✗",
            Self::WrongChange => "✗✗",
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, meant) = (self.verdict.sign(), &self.case.intent);
        write!(f, "{sign:2} {meant} → {} {:?}: {}", self.intent, self.slots, self.case.text)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = &self.ours;
        writeln!(f, "{} sentences, {} of them ours\n", self.all.cases, ours.cases)?;
        for (name, count) in [
            ("right (intent and slots)", ours.right),
            ("intent right", ours.intent),
            ("intent right, slots wrong", ours.slots_wrong),
            ("asked", ours.asked),
            ("wrong", ours.wrong - ours.silent),
            ("left alone", ours.silent),
        ] {
            line(f, name, ours, count)?;
        }
        line(f, "wrong and changing (all)", &self.all, self.all.wrong_changing)?;
        if self.foreign.cases > 0 {
            let acted = self.foreign.wrong;
            line(f, "foreign left alone", &self.foreign, self.foreign.right)?;
            line(f, "foreign asked about", &self.foreign, self.foreign.asked)?;
            line(f, "foreign became an action", &self.foreign, acted)?;
            line(f, "… one that changes", &self.foreign, self.foreign.wrong_changing)?;
        }
        let l = &self.latency;
        writeln!(
            f,
            "{:26} p50 {:.3} ms, p95 {:.3} ms, p99 {:.3} ms, max {:.3} ms",
            "time", l.p50, l.p95, l.p99, l.max
        )?;
        if let Some(model) = &self.model {
            let l = &model.latency;
            writeln!(
                f,
                "{:26} {} of {} sentences; p50 {:.0} ms, p99 {:.0} ms; {} without an answer",
                format!("{} asked in doubt", model.name),
                model.times,
                self.all.cases,
                l.p50,
                l.p99,
                model.failed
            )?;
            if let Some(why) = &model.first_failure {
                writeln!(f, "{:26} {why}", "the first failure")?;
            }
        }
        for (title, groups) in [
            ("language", &self.by_lang),
            ("intent", &self.by_intent),
            ("reader", &self.by_reader),
            ("kind", &self.by_kind),
        ] {
            if groups.is_empty() {
                continue;
            }
            writeln!(f, "\n{title:20} cases  right                     asked  slots  wrong  changing")?;
            for (name, t) in groups {
                let i = t.share(t.right);
                let share = format!("{:.1} % ({:.1}–{:.1})", i.share * 1e2, i.low * 1e2, i.high * 1e2);
                writeln!(
                    f,
                    "{name:20} {:5}  {:4} {share:19}  {:5}  {:5}  {:5}  {:8}",
                    t.cases, t.right, t.asked, t.slots_wrong, t.wrong, t.wrong_changing
                )?;
            }
        }
        if !self.confusion.is_empty() {
            writeln!(f, "\nmeant → read, or asked about first")?;
            for (meant, read) in &self.confusion {
                let read: Vec<String> = read.iter().map(|(name, n)| format!("{name} {n}")).collect();
                writeln!(f, "{meant:20} {}", read.join(", "))?;
            }
        }
        self.misses.iter().try_for_each(|miss| writeln!(f, "{miss}"))
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, group: &Tally, count: usize) -> fmt::Result {
    let i = group.share(count);
    let cases = group.cases;
    writeln!(
        f,
        "{name:26} {count:5} of {cases:5}  {:5.1} %  (95 %: {:.1}–{:.1})",
        i.share * 1e2,
        i.low * 1e2,
        i.high * 1e2
    )
}
