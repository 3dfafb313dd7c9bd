//! Every sentence that a template can say is read as its intent, with its slots: all intents, both languages, all types of
//! slots, names of random inventories.

mod random;

use crate::catalogue::IntentSpec;
use crate::names::Sort;
use crate::reading::{Ask, Slots};
use crate::template::Rng;
use crate::text::Text;
use crate::{Catalogue, Inventory, Lang, Names, Outcome, Understanding};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static UNDERSTANDING: LazyLock<Understanding> =
    LazyLock::new(|| Understanding::new(Catalogue::builtin().unwrap()));

/// How many inventories are drawn, and how many sentences from each template for each of them.
const INVENTORIES: u64 = 5;
const DRAWS: usize = 2;

/// Draws sentences from all templates (or examples) and calls `each` with intent, slots, text and names.
fn draw(
    lines: fn(&IntentSpec, Lang) -> &[crate::catalogue::Line],
    mut each: impl FnMut(&IntentSpec, &str, &Slots, &Names, Lang, &str),
) {
    for seed in 1..=INVENTORIES {
        let mut rng = Rng::new(seed);
        let inventory: Inventory = random::inventory(&UNDERSTANDING.grammar, &mut rng);
        let names = Names::new(&inventory);
        for spec in UNDERSTANDING.catalogue().intents() {
            for lang in Lang::ALL {
                for line in lines(spec, lang) {
                    for _ in 0..DRAWS {
                        let (text, slots) = random::sentence(spec, &line.node, lang, &inventory, &mut rng);
                        each(spec, &text, &slots, &names, lang, &line.text);
                    }
                }
            }
        }
    }
}

/// The templates as such: each sentence fits the template it was drawn from, with the slots it was drawn with.
#[test]
fn every_drawn_sentence_fits_its_intent() {
    let specs: Vec<&IntentSpec> = UNDERSTANDING.catalogue().intents().collect();
    let (mut drawn, mut failed, mut types) = (0, Vec::new(), BTreeSet::new());
    draw(
        |spec, lang| spec.templates.get(lang),
        |spec, text, slots, names, _, template| {
            let read = Text::new(text, |s| names.knows(s));
            let lattice = UNDERSTANDING.lattice(&read, names);
            let found = UNDERSTANDING.grammar.read(&specs, &read, &lattice, Sort::Ambiguous);
            drawn += 1;
            types.extend(
                slots.keys().filter_map(|name| spec.slot(name)).map(|slot| format!("{:?}", slot.kind)),
            );
            let fits = found.iter().any(|found| {
                let outcomes = crate::resolve::outcomes(spec, found, names);
                let same = match outcomes.as_slice() {
                    [Outcome::Intent(intent)] => intent.slots == *slots,
                    [Outcome::Ask(ask)] => agrees(ask, slots),
                    _ => false,
                };
                specs[found.intent].name == spec.name && same
            });
            if !fits {
                failed.push(format!("{}: {text} {slots:?} by {template}", spec.name));
            }
        },
    );
    println!(
        "{drawn} sentences, {} of them not read by their template:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert_eq!(types.len(), 16, "all types of slots: {types:?}");
    assert!(failed.is_empty(), "{} of {drawn}", failed.len());
}

/// All readers together: a sentence of a template becomes its intent with its slots, or a question that offers it; and
/// never another change to the homelab.
#[test]
fn every_drawn_sentence_is_read_or_asked_about() {
    let (mut drawn, mut right, mut failed) = (0, 0, Vec::new());
    draw(
        |spec, lang| spec.templates.get(lang),
        |spec, text, slots, names, lang, template| {
            let reading = UNDERSTANDING.read(text, names, Some(lang));
            drawn += 1;
            let fine = match &reading.outcome {
                Outcome::Intent(intent) if intent.name == spec.name && intent.slots == *slots => {
                    right += 1;
                    true
                }
                Outcome::Ask(ask) => offers(ask, spec),
                _ => false,
            };
            if let Outcome::Intent(intent) = &reading.outcome {
                assert!(!intent.changes || fine, "{text} {slots:?} by {template} becomes {intent:?}");
            }
            if !fine {
                failed.push(format!("{}: {text} {slots:?} by {template}: {:?}", spec.name, reading.outcome));
            }
        },
    );
    println!("{drawn} sentences, {right} read at once, {} not read:\n{}", failed.len(), failed.join("\n"));
    assert!(right * 100 >= drawn * 90, "{right} of {drawn}");
    assert!(failed.len() * 1000 <= drawn * ALLOWED, "{} of {drawn}", failed.len());
}

/// All readers together: an example of the catalogue is read as its intent, or asked about; one in two hundred may be read as
/// another that changes nothing, and none as another that does.
#[test]
fn no_example_is_read_as_another_intent() {
    let (mut right, mut all, mut others) = (0, 0, Vec::new());
    draw(
        |spec, lang| spec.examples.get(lang),
        |spec, text, _, names, lang, _| {
            let reading = UNDERSTANDING.read(text, names, Some(lang));
            all += 1;
            if let Outcome::Intent(intent) = &reading.outcome {
                let same = intent.name == spec.name;
                assert!(same || !intent.changes, "{text}: {reading:#?}");
                right += usize::from(same);
                if !same {
                    others.push(format!("{}: {text}: {}", spec.name, intent.name));
                }
            }
        },
    );
    assert!(others.len() * 200 <= all, "{} of {all}:\n{}", others.len(), others.join("\n"));
    assert!(right * 100 >= all * 90, "{right} of {all}");
}

/// In a thousand, with all readers: "how many warnings are on" is a sentence without a severity by its template, and has one all the same.
const ALLOWED: usize = 1;

/// Whether what is known already is right.
fn agrees(ask: &Ask, slots: &Slots) -> bool {
    ask.slots.iter().all(|(name, value)| slots.get(name) == Some(value))
}

/// Whether the question is about the intent, or has it among its options.
fn offers(ask: &Ask, spec: &IntentSpec) -> bool {
    ask.intent == spec.name
        || ask.options.iter().any(|option| option.intent.as_deref() == Some(spec.name.as_str()))
}
