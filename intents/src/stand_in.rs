//! What can be said for a slot where there is no inventory: for trying sentences of a catalogue.

use crate::Inventory;
use crate::Lang;
use crate::catalogue::{IntentSpec, SlotType};
use crate::inventory::Thing;
use crate::reading::Slots;
use crate::template::{Node, Rng, sample};

/// Has every name that [`say`] says.
pub(crate) fn inventory() -> Inventory {
    let things = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Thing::default())).collect();
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Inventory {
        services: things(&["jellyfin", "grafana", "uptime-kuma"]),
        hosts: things(&["node-1", "node-2"]),
        alerts: list(&["DiskFull", "NodeDown"]),
        secrets: list(&["restic-key", "wifi-psk"]),
        compliance_scopes: list(&["ssh", "firewall"]),
    }
}

/// A sentence of a template and the slots that it means.
pub(crate) fn sentence(spec: &IntentSpec, node: &Node, lang: Lang, rng: &mut Rng) -> (String, Slots) {
    let mut slots = Slots::new();
    let text = sample(node, rng, &mut |names, rng| {
        let Some(slot) = spec.slot(&names[rng.below(names.len())]) else { return String::new() };
        let (text, value) = say(slot.kind, lang, rng);
        slots.insert(slot.name.clone(), value.to_owned());
        text.to_owned()
    });
    (text, slots)
}

/// A text for a slot, and its canonical value.
fn say(kind: SlotType, lang: Lang, rng: &mut Rng) -> (&'static str, &'static str) {
    let german = lang == Lang::De;
    let options: &[(&str, &str)] = match kind {
        SlotType::Service => {
            &[("Jellyfin", "jellyfin"), ("grafana", "grafana"), ("uptime kuma", "uptime-kuma")]
        }
        SlotType::Host | SlotType::Node => &[("node-1", "node-1"), ("Node-2", "node-2")],
        SlotType::Target => &[("grafana", "grafana"), ("node-2", "node-2")],
        SlotType::Version => &[("2.10.4", "2.10.4"), ("v1.30.1", "1.30.1")],
        SlotType::Count if german => &[("3", "3"), ("zwei", "2"), ("fünf", "5")],
        SlotType::Count => &[("3", "3"), ("two", "2"), ("five", "5")],
        SlotType::Duration | SlotType::Horizon if german => {
            &[("2 Stunden", "2h"), ("90m", "90m"), ("anderthalb Stunden", "90m")]
        }
        SlotType::Duration | SlotType::Horizon => {
            &[("2 hours", "2h"), ("90m", "90m"), ("half a year", "6mo")]
        }
        SlotType::Time if german => {
            &[("30 Minuten", "30m"), ("gestern", "yesterday"), ("2024-10-01", "2024-10-01")]
        }
        SlotType::Time => &[("30 minutes", "30m"), ("yesterday", "yesterday"), ("2024-10-01", "2024-10-01")],
        SlotType::Alert => &[("DiskFull", "DiskFull"), ("NodeDown", "NodeDown")],
        SlotType::Secret => &[("restic-key", "restic-key"), ("wifi-psk", "wifi-psk")],
        SlotType::Scope => &[("ssh", "ssh"), ("firewall", "firewall")],
        SlotType::Severity if german => &[("kritische", "critical"), ("info", "info")],
        SlotType::Severity => &[("critical", "critical"), ("info", "info")],
        SlotType::Matcher => {
            &[("DiskFull", "DiskFull"), ("grafana", "grafana"), ("severity=critical", "severity=critical")]
        }
        SlotType::Snapshot if german => &[("a81bd0", "a81bd0"), ("gestern", "yesterday")],
        SlotType::Snapshot => &[("a81bd0", "a81bd0"), ("yesterday", "yesterday")],
        SlotType::Operation => &[("12", "12"), ("#23", "23")],
    };
    options[rng.below(options.len())]
}
