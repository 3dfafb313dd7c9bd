//! Who is told of an incident, and with which messages: in the same transaction as what they tell of. What only changes the words of a
//! message waits a moment ([`super::tick`]), so that many changes become one edit.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Alert, Decision, Incident, Severity, State, Subscription, Verdict, route};
use crate::bots::Bot;
use crate::clock::new_id;
use crate::config::Alerts;
use crate::house::House;
use crate::report::Text;
use crate::report::messages::alerts::{self as messages, Note, Reader};
use crate::store::{Known, NewMessage, StoreError, Storm, Telling, Tx};

/// So long after it began or grew a summary takes up more, in milliseconds.
const STORM_MS: i64 = 10 * 60_000;

/// Tells what became of an incident: new messages and notes at once, new words of old messages a moment later. `freed` is one that is
/// not silenced any more.
pub(super) async fn changed(
    house: &House,
    tx: &mut Tx,
    incident: &Incident,
    alerts: &[Known],
    happened: &[Note],
    freed: bool,
) -> Result<(), StoreError> {
    let tellings = tx.tellings_of(&incident.id).await?;
    for what in happened {
        note_of(house, tx, incident, &tellings, what).await?;
    }
    tx.retell(&incident.id).await?;
    let open = matches!(incident.state, State::Firing | State::Acknowledged);
    if open && (freed || !happened.is_empty()) {
        let now = tx.now_ms();
        let subscriptions = house.subscriptions().await?;
        let alerts: Vec<Alert> = alerts.iter().map(|known| known.alert.clone()).collect();
        let mut told: BTreeSet<String> = tellings.into_iter().map(|telling| telling.room_id).collect();
        for Decision { subscription, verdict } in
            route::decide(incident, &alerts, &subscriptions, &house.config.alerts, now)
        {
            match verdict {
                Verdict::Tell { .. } if told.insert(subscription.room_id.clone()) => {
                    begin(house, tx, incident, &alerts, subscription).await?;
                }
                Verdict::Later { until_ts, .. } | Verdict::Maintenance { until_ts, .. }
                    if !told.contains(&subscription.room_id) =>
                {
                    tx.defer(&subscription.id, &incident.id, until_ts).await?;
                }
                Verdict::Digest { at_ts, .. } => tx.defer(&subscription.id, &incident.id, at_ts).await?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Tells a room of an incident for the first time: by a message of its own, or in the summary of a storm.
pub(super) async fn begin(
    house: &House,
    tx: &mut Tx,
    incident: &Incident,
    alerts: &[Alert],
    subscription: &Subscription,
) -> Result<(), StoreError> {
    let now = tx.now_ms();
    let room = &subscription.room_id;
    let repeat = i64::try_from(house.config.alerts.repeat.as_millis()).unwrap_or(0);
    let repeat_ms = subscription.wish.repeat.unwrap_or(repeat);
    let mut telling = Telling {
        incident: incident.id.clone(),
        room_id: room.clone(),
        bot: subscription.bot.clone(),
        lang: subscription.lang.clone(),
        txn_id: String::new(),
        event_id: None,
        digest: String::new(),
        storm: None,
        repeat_ms,
        repeat_ts: if repeat_ms > 0 { now.saturating_add(repeat_ms) } else { i64::MAX },
        created_ts: now,
    };
    let most = i64::from(house.config.alerts.most_a_minute);
    if tx.told_since(room, now - 60_000).await? >= most || !may_speak(house, room, now) {
        telling.storm = Some(gather(tx, &telling).await?);
        return tx.save_telling(&telling).await;
    }
    telling.txn_id = new_id();
    let subscriber: &[String] =
        if subscription.wish.mention { std::slice::from_ref(&subscription.owner) } else { &[] };
    let content = words(house, incident, alerts, &telling, now, &[], Some(subscriber)).build();
    telling.digest = digest(&content);
    tx.say_as(telling.txn_id.clone(), message(&telling, content)).await?;
    tx.save_telling(&telling).await
}

/// The summary that takes an incident up which gets no message of its own; begun if there is none.
async fn gather(tx: &mut Tx, telling: &Telling) -> Result<String, StoreError> {
    let now = telling.created_ts;
    let storm = match tx.storm_in(&telling.room_id, now - STORM_MS).await? {
        Some(storm) => Storm { changed_ts: now, ..storm },
        None => Storm {
            id: new_id(),
            room_id: telling.room_id.clone(),
            bot: telling.bot.clone(),
            lang: telling.lang.clone(),
            txn_id: String::new(),
            event_id: None,
            digest: String::new(),
            created_ts: now,
            changed_ts: now,
        },
    };
    tx.save_storm(&storm).await?;
    Ok(storm.id)
}

/// The words of an incident's message. Who is mentioned is only in the first one, `first` besides the owners: edits notify nobody.
pub(super) fn words(
    house: &House,
    incident: &Incident,
    alerts: &[Alert],
    telling: &Telling,
    now: i64,
    remedies: &[messages::Remedy],
    first: Option<&[String]>,
) -> Text {
    let zone = house.time_zone();
    let reader = Reader { lang: telling.lang.parse().unwrap_or(house.default_lang()), zone: &zone, now };
    let mut call = Vec::new();
    if let Some(others) = first {
        call = house.matrix_ids(&route::owners(&house.config.alerts, incident));
        call.extend(others.iter().filter(|id| !id.is_empty()).cloned());
        call.sort();
        call.dedup();
    }
    let call_room = first.is_some() && calls_room(&house.config.alerts, &incident.severity);
    let view = messages::View {
        incident,
        alerts,
        call: &call,
        call_room,
        helped: incident.helped.as_deref(),
        remedies,
    };
    messages::incident(&reader, &view).with("org.ralf.incident", messages::incident_field(incident))
}

/// Whether a whole room is notified at this severity.
pub fn calls_room(config: &Alerts, severity: &Severity) -> bool {
    config.room_mention.iter().any(|word| word.eq_ignore_ascii_case(severity.as_str()))
}

/// A message about an incident.
pub(super) fn message(telling: &Telling, content: Value) -> NewMessage {
    NewMessage {
        room_id: telling.room_id.clone(),
        bot: telling.bot.clone(),
        kind: "m.room.message".into(),
        content,
    }
}

/// What tells one content from another.
pub(super) fn digest(content: &Value) -> String {
    crate::plan::hex(&Sha256::digest(content.to_string())[..8])
}

/// Tells what happened in the threads of an incident's messages, where it is worth more than an edit.
async fn note_of(
    house: &House,
    tx: &mut Tx,
    incident: &Incident,
    tellings: &[Telling],
    what: &Note,
) -> Result<(), StoreError> {
    let flaps = incident.flaps(tx.now_ms());
    match what {
        Note::Reopened { .. } if flaps => Ok(()),
        Note::Reopened { .. } | Note::Flapping { .. } | Note::Worse { .. } => {
            let call = house.matrix_ids(&route::owners(&house.config.alerts, incident));
            aloud(house, tx, incident, tellings, what, &call).await
        }
        Note::Resolved { while_silenced, .. } if *while_silenced || !flaps => {
            note_in(house, tx, incident, tellings, what, None).await
        }
        Note::SilenceEnded { still_firing: 1.., .. } => {
            note_in(house, tx, incident, tellings, what, None).await
        }
        // Who looks after it is not to miss that there is more.
        Note::MoreAlerts { names } if !names.is_empty() && incident.state == State::Acknowledged => {
            note_in(house, tx, incident, tellings, what, None).await
        }
        _ => Ok(()),
    }
}

/// Says something that is to be noticed, and calls these people; softly where a subscription wants quiet now.
pub(super) async fn aloud(
    house: &House,
    tx: &mut Tx,
    incident: &Incident,
    tellings: &[Telling],
    note: &Note,
    call: &[String],
) -> Result<(), StoreError> {
    let now = tx.now_ms();
    tx.notified(&incident.id, None).await?;
    for telling in tellings {
        let one = std::slice::from_ref(telling);
        let softly = quiet_until(house, incident, &telling.room_id, now).await?.is_some();
        note_in(house, tx, incident, one, note, Some(call).filter(|_| !softly)).await?;
    }
    Ok(())
}

/// Until when a room is not to be disturbed by an incident, in milliseconds since the epoch; nothing when it may be now.
pub(super) async fn quiet_until(
    house: &House,
    incident: &Incident,
    room: &str,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let all = house.subscriptions().await?;
    let mut until = i64::MAX;
    for decision in route::decide(incident, &[], &all, &house.config.alerts, now) {
        if decision.subscription.room_id != room {
            continue;
        }
        match decision.verdict {
            Verdict::Tell { .. } => return Ok(None),
            Verdict::Later { until_ts, .. } | Verdict::Maintenance { until_ts, .. } => {
                until = until.min(until_ts)
            }
            _ => {}
        }
    }
    Ok(Some(until))
}

/// Says something in the threads of an incident's messages. With `call`, these people are called and it notifies; else it does
/// not, and stays away where too much is said already.
pub(super) async fn note_in(
    house: &House,
    tx: &mut Tx,
    incident: &Incident,
    tellings: &[Telling],
    note: &Note,
    call: Option<&[String]>,
) -> Result<(), StoreError> {
    let (zone, now) = (house.time_zone(), tx.now_ms());
    for telling in tellings {
        let Some(root) = telling.root() else { continue };
        if is_given_up(house, telling).await? {
            continue;
        }
        if call.is_none() && !may_speak(house, &telling.room_id, now) {
            continue;
        }
        let reader = Reader { lang: telling.lang.parse().unwrap_or(house.default_lang()), zone: &zone, now };
        let text = messages::note(&reader, note).in_thread(&root);
        let text = match call {
            None => text.notice(),
            Some([]) => text,
            Some(call) => text.call("👤", call),
        };
        let content = text.with("org.ralf.incident", messages::incident_field(incident)).build();
        tx.say(message(telling, content)).await?;
    }
    Ok(())
}

/// Whether an incident's message could not be sent: then nothing can refer to it.
pub(super) async fn is_given_up(house: &House, telling: &Telling) -> Result<bool, StoreError> {
    Ok(telling.event_id.is_none() && house.store.is_dead(&telling.txn_id).await?)
}

/// Whether one more message may be said in a room within this minute; it counts as said.
pub(super) fn may_speak(house: &House, room: &str, now: i64) -> bool {
    house.desk.may_speak(room, now, house.config.alerts.most_a_minute)
}

/// Gives an incident a message of its own if it has none anywhere: what others are called for is not only in a summary.
pub(super) async fn ensure_told(house: &House, tx: &mut Tx, incident: &Incident) -> Result<(), StoreError> {
    let tellings = tx.tellings_of(&incident.id).await?;
    if tellings.iter().any(|telling| telling.root().is_some()) {
        return Ok(());
    }
    let place =
        tellings.first().map(|telling| (telling.room_id.clone(), telling.bot.clone(), telling.lang.clone()));
    let home = || {
        home(house).map(|(room, bot)| (room, bot.name().to_owned(), house.default_lang().as_str().to_owned()))
    };
    let Some((room_id, bot, lang)) = place.or_else(home) else { return Ok(()) };
    let now = tx.now_ms();
    let (known, ..) = tx.alerts_of(&incident.id).await?;
    let alerts: Vec<Alert> = known.into_iter().map(|known| known.alert).collect();
    let mut telling = Telling {
        incident: incident.id.clone(),
        room_id,
        bot,
        lang,
        txn_id: new_id(),
        event_id: None,
        digest: String::new(),
        storm: None,
        repeat_ms: 0,
        repeat_ts: i64::MAX,
        created_ts: now,
    };
    let content = words(house, incident, &alerts, &telling, now, &[], Some(&[])).build();
    telling.digest = digest(&content);
    tx.say_as(telling.txn_id.clone(), message(&telling, content)).await?;
    tx.save_telling(&telling).await
}

/// Where everything is told that no subscription is about: the health room, else the ops room.
pub(super) fn home(house: &House) -> Option<(String, Bot)> {
    [Bot::Health, Bot::Core].into_iter().find_map(|bot| house.room(bot).map(|room| (room, bot)))
}
