//! Random inventories, and what can be said for a slot in them.

use crate::catalogue::{IntentSpec, SlotType};
use crate::grammar::Grammar;
use crate::inventory::Thing;
use crate::reading::Slots;
use crate::template::{Node, Rng, sample};
use crate::{Inventory, Lang};

/// An inventory whose names are no words of the catalogue.
pub(super) fn inventory(grammar: &Grammar, rng: &mut Rng) -> Inventory {
    let mut names = Vec::new();
    while names.len() < 24 {
        let name = name(rng);
        let parts: Vec<&str> = name.split('-').collect();
        let strange = parts.iter().all(|part| !grammar.is_word(part)) && !grammar.is_word(&parts.concat());
        if strange && !names.iter().any(|known: &String| near(known, &name)) {
            names.push(name);
        }
    }
    let mut take = |n: usize| names.drain(..n).collect::<Vec<String>>();
    let camel = |name: String| name.split('-').map(capital).collect::<String>();
    Inventory {
        services: take(8).into_iter().map(|name| (name, Thing::default())).collect(),
        hosts: take(6).into_iter().map(|name| (name, Thing::default())).collect(),
        alerts: take(5).into_iter().map(camel).collect(),
        secrets: take(5)
            .into_iter()
            .enumerate()
            .map(|(n, name)| format!("{name}-{}", ["key", "token", "psk"][n % 3]))
            .collect(),
        compliance_scopes: ["ssh", "firewall", "tls"].map(str::to_owned).to_vec(),
    }
}

/// Whether one of two names could be taken for the other.
fn near(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.replace('-', "");
    crate::names::distance(&plain(a), &plain(b), 2).is_some()
        || plain(a).contains(&plain(b))
        || plain(b).contains(&plain(a))
}

fn name(rng: &mut Rng) -> String {
    const PARTS: [&str; 20] = [
        "ka", "lor", "mi", "tuv", "zep", "bri", "dox", "fal", "gim", "hux", "jor", "kew", "nal", "pyx",
        "quo", "rif", "syl", "tam", "wob", "yen",
    ];
    let mut name: String = (0..2 + rng.below(2)).map(|_| PARTS[rng.below(PARTS.len())]).collect();
    match rng.below(6) {
        0 => name.push_str(&format!("-{}", 1 + rng.below(9))),
        1 => name.push_str(&format!("-{}{}", PARTS[rng.below(PARTS.len())], PARTS[rng.below(PARTS.len())])),
        _ => {}
    }
    name
}

fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}

/// A sentence of a template, said about an inventory, and the slots that it means.
pub(super) fn sentence(
    spec: &IntentSpec,
    node: &Node,
    lang: Lang,
    of: &Inventory,
    rng: &mut Rng,
) -> (String, Slots) {
    let mut slots = Slots::new();
    let text = sample(node, rng, &mut |names, rng| {
        let slot = spec.slot(&names[rng.below(names.len())]).expect("checked when it was loaded");
        let (text, value) = say(slot.kind, lang, of, rng);
        slots.insert(slot.name.clone(), value);
        text
    });
    (text, slots)
}

fn say(kind: SlotType, lang: Lang, of: &Inventory, rng: &mut Rng) -> (String, String) {
    let german = lang == Lang::De;
    let fixed = |options: &[(&str, &str)], rng: &mut Rng| {
        let (text, value) = options[rng.below(options.len())];
        (text.to_owned(), value.to_owned())
    };
    let one = |names: Vec<&String>, rng: &mut Rng| names[rng.below(names.len())].clone();
    match kind {
        SlotType::Service => named(one(of.services.keys().collect(), rng), rng),
        SlotType::Host | SlotType::Node => named(one(of.hosts.keys().collect(), rng), rng),
        SlotType::Target => named(one(of.services.keys().chain(of.hosts.keys()).collect(), rng), rng),
        SlotType::Alert => named(one(of.alerts.iter().collect(), rng), rng),
        SlotType::Secret => named(one(of.secrets.iter().collect(), rng), rng),
        SlotType::Scope => named(one(of.compliance_scopes.iter().collect(), rng), rng),
        SlotType::Version => {
            let version = format!("{}.{}.{}", rng.below(30), rng.below(99), rng.below(20));
            (format!("{}{version}", ["", "v"][rng.below(2)]), version)
        }
        SlotType::Count if german => {
            fixed(&[("3", "3"), ("zwei", "2"), ("fünf", "5"), ("12", "12"), ("zehn", "10")], rng)
        }
        SlotType::Count => {
            fixed(&[("3", "3"), ("two", "2"), ("five", "5"), ("12", "12"), ("ten", "10")], rng)
        }
        SlotType::Duration | SlotType::Horizon => duration(german, rng),
        SlotType::Time if rng.below(2) == 0 => duration(german, rng),
        SlotType::Time if german => {
            fixed(&[("gestern", "yesterday"), ("heute", "today"), ("2024-10-01", "2024-10-01")], rng)
        }
        SlotType::Time => {
            fixed(&[("yesterday", "yesterday"), ("today", "today"), ("2024-10-01", "2024-10-01")], rng)
        }
        SlotType::Severity if german => fixed(&[("kritische", "critical"), ("info", "info")], rng),
        SlotType::Severity => fixed(&[("critical", "critical"), ("info", "info")], rng),
        SlotType::Matcher => match rng.below(4) {
            0 => fixed(&[("severity=critical", "severity=critical"), ("job=\"node\"", "job=\"node\"")], rng),
            1 => named(one(of.alerts.iter().collect(), rng), rng),
            _ => named(one(of.services.keys().chain(of.hosts.keys()).collect(), rng), rng),
        },
        SlotType::Snapshot if german => {
            fixed(&[("a81bd0", "a81bd0"), ("gestern", "yesterday"), ("2024-10-01", "2024-10-01")], rng)
        }
        SlotType::Snapshot => {
            fixed(&[("9be12f", "9be12f"), ("yesterday", "yesterday"), ("2024-10-01", "2024-10-01")], rng)
        }
        SlotType::Operation => {
            let id = (1 + rng.below(200)).to_string();
            (format!("{}{id}", ["", "#"][rng.below(2)]), id)
        }
    }
}

/// A name as people write it.
fn named(name: String, rng: &mut Rng) -> (String, String) {
    let text = match rng.below(4) {
        0 => capital(&name),
        1 => name.to_uppercase(),
        2 => name.replace('-', " "),
        _ => name.clone(),
    };
    (text, name)
}

fn duration(german: bool, rng: &mut Rng) -> (String, String) {
    const UNITS: [(&str, &str, &str); 5] = [
        ("Minuten", "minutes", "m"),
        ("Stunden", "hours", "h"),
        ("Tage", "days", "d"),
        ("Wochen", "weeks", "w"),
        ("Monate", "months", "mo"),
    ];
    let ((de, en, unit), n) = (UNITS[rng.below(UNITS.len())], 2 + rng.below(40));
    let text = format!("{n} {}", if german { de } else { en });
    (text, format!("{n}{unit}"))
}
