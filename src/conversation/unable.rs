//! What was understood and can't be done here: no plan, but all that an honest answer can build on.

use ralf_intents::{Ask, Intent, RiskSource, Slots};

use super::{Talk, look, target};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::plan::Task;
use crate::report::Text;
use crate::report::messages::{self, Unable};

/// Whether something comes of an intent: a look, a plan, or a way back.
fn is_carried_out(house: &House, intent: &str) -> bool {
    let planned = house.catalogue.get(intent).filter(|spec| spec.risk == RiskSource::Executor);
    planned.and_then(|spec| spec.plan.as_deref()).is_some_and(|action| house.executors.knows(action))
        || matches!(intent, "show_status" | "explain_decision" | "rollback_service")
        || super::alerts::knows(intent)
}

/// Whether a question leads nowhere, whatever is answered: then it is not asked.
pub(super) fn leads_nowhere(house: &House, ask: &Ask) -> bool {
    let options = ask.options.iter().filter_map(|option| option.intent.as_deref());
    !options.chain([ask.intent.as_str()]).any(|intent| is_carried_out(house, intent))
}

/// What is said instead of doing it.
pub(super) async fn say(house: &House, talk: &Talk, intent: &Intent) -> Result<Text, HandleError> {
    answer(house, talk, &intent.name, intent.slots.clone()).await
}

/// What is said instead of asking for the rest.
pub(super) async fn say_early(house: &House, talk: &Talk, ask: &Ask) -> Result<Text, HandleError> {
    answer(house, talk, &ask.intent, ask.slots.clone()).await
}

async fn answer(house: &House, talk: &Talk, intent: &str, slots: Slots) -> Result<Text, HandleError> {
    let inventory = house.inventory().await.map(|(inventory, _)| inventory).unwrap_or_default();
    let named = slots.get("service").or_else(|| slots.get("target")).cloned().unwrap_or_default();
    let host = inventory.hosts_of(&named).next().map(|(name, _)| name.to_owned());
    let can = |action: &'static str| {
        let task = Task {
            operation: String::new(),
            intent: intent.to_owned(),
            action: action.to_owned(),
            service: Some(named.clone()),
            hosts: host.iter().filter(|_| !inventory.stacks.contains(&named)).cloned().collect(),
            slots: Slots::new(),
        };
        house.executors.for_task(&task).map(|_| action)
    };
    let is_known = inventory.services.contains_key(&named) || inventory.stacks.contains(&named);
    let last = match named.is_empty() {
        true => None,
        false => look::ended(house, talk, &named).await?,
    };
    let free = match intent {
        "scale_service" if inventory.services.contains_key(&named) => {
            let there = target::whereabouts(house, &inventory, &named).await?;
            inventory.hosts_of(&named).map(|(name, _)| name.to_owned()).find(|host| !there.contains(host))
        }
        _ => None,
    };
    Ok(messages::unable(
        talk.lang,
        &Unable {
            intent,
            does: house.catalogue.get(intent).map_or("", |spec| spec.does.get(talk.lang)),
            slots,
            can: ["deploy", "restart", "remove"].into_iter().filter(|_| is_known).filter_map(can).collect(),
            last,
            free,
            hosts: inventory.hosts.keys().cloned().collect(),
            services: inventory.services.keys().cloned().collect(),
            stacks: inventory.stacks.iter().cloned().collect(),
        },
    ))
}
