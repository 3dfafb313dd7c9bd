//! Slots from what a message names, when no template tells which word stands where.

use crate::ask;
use crate::catalogue::{IntentSpec, Slot, SlotType};
use crate::names::{Edge, Kind, Lattice, Names, Sort};
use crate::reading::{Outcome, Slots};
use crate::resolve::complete;
use crate::text::Text;

/// Fills the slots of an intent from the names, numbers and times of a message.
pub(crate) fn ground(spec: &IntentSpec, text: &Text, lattice: &Lattice, names: &Names) -> Vec<Outcome> {
    let mut all = vec![Slots::new()];
    let mut question = None;
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for slot in &spec.slots {
        // One of them is enough: a service on a host is about the service.
        if spec.one_of.contains(&slot.name) && all[0].keys().any(|k| spec.one_of.contains(k)) {
            continue;
        }
        let edges = candidates(slot, text, lattice);
        let free: Vec<&Edge> =
            edges.into_iter().filter(|e| !taken.iter().any(|t| e.start < t.1 && t.0 < e.end)).collect();
        let Some(first) = free.first() else {
            // "give gitea a new token": whose it is and what it is stand apart.
            if slot.kind == SlotType::Secret
                && let [one] = names.secrets_in(text.tokens.iter().map(|t| t.norm.as_str())).as_slice()
            {
                all.iter_mut().for_each(|s| drop(s.insert(slot.name.clone(), one.clone())));
            }
            continue;
        };
        taken.extend(free.iter().map(|e| (e.start, e.end)));
        let mut values: Vec<String> = Vec::new();
        for edge in &free {
            if edge.sort > Sort::Each {
                question.get_or_insert(if edge.sort == Sort::Ambiguous {
                    ask::ambiguous(spec, all[0].clone(), slot, &edge.values)
                } else {
                    ask::unknown(spec, all[0].clone(), slot, &edge.written, &edge.values, names)
                });
                continue;
            }
            for value in &edge.values {
                let value = if edge.kind == Kind::All {
                    slot.everything.clone().unwrap_or_default()
                } else {
                    value.clone()
                };
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        match values.len() {
            0 => {}
            1 => all.iter_mut().for_each(|s| drop(s.insert(slot.name.clone(), values[0].clone()))),
            _ if first.sort == Sort::Each => {
                all = values
                    .iter()
                    .flat_map(|v| {
                        all.iter().map(move |s| {
                            s.clone().into_iter().chain([(slot.name.clone(), v.clone())]).collect()
                        })
                    })
                    .collect();
            }
            _ => {
                question.get_or_insert(ask::ambiguous(spec, all[0].clone(), slot, &values));
            }
        }
    }
    if let Some(mut ask) = question {
        ask.slots.extend(all[0].clone());
        if let Some(missing) = &ask.missing {
            ask.slots.remove(missing);
        }
        return vec![Outcome::Ask(ask)];
    }
    all.into_iter().map(|slots| complete(spec, slots, names)).collect()
}

/// What in a message could fill a slot.
fn candidates<'a>(slot: &Slot, text: &Text, lattice: &'a Lattice) -> Vec<&'a Edge> {
    let mut kinds: Vec<Kind> = slot.kind.kinds().to_vec();
    if slot.everything.is_some() && slot.kind == SlotType::Target {
        kinds.push(Kind::All);
    }
    let named = |kinds: &[Kind]| -> Vec<&'a Edge> {
        for kind in kinds {
            let edges: Vec<&Edge> =
                lattice.named(*kind).into_iter().filter(|e| plausible(slot, e, text, lattice)).collect();
            if !edges.is_empty() {
                return edges;
            }
        }
        Vec::new()
    };
    let found = named(&kinds);
    if !found.is_empty() || !slot.required {
        return found;
    }
    // Nothing known was named: perhaps something is misspelt.
    let near: Vec<&Edge> =
        lattice.iter().filter(|e| e.sort == Sort::Fuzzy && kinds.contains(&e.kind)).collect();
    near.into_iter().max_by_key(|e| e.len()).into_iter().collect()
}

/// Whether a number or word means this slot, from what stands around it.
fn plausible(slot: &Slot, edge: &Edge, text: &Text, lattice: &Lattice) -> bool {
    let word = |at: Option<usize>| at.and_then(|i| text.tokens.get(i)).map_or("", |t| t.norm.as_str());
    let (before, after) = (word(edge.start.checked_sub(1)), word(Some(edge.end)));
    match slot.kind {
        SlotType::Count => {
            let article =
                text.tokens.get(edge.start).is_some_and(|t| crate::text::number::is_article(&t.norm));
            let inside =
                within(lattice, edge, &[Kind::Duration, Kind::Service, Kind::Host, Kind::Version, Kind::Day]);
            let noun = ["replik", "replic", "instan", "kopie", "cop", "pod", "container", "stueck"]
                .iter()
                .any(|n| after.starts_with(n));
            !inside && (!article || noun)
        }
        // "why did you scale it to 4?" names no operation.
        SlotType::Operation => {
            !matches!(before, "to" | "auf" | "at" | "from" | "von" | "vom" | "with" | "mit" | "um" | "aus")
                && !within(
                    lattice,
                    edge,
                    &[Kind::Duration, Kind::Service, Kind::Host, Kind::Version, Kind::Day],
                )
        }
        // "got a minute?" is no span of time to look at.
        SlotType::Time | SlotType::Duration | SlotType::Horizon if edge.kind == Kind::Duration => {
            let hedge =
                ["a minute", "a second", "a sec", "a min", "eine minute", "eine sekunde", "ne minute"];
            let said = edge.written.to_lowercase();
            !hedge.contains(&said.as_str()) || is_span(before)
        }
        SlotType::Version => {
            !lattice.named(Kind::Day).iter().any(|d| d.start <= edge.start && edge.end <= d.end)
        }
        _ => true,
    }
}

/// Whether a stretch is a part of something that says more.
fn within(lattice: &Lattice, edge: &Edge, kinds: &[Kind]) -> bool {
    lattice.iter().any(|o| {
        o.start <= edge.start && edge.end <= o.end && o.len() > edge.len() && kinds.contains(&o.kind)
    })
}

/// Words before a duration that make it one which is meant.
fn is_span(word: &str) -> bool {
    matches!(word, "for" | "fuer" | "last" | "past" | "seit" | "since" | "letzte" | "within")
}
