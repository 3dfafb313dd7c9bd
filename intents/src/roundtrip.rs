//! Every sentence that a template can say is read as its intent, with its slots.

use crate::catalogue::{IntentSpec, SlotType};
use crate::names::Sort;
use crate::template::{Rng, sample};
use crate::text::Text;
use crate::{Catalogue, Inventory, Lang, Names, Outcome, Understanding};
use std::collections::BTreeMap;

fn lab() -> Names {
    Names::new(&Inventory::from_json(include_str!("../tests/data/inventory.json")).unwrap())
}

/// A text for a slot and the value that it means.
fn value(kind: SlotType, rng: &mut Rng) -> (&'static str, &'static str) {
    let options: &[(&str, &str)] = match kind {
        SlotType::Service => &[
            ("Jellyfin", "jellyfin"),
            ("den Dienst grafana", "grafana"),
            ("uptime kuma", "uptime-kuma"),
            ("Home Assistant", "homeassistant"),
        ],
        SlotType::Host | SlotType::Node => &[("nas", "nas"), ("dem nuc", "nuc"), ("Proxmox1", "proxmox1")],
        SlotType::Target => &[("gitea", "gitea"), ("pi5", "pi5")],
        SlotType::Version => &[("2.10.4", "2.10.4"), ("v1.30.1", "1.30.1")],
        SlotType::Count => &[("3", "3"), ("zwei", "2"), ("five", "5")],
        SlotType::Duration | SlotType::Horizon => {
            &[("2 Stunden", "2h"), ("90m", "90m"), ("half a year", "6mo"), ("anderthalb Stunden", "90m")]
        }
        SlotType::Time => &[("30 minutes", "30m"), ("gestern", "yesterday"), ("2024-10-01", "2024-10-01")],
        SlotType::Alert => {
            &[("DiskFull", "DiskFull"), ("disk full", "DiskFull"), ("NodeDown Alarm", "NodeDown")]
        }
        SlotType::Secret => {
            &[("restic-key", "restic-key"), ("wifi psk", "wifi-psk"), ("Gitea-Token", "gitea-token")]
        }
        SlotType::Scope => &[("ssh", "ssh"), ("firewall", "firewall"), ("tls", "tls")],
        SlotType::Severity => &[("kritische", "critical"), ("critical", "critical"), ("info", "info")],
        SlotType::Matcher => {
            &[("HighCPU", "HighCPU"), ("grafana", "grafana"), ("severity=critical", "severity=critical")]
        }
        SlotType::Snapshot => &[("a81bd0", "a81bd0"), ("gestern", "yesterday"), ("2024-10-01", "2024-10-01")],
        SlotType::Operation => &[("12", "12"), ("#23", "23")],
    };
    options[rng.below(options.len())]
}

fn said(spec: &IntentSpec, names: &[String], rng: &mut Rng, slots: &mut BTreeMap<String, String>) -> String {
    let name = &names[rng.below(names.len())];
    let (text, value) = value(spec.slot(name).unwrap().kind, rng);
    slots.insert(name.clone(), value.to_owned());
    text.to_owned()
}

/// The templates as such: each sentence fits the template it was drawn from, with the slots it was drawn with.
#[test]
fn every_drawn_sentence_fits_its_intent() {
    let (names, catalogue) = (lab(), Catalogue::builtin().unwrap());
    let grammar = crate::grammar::Grammar::new(&catalogue);
    let specs: Vec<&IntentSpec> = catalogue.intents().collect();
    let mut rng = Rng::new(3);
    let (mut drawn, mut failed) = (0, Vec::new());
    for (intent, spec) in specs.iter().enumerate() {
        for line in Lang::ALL.iter().flat_map(|l| spec.templates.get(*l)) {
            for _ in 0..3 {
                let mut slots = BTreeMap::new();
                let text = sample(&line.node, &mut rng, &mut |names, rng| said(spec, names, rng, &mut slots));
                let read = Text::new(&text, |_| false);
                let lattice = crate::names::Lattice::new(&read, &names, &|w| grammar.is_word(w));
                let found = grammar.read(&specs, &read, &lattice, Sort::Ambiguous);
                drawn += 1;
                let fits = found.iter().any(|f| {
                    let all = super::resolve::outcomes(spec, f, &names);
                    let same = match all.as_slice() {
                        [Outcome::Intent(i)] => i.slots == slots,
                        [Outcome::Ask(a)] => a.slots == slots,
                        _ => false,
                    };
                    f.intent == intent && same
                });
                if !fits {
                    failed.push(format!("{}: {text} {slots:?} by {}", spec.name, line.text));
                }
            }
        }
    }
    assert!(failed.len() * 100 <= drawn, "{} of {drawn}:\n{}", failed.len(), failed.join("\n"));
}

/// All readers together: an example of the catalogue is read as its intent, or asked about; never as another.
#[test]
fn no_example_is_read_as_another_intent() {
    let (names, understanding) = (lab(), Understanding::new(Catalogue::builtin().unwrap()));
    let mut rng = Rng::new(5);
    let (mut right, mut all) = (0, 0);
    for spec in understanding.catalogue().intents() {
        for lang in Lang::ALL {
            for line in spec.examples.get(lang) {
                let mut slots = BTreeMap::new();
                let text = sample(&line.node, &mut rng, &mut |names, rng| said(spec, names, rng, &mut slots));
                let reading = understanding.read(&text, &names, Some(lang));
                all += 1;
                match &reading.outcome {
                    Outcome::Intent(i) => {
                        assert_eq!(i.name, spec.name, "{text}: {reading:#?}");
                        right += 1;
                    }
                    Outcome::Ask(_) | Outcome::None(_) => {}
                }
            }
        }
    }
    assert!(right * 100 >= all * 95, "{right} of {all}");
}
