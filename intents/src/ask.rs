//! Questions to the person.

use crate::catalogue::{Catalogue, IntentSpec, Slot, SlotType};
use crate::names::{Kind, Names};
use crate::reading::{Ask, Choice, Question, Slots};

/// As many options as there are keycap reactions.
const MOST: usize = 9;

/// Asks for a slot that was not said.
pub(crate) fn missing(spec: &IntentSpec, slots: Slots, slot: &Slot, names: &Names) -> Ask {
    let question = slot.question.as_ref().map_or_else(|| default_question(spec, slot), Question::from);
    let options = known(slot, names).into_iter().map(|value| choice(spec, &slot.name, value)).collect();
    Ask { intent: spec.name.clone(), slots, missing: Some(slot.name.clone()), options, question }
}

/// Says that a name is not known, and offers the near ones.
pub(crate) fn unknown(
    spec: &IntentSpec,
    slots: Slots,
    slot: &Slot,
    written: &str,
    near: &[String],
    names: &Names,
) -> Ask {
    let written = clean(written);
    let offer: Vec<String> =
        if near.is_empty() { known(slot, names) } else { near.iter().take(MOST).cloned().collect() };
    let (de, en) = if near.is_empty() {
        (format!("`{written}` kenne ich nicht."), format!("I don't know `{written}`."))
    } else {
        let list = |or: &str| near.iter().take(3).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(or);
        (
            format!("`{written}` kenne ich nicht; meintest du {}?", list(" oder ")),
            format!("I don't know `{written}`; did you mean {}?", list(" or ")),
        )
    };
    let question = if near.is_empty() {
        let ask = slot.question.as_ref().map_or_else(|| default_question(spec, slot), Question::from);
        Question { de: format!("{de} {}", ask.de), en: format!("{en} {}", ask.en) }
    } else {
        Question { de, en }
    };
    let options = offer.into_iter().map(|value| choice(spec, &slot.name, value)).collect();
    Ask { intent: spec.name.clone(), slots, missing: Some(slot.name.clone()), options, question }
}

/// One spelling, several things.
pub(crate) fn ambiguous(spec: &IntentSpec, slots: Slots, slot: &Slot, values: &[String]) -> Ask {
    let list = |or: &str| values.iter().take(MOST).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(or);
    let question = Question {
        de: format!("Was meinst du: {}?", list(" oder ")),
        en: format!("Which do you mean: {}?", list(" or ")),
    };
    let options = values.iter().take(MOST).map(|v| choice(spec, &slot.name, v.clone())).collect();
    Ask { intent: spec.name.clone(), slots, missing: Some(slot.name.clone()), options, question }
}

/// Two or more readings of a sentence.
pub(crate) fn which(catalogue: &Catalogue, readings: &[(String, Slots)], lang: crate::Lang) -> Ask {
    let question = if readings.len() == 1 {
        Question {
            de: "Ich bin nicht sicher. Meinst du das?".into(),
            en: "I am not sure. Is this what you mean?".into(),
        }
    } else {
        Question { de: "Was davon meinst du?".into(), en: "Which of these do you mean?".into() }
    };
    let options = readings
        .iter()
        .take(MOST)
        .map(|(name, slots)| Choice {
            label: describe(catalogue, name, slots, lang),
            intent: Some(name.clone()),
            slots: slots.clone(),
        })
        .collect();
    let (intent, slots) = readings.first().cloned().unwrap_or_default();
    Ask { intent, slots, missing: None, options, question }
}

/// What an intent with its slots does, in a few words.
pub(crate) fn describe(catalogue: &Catalogue, name: &str, slots: &Slots, lang: crate::Lang) -> String {
    let does = catalogue.get(name).map_or(name, |i| i.does.get(lang));
    let values: Vec<String> = slots.values().map(|v| format!("`{v}`")).collect();
    if values.is_empty() { does.to_owned() } else { format!("{does} ({})", values.join(", ")) }
}

/// The values that can be offered for a slot, when they are few.
fn known(slot: &Slot, names: &Names) -> Vec<String> {
    let kinds: &[Kind] = match slot.kind {
        SlotType::Count
        | SlotType::Duration
        | SlotType::Horizon
        | SlotType::Matcher
        | SlotType::Severity
        | SlotType::Time => &[],
        kind => kind.kinds(),
    };
    let all: Vec<String> = kinds.iter().flat_map(|k| names.all(*k)).cloned().collect();
    match slot.kind {
        SlotType::Duration => ["1h", "4h", "1d"].map(str::to_owned).to_vec(),
        _ if all.len() <= MOST => all,
        _ => Vec::new(),
    }
}

fn choice(spec: &IntentSpec, slot: &str, value: String) -> Choice {
    Choice {
        label: value.clone(),
        intent: Some(spec.name.clone()),
        slots: Slots::from([(slot.to_owned(), value)]),
    }
}

fn default_question(spec: &IntentSpec, slot: &Slot) -> Question {
    Question {
        de: format!("{}: {}?", spec.does.de, slot.name),
        en: format!("{}: {}?", spec.does.en, slot.name),
    }
}

/// What a person wrote, fit to be quoted in a question.
fn clean(written: &str) -> String {
    written.chars().filter(|c| !c.is_control() && *c != '`').take(60).collect()
}
