//! What is said to a bot and is no order: courtesies, questions and plain talk. Nothing here leads to an operation.

use std::sync::Arc;

use ralf_intents::{Model, NoneReason};

use super::listen::Heard;
use super::words::{self, Aside};
use super::{Answer, Talk, act, alerts, amend, answer, done, look};
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::inventory::Inventory;
use crate::report::Text;
use crate::report::messages::{self, About, NotNow};
use crate::store::{Operation, State};

/// Answers a sentence that asks for nothing, or leaves it alone when it was not said to us.
pub(super) async fn answer(
    house: &Arc<House>,
    seq: i64,
    talk: Talk,
    heard: Heard,
    reason: NoneReason,
) -> Result<Handled, HandleError> {
    let aside = words::aside(&talk.sentence);
    let verdict = words::is_verdict(&talk.sentence);
    if words::takes_back(&talk.sentence)
        && let Some(op) = running(house, &talk, &heard).await?
    {
        return say(house, seq, &talk, messages::still_runs(talk.lang, &op)).await;
    }
    let waiting = match heard.about.filter(|op| op.state.is_pending()) {
        Some(op) => Some(op).filter(|_| verdict || reason == NoneReason::Negated),
        None if heard.addressed && verdict => amend::waiting(house, &talk).await?,
        None => None,
    };
    if let Some(op) = waiting {
        return say(house, seq, &talk, messages::words_are_no_vote(talk.lang, &op)).await;
    }
    let by_name = matches!(aside, Some(Aside::Courtesy(_) | Aside::Help)) && words::names_us(&talk.sentence);
    if !(heard.addressed || by_name) {
        return done(house, seq).await;
    }
    if words::asks_why(&talk.sentence)
        && let Some(why) = alerts::why_said(house, &talk, None, false).await?
    {
        answer::commit(house, seq, &talk, vec![why], None).await?;
        return Ok(Handled::Done);
    }
    let inventory = house.inventory().await.map(|(inventory, _)| inventory).unwrap_or_default();
    let about = || {
        let names = said_names(&inventory, &talk.sentence);
        About {
            host: names.first().is_some_and(|name| inventory.hosts.contains_key(name)),
            names,
            intent: words::deed(&talk.sentence).map(str::to_owned),
        }
    };
    let not_now = |why| messages::not_now(talk.lang, why, &about());
    let text = match reason {
        NoneReason::Negated => not_now(NotNow::Negated),
        NoneReason::Report => not_now(NotNow::Report),
        NoneReason::HowTo if aside.is_none() && !words::deeds(&talk.sentence).is_empty() => {
            not_now(NotNow::HowTo)
        }
        NoneReason::Later => not_now(NotNow::Later),
        NoneReason::Empty => messages::help(talk.lang),
        NoneReason::HowTo | NoneReason::NotOurs => match aside {
            Some(Aside::Help) => messages::help(talk.lang),
            Some(Aside::Courtesy(courtesy)) => messages::courtesy(talk.lang, courtesy),
            None => {
                let names = said_names(&inventory, &talk.sentence);
                if !names.is_empty() || words::is_about_the_lab(&talk.sentence) {
                    return Ok(see(house, seq, talk, names.into_iter().next()));
                } else if let Some(model) = house.model.clone() {
                    return Ok(chat(house, seq, talk, model));
                } else {
                    messages::not_ours(talk.lang)
                }
            }
        },
    };
    say(house, seq, &talk, text).await
}

/// Tells what is seen where a question about the lab was not understood. A model is not asked: it knows nothing of it.
fn see(house: &Arc<House>, seq: i64, talk: Talk, name: Option<String>) -> Handled {
    let house = Arc::clone(house);
    Handled::Later(Box::pin(async move {
        let seen = look::in_doubt(&house, &talk, name.as_deref());
        let seen = act::patiently(&house, &talk, seen).await?;
        answer::commit(&house, seq, &talk, vec![seen], None).await
    }))
}

/// Lets the model talk; when it can't, it is the refusal. Its words are shown, and never read.
fn chat(house: &Arc<House>, seq: i64, talk: Talk, model: Arc<dyn Model>) -> Handled {
    let house = Arc::clone(house);
    Handled::Later(Box::pin(async move {
        let thinking = ralf_intents::chat(model.as_ref(), &talk.sentence, talk.lang);
        let text = match act::patiently(&house, &talk, thinking).await {
            Ok(said) => messages::talk(talk.lang, &said.text, &said.model),
            Err(error) => {
                tracing::warn!(model = model.name(), %error, "no talk");
                messages::not_ours(talk.lang)
            }
        };
        answer::commit(&house, seq, &talk, vec![Answer::Say(text)], None).await
    }))
}

/// What runs and can be meant by "stop": the operation of the thread, else the latest one of the room; in a direct chat
/// the sender's latest.
async fn running(house: &House, talk: &Talk, heard: &Heard) -> Result<Option<Operation>, HandleError> {
    if let Some(op) = &heard.about {
        return Ok(Some(op.clone()).filter(|op| op.state.is_dispatched()));
    }
    let mut found = Vec::new();
    if heard.addressed {
        for state in [State::Dispatched, State::Running] {
            found.extend(house.store.operations_in(state).await?);
        }
    }
    let direct = house.rooms().direct.contains(&talk.room);
    found.retain(|op| op.room_id == talk.room || (direct && op.requester == talk.asker));
    Ok(found.into_iter().max_by_key(|op| op.created_ts))
}

async fn say(house: &Arc<House>, seq: i64, talk: &Talk, text: Text) -> Result<Handled, HandleError> {
    answer::commit(house, seq, talk, vec![Answer::Say(text)], None).await?;
    Ok(Handled::Done)
}

/// The services, stacks and hosts that a sentence names, services first.
fn said_names(inventory: &Inventory, sentence: &str) -> Vec<String> {
    let said = words::plain(sentence);
    let is_said = |name: &str| words::holds(&said, &words::plain(name));
    let services = inventory.services.iter().map(|(name, service)| (name, service.aliases.as_slice()));
    let stacks = inventory.stacks.iter().map(|name| (name, &[][..]));
    let hosts = inventory.hosts.iter().map(|(name, host)| (name, host.aliases.as_slice()));
    services
        .chain(stacks)
        .chain(hosts)
        .filter(|(name, aliases)| is_said(name) || aliases.iter().any(|alias| is_said(alias)))
        .map(|(name, _)| name.clone())
        .take(3)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_whole_words() {
        let mut inventory = Inventory::default();
        inventory.hosts.insert("node-1".into(), crate::inventory::Host::default());
        let service: crate::inventory::Service =
            toml::from_str("command = \"x\"\naliases = [\"Uptime Kuma\"]").expect("a service");
        inventory.services.insert("uptime-kuma".into(), service);
        let names = |sentence| said_names(&inventory, sentence);
        assert_eq!(names("warum ist uptime kuma auf NODE-1 so langsam?"), ["uptime-kuma", "node-1"]);
        assert!(names("node-12 und uptime").is_empty());
    }
}
