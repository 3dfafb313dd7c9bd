//! The figures for people.

use super::{Report, Tally, Verdict};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = &self.ours;
        writeln!(f, "{} sentences, {} of them ours\n", self.all.cases, ours.cases)?;
        for (name, count) in [
            ("right (intent and slots)", ours.right),
            ("intent right", ours.intent),
            ("asked", ours.asked),
            ("wrong or left alone", ours.wrong),
        ] {
            line(f, name, ours, count)?;
        }
        line(f, "wrong and changing (all)", &self.all, self.all.wrong_changing)?;
        if self.foreign.cases > 0 {
            let acted = self.foreign.wrong;
            line(f, "foreign left alone", &self.foreign, self.foreign.right)?;
            line(f, "foreign asked about", &self.foreign, self.foreign.asked)?;
            line(f, "foreign became an action", &self.foreign, acted)?;
        }
        let l = &self.latency;
        writeln!(
            f,
            "{:26} p50 {:.3} ms, p95 {:.3} ms, p99 {:.3} ms, max {:.3} ms",
            "time", l.p50, l.p95, l.p99, l.max
        )?;
        for (title, groups) in [
            ("language", &self.by_lang),
            ("intent", &self.by_intent),
            ("reader", &self.by_reader),
            ("kind", &self.by_kind),
        ] {
            if groups.is_empty() {
                continue;
            }
            writeln!(f, "\n{title:20} cases  right  asked  wrong  changing")?;
            for (name, t) in groups {
                writeln!(
                    f,
                    "{name:20} {:5}  {:5}  {:5}  {:5}  {:8}",
                    t.cases, t.right, t.asked, t.wrong, t.wrong_changing
                )?;
            }
        }
        if !self.confusion.is_empty() {
            writeln!(f, "\nmeant → read")?;
            for (meant, read) in &self.confusion {
                let read: Vec<String> = read.iter().map(|(name, n)| format!("{name} {n}")).collect();
                writeln!(f, "{meant:20} {}", read.join(", "))?;
            }
        }
        for miss in &self.misses {
            let sign = match miss.verdict {
                Verdict::Right => continue,
                Verdict::Asked => "?",
                Verdict::Silent => "–",
                Verdict::Wrong => "✗",
                Verdict::WrongChange => "✗✗",
            };
            writeln!(
                f,
                "{sign:2} {} → {} {:?}: {}",
                miss.case.intent, miss.intent, miss.slots, miss.case.text
            )?;
        }
        Ok(())
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
