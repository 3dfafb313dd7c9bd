//! Answers to open questions.

use crate::Lang;
use crate::ask;
use crate::catalogue::{IntentSpec, Slot};
use crate::names::{Edge, Lattice, Names, Sort};
use crate::reading::{Ask, NoneReason, Outcome, Reading};
use crate::resolve::complete;
use crate::text::{Text, squash};
use crate::understanding::{Draft, Understanding};
use std::collections::BTreeSet;

/// What a reply to a question is.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It answers the question, turns it down, or says nothing about it (then it is the same question).
    Answer(Reading),
    /// It is a request of its own.
    Request(Reading),
}

impl Understanding {
    /// Completes an open question by the person's reply: see [`Understanding::reply`].
    #[must_use]
    pub fn fill(&self, ask: &Ask, answer: &str, names: &Names, hint: Option<Lang>) -> Reading {
        match self.reply(ask, answer, names, hint) {
            Reply::Answer(reading) | Reply::Request(reading) => reading,
        }
    }

    /// Completes an open question by the person's reply: "auf node-3", "2", "1️⃣", "jellyfin", "ja", "node-2 und node-3".
    ///
    /// A reply that is a request of its own is read as one; a reply that says nothing leads to the same question.
    #[must_use]
    pub fn reply(&self, ask: &Ask, answer: &str, names: &Names, hint: Option<Lang>) -> Reply {
        let text = Text::new(answer, |s| names.knows(s));
        let words: Vec<&str> = text.tokens.iter().map(|t| t.norm.as_str()).collect();
        let lang = Lang::guess(words.iter().copied()).or(hint).unwrap_or(Lang::De);
        let mut draft = Draft::new(lang);
        let Some(spec) = self.catalogue().get(&ask.intent) else {
            return Reply::Request(self.read(answer, names, hint));
        };
        if is_no(&words) {
            draft.note("answer", "the person wants none of it");
            return Reply::Answer(draft.done(Outcome::None(NoneReason::Negated), Vec::new()));
        }
        let mut outcomes = Vec::new();
        for index in chosen(ask, answer, &words) {
            let choice = &ask.options[index];
            draft.note("answer", format!("option {}: {}", index + 1, choice.label));
            let Some(spec) = choice.intent.as_ref().and_then(|name| self.catalogue().get(name)) else {
                return Reply::Answer(draft.done(Outcome::None(NoneReason::NotOurs), Vec::new()));
            };
            // An option for a slot adds to what is known; an option for an intent stands for itself.
            let mut slots = if ask.missing.is_some() { ask.slots.clone() } else { choice.slots.clone() };
            slots.extend(choice.slots.clone());
            outcomes.push(complete(spec, slots, names));
        }
        if !outcomes.is_empty() {
            let first = outcomes.remove(0);
            return Reply::Answer(draft.done(first, outcomes));
        }
        if let Some(slot) = ask.missing.as_ref().and_then(|m| spec.slot(m)) {
            let lattice = self.lattice(&text, names);
            if let Some(edge) = value(spec, slot, &text, &lattice, ask) {
                draft.note("answer", format!("{} is `{}`", slot.name, edge.written));
                let slots = ask.slots.clone();
                let mut outcomes: Vec<Outcome> = match edge.sort {
                    Sort::Exact | Sort::Each => {
                        let with = |value: &String| {
                            let mut slots = slots.clone();
                            slots.insert(slot_name(spec, slot, &edge), value.clone());
                            complete(spec, slots, names)
                        };
                        edge.values.iter().map(with).collect()
                    }
                    Sort::Ambiguous => vec![Outcome::Ask(ask::ambiguous(spec, slots, slot, &edge.values))],
                    _ => vec![Outcome::Ask(ask::unknown(
                        spec,
                        slots,
                        slot,
                        &edge.written,
                        &edge.values,
                        names,
                    ))],
                };
                let first = outcomes.remove(0);
                return Reply::Answer(draft.done(first, outcomes));
            }
        }
        let fresh = self.read(answer, names, hint);
        if !matches!(fresh.outcome, Outcome::None(_)) {
            return Reply::Request(fresh);
        }
        draft.note("answer", "says nothing about the question");
        Reply::Answer(draft.done(Outcome::Ask(ask.clone()), Vec::new()))
    }
}

/// Whether a reply turns the question down.
fn is_no(words: &[&str]) -> bool {
    const NO: [&str; 17] = [
        "nein",
        "nee",
        "ne",
        "no",
        "nope",
        "abbrechen",
        "abbruch",
        "cancel",
        "stop",
        "stopp",
        "egal",
        "vergiss",
        "forget",
        "nichts",
        "none",
        "nothing",
        "keins",
    ];
    const MORE: [&str; 12] =
        ["danke", "thanks", "es", "it", "davon", "of", "das", "that", "them", "nix", "never", "mind"];
    let never_mind = words == ["never", "mind"] || words == ["nevermind"] || words == ["lass", "gut", "sein"];
    never_mind
        || (words.first().is_some_and(|w| NO.contains(w))
            && words[1..].iter().all(|w| NO.contains(w) || MORE.contains(w)))
}

fn is_yes(answer: &str, words: &[&str]) -> bool {
    const YES: [&str; 14] = [
        "ja", "yes", "jo", "jep", "yep", "yeah", "ok", "okay", "genau", "klar", "sure", "richtig", "correct",
        "mach",
    ];
    const MORE: [&str; 6] = ["bitte", "please", "das", "do", "it", "gern"];
    answer.contains(['👍', '✅', '✔']) && words.is_empty()
        || (words.first().is_some_and(|w| YES.contains(w))
            && words[1..].iter().all(|w| YES.contains(w) || MORE.contains(w)))
}

/// The options that a reply picks; several only where a slot is asked for ("node-2 und node-3", "1 und 3").
fn chosen(ask: &Ask, answer: &str, words: &[&str]) -> Vec<usize> {
    if ask.options.len() == 1 && is_yes(answer, words) {
        return vec![0];
    }
    let whole = squash(answer);
    if let Some(index) = ask.options.iter().position(|o| squash(&o.label) == whole) {
        return vec![index];
    }
    let parts: Vec<&[&str]> = words.split(|word| matches!(*word, "und" | "and" | "sowie")).collect();
    if parts.len() > 1 && ask.missing.is_none() {
        return Vec::new();
    }
    let mut picked =
        parts.into_iter().map(|part| one(ask, part)).collect::<Option<Vec<_>>>().unwrap_or_default();
    let mut seen = BTreeSet::new();
    picked.retain(|index| seen.insert(*index));
    picked
}

/// The option that some words pick, by its place or by its name among words that say nothing: "der auf node-2".
fn one(ask: &Ask, words: &[&str]) -> Option<usize> {
    const FILL: [&str; 16] = [
        "nr", "nummer", "number", "option", "die", "der", "das", "the", "one", "bitte", "please", "variante",
        "choice", "punkt", "nur", "only",
    ];
    let rest: Vec<&str> = words.iter().filter(|w| !FILL.contains(w)).copied().collect();
    let place = match rest.as_slice() {
        ["erste" | "ersten" | "erster" | "erstes" | "ersteres" | "first" | "1st" | "former"] => Some(1),
        ["zweite" | "zweiten" | "zweiter" | "zweites" | "letzteres" | "second" | "2nd" | "latter"] => Some(2),
        ["dritte" | "dritten" | "drittes" | "third" | "3rd"] => Some(3),
        ["vierte" | "vierten" | "fourth" | "4th"] => Some(4),
        [word] => word.parse::<usize>().ok(),
        _ => None,
    };
    if let Some(place) = place {
        return place.checked_sub(1).filter(|i| *i < ask.options.len());
    }
    let name: Vec<&str> = rest.into_iter().filter(|w| !AROUND.contains(w)).collect();
    let name = squash(&name.concat());
    ask.options.iter().position(|option| !name.is_empty() && squash(&option.label) == name)
}

/// Words around a name that say nothing.
const AROUND: [&str; 32] = [
    "auf", "on", "to", "fuer", "fur", "for", "von", "of", "from", "nimm", "take", "use", "nach", "am", "im",
    "in", "at", "seit", "since", "vom", "mit", "with", "ich", "meine", "meinte", "i", "mean", "meant", "dem",
    "host", "version", "dann",
];

/// The one thing in a reply that can fill the slot, if the reply holds little else.
fn value(spec: &IntentSpec, slot: &Slot, text: &Text, lattice: &Lattice, ask: &Ask) -> Option<Edge> {
    let plain = |range: std::ops::Range<usize>| {
        text.tokens[range].iter().all(|t| t.skip || AROUND.contains(&t.norm.as_str()) || is_noun(&t.norm))
    };
    let of_one = |name: &str| {
        spec.one_of.iter().any(|s| s == name)
            && ask.missing.as_deref().is_some_and(|m| spec.one_of.iter().any(|s| s == m))
    };
    let fits = |edge: &Edge| {
        crate::grammar::fits(spec, &slot.name, edge)
            || spec.slots.iter().any(|s| of_one(&s.name) && crate::grammar::fits(spec, &s.name, edge))
    };
    let mut edges: Vec<&Edge> =
        lattice.iter().filter(|e| fits(e) && plain(0..e.start) && plain(e.end..text.tokens.len())).collect();
    edges.sort_by(|a, b| a.sort.cmp(&b.sort).then(b.len().cmp(&a.len())));
    edges.first().map(|e| (*e).clone())
}

fn is_noun(word: &str) -> bool {
    matches!(
        word,
        "replikas"
            | "replicas"
            | "instanzen"
            | "instances"
            | "stueck"
            | "mal"
            | "lang"
            | "long"
            | "dienst"
            | "service"
            | "server"
            | "knoten"
            | "node"
    )
}

/// The slot that an edge fills: the one that was asked for, or its alternative.
fn slot_name(spec: &IntentSpec, slot: &Slot, edge: &Edge) -> String {
    if crate::grammar::fits(spec, &slot.name, edge) {
        return slot.name.clone();
    }
    let other = spec.one_of.iter().find(|name| crate::grammar::fits(spec, name, edge));
    other.unwrap_or(&slot.name).clone()
}
