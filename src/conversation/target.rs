//! From an intent to a task: what the executor shall do, and on which hosts. The intent's file names the action, and its
//! slots' types say which of them is the service and which the host.

use std::collections::{BTreeMap, BTreeSet};

use ralf_intents::{Ask, Choice, Intent, IntentSpec, Lang, RiskSource, SlotType};

use super::words;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::inventory::{Inventory, observe};
use crate::plan::Task;
use crate::report::{Text, messages, t};

/// What became of an intent.
pub(super) enum Resolved {
    /// It can be planned.
    Task(Task),
    /// A person has to choose.
    Ask(Ask),
    /// It can't be done, and why.
    Say(Text),
    /// Nothing here could do it.
    Unable,
}

/// Finds the hosts. A host that was not said is the one where the service runs; several are asked about. A stack has none.
/// `alone` says that the sentence asks for nothing else.
pub(super) async fn resolve(
    house: &House,
    lang: Lang,
    intent: &Intent,
    (sentence, alone): (&str, bool),
) -> Result<Resolved, HandleError> {
    let spec = house.catalogue.get(&intent.name).filter(|spec| spec.risk == RiskSource::Executor);
    let planned = spec.and_then(|spec| Some((spec, spec.plan.as_deref()?)));
    let Some((spec, action)) = planned.filter(|(_, action)| house.executors.knows(action)) else {
        return Ok(Resolved::Unable);
    };
    let (inventory, _) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => return Ok(Resolved::Say(messages::no_inventory(lang, &error.to_string()))),
    };
    let Said { service, hosts: slot } = said(spec, intent, &inventory);
    if let Some(stack) = service.as_ref().filter(|service| inventory.stacks.contains(*service)) {
        if !slot.is_empty() || named_host(&inventory, sentence, stack, alone).is_some() {
            return Ok(Resolved::Say(messages::stack_is_on_no_host(lang, stack)));
        }
        return Ok(Resolved::Task(task(house, intent, action, service, Vec::new())));
    }
    if !slot.is_empty() {
        return Ok(Resolved::Task(task(house, intent, action, service, slot)));
    }
    let ask = |hosts: &[String]| Ok(Resolved::Ask(which_host(spec, intent, service.as_deref(), hosts)));
    let Some(service) = &service else {
        // Only an intent that has a place for a host can be about one.
        let all: Vec<String> = inventory.hosts.keys().cloned().collect();
        return if host_slot(spec).is_some() && !all.is_empty() { ask(&all) } else { Ok(Resolved::Unable) };
    };
    // An intent without a slot for the host may have been said with one all the same.
    let hosts = match named_host(&inventory, sentence, service, alone) {
        Some(host) => vec![host],
        None => {
            let there = whereabouts(house, &inventory, service).await?;
            let candidates: Vec<String> = match (action, there.is_empty()) {
                ("deploy", true) => inventory.hosts_of(service).map(|(name, _)| name.to_owned()).collect(),
                (_, true) => {
                    return Ok(Resolved::Say(Text::new().line(&match lang {
                        Lang::De => format!("`{service}` ist nirgends eingerichtet; es gibt nichts zu tun. `Installiere {service}` richtet es ein."),
                        Lang::En => format!("`{service}` is not set up anywhere; there is nothing to do. `Install {service}` sets it up."),
                    })));
                }
                _ => there.into_iter().collect(),
            };
            match candidates.as_slice() {
                [only] => vec![only.clone()],
                [] => {
                    return Ok(Resolved::Say(Text::new().line(t(
                        lang,
                        "Dafür gibt es im Inventar keinen Host.",
                        "There is no host for it in the inventory.",
                    ))));
                }
                several => return ask(several),
            }
        }
    };
    Ok(Resolved::Task(task(house, intent, action, Some(service.clone()), hosts)))
}

/// What an intent is about, from its slots.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    service: Option<String>,
    hosts: Vec<String>,
}

fn said(spec: &IntentSpec, intent: &Intent, inventory: &Inventory) -> Said {
    let mut found = Said { service: None, hosts: Vec::new() };
    // What a question about the host was answered with, in whatever intent.
    for name in ["node", "host"].into_iter().filter(|name| spec.slot(name).is_none()) {
        found.hosts.extend(intent.slots.get(name).cloned());
    }
    for slot in &spec.slots {
        let Some(value) = intent.slots.get(&slot.name) else { continue };
        match slot.kind {
            SlotType::Service => found.service = Some(value.clone()),
            SlotType::Host | SlotType::Node => found.hosts.push(value.clone()),
            SlotType::Target if slot.everything.as_ref() == Some(value) => {
                found.hosts.extend(inventory.hosts.keys().cloned());
            }
            SlotType::Target if inventory.hosts.contains_key(value) => found.hosts.push(value.clone()),
            SlotType::Target => found.service = Some(value.clone()),
            _ => {}
        }
    }
    found.hosts.sort();
    found.hosts.dedup();
    found
}

/// The slot that a host is put into, if the intent has one.
fn host_slot(spec: &IntentSpec) -> Option<&str> {
    let host = |kind| matches!(kind, SlotType::Host | SlotType::Node);
    spec.slots.iter().find(|slot| host(slot.kind)).map(|slot| slot.name.as_str())
}

fn task(house: &House, intent: &Intent, action: &str, service: Option<String>, hosts: Vec<String>) -> Task {
    Task {
        operation: house.new_operation_id(),
        intent: intent.name.clone(),
        action: action.into(),
        service,
        hosts,
        slots: intent.slots.clone(),
    }
}

/// Where a service is: where it answers now, and where we set it up and did not remove it since.
pub(super) async fn whereabouts(
    house: &House,
    inventory: &Inventory,
    service: &str,
) -> Result<BTreeSet<String>, HandleError> {
    let seen = observe::observe(inventory, house.http(), |name, _| name == service).await;
    let running = seen.into_iter().filter(|seen| seen.state == observe::State::Running).map(|seen| seen.host);
    let mut there: BTreeSet<String> = running.collect();
    there.extend(
        house.store.deployed(service).await?.into_iter().filter(|host| inventory.hosts.contains_key(host)),
    );
    Ok(there)
}

/// The one host that a sentence names for a service, by name or alias. What stands in the same clause as another service
/// is that one's; where the sentence asks for several things, the clause has to name the service itself.
fn named_host(inventory: &Inventory, sentence: &str, service: &str, alone: bool) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_said = |clause: &str, name: &str| {
        clause
            .split(|c: char| !is_part(c))
            .any(|word| word.trim_matches('.').to_lowercase() == name.to_lowercase())
    };
    let hosts = |clause: &str| -> Vec<&String> {
        let hosts = inventory.hosts.iter().filter(|(name, host)| {
            is_said(clause, name) || host.aliases.iter().any(|alias| is_said(clause, alias))
        });
        hosts.map(|(name, _)| name).collect()
    };
    let [host] = hosts(sentence)[..] else { return None };
    let is_its = |clause: &String| {
        let mut said = format!(" {} ", words::plain(clause));
        let mut says = |name: &str, aliases: &[String]| {
            let names = [name].into_iter().chain(aliases.iter().map(String::as_str));
            // Whole names only, and what is one thing's name is no longer another's.
            names.map(words::plain).filter(|name| !name.is_empty()).fold(false, |any, name| {
                let name = format!(" {name} ");
                let is = said.contains(&name);
                said = said.replace(&name, "  ");
                any || is
            })
        };
        says(host, inventory.hosts.get(host).map_or(&[][..], |host| host.aliases.as_slice()));
        let of_it = inventory.services.get(service).map_or(&[][..], |service| service.aliases.as_slice());
        let itself = says(service, of_it);
        let others = inventory.services.iter().map(|(name, service)| (name, service.aliases.as_slice()));
        let stacks = inventory.stacks.iter().map(|name| (name, &[][..]));
        let others = others.chain(stacks).filter(|(name, _)| *name != service);
        let other = others.fold(false, |any, (name, aliases)| says(name, aliases) || any);
        !other && (alone || itself)
    };
    clauses(sentence).iter().any(|clause| !hosts(clause).is_empty() && is_its(clause)).then(|| host.clone())
}

/// A sentence in parts, each with its own verb, roughly: cut at punctuation and at "und", "dann" and the like.
fn clauses(sentence: &str) -> Vec<String> {
    let mut clauses = vec![String::new()];
    for word in sentence.split_whitespace() {
        let link = ["und", "and", "dann", "then", "sowie", "aber", "but"];
        if link.contains(&word.to_lowercase().as_str()) {
            clauses.push(String::new());
            continue;
        }
        if let Some(clause) = clauses.last_mut() {
            clause.push_str(word);
            clause.push(' ');
        }
        if word.ends_with([',', ';', '.', '!', '?', ':']) {
            clauses.push(String::new());
        }
    }
    clauses
}

fn which_host(spec: &IntentSpec, intent: &Intent, service: Option<&str>, hosts: &[String]) -> Ask {
    let slot = host_slot(spec).unwrap_or("node");
    let options = hosts.iter().take(9).map(|host| {
        let mut slots: BTreeMap<String, String> = intent.slots.clone();
        slots.insert(slot.into(), host.clone());
        Choice { label: host.clone(), intent: Some(intent.name.clone()), slots }
    });
    let (de, en) = match (service, intent.name.as_str()) {
        (None, _) => ("Auf welchem Host?".into(), "On which host?".into()),
        (Some(service), "deploy_service") => (
            format!("Auf welchem Host soll {service} laufen?"),
            format!("On which host shall {service} run?"),
        ),
        (Some(service), _) => (
            format!("{service} gibt es auf mehreren Hosts. Welchen meinst du?"),
            format!("{service} is on several hosts. Which one do you mean?"),
        ),
    };
    let question = ralf_intents::Question { de, en };
    Ask {
        intent: intent.name.clone(),
        slots: intent.slots.clone(),
        missing: Some(slot.into()),
        options: options.collect(),
        question,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_told_apart_by_their_types() {
        let mut catalogue = ralf_intents::Catalogue::builtin().unwrap();
        let text = "name = \"stop\"\nbot = \"infra\"\nchanges = true\nplan = \"stop\"\n\
                    does = { de = \"a\", en = \"b\" }\ntemplates = { de = [\"halt {dienst} {ort}\"], en = [\"stop {dienst} {ort}\"] }\n\
                    slots = [{ name = \"dienst\", type = \"service\" }, { name = \"ort\", type = \"node\" }]\n";
        catalogue.add("stop.toml", text).unwrap();
        let mut inventory = Inventory::default();
        for name in ["node-1", "node-2"] {
            inventory.hosts.insert(name.into(), crate::inventory::Host::default());
        }
        let about = |name: &str, slots: &[(&str, &str)]| {
            let slots = slots.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let spec = catalogue.get(name).unwrap();
            let Said { service, hosts } =
                said(spec, &Intent { name: name.into(), slots, changes: true }, &inventory);
            (service.unwrap_or_default(), hosts.join(" "))
        };
        let is = |service: &str, hosts: &str| (service.to_owned(), hosts.to_owned());
        assert_eq!(about("stop", &[("dienst", "web"), ("ort", "node-2")]), is("web", "node-2"));
        assert_eq!(about("run_backup", &[("target", "web")]), is("web", ""));
        assert_eq!(about("run_backup", &[("target", "node-1")]), is("", "node-1"));
        assert_eq!(about("run_backup", &[("target", "all")]), is("", "node-1 node-2"));
        assert_eq!(about("restart_service", &[("service", "web"), ("host", "node-1")]), is("web", "node-1"));
        // The answer to a question about the host of an intent that has no slot for one.
        assert_eq!(about("remove_service", &[("service", "web"), ("node", "node-1")]), is("web", "node-1"));
    }

    #[test]
    fn a_host_counts_when_it_is_named_alone() {
        let mut inventory = Inventory::default();
        for name in ["node-1", "node-2"] {
            inventory.hosts.insert(name.into(), crate::inventory::Host::default());
        }
        for name in ["gitea", "grafana", "grafana-db"] {
            let service = toml::from_str("command = \"x\"").unwrap();
            inventory.services.insert(name.into(), service);
        }
        let host = |sentence, service, alone| named_host(&inventory, sentence, service, alone);
        let node = |n: u8| Some(format!("node-{n}"));
        assert_eq!(host("Entferne Gitea von Node-2.", "gitea", true), node(2));
        assert_eq!(host("Gitea auf node-2 ist alt, entferne es", "gitea", true), node(2));
        assert_eq!(host("move gitea from node-1 to node-2", "gitea", true), None);
        assert_eq!(host("node-21 is new", "gitea", true), None);
        assert_eq!(host("Entferne grafana-db von node-2", "grafana-db", true), node(2));
        // What is said of another service, or for another wish, is not borrowed.
        let both = "Entferne gitea und starte grafana auf node-1 neu";
        assert_eq!(host(both, "gitea", false), None);
        assert_eq!(host(both, "gitea", true), None);
        assert_eq!(host(both, "grafana", false), node(1));
        assert_eq!(host("Entferne gitea und starte den auf node-1 neu", "gitea", false), None);
    }
}
