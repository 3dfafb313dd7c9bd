//! Measures how well sentences are understood: right, asked, wrong, and wrong where it changes something.

mod report;
mod tally;

use crate::Lang;
use crate::model::Model;
use crate::names::Names;
use crate::reading::{Outcome, Reading, Slots};
use crate::understanding::Understanding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use thiserror::Error;

pub use tally::{Interval, Latency, Tally};

/// A sentence and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The sentence.
    pub text: String,
    /// Its intent, or `none`.
    pub intent: String,
    /// Its slots, in canonical form.
    #[serde(default)]
    pub slots: Slots,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// What sort of sentence it is: `report`, `foreign` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A line that is no case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct CaseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Reads cases, one JSON object a line; empty lines are passed over.
///
/// # Errors
/// When a line is no case.
pub fn cases(lines: &str) -> Result<Vec<Case>, CaseError> {
    let numbered = lines.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    numbered
        .map(|(i, l)| serde_json::from_str(l).map_err(|e| CaseError { line: i + 1, message: e.to_string() }))
        .collect()
}

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Intent and slots as they should be.
    Right,
    /// The person was asked.
    Asked,
    /// One of our sentences was left alone.
    Silent,
    /// Something else that changes nothing.
    Wrong,
    /// Something else that changes the homelab.
    WrongChange,
}

/// A case that did not go right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub verdict: Verdict,
    /// The intent that was read.
    pub intent: String,
    /// The slots that were read.
    pub slots: Slots,
}

/// All figures of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Over all cases.
    pub all: Tally,
    /// Our sentences alone.
    pub ours: Tally,
    /// Sentences about other things alone.
    pub foreign: Tally,
    /// Our sentences by language.
    pub by_lang: BTreeMap<String, Tally>,
    /// By the intent that was meant.
    pub by_intent: BTreeMap<String, Tally>,
    /// By the reader that decided.
    pub by_reader: BTreeMap<String, Tally>,
    /// By the kind of sentence.
    pub by_kind: BTreeMap<String, Tally>,
    /// Time for a sentence.
    pub latency: Latency,
    /// Meant → read → how often, where the two differ.
    pub confusion: BTreeMap<String, BTreeMap<String, usize>>,
    /// What did not go right.
    pub misses: Vec<Miss>,
}

/// Runs cases without a model.
#[must_use]
pub fn evaluate(on: &Understanding, names: &Names, cases: &[Case]) -> Report {
    let mut report = Report::default();
    let mut times = Vec::new();
    for case in cases {
        let start = Instant::now();
        let reading = on.read(&case.text, names, case.lang);
        times.push(start.elapsed());
        report.add(case, &reading);
    }
    report.done(times)
}

/// Runs cases with a model behind the other readers.
pub async fn evaluate_with_model(
    on: &Understanding,
    names: &Names,
    cases: &[Case],
    model: &dyn Model,
) -> Report {
    let mut report = Report::default();
    let mut times = Vec::new();
    for case in cases {
        let start = Instant::now();
        let reading = on.read_with_model(&case.text, names, case.lang, model).await;
        times.push(start.elapsed());
        report.add(case, &reading);
    }
    report.done(times)
}

impl Report {
    fn add(&mut self, case: &Case, reading: &Reading) {
        let (intent, slots, changes) = match &reading.outcome {
            Outcome::Intent(i) => (i.name.clone(), i.slots.clone(), i.changes),
            Outcome::Ask(a) => (a.intent.clone(), a.slots.clone(), false),
            Outcome::None(_) => ("none".to_owned(), Slots::new(), false),
        };
        let same = intent == case.intent;
        let verdict = match &reading.outcome {
            Outcome::Ask(_) => Verdict::Asked,
            _ if same && slots == case.slots => Verdict::Right,
            Outcome::None(_) => Verdict::Silent,
            Outcome::Intent(_) if changes => Verdict::WrongChange,
            Outcome::Intent(_) => Verdict::Wrong,
        };
        let foreign = case.intent == "none";
        let group = if foreign { &mut self.foreign } else { &mut self.ours };
        let mut groups = vec![&mut self.all, group, self.by_intent.entry(case.intent.clone()).or_default()];
        groups.push(self.by_reader.entry(reader(reading).to_owned()).or_default());
        if let (Some(lang), false) = (case.lang, foreign) {
            groups.push(self.by_lang.entry(lang.to_string()).or_default());
        }
        if let Some(kind) = &case.kind {
            groups.push(self.by_kind.entry(kind.clone()).or_default());
        }
        groups.into_iter().for_each(|g| g.add(verdict, same));
        if !same {
            *self.confusion.entry(case.intent.clone()).or_default().entry(intent.clone()).or_default() += 1;
        }
        if verdict != Verdict::Right {
            self.misses.push(Miss { case: case.clone(), verdict, intent, slots });
        }
    }

    fn done(mut self, times: Vec<Duration>) -> Self {
        self.latency = Latency::new(times);
        self
    }

    /// The figures as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The reader that had the last word.
fn reader(reading: &Reading) -> &'static str {
    let has = |name: &str| reading.trace.iter().any(|t| t.reader == name && t.said != "no template fits");
    ["model", "grammar", "modality", "classifier"].into_iter().find(|r| has(r)).unwrap_or("none")
}
