//! What the classifier learns from: examples, sentences drawn from templates, and sentences that are none of our business.

use super::features::{delexicalise, features};
use super::samples::Samples;
use crate::Lang;
use crate::catalogue::{Catalogue, IntentSpec, SlotType};
use crate::names::{Lattice, Names};
use crate::template::{Node, Rng, sample};
use crate::text::Text;

/// How many sentences are drawn from a template: more from one that says more.
fn draws(node: &Node) -> usize {
    (leaves(node) / 4).clamp(2, 6)
}

fn leaves(node: &Node) -> usize {
    match node {
        Node::Seq(parts) | Node::Alt(parts) => parts.iter().map(leaves).sum(),
        Node::Opt(inner) => leaves(inner),
        _ => 1,
    }
}

/// All that can be learnt from a catalogue.
pub(crate) fn corpus(catalogue: &Catalogue) -> Samples {
    let none = catalogue.intents().count();
    let mut rng = Rng::new(7);
    let mut out: Vec<(String, usize, f32)> = Vec::new();
    for (class, spec) in catalogue.intents().enumerate() {
        for lang in Lang::ALL {
            for line in spec.templates.get(lang) {
                for _ in 0..draws(&line.node) {
                    out.push((draw(spec, &line.node, lang, &mut rng), class, 0.5));
                }
            }
            for line in spec.examples.get(lang) {
                out.push((draw(spec, &line.node, lang, &mut rng), class, 3.0));
                // The same with a polite beginning, as people write.
                let opening = catalogue.shared.opening.get(lang);
                if let Some(before) = opening.get(rng.below(opening.len())) {
                    let polite = sample(&before.node, &mut rng, &mut |_, _| String::new());
                    out.push((format!("{polite} {}", draw(spec, &line.node, lang, &mut rng)), class, 1.0));
                }
            }
            for text in spec.counter_examples.get(lang) {
                out.push((text.replace(['{', '}'], "@"), none, 3.0));
            }
        }
    }
    for lang in Lang::ALL {
        out.extend(
            catalogue.none.examples.get(lang).iter().map(|text| (text.replace(['{', '}'], "@"), none, 2.0)),
        );
    }
    balance(&mut out, none);
    let mut samples = Samples::default();
    for (text, class, weight) in out {
        samples.push(&features(&words(&text)), class, weight);
    }
    samples
}

/// Each intent weighs the same however many templates it has; `none` weighs as several of them.
fn balance(samples: &mut [(String, usize, f32)], none: usize) {
    let mut sums = vec![0.0_f32; none + 1];
    samples.iter().for_each(|s| sums[s.1] += s.2);
    for sample in samples {
        let share = if sample.1 == none { 400.0 } else { 150.0 };
        sample.2 *= share / sums[sample.1].max(1.0);
    }
}

/// Words of a drawn sentence; what stands for a slot is already a tag such as `@service`.
fn words(text: &str) -> Vec<String> {
    let names = Names::default();
    let mut out = Vec::new();
    let mut plain = String::new();
    let flush = |plain: &mut String, out: &mut Vec<String>| {
        let text = Text::new(plain, |_| false);
        out.extend(delexicalise(&text, &Lattice::new(&text, &names, &|_| true)));
        plain.clear();
    };
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        if let Some(tag) = bare.strip_prefix('@') {
            flush(&mut plain, &mut out);
            out.push(format!("@{}", tag.trim_end_matches('@')));
        } else {
            plain.push_str(word);
            plain.push(' ');
        }
    }
    flush(&mut plain, &mut out);
    out
}

pub(crate) fn draw(spec: &IntentSpec, node: &Node, lang: Lang, rng: &mut Rng) -> String {
    sample(node, rng, &mut |slots, rng| {
        let name = &slots[rng.below(slots.len())];
        spec.slot(name).map_or_else(String::new, |slot| {
            format!(" {} ", placeholder(slot.kind, slot.everything.is_some(), lang, rng))
        })
    })
}

fn placeholder(kind: SlotType, everything: bool, lang: Lang, rng: &mut Rng) -> &'static str {
    let german = lang == Lang::De;
    let options: &[&str] = match kind {
        SlotType::Service => &["@service"],
        SlotType::Host | SlotType::Node => &["@host"],
        SlotType::Version => &["@ver"],
        SlotType::Count => &["@num", "@num", "@num", if german { "eine" } else { "one" }],
        SlotType::Duration | SlotType::Horizon => &["@dur"],
        SlotType::Alert => &["@alert"],
        // A secret that the inventory does not have is said in words.
        SlotType::Secret if german => &[
            "@secret",
            "@secret",
            "@secret",
            "@secret",
            "passwort von @service",
            "passwort für @service",
            "@service passwort",
            "@service token",
        ],
        SlotType::Secret => &[
            "@secret",
            "@secret",
            "@secret",
            "@secret",
            "password of @service",
            "@service password",
            "@service token",
        ],
        SlotType::Operation => &["@num"],
        SlotType::Time => &["@dur", "@dur", "@day"],
        SlotType::Snapshot => &["@snap", "@day", "@day", if german { "neuesten" } else { "latest" }],
        SlotType::Severity if german => &["kritische", "kritischen", "warnungen", "info"],
        SlotType::Severity => &["critical", "warning", "info"],
        SlotType::Scope if german => {
            &["ssh", "tls", "firewall", "container", "backups", "dsgvo", "passwörter", "cis", "zertifikate"]
        }
        SlotType::Scope => {
            &["ssh", "tls", "firewall", "containers", "backups", "gdpr", "passwords", "cis", "certificates"]
        }
        SlotType::Matcher if german => {
            &["@alert", "@service", "@host", "kritische", "warnungen", "kritischen", "@matcher"]
        }
        SlotType::Matcher => &["@alert", "@service", "@host", "critical", "warning", "@matcher"],
        SlotType::Target if everything && rng.below(6) == 0 => &[if german { "alles" } else { "everything" }],
        SlotType::Target => &["@service", "@service", "@host"],
    };
    options[rng.below(options.len())]
}
