//! What is done about incidents when time passes: words brought up to date, people called, silences ended, digests told.

use std::sync::Arc;
use std::time::Duration;

use ralf_intents::Lang;

use super::{Alert, Incident, State, Subscription, Verdict, intake, route, silence, tell, watchdog};
use crate::clock::new_id;
use crate::config::Alerts;
use crate::house::House;
use crate::report::messages::alerts::{self as messages, DigestKind, DigestView, Note, Reader, StormView};
use crate::store::{NewMessage, Silence, StoreError, Storm, SubscriptionRow, Telling, Tx};

/// How often it is looked what is due.
const EVERY: Duration = Duration::from_secs(1);
/// The least time between two edits of what changes fast.
const PAUSE: Duration = Duration::from_millis(300);
/// So many messages may wait for a room before edits wait, too.
const CROWDED: i64 = 5;
/// At most so many of anything in one round.
const MOST: i64 = 100;
/// A storm without news for so long is over, in milliseconds.
const CALM_MS: i64 = 60_000;

/// Looks what is due, again and again.
pub(super) async fn run(house: Arc<House>) {
    loop {
        let _ = tokio::time::timeout(EVERY, house.desk.woken()).await;
        match round(&house).await {
            Ok(()) => {}
            Err(StoreError::Fenced) => {
                house.lost_lease.notify_one();
                return;
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what is due about alerts waits");
                tokio::time::sleep(EVERY).await;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One look.
///
/// # Errors
/// When the database fails.
pub(super) async fn round(house: &House) -> Result<(), StoreError> {
    watch_the_watchdog(house).await?;
    silences(house).await?;
    incidents(house).await?;
    repeats(house).await?;
    digests(house).await?;
    super::heal::outcomes(house).await?;
    storms(house).await?;
    edits(house).await?;
    flood(house).await
}

/// When something is next due about an incident, in milliseconds since the epoch.
pub(super) fn due(config: &Alerts, incident: &Incident) -> i64 {
    match incident.state {
        State::Resolved | State::Acknowledged => i64::MAX,
        State::Silenced => incident.silence.as_ref().map_or(i64::MAX, |silence| silence.until_ts),
        State::Firing => route::next_escalation(config, incident).unwrap_or(i64::MAX),
    }
}

/// Raises or ends the incident of a dead watchdog.
async fn watch_the_watchdog(house: &House) -> Result<(), StoreError> {
    let Some(group) = watchdog::look(house).await? else { return Ok(()) };
    let is_known = house.store.is_firing("ralf", &group.alerts[0].fingerprint).await?;
    if is_known != group.alerts[0].firing {
        intake::take(house, &[&[group]]).await?;
    }
    Ok(())
}

async fn silences(house: &House) -> Result<(), StoreError> {
    let is_due = |silence: &Silence, now: i64| {
        let lead = ((silence.until_ts - silence.starts_ts) / 5).min(600_000);
        let over = silence.until_ts <= now;
        (over || !silence.announced && silence.until_ts - now <= lead).then_some(over)
    };
    let now = house.store.clock.now_ms();
    let due = house.store.silences().await?.into_iter().filter(|silence| is_due(silence, now).is_some());
    for n in due.map(|silence| silence.n).collect::<Vec<_>>() {
        let _alone = house.desk.alone().await;
        let mut tx = house.store.begin().await?;
        // It may have been extended meanwhile.
        let Some(silence) = tx.silences().await?.into_iter().find(|silence| silence.n == n) else { continue };
        let Some(over) = is_due(&silence, tx.now_ms()) else { continue };
        let note = Note::SilenceEndsSoon { n: silence.n, until_ts: silence.until_ts };
        let news =
            if over { Silence { ended: true, ..silence } } else { Silence { announced: true, ..silence } };
        let firing = silence::changed(house, &mut tx, &news, Some(&note).filter(|_| !over)).await?;
        if firing == 0 && !over {
            announce(house, &mut tx, &news, &note).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Announces the end of a silence that covers nothing just now, where it was set.
async fn announce(house: &House, tx: &mut Tx, silence: &Silence, note: &Note) -> Result<(), StoreError> {
    // One of Alertmanager's own was set in no room; it is told where it silences something, and else nobody waits for it.
    if silence.room_id.is_empty() {
        return Ok(());
    }
    let (zone, now) = (house.time_zone(), tx.now_ms());
    let lang = tx.recall(&format!("lang:{}", silence.by)).await?.and_then(|lang| lang.parse().ok());
    let reader = Reader { lang: lang.unwrap_or(house.default_lang()), zone: &zone, now };
    let content = messages::note(&reader, note).mention(&silence.by).build();
    let bot = house.speaker_in(&silence.room_id);
    tx.say(NewMessage {
        room_id: silence.room_id.clone(),
        bot: bot.name().into(),
        kind: "m.room.message".into(),
        content,
    })
    .await?;
    Ok(())
}

/// Calls others, reminds, and lets silences end.
async fn incidents(house: &House) -> Result<(), StoreError> {
    let config = &house.config.alerts;
    for found in house.store.due_incidents(house.store.clock.now_ms(), MOST).await? {
        let _alone = house.desk.alone().await;
        let mut tx = house.store.begin().await?;
        let Some(mut incident) = tx.incident(&found.id).await? else { continue };
        let now = tx.now_ms();
        if incident.state == State::Firing {
            let calls = route::escalations_due(config, &incident, now);
            if !calls.is_empty() {
                let to: Vec<String> = calls.iter().flat_map(|rule| rule.to.clone()).collect();
                let to = house.matrix_ids(&to);
                let note = Note::Escalated { to: to.clone(), after_ms: now - incident.opened_ts };
                incident.escalated += u32::try_from(calls.len()).unwrap_or(u32::MAX);
                tx.notified(&incident.id, None).await?;
                tx.tell_story(&incident.id, "ralf", &note).await?;
                tell::ensure_told(house, &mut tx, &incident).await?;
                let tellings = tx.tellings_of(&incident.id).await?;
                tell::note_in(house, &mut tx, &incident, &tellings, &note, Some(&[])).await?;
            }
        }
        tx.save_incident(&incident, due(config, &incident)).await?;
        if incident.state == State::Silenced {
            intake::review(house, &mut tx, &incident.id, None).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Says again what fires and nobody has acknowledged.
async fn repeats(house: &House) -> Result<(), StoreError> {
    for telling in house.store.due_repeats(house.store.clock.now_ms(), MOST).await? {
        let _alone = house.desk.alone().await;
        let mut tx = house.store.begin().await?;
        let Some(incident) = tx.incident(&telling.incident).await? else { continue };
        let now = tx.now_ms();
        match tell::quiet_until(house, &incident, &telling.room_id, now).await? {
            // Nobody there wants to hear of it any more, or not now.
            Some(until_ts) => tx.repeat_at(&incident.id, &telling.room_id, until_ts).await?,
            None => {
                tx.notified(&incident.id, Some(&telling.room_id)).await?;
                if incident.state == State::Firing && !incident.flaps(now) {
                    let note = Note::StillFiring { since_ts: incident.opened_ts };
                    let call = house.matrix_ids(&route::owners(&house.config.alerts, &incident));
                    tell::note_in(house, &mut tx, &incident, &[telling], &note, Some(&call)).await?;
                }
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Tells what was kept for the end of quiet hours or for a time of day.
async fn digests(house: &House) -> Result<(), StoreError> {
    for row in house.store.due_subscriptions(house.store.clock.now_ms()).await? {
        let _alone = house.desk.alone().await;
        let mut tx = house.store.begin().await?;
        let ids = tx.take_deferred(&row.id).await?;
        if let Some(subscription) = super::desk::read(house, row.clone()) {
            told_late(house, &mut tx, &row, &subscription, ids).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Tells what was kept for a subscription; what is under maintenance, or in other quiet hours by now, is kept again.
async fn told_late(
    house: &House,
    tx: &mut Tx,
    row: &SubscriptionRow,
    subscription: &Subscription,
    ids: Vec<String>,
) -> Result<(), StoreError> {
    let now = tx.now_ms();
    let daily = subscription.wish.digest.is_some();
    let (mut kept, mut begins) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(incident) = tx.incident(&id).await? else { continue };
        let alerts = alerts_of(tx, &id).await?;
        let open = matches!(incident.state, State::Firing | State::Acknowledged);
        let one = std::slice::from_ref(subscription);
        let decided = route::decide(&incident, &alerts, one, &house.config.alerts, now).pop();
        match decided.map(|decision| decision.verdict) {
            Some(Verdict::Later { until_ts, .. } | Verdict::Maintenance { until_ts, .. }) if open => {
                tx.defer(&row.id, &id, until_ts).await?;
                continue;
            }
            _ if open && !daily => begins.push((incident.clone(), alerts)),
            _ => {}
        }
        kept.push(incident);
    }
    if kept.is_empty() {
        return Ok(());
    }
    say_digest(house, tx, row, &kept, daily).await?;
    for (incident, alerts) in begins {
        let told = tx.tellings_of(&incident.id).await?;
        if told.iter().all(|telling| telling.room_id != row.room_id) {
            tell::begin(house, tx, &incident, &alerts, subscription).await?;
        }
    }
    Ok(())
}

async fn say_digest(
    house: &House,
    tx: &mut Tx,
    row: &SubscriptionRow,
    kept: &[Incident],
    daily: bool,
) -> Result<(), StoreError> {
    let zone = house.time_zone();
    let reader = Reader { lang: lang(house, &row.lang), zone: &zone, now: tx.now_ms() };
    let incidents: Vec<&Incident> = kept.iter().collect();
    let view = DigestView {
        kind: if daily { DigestKind::Daily } else { DigestKind::QuietOver },
        n: row.n,
        from_ts: kept.iter().map(|incident| incident.opened_ts).min().unwrap_or(reader.now),
        incidents: &incidents,
    };
    let content = messages::digest(&reader, &view).notice().build();
    tx.say(NewMessage {
        room_id: row.room_id.clone(),
        bot: row.bot.clone(),
        kind: "m.room.message".into(),
        content,
    })
    .await?;
    Ok(())
}

pub(super) fn lang(house: &House, text: &str) -> Lang {
    text.parse().unwrap_or(house.default_lang())
}

pub(super) async fn alerts_of(tx: &mut Tx, incident: &str) -> Result<Vec<Alert>, StoreError> {
    let (alerts, ..) = tx.alerts_of(incident).await?;
    Ok(alerts.into_iter().map(|known| known.alert).collect())
}

/// Brings summaries up to date, and says those that are new.
async fn storms(house: &House) -> Result<(), StoreError> {
    let now = house.store.clock.now_ms();
    for storm in house.store.stale_storms(now - CALM_MS, CROWDED).await? {
        let (text, is_over) = summary(house, &storm, now).await?;
        let says = tell::digest(&text.clone().build());
        let mut tx = house.store.begin().await?;
        let say = |content| NewMessage {
            room_id: storm.room_id.clone(),
            bot: storm.bot.clone(),
            kind: "m.room.message".into(),
            content,
        };
        let mut told = Storm { digest: says, ..storm.clone() };
        if storm.txn_id.is_empty() {
            told.txn_id = new_id();
            tx.say_as(told.txn_id.clone(), say(text.build())).await?;
        } else if told.digest != storm.digest {
            tx.say(say(text.edit_of(&storm.root()).build())).await?;
        }
        tx.retell_storm(&told, is_over).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A summary's words, and whether its storm is over.
async fn summary(house: &House, storm: &Storm, now: i64) -> Result<(crate::report::Text, bool), StoreError> {
    let mut open = [0_u64; 5];
    let (mut ended, mut firing) = (0, false);
    for (state, rank, count) in house.store.storm_counts(&storm.id).await? {
        let count = count.unsigned_abs();
        match State::named(&state) {
            Some(State::Resolved) => ended += count,
            state => {
                firing |= state == Some(State::Firing);
                open[usize::try_from(rank).unwrap_or(4).min(4)] += count;
            }
        }
    }
    let incidents = house.store.incidents_in_storm(&storm.id, 20).await?;
    let shown: Vec<&Incident> = incidents.iter().collect();
    let zone = house.time_zone();
    let reader = Reader { lang: lang(house, &storm.lang), zone: &zone, now };
    let over = now - storm.changed_ts > CALM_MS;
    let view = StormView {
        since_ts: storm.created_ts,
        open,
        ended,
        incidents: &shown,
        most_a_minute: house.config.alerts.most_a_minute,
        over,
    };
    let is_open = open.iter().any(|count| *count > 0);
    let state = match (is_open, firing) {
        (false, _) => State::Resolved,
        (true, true) => State::Firing,
        (true, false) => State::Acknowledged,
    };
    let worst = incidents.first().map(|incident| incident.severity.as_str()).unwrap_or_default();
    let field = serde_json::json!({
        "id": storm.id, "state": state.as_str(), "group_key": "storm", "severity": worst, "fingerprints": [],
    });
    Ok((messages::storm(&reader, &view).with("org.ralf.incident", field), over))
}

/// Edits messages whose words are out of date.
async fn edits(house: &House) -> Result<(), StoreError> {
    let now = house.store.clock.now_ms();
    for telling in house.store.stale_tellings(CROWDED, MOST).await? {
        edit(house, &telling, now).await?;
    }
    Ok(())
}

async fn edit(house: &House, telling: &Telling, now: i64) -> Result<(), StoreError> {
    let remedies = super::heal::shown(house, &telling.incident).await?;
    let root = if tell::is_given_up(house, telling).await? { None } else { telling.root() };
    let _alone = house.desk.alone().await;
    let mut tx = house.store.begin().await?;
    let incident = tx.incident(&telling.incident).await?;
    let mut says = telling.digest.clone();
    if let (Some(incident), Some(root)) = (incident, root) {
        let alerts = alerts_of(&mut tx, &incident.id).await?;
        let text = tell::words(house, &incident, &alerts, telling, now, &remedies, None);
        says = tell::digest(&text.clone().build());
        if says != telling.digest {
            tx.say(tell::message(telling, text.edit_of(&root).build())).await?;
        }
    }
    tx.retold(&telling.incident, &telling.room_id, &says).await?;
    tx.commit().await
}

/// Says that more came than could be taken in, once a minute while it does.
async fn flood(house: &House) -> Result<(), StoreError> {
    let Some(refused) = house.desk.refused_lately(&house.alerts, house.store.clock.now_ms()) else {
        return Ok(());
    };
    let Some((room_id, bot)) = tell::home(house) else { return Ok(()) };
    let content = messages::flood(house.default_lang(), refused).notice().build();
    let mut tx = house.store.begin().await?;
    tx.say(NewMessage { room_id, bot: bot.name().into(), kind: "m.room.message".into(), content }).await?;
    tx.commit().await
}
