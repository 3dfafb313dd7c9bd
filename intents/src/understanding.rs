//! Puts the readers together.

use crate::Lang;
use crate::ask;
use crate::catalogue::{Catalogue, IntentSpec};
use crate::grammar::{Found, Grammar};
use crate::names::{Lattice, Names, Sort};
use crate::reading::{Candidate, Intent, NoneReason, Outcome, Reading, Slots, Trace};
use crate::text::Text;

/// Turns sentences into intents; made once from a catalogue.
#[derive(Debug, Clone)]
pub struct Understanding {
    catalogue: Catalogue,
    grammar: Grammar,
}

/// A message on its way through the readers.
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

impl Understanding {
    /// Compiles a catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        let grammar = Grammar::new(&catalogue);
        Self { catalogue, grammar }
    }

    /// The catalogue behind it.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Reads a message without any model: pure, and a matter of microseconds. `hint` is the language of the talk.
    #[must_use]
    pub fn read(&self, text: &str, names: &Names, hint: Option<Lang>) -> Reading {
        let text = Text::new(text, |s| names.knows(s));
        let guess = Lang::guess(text.tokens.iter().map(|t| t.norm.as_str()));
        let lang = guess.or(hint).unwrap_or(Lang::De);
        let mut draft = Draft::new(lang);
        if text.tokens.is_empty() {
            draft.note("grammar", "no words");
            return draft.done(Outcome::None(NoneReason::Empty), Vec::new());
        }
        let lattice = self.lattice(&text, names);
        let specs: Vec<&IntentSpec> = self.catalogue.intents().collect();
        for allow in [Sort::Ambiguous, Sort::Fuzzy, Sort::Unknown] {
            let found = self.grammar.read(&specs, &text, &lattice, allow);
            if let Some(first) = found.first() {
                if guess.is_none() {
                    draft.lang = hint.filter(|h| found.iter().any(|f| f.lang == *h)).unwrap_or(first.lang);
                }
                return self.from_grammar(draft, &specs, &found, names);
            }
        }
        draft.note("grammar", "no template fits");
        draft.done(Outcome::None(NoneReason::NotOurs), Vec::new())
    }

    pub(crate) fn lattice(&self, text: &Text, names: &Names) -> Lattice {
        Lattice::new(text, names, &|w| self.grammar.is_word(w))
    }

    fn from_grammar(
        &self,
        mut draft: Draft,
        specs: &[&IntentSpec],
        found: &[Found],
        names: &Names,
    ) -> Reading {
        for one in found {
            draft.note("grammar", format!("{}: {}", specs[one.intent].name, one.template));
            draft.candidates.push(Candidate { intent: specs[one.intent].name.clone(), confidence: 1.0 });
        }
        draft.candidates.dedup_by(|a, b| a.intent == b.intent);
        let mut outcomes: Vec<Vec<Outcome>> =
            found.iter().map(|f| outcomes(specs[f.intent], f, names)).collect();
        outcomes.dedup();
        if outcomes.len() > 1 {
            let readings: Vec<(String, Slots)> = outcomes.iter().flatten().filter_map(parts).collect();
            let ask = ask::which(&self.catalogue, &readings, draft.lang);
            draft.note("agreement", "several readings fit");
            return draft.done(Outcome::Ask(ask), Vec::new());
        }
        let mut all = outcomes.remove(0).into_iter();
        let first = all.next().unwrap_or(Outcome::None(NoneReason::NotOurs));
        draft.done(first, all.collect())
    }
}

fn parts(outcome: &Outcome) -> Option<(String, Slots)> {
    match outcome {
        Outcome::Intent(i) => Some((i.name.clone(), i.slots.clone())),
        Outcome::Ask(a) => Some((a.intent.clone(), a.slots.clone())),
        Outcome::None(_) => None,
    }
}

/// What a fitting template comes to: one outcome, or one for each thing that was listed.
fn outcomes(spec: &IntentSpec, found: &Found, names: &Names) -> Vec<Outcome> {
    let mut all = vec![Slots::new()];
    let mut question = None;
    for filled in &found.filled {
        let (Some(slot), edge) = (spec.slot(&filled.slot), &filled.edge) else { continue };
        let mut put =
            |value: &str| all.iter_mut().for_each(|s| drop(s.insert(slot.name.clone(), value.to_owned())));
        match edge.sort {
            Sort::Exact => {
                let value = edge.values.first().map_or("", String::as_str);
                put(if edge.kind == crate::names::Kind::All {
                    slot.everything.as_deref().unwrap_or(value)
                } else {
                    value
                });
            }
            Sort::Each => {
                all = edge
                    .values
                    .iter()
                    .flat_map(|v| {
                        all.iter()
                            .map(|s| {
                                let mut s = s.clone();
                                s.insert(slot.name.clone(), v.clone());
                                s
                            })
                            .collect::<Vec<_>>()
                    })
                    .collect();
            }
            Sort::Ambiguous => question = question.or(Some((slot, edge))),
            Sort::Fuzzy | Sort::Unknown => question = Some((slot, edge)),
        }
    }
    if let Some((slot, edge)) = question {
        let slots = all.remove(0);
        return vec![Outcome::Ask(if edge.sort == Sort::Ambiguous {
            ask::ambiguous(spec, slots, slot, &edge.values)
        } else {
            ask::unknown(spec, slots, slot, &edge.written, &edge.values, names)
        })];
    }
    all.into_iter().map(|slots| complete(spec, slots, names)).collect()
}

/// An intent, or the question for what it lacks.
pub(crate) fn complete(spec: &IntentSpec, slots: Slots, names: &Names) -> Outcome {
    let lacking = spec.slots.iter().find(|s| s.required && !slots.contains_key(&s.name));
    let none_of = !spec.one_of.is_empty() && !spec.one_of.iter().any(|s| slots.contains_key(s));
    let one_of = spec.one_of.first().filter(|_| none_of).and_then(|s| spec.slot(s));
    match lacking.or(one_of) {
        Some(slot) => Outcome::Ask(ask::missing(spec, slots, slot, names)),
        None => Outcome::Intent(Intent { name: spec.name.clone(), slots, changes: spec.changes }),
    }
}
