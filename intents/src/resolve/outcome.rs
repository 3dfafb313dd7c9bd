//! From filled slots to outcomes.

use crate::ask;
use crate::catalogue::IntentSpec;
use crate::grammar::Found;
use crate::names::{Kind, Names, Sort};
use crate::reading::{Intent, Outcome, Slots};

/// Intent and slots of an outcome.
pub(crate) fn parts(outcome: &Outcome) -> Option<(String, Slots)> {
    match outcome {
        Outcome::Intent(i) => Some((i.name.clone(), i.slots.clone())),
        Outcome::Ask(a) => Some((a.intent.clone(), a.slots.clone())),
        Outcome::None(_) => None,
    }
}

/// What a fitting template comes to: one outcome, or one for each thing that was listed.
pub(crate) fn outcomes(spec: &IntentSpec, found: &Found, names: &Names) -> Vec<Outcome> {
    let mut all = vec![Slots::new()];
    let mut question = None;
    for filled in &found.filled {
        let (Some(slot), edge) = (spec.slot(&filled.slot), &filled.edge) else { continue };
        let mut put =
            |value: &str| all.iter_mut().for_each(|s| drop(s.insert(slot.name.clone(), value.to_owned())));
        match edge.sort {
            Sort::Exact => {
                let value = edge.values.first().map_or("", String::as_str);
                put(if edge.kind == Kind::All { slot.everything.as_deref().unwrap_or(value) } else { value });
            }
            Sort::Each => {
                let with = |value: &String| {
                    let one = (slot.name.clone(), value.clone());
                    all.iter()
                        .map(|s| s.clone().into_iter().chain([one.clone()]).collect())
                        .collect::<Vec<Slots>>()
                };
                all = edge.values.iter().flat_map(with).collect();
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
