//! The main loop: again and again it collects what there is to know, judges what changed, turns what fails of our own into incidents,
//! and says in the health room what no other message tells. When nothing changed, it says nothing.

mod judge;
#[cfg(test)]
mod judge_tests;
mod look;
mod timer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use judge::{Change, Part, Snapshot, Trouble};
use timer::{Due, Timer};

use super::quiet::Zone;
use super::{Alert, Group, Incident, State, Subscription, Verdict, intake, route, tell, tick, watchdog};
use crate::house::House;
use crate::report::messages::alerts::{self as messages, PartState, Reader, Round};
use crate::store::{NewMessage, Store, StoreError};

/// How often it is looked whether a round is due.
const EVERY: Duration = Duration::from_millis(500);
/// How long a round may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Under this key the store remembers the last round.
const KEY: &str = "round";
/// At most so many incidents that ended are looked at.
const MOST: i64 = 200;

/// The last round, as others are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRound {
    /// When it was, milliseconds since the epoch.
    pub ts: i64,
    /// How much it found wrong: parts of ours, and targets that are down.
    pub problems: u64,
}

/// The last round, if there was one.
///
/// # Errors
/// When the database fails.
pub async fn last_round(store: &Store) -> Result<Option<LastRound>, StoreError> {
    Ok(recall(store).await?.map(|last| LastRound { ts: last.ts, problems: last.problems() }))
}

async fn recall(store: &Store) -> Result<Option<Snapshot>, StoreError> {
    // What an older version wrote may not be readable: then it is the first round again.
    Ok(store.recall(KEY).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Goes round as `[schedules] main` says, one round at a time.
pub(super) async fn run(house: Arc<House>) {
    let (schedules, clock) = (&house.config.schedules, &house.store.clock);
    let zone = schedules.time_zone.as_deref().and_then(Zone::named).unwrap_or_else(|| house.zone());
    let start = Instant::now();
    let mut timer = Timer::new(&schedules.main, zone.tz().clone(), clock.now_ms(), start.elapsed());
    let mut eyes = look::Eyes::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(due) = timer.due(clock.now_ms(), start.elapsed()) else { continue };
        if due == Due::Safety {
            tracing::debug!("there was no round for a while, so there is one now");
        }
        let began = Instant::now();
        match tokio::time::timeout(LIMIT, round(&house, &mut eyes)).await {
            Ok(Ok(done)) => {
                let LastRound { ts, problems } = done.last;
                house.metrics.round(ts, problems, began.elapsed());
                let (changes, targets) = (done.changes, done.targets);
                let (open, ms) = (done.open, began.elapsed().as_millis());
                tracing::info!(problems, changes, targets, open, ms, told = done.told, "a round is done");
            }
            Ok(Err(StoreError::Fenced)) => {
                house.lost_lease.notify_one();
                return;
            }
            Ok(Err(error)) => {
                house.metrics.round_failed();
                tracing::error!(error = &error as &dyn std::error::Error, "a round can't be finished");
            }
            Err(_) => {
                house.metrics.round_failed();
                tracing::error!(limit_s = LIMIT.as_secs(), "a round took too long and was cut off");
            }
        }
        timer.ran(clock.now_ms(), start.elapsed());
    }
}

/// What a round came to.
struct Done {
    last: LastRound,
    changes: usize,
    targets: usize,
    open: u64,
    told: bool,
}

async fn round(house: &House, eyes: &mut look::Eyes) -> Result<Done, StoreError> {
    let before = recall(&house.store).await?;
    let mut seen = eyes.look(house).await?;
    let subscriptions = house.subscriptions().await?;
    let home = tell::home(house);
    let here: Vec<Subscription> = subscriptions
        .iter()
        .filter(|subscription| home.as_ref().is_some_and(|(room, _)| *room == subscription.room_id))
        .cloned()
        .collect();
    if let Some(before) = &before {
        seen.ended = ended_untold(house, before.ts, &here).await?;
    }
    let mut now = Snapshot::after(before.as_ref(), seen);
    let changes = before.as_ref().map(|before| judge::judge(before, &now)).unwrap_or_default();
    // Incidents come first: when this is cut off between the two, the same is judged again, and raising again changes nothing.
    let groups: Vec<Group> = changes.iter().filter_map(incident_of).collect();
    if !groups.is_empty() {
        intake::take(house, &[&groups]).await?;
    }
    let open: i64 =
        house.store.incidents_by_state().await?.into_iter().filter(not_over).map(|(_, n)| n).sum();
    let open = u64::try_from(open).unwrap_or_default();
    let count = changes.len();
    let waiting = before.as_ref().map_or(&[][..], |before| &before.waiting);
    // At the very first start the health room is about to be subscribed.
    let subscribed = !here.is_empty() || house.store.recall(super::start::SUBSCRIBED).await?.is_none();
    let news = worth_telling(judge::together(waiting, changes), subscribed);
    let hushed = here.iter().filter_map(|to| to.wish.quiet.as_ref()).any(|quiet| quiet.holds(now.ts));
    let told = match home.filter(|_| !hushed && !news.is_empty()) {
        Some((room_id, bot)) => {
            let lang = here.first().map_or(house.default_lang(), |to| tick::lang(house, &to.lang));
            let content = digest(house, lang, &now, &news, open).await?;
            let bot = bot.name().into();
            Some(NewMessage { room_id, bot, kind: "m.room.message".into(), content })
        }
        None => {
            now.waiting = news;
            None
        }
    };
    let done = Done {
        last: LastRound { ts: now.ts, problems: now.problems() },
        changes: count,
        targets: now.targets.len(),
        open,
        told: told.is_some(),
    };
    let mut tx = house.store.begin().await?;
    if let Some(message) = told {
        tx.say(message).await?;
    }
    tx.remember(KEY, &serde_json::to_string(&now).unwrap_or_default()).await?;
    tx.commit().await?;
    Ok(done)
}

fn not_over((state, _): &(String, i64)) -> bool {
    state != State::Resolved.as_str()
}

/// What no other message tells. What fails of our own is an incident, and whoever subscribed in the health room has said what they want
/// to hear of those; only where nobody did, they are told here.
fn worth_telling(changes: Vec<Change>, subscribed: bool) -> Vec<Change> {
    let is_told = |change: &Change| matches!(change, Change::Fails(..) | Change::Well(_));
    changes.into_iter().filter(|change| !(subscribed && is_told(change))).collect()
}

/// Incidents that ended after `since` (milliseconds since the epoch), that somebody in the health room wanted to hear of, and that were
/// told nowhere: they were silenced all along.
async fn ended_untold(house: &House, since: i64, here: &[Subscription]) -> Result<Vec<String>, StoreError> {
    let mut untold = Vec::new();
    for incident in house.store.incidents_ended_since(since, MOST).await? {
        if !house.store.tellings_of(&incident.id).await?.is_empty() {
            continue;
        }
        let known = house.store.alerts_of(&incident.id).await?;
        let alerts: Vec<Alert> = known.into_iter().map(|known| known.alert).collect();
        let ended_ts = incident.resolved_ts.unwrap_or(incident.changed_ts);
        // What is kept for a digest or for the end of quiet hours is told there.
        let wanted = route::decide(&incident, &alerts, here, &house.config.alerts, ended_ts);
        if wanted.iter().any(|decision| matches!(decision.verdict, Verdict::Tell { .. })) {
            untold.push(incident.id.clone());
        }
    }
    Ok(untold)
}

/// What is taken in about a part of ours: that it fails, or that it is well again.
fn incident_of(change: &Change) -> Option<Group> {
    let (part, trouble) = match change {
        Change::Fails(part, trouble) => (part, Some(trouble)),
        Change::Well(part) => (part, None),
        Change::Down(_) | Change::Up(_) | Change::Ended(_) | Change::Lost(_) => return None,
    };
    let (title, label) = match part {
        Part::Homeserver => ("HomeserverUnreachable", None),
        Part::Model(name) => ("ModelDown", Some(("model", name.as_str()))),
        Part::Executor(name) => ("ExecutorMissing", Some(("executor", name.as_str()))),
        Part::Inbox => ("InboxStuck", None),
        Part::Outbox => ("OutboxStuck", None),
        Part::Alertmanager => ("AlertmanagerUnreachable", None),
        Part::Prometheus => ("PrometheusUnreachable", None),
        Part::Route(name) => ("AlertNotRouted", Some(("alert", name.as_str()))),
    };
    let mut group = watchdog::own(title, "warning", trouble.is_some(), label);
    let summary = trouble.map(|trouble| match trouble {
        Trouble::Fails(why) => why.clone(),
        Trouble::Waits(ms) => format!("the oldest entry has waited for {} min", ms / 60_000),
    });
    for alert in &mut group.alerts {
        alert.annotations.extend(summary.clone().map(|summary| ("summary".to_owned(), summary)));
    }
    Some(group)
}

/// What is said in the health room.
async fn digest(
    house: &House,
    lang: ralf_intents::Lang,
    now: &Snapshot,
    news: &[Change],
    open: u64,
) -> Result<serde_json::Value, StoreError> {
    let (mut down, mut up, mut parts, mut lost) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut ended: Vec<Incident> = Vec::new();
    for change in news {
        match change {
            Change::Down(target) => down.push(target.clone()),
            Change::Up(target) => up.push(target.clone()),
            Change::Lost(more) => lost += more,
            Change::Ended(id) => ended.extend(house.store.incident(id).await?),
            Change::Well(part) => parts.push((words(part), PartState::Well)),
            Change::Fails(part, Trouble::Fails(why)) => parts.push((words(part), PartState::Fails(why))),
            Change::Fails(part, Trouble::Waits(ms)) => parts.push((words(part), PartState::Waits(*ms))),
        }
    }
    let ended: Vec<&Incident> = ended.iter().collect();
    let zone = house.time_zone();
    let reader = Reader { lang, zone: &zone, now: now.ts };
    let round = Round {
        since_ts: now.since_ts,
        began: &[],
        ended: &ended,
        open,
        down: &down,
        up: &up,
        lost,
        parts: &parts,
    };
    Ok(messages::loop_digest(&reader, &round).notice().build())
}

fn words(part: &Part) -> messages::Part<'_> {
    match part {
        Part::Homeserver => messages::Part::Homeserver,
        Part::Model(name) => messages::Part::Model(name),
        Part::Executor(name) => messages::Part::Executor(name),
        Part::Inbox => messages::Part::Inbox,
        Part::Outbox => messages::Part::Outbox,
        Part::Alertmanager => messages::Part::Source("Alertmanager"),
        Part::Prometheus => messages::Part::Source("Prometheus"),
        Part::Route(name) => messages::Part::Alert(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> Vec<Part> {
        let name = || "x".to_owned();
        vec![
            Part::Homeserver,
            Part::Model(name()),
            Part::Executor(name()),
            Part::Inbox,
            Part::Outbox,
            Part::Alertmanager,
            Part::Prometheus,
            Part::Route(name()),
        ]
    }

    #[test]
    fn what_ends_is_what_began_and_no_two_parts_are_one() {
        let mut prints = std::collections::BTreeSet::new();
        for part in every() {
            let begins = incident_of(&Change::Fails(part.clone(), Trouble::Waits(360_000))).unwrap();
            let ends = incident_of(&Change::Well(part.clone())).unwrap();
            assert_eq!((&begins.key, &begins.source), (&ends.key, &ends.source), "{part:?}");
            let (begins, ends) = (&begins.alerts[0], &ends.alerts[0]);
            assert_eq!((begins.firing, ends.firing), (true, false), "{part:?}");
            assert_eq!(begins.fingerprint, ends.fingerprint, "{part:?}");
            assert_eq!(begins.annotations["summary"], "the oldest entry has waited for 6 min");
            assert!(prints.insert(begins.fingerprint.clone()), "{part:?}");
        }
        assert_eq!(incident_of(&Change::Down("pi4".into())), None);
    }

    #[test]
    fn who_subscribed_is_told_of_our_parts_by_their_incidents_alone() {
        let down = Change::Down("pi4".into());
        let changes = || vec![Change::Well(Part::Inbox), down.clone()];
        assert_eq!(worth_telling(changes(), true), std::slice::from_ref(&down));
        assert_eq!(worth_telling(changes(), false), changes());
    }
}
