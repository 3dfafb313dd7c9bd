//! Measures how well sentences are understood: right, asked, wrong, and wrong where it changes something.

mod asked;
mod cases;
mod compare;
mod report;
mod tally;

use crate::model::{Aids, Model};
use crate::names::Names;
use crate::reading::{Outcome, Reading, Slots};
use crate::sense::Sense;
use crate::understanding::Understanding;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub use asked::Asked;
use asked::Watched;
pub use cases::{Case, CaseError, CaseErrors, cases};
pub use compare::{Comparison, Difference, Paired};
pub use tally::{Interval, Latency, Tally};

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

/// A case and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub verdict: Verdict,
    /// The intent that was read, or the best candidate when the person was asked.
    pub intent: String,
    /// The slots that were read.
    pub slots: Slots,
}

impl Judged {
    fn new(case: &Case, reading: &Reading) -> Self {
        let (intent, slots) = match &reading.outcome {
            Outcome::Intent(i) => (i.name.clone(), i.slots.clone()),
            Outcome::Ask(a) => (a.intent.clone(), a.slots.clone()),
            Outcome::None(_) => ("none".to_owned(), Slots::new()),
        };
        let more = |changes: bool| {
            reading.more.iter().any(|o| matches!(o, Outcome::Intent(i) if i.changes == changes))
        };
        let verdict = match &reading.outcome {
            // A case is one request: whatever else is read into it is wrong.
            _ if more(true) => Verdict::WrongChange,
            _ if more(false) => Verdict::Wrong,
            Outcome::Ask(_) => Verdict::Asked,
            _ if intent == case.intent && slots == case.slots => Verdict::Right,
            Outcome::None(_) => Verdict::Silent,
            Outcome::Intent(i) if i.changes => Verdict::WrongChange,
            Outcome::Intent(_) => Verdict::Wrong,
        };
        Self { case: case.clone(), verdict, intent, slots }
    }

    /// Whether the intent is the one that was meant, whatever the slots.
    #[must_use]
    pub fn same_intent(&self) -> bool {
        self.intent == self.case.intent
    }
}

/// All figures of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The model that was asked in doubt, if there was one.
    pub model: Option<Asked>,
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
    pub misses: Vec<Judged>,
    /// All cases, in their order.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

/// A run over cases, one by one, so that whoever runs it can show how far it is and stop early.
pub struct Evaluation<'a> {
    on: &'a Understanding,
    names: &'a Names,
    model: Option<Watched<'a>>,
    sense: Option<&'a Sense>,
    report: Report,
    times: Vec<Duration>,
}

impl<'a> Evaluation<'a> {
    /// Without aids the built-in readers decide alone.
    #[must_use]
    pub fn new(on: &'a Understanding, names: &'a Names, aids: Aids<'a>) -> Self {
        let (model, sense) = (aids.model.map(Watched::new), aids.sense);
        Self { on, names, model, sense, report: Report::default(), times: Vec::new() }
    }

    /// Reads one case.
    pub async fn read(&mut self, case: &Case) {
        let start = Instant::now();
        let model = self.model.as_ref().map(|model| model as &dyn Model);
        let aids = Aids { sense: self.sense, model };
        let reading = self.on.read_with(&case.text, self.names, case.lang, aids).await;
        self.times.push(start.elapsed());
        self.report.add(Judged::new(case, &reading), reader(&reading));
    }

    /// The figures over what was read.
    #[must_use]
    pub fn done(self) -> Report {
        let mut report = self.report;
        report.latency = Latency::new(self.times);
        report.model = self.model.map(Watched::done);
        report
    }
}

/// Runs cases without a model.
#[must_use]
pub fn evaluate(on: &Understanding, names: &Names, cases: &[Case]) -> Report {
    let mut run = Evaluation::new(on, names, Aids::default());
    for case in cases {
        let start = Instant::now();
        let reading = on.read(&case.text, names, case.lang);
        run.times.push(start.elapsed());
        run.report.add(Judged::new(case, &reading), reader(&reading));
    }
    run.done()
}

/// Runs cases with a model behind the other readers.
pub async fn evaluate_with_model(
    on: &Understanding,
    names: &Names,
    cases: &[Case],
    model: &dyn Model,
) -> Report {
    let mut run = Evaluation::new(on, names, Aids { sense: None, model: Some(model) });
    for case in cases {
        run.read(case).await;
    }
    run.done()
}

impl Report {
    fn add(&mut self, judged: Judged, reader: &str) {
        let Judged { case, verdict, intent, .. } = &judged;
        let same = judged.same_intent();
        let foreign = case.intent == "none";
        let group = if foreign { &mut self.foreign } else { &mut self.ours };
        let mut groups = vec![&mut self.all, group, self.by_intent.entry(case.intent.clone()).or_default()];
        groups.push(self.by_reader.entry(reader.to_owned()).or_default());
        if let (Some(lang), false) = (case.lang, foreign) {
            groups.push(self.by_lang.entry(lang.to_string()).or_default());
        }
        if let Some(kind) = &case.kind {
            groups.push(self.by_kind.entry(kind.clone()).or_default());
        }
        groups.into_iter().for_each(|group| group.add(*verdict, same));
        if !same {
            *self.confusion.entry(case.intent.clone()).or_default().entry(intent.clone()).or_default() += 1;
        }
        if *verdict != Verdict::Right {
            self.misses.push(judged.clone());
        }
        self.judged.push(judged);
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
