//! The compiled catalogue, and the way of a message through the readers.

use crate::Lang;
use crate::catalogue::{Catalogue, IntentSpec};
use crate::classifier::{Classifier, EPOCHS, Scores, corpus, delexicalise};
use crate::cues::{Cue, Cues};
use crate::grammar::Grammar;
use crate::names::{Lattice, Names};
use crate::nearest::{Near, Nearest};
use crate::reading::{Candidate, NoneReason, Outcome, Reading, Trace};
use crate::text::{MOST_WORDS, Text};

/// Turns sentences into intents; made once from a catalogue.
#[derive(Debug, Clone)]
pub struct Understanding {
    catalogue: Catalogue,
    pub(crate) grammar: Grammar,
    cues: Cues,
    classifier: Classifier,
    nearest: Nearest,
}

/// A reading in the making.
pub(crate) struct Draft {
    pub(crate) lang: Lang,
    pub(crate) trace: Vec<Trace>,
    pub(crate) candidates: Vec<Candidate>,
}

impl Draft {
    pub(crate) fn new(lang: Lang) -> Self {
        Self { lang, trace: Vec::new(), candidates: Vec::new() }
    }

    pub(crate) fn note(&mut self, reader: &str, said: impl Into<String>) {
        self.trace.push(Trace { reader: reader.to_owned(), said: said.into() });
    }

    pub(crate) fn done(self, outcome: Outcome, more: Vec<Outcome>) -> Reading {
        Reading { lang: self.lang, outcome, more, candidates: self.candidates, trace: self.trace }
    }
}

/// A message and all that the readers need to know of it.
pub(crate) struct Message<'a> {
    pub(crate) text: Text,
    pub(crate) lattice: Lattice,
    pub(crate) names: &'a Names,
    pub(crate) specs: Vec<&'a IntentSpec>,
    pub(crate) cues: Vec<Cue>,
    /// Probability of each intent, and of `none` at the end.
    pub(crate) scores: Scores,
    /// The likeliest class by meaning, when an embedding model was asked.
    pub(crate) meant: Option<usize>,
    /// The nearest sentence of the catalogue.
    pub(crate) near: Option<Near>,
    /// The share of the message's features that the classifier knows.
    pub(crate) known: f32,
}

impl Message<'_> {
    /// The classes by probability, best first; the class after the last intent is `none`.
    pub(crate) fn ranked(&self) -> Vec<(usize, f32)> {
        let mut ranked: Vec<(usize, f32)> = self.scores.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    pub(crate) fn none(&self) -> f32 {
        self.scores.last().copied().unwrap_or(1.0)
    }

    /// Weighs what an embedding model makes of the message against the classifier: the geometric mean of both.
    pub(crate) fn weigh(&mut self, meant: &Scores) {
        self.meant = (0..meant.len()).max_by(|a, b| meant[*a].total_cmp(&meant[*b]));
        for (score, other) in self.scores.iter_mut().zip(meant) {
            *score = score.max(1e-4).powf(WORDS) * other.max(1e-4).powf(MEANING);
        }
        let sum: f32 = self.scores.iter().sum();
        self.scores.iter_mut().for_each(|score| *score /= sum.max(f32::EPSILON));
    }

    pub(crate) fn has_cue(&self, intent: usize) -> bool {
        self.cues.iter().any(|c| c.intent == intent)
    }

    pub(crate) fn name(&self, class: usize) -> &str {
        self.specs.get(class).map_or("none", |s| s.name.as_str())
    }
}

impl Understanding {
    /// Compiles a catalogue and trains the classifier on it.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        let (grammar, cues, samples) = (Grammar::new(&catalogue), Cues::new(&catalogue), corpus(&catalogue));
        let classifier = Classifier::new(&samples, catalogue.intents().count() + 1, EPOCHS);
        let understanding = Self { grammar, cues, classifier, nearest: Nearest::new(&samples), catalogue };
        // What is made on first use is made now, and not while somebody waits.
        let _ = understanding.read("a=b", &Names::default(), None);
        understanding
    }

    /// The catalogue behind it.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether carrying an intent out changes the homelab.
    pub(crate) fn changes(&self, intent: &str) -> bool {
        self.catalogue.get(intent).is_some_and(|spec| spec.changes)
    }

    /// Reads a message without any model: pure, and a matter of microseconds. `hint` is the language of the talk.
    #[must_use]
    pub fn read(&self, text: &str, names: &Names, hint: Option<Lang>) -> Reading {
        let (message, draft) = self.open(text, names, hint);
        self.resolve(&message, draft, hint)
    }

    /// The first look at a message: language, names, cues, classes.
    pub(crate) fn open<'a>(
        &'a self,
        text: &str,
        names: &'a Names,
        hint: Option<Lang>,
    ) -> (Message<'a>, Draft) {
        let text = Text::new(text, |s| names.knows(s));
        let guess = Lang::guess(text.tokens.iter().map(|t| t.norm.as_str()));
        let message = self.message(text, names);
        (message, Draft::new(guess.or(hint).unwrap_or(Lang::De)))
    }

    pub(crate) fn message<'a>(&'a self, text: Text, names: &'a Names) -> Message<'a> {
        let lattice = self.lattice(&text, names);
        let cues = self.cues.read(&text, &lattice);
        let words = delexicalise(&text, &lattice);
        let (scores, known) = self.classifier.classify(&words);
        let near = self.nearest.look_up(&words);
        Message {
            lattice,
            names,
            specs: self.catalogue.intents().collect(),
            cues,
            scores,
            meant: None,
            near,
            known,
            text,
        }
    }

    pub(crate) fn lattice(&self, text: &Text, names: &Names) -> Lattice {
        Lattice::new(text, names, &|w| self.grammar.is_word(w))
    }

    pub(crate) fn resolve(&self, message: &Message<'_>, mut draft: Draft, hint: Option<Lang>) -> Reading {
        if message.text.tokens.is_empty() {
            draft.note("grammar", "no words");
            return draft.done(Outcome::None(NoneReason::Empty), Vec::new());
        }
        if message.text.tokens.len() >= MOST_WORDS {
            draft.note("grammar", "too long for a command");
            return draft.done(Outcome::None(NoneReason::NotOurs), Vec::new());
        }
        draft.candidates = message
            .ranked()
            .iter()
            .take(4)
            .filter(|c| c.1 >= 0.01)
            .map(|(class, p)| Candidate {
                intent: message.name(*class).to_owned(),
                confidence: f64::from((p * 1000.0).round()) / 1000.0,
            })
            .collect();
        crate::resolve::resolve(self, message, draft, hint)
    }
}

/// How much the words of a message weigh, and how much its meaning; found on the development set.
const WORDS: f32 = 0.9;
const MEANING: f32 = 0.5;
