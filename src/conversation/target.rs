//! From an intent to a task: what the executor shall do, and on which hosts.

use std::collections::{BTreeMap, BTreeSet};

use ralf_intents::{Ask, Choice, Intent, Lang};

use super::unable;
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
pub(super) async fn resolve(
    house: &House,
    lang: Lang,
    intent: &Intent,
    sentence: &str,
) -> Result<Resolved, HandleError> {
    let Some(action) = unable::action(&intent.name) else { return Ok(Resolved::Unable) };
    let (inventory, _) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => return Ok(Resolved::Say(messages::no_inventory(lang, &error.to_string()))),
    };
    let service = intent.slots.get("service").cloned();
    let slot = intent.slots.get("node").or_else(|| intent.slots.get("host")).cloned();
    if let Some(stack) = service.as_ref().filter(|service| inventory.stacks.contains(*service)) {
        if slot.or_else(|| named_host(&inventory, sentence)).is_some() {
            return Ok(Resolved::Say(messages::stack_is_on_no_host(lang, stack)));
        }
        return Ok(Resolved::Task(task(house, intent, action, service, Vec::new())));
    }
    // An intent without a slot for the host may have been said with one all the same.
    let said = slot.or_else(|| service.as_ref().and_then(|_| named_host(&inventory, sentence)));
    let hosts = match (&service, said) {
        (_, Some(host)) => vec![host],
        (Some(service), None) => {
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
                several => return Ok(Resolved::Ask(which_host(intent, service, several))),
            }
        }
        (None, None) => return Ok(Resolved::Unable),
    };
    Ok(Resolved::Task(task(house, intent, action, service, hosts)))
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
async fn whereabouts(
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

/// The one host that a sentence names, by name or alias.
fn named_host(inventory: &Inventory, sentence: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words: Vec<String> =
        sentence.split(|c: char| !is_part(c)).map(|word| word.trim_matches('.').to_lowercase()).collect();
    let is_said = |name: &str| words.iter().any(|word| *word == name.to_lowercase());
    let mut named = inventory
        .hosts
        .iter()
        .filter(|(name, host)| is_said(name) || host.aliases.iter().any(|alias| is_said(alias)));
    let (name, _) = named.next()?;
    named.next().is_none().then(|| name.clone())
}

fn which_host(intent: &Intent, service: &str, hosts: &[String]) -> Ask {
    let slot = if intent.name == "restart_service" { "host" } else { "node" };
    let options = hosts.iter().take(9).map(|host| {
        let mut slots: BTreeMap<String, String> = intent.slots.clone();
        slots.insert(slot.into(), host.clone());
        Choice { label: host.clone(), intent: Some(intent.name.clone()), slots }
    });
    let question = ralf_intents::Question {
        de: match intent.name.as_str() {
            "deploy_service" => format!("Auf welchem Host soll {service} laufen?"),
            _ => format!("{service} gibt es auf mehreren Hosts. Welchen meinst du?"),
        },
        en: match intent.name.as_str() {
            "deploy_service" => format!("On which host shall {service} run?"),
            _ => format!("{service} is on several hosts. Which one do you mean?"),
        },
    };
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
    fn a_host_counts_when_it_is_named_alone() {
        let mut inventory = Inventory::default();
        for name in ["node-1", "node-2"] {
            inventory.hosts.insert(name.into(), crate::inventory::Host::default());
        }
        assert_eq!(named_host(&inventory, "Entferne Gitea von Node-2."), Some("node-2".into()));
        assert_eq!(named_host(&inventory, "move it from node-1 to node-2"), None);
        assert_eq!(named_host(&inventory, "node-21 is new"), None);
    }
}
