//! Healing: rules turn alerts into proposed operations. They go through the gate like any other, and there are limits to how many.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ralf_intents::{Intent, Slots};

use super::{Alert, Incident, Labels, State, tell, tick};
use crate::approval::{self, Operation};
use crate::bots::Bot;
use crate::config::Heal;
use crate::conversation::{self, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts::{self as messages, HealDrop, HealStop, Note};
use crate::store::{Known, Remedy, StoreError};

/// How often it is looked what could be mended.
const EVERY: Duration = Duration::from_secs(1);
/// At most so many open incidents are looked at.
const MOST: i64 = 500;
const HOUR_MS: i64 = 3_600_000;
/// After an operation has ended, its effect is waited for this long.
const EFFECT_MS: i64 = 60_000;
/// What ends within this time after an operation is its merit.
const MERIT_MS: i64 = 5 * 60_000;
/// So much of an incident's story is looked through for its ends.
const STORY: i64 = 200;
/// After so many failures in a row on one target, people have to look.
const FAILURES: usize = 2;
/// When something else is about to happen to what a plan is for, it is planned again after this time, in milliseconds.
const BUSY_MS: i64 = 30_000;
/// What came of a remedy for which there was no plan: nothing was done, and nothing failed.
const UNPLANNED: &str = "unplanned";
/// Failures before that are forgotten, in milliseconds.
const DAY_MS: i64 = 24 * HOUR_MS;

/// Proposes what could mend what fires, as long as R.A.L.F. runs.
pub(super) async fn run(house: Arc<House>) {
    if house.config.alerts.heal.is_empty() {
        return;
    }
    let mut busy = BTreeMap::new();
    loop {
        if let Err(error) = look(&house, &mut busy).await {
            if matches!(error, HandleError::Store(StoreError::Fenced)) {
                house.lost_lease.notify_one();
                return;
            }
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "nothing could be proposed to mend an incident"
            );
            tokio::time::sleep(EVERY * 10).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Targets at which something else was found to happen, and when.
type Busy = BTreeMap<String, i64>;

async fn look(house: &Arc<House>, busy: &mut Busy) -> Result<(), HandleError> {
    let now = house.store.clock.now_ms();
    busy.retain(|_, ts| (0..BUSY_MS).contains(&(now - *ts)));
    for incident in house.store.open_incidents(MOST).await? {
        if !matches!(incident.state, State::Firing | State::Acknowledged) {
            continue;
        }
        for known in house.store.alerts_of(&incident.id).await?.into_iter().filter(|known| known.alert.firing)
        {
            let rule =
                house.config.alerts.heal.iter().find(|rule| rule.matchers.matches(&known.alert.labels));
            if let Some(rule) = rule {
                consider(house, &incident, &known, rule, busy).await?;
            }
        }
    }
    Ok(())
}

/// Proposes an operation for an alert, unless one waits, it was enough, or something is in the way.
async fn consider(
    house: &Arc<House>,
    incident: &Incident,
    known: &Known,
    rule: &Heal,
    busy: &mut Busy,
) -> Result<(), HandleError> {
    let store = &house.store;
    let Some(wish) = Wish::of(rule, &known.alert.labels) else { return Ok(()) };
    let now = store.clock.now_ms();
    let before = store.remedies_of(&incident.id).await?;
    let open = before.iter().any(|remedy| remedy.outcome.is_empty());
    let mut of_same = before.iter().filter(|remedy| remedy.target == wish.target);
    if open || of_same.any(|remedy| is_enough(remedy, &known.alert, now)) {
        return Ok(());
    }
    let of_target = store.remedies_for(&wish.target).await?;
    if let Some(why) = limit(rule, &before, &of_target, &store.remedies_by(&wish.rule).await?, now) {
        let title = of_target.first().map_or(&wish.title, |remedy| &remedy.title);
        return stop(house, incident, &wish, title, why).await;
    }
    if busy.contains_key(&wish.target) || is_busy(house, &wish).await? {
        return Ok(());
    }
    let target = wish.target.clone();
    if !propose(house, incident, rule, wish, &of_target).await? {
        busy.insert(target, now);
    }
    Ok(())
}

/// Whether nothing more is proposed after this for an alert of the same incident: who said no, said it for the incident; and it may be
/// too early to say that it did not help. An alert that began after it is another failure.
fn is_enough(remedy: &Remedy, alert: &Alert, now: i64) -> bool {
    matches!(remedy.outcome.as_str(), "denied" | "cancelled")
        || alert.starts_ts <= remedy.changed_ts && now - remedy.changed_ts < EFFECT_MS
}

/// What a rule wishes for, given an alert.
struct Wish {
    intent: Intent,
    /// The rule, as its matchers are written.
    rule: String,
    /// What it happens to, in words.
    target: String,
    /// What it is, in words.
    title: String,
}

impl Wish {
    /// Nothing when the alert lacks a label that the rule needs.
    fn of(rule: &Heal, labels: &Labels) -> Option<Self> {
        let mut slots = Slots::new();
        for (name, template) in &rule.slots {
            slots.insert(name.clone(), filled(template, labels)?);
        }
        if let Some(host) = &rule.host {
            slots.insert("node".into(), filled(host, labels)?);
        }
        let values: Vec<&str> = slots.values().map(String::as_str).collect();
        let target = values.join("@");
        let title = format!("{} {}", rule.intent, values.join(" "));
        let intent = Intent { name: rule.intent.clone(), slots, changes: true };
        Some(Self { intent, rule: rule.matchers.to_string(), target, title })
    }
}

/// A template with the labels' values in it; a value that is no plain name is none to act on.
fn filled(template: &str, labels: &Labels) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(labels.get(name)?);
        rest = tail;
    }
    out.push_str(rest);
    crate::inventory::is_name(&out).then_some(out)
}

/// Why nothing more is proposed, if nothing is.
fn limit(
    rule: &Heal,
    of_incident: &[Remedy],
    of_target: &[Remedy],
    of_rule: &[Remedy],
    now: i64,
) -> Option<HealStop> {
    let planned = |remedy: &&Remedy| remedy.outcome != UNPLANNED;
    let within =
        |all: &[Remedy]| all.iter().filter(planned).filter(|remedy| remedy.ts > now - HOUR_MS).count();
    let failed = |remedy: &&Remedy| {
        ["failed", "rolled_back", "unknown", "needs_operator"].contains(&remedy.outcome.as_str())
            && remedy.ts > now - DAY_MS
    };
    // Newest first.
    if of_target.iter().filter(planned).take_while(failed).count() >= FAILURES {
        return Some(HealStop::Failures);
    }
    if of_incident.len() >= rule.per_incident as usize {
        return Some(HealStop::PerIncident);
    }
    if within(of_target) >= rule.per_target as usize {
        return Some(HealStop::PerTarget);
    }
    (within(of_rule) >= rule.per_hour as usize).then_some(HealStop::PerHour)
}

/// Says once for an incident that nothing more is proposed.
async fn stop(
    house: &House,
    incident: &Incident,
    wish: &Wish,
    title: &str,
    why: HealStop,
) -> Result<(), HandleError> {
    let once = format!("heal:{}:{}:{why:?}", incident.id, wish.target);
    if house.store.recall(&once).await?.is_some() {
        return Ok(());
    }
    let _alone = house.desk.alone().await;
    let mut tx = house.store.begin().await?;
    if tx.once(&once).await? {
        let note = Note::HealStopped { what: title.to_owned(), why };
        tx.tell_story(&incident.id, "ralf", &note).await?;
        let tellings = tx.tellings_of(&incident.id).await?;
        tell::note_in(house, &mut tx, incident, &tellings, &note, None).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Whether something waits or runs on the same target already.
async fn is_busy(house: &House, wish: &Wish) -> Result<bool, HandleError> {
    let (service, host) = (wish.intent.slots.get("service"), wish.intent.slots.get("node"));
    if service.is_none() && host.is_none() {
        // Its plan will tell.
        return Ok(false);
    }
    for state in approval::State::OPEN {
        for op in house.store.operations_in(state).await? {
            let same_service = service.is_none() || op.plan.task.service.as_ref() == service;
            let same_host =
                host.is_none_or(|host| op.plan.task.hosts.is_empty() || op.plan.task.hosts.contains(host));
            if same_service && same_host {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether what happens to one of two targets happens to the other: a host overlaps with every service on it.
fn overlap(one: &str, other: &str) -> bool {
    let is_on = |service: &str, host: &str| {
        host.strip_prefix("host:")
            .is_some_and(|host| service.rsplit_once('@').is_some_and(|(_, there)| there == host))
    };
    one == other || is_on(one, other) || is_on(other, one)
}

/// Whether an operation that has not ended is about one of these targets.
async fn is_taken(house: &House, targets: &[String]) -> Result<bool, StoreError> {
    for state in approval::State::OPEN {
        for op in house.store.operations_in(state).await? {
            if op.plan.targets.iter().any(|other| targets.iter().any(|target| overlap(target, other))) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Plans and proposes. Whether nothing else was about to happen to the same.
async fn propose(
    house: &Arc<House>,
    incident: &Incident,
    rule: &Heal,
    mut wish: Wish,
    of_target: &[Remedy],
) -> Result<bool, HandleError> {
    let tellings = house.store.tellings_of(&incident.id).await?;
    let home = tell::home(house);
    let Some((room, bot)) = home else { return Ok(true) };
    let told = tellings.iter().find(|telling| telling.room_id == room);
    // It answers the incident's message; until that is sent there is nothing to answer.
    let event = match told {
        Some(telling) if telling.storm.is_none() => match &telling.event_id {
            Some(event) => event.clone(),
            None => return Ok(true),
        },
        _ => String::new(),
    };
    let requester =
        rule.by.as_ref().and_then(|by| house.matrix_ids(std::slice::from_ref(by)).into_iter().next());
    let requester = requester.unwrap_or_else(|| Bot::Health.user_id(&house.server).to_string());
    let lang = told.and_then(|telling| telling.lang.parse().ok()).unwrap_or(house.default_lang());
    let talk = Talk {
        room,
        bot,
        ask_event: event.clone(),
        event,
        thread: None,
        to: None,
        asker: requester,
        lang,
        known_lang: Some(lang),
        // Hosts are looked for in it, and an alert's name must not choose one.
        sentence: incident.id.clone(),
        understood: format!("rule {}", wish.rule),
        about: None,
        instead_of: None,
    };
    match conversation::plan_for(house, &talk, wish.intent.clone()).await? {
        Ok(mut op) => {
            op.sentence = format!("{} {}", incident.id, incident.title);
            wish.title = crate::report::messages::title(lang, &op);
            op.course.origin =
                Some(format!("incident {} ({}), rule {}", incident.id, incident.title, wish.rule));
            enter(house, incident, &wish, *op, helped(house, of_target).await?).await
        }
        Err(said) => {
            let why = said.plain().to_owned();
            tracing::warn!(
                incident = incident.id,
                what = wish.title,
                why,
                "nothing is proposed to mend an incident"
            );
            let _alone = house.desk.alone().await;
            let mut tx = house.store.begin().await?;
            // It counts as an attempt for its incident, so that it is not planned again and again.
            let now = tx.now_ms();
            tx.add_remedy(&remedy(incident, &wish, &crate::clock::new_id(), UNPLANNED, now)).await?;
            let content = said.notice();
            let content = match told.and_then(crate::store::Telling::root) {
                Some(root) => content.in_thread(&root),
                None => content,
            };
            tx.say(
                talk.message(content.with("org.ralf.incident", messages::incident_field(incident)).build()),
            )
            .await?;
            tx.commit().await?;
            Ok(true)
        }
    }
}

fn remedy(incident: &Incident, wish: &Wish, operation: &str, outcome: &str, ts: i64) -> Remedy {
    Remedy {
        operation: operation.to_owned(),
        incident: incident.id.clone(),
        rule: wish.rule.clone(),
        target: wish.target.clone(),
        title: wish.title.clone(),
        outcome: outcome.to_owned(),
        ts,
        changed_ts: ts,
    }
}

/// What helped this target the last time: it succeeded, and its incident ended soon.
async fn helped(house: &House, of_target: &[Remedy]) -> Result<Option<(String, i64)>, StoreError> {
    for remedy in of_target.iter().filter(|remedy| remedy.outcome == "succeeded") {
        let merit = remedy.ts..=remedy.changed_ts + MERIT_MS;
        let story = house.store.story_of(&remedy.incident, STORY).await?;
        let is_end = |what: &Note| matches!(what, Note::Resolved { .. });
        if story.iter().any(|chapter| is_end(&chapter.what) && merit.contains(&chapter.ts)) {
            return Ok(Some((remedy.title.clone(), remedy.changed_ts)));
        }
    }
    Ok(None)
}

/// Puts the operation to the vote, and notes it with the incident, in one write. False when something else is about to happen to its
/// targets.
async fn enter(
    house: &House,
    incident: &Incident,
    wish: &Wish,
    op: Operation,
    helped: Option<(String, i64)>,
) -> Result<bool, HandleError> {
    let _alone = house.desk.alone().await;
    if is_taken(house, &op.plan.targets).await? {
        let _ = tokio::fs::remove_dir_all(house.run_folder(&op.id)).await;
        return Ok(false);
    }
    let mut tx = house.store.begin().await?;
    let now = tx.now_ms();
    let Some(mut current) = tx.incident(&incident.id).await? else { return Ok(true) };
    if !matches!(current.state, State::Firing | State::Acknowledged) {
        // It ended while the plan was made.
        return Ok(true);
    }
    tx.add_remedy(&remedy(incident, wish, &op.id, "", now)).await?;
    let tellings = tx.tellings_of(&incident.id).await?;
    if let Some((what, when_ts)) = helped
        && current.helped.as_ref() != Some(&what)
    {
        let note = Note::HelpedBefore { what: what.clone(), when_ts };
        tx.tell_story(&incident.id, "ralf", &note).await?;
        tell::note_in(house, &mut tx, &current, &tellings, &note, None).await?;
        current.helped = Some(what);
        tx.save_incident(&current, tick::due(&house.config.alerts, &current)).await?;
    }
    let note = Note::HealProposed { operation: op.id.clone(), what: wish.title.clone() };
    tx.tell_story(&incident.id, "ralf", &note).await?;
    tell::note_in(house, &mut tx, &current, &tellings, &note, None).await?;
    tx.carry_out(approval::propose(op, now)).await?;
    tx.retell(&incident.id).await?;
    tx.commit().await?;
    house.desk.wake();
    house.approved.notify_one();
    Ok(true)
}

/// Writes on their incidents how proposals ended.
pub(super) async fn outcomes(house: &House) -> Result<(), StoreError> {
    for remedy in house.store.open_remedies().await? {
        let Some(op) = house.store.operation(&remedy.operation).await? else { continue };
        if approval::State::OPEN.contains(&op.state) {
            continue;
        }
        let _alone = house.desk.alone().await;
        let mut tx = house.store.begin().await?;
        tx.end_remedy(&remedy.operation, op.state.as_str()).await?;
        if let Some(incident) = tx.incident(&remedy.incident).await? {
            if let Some(note) = ending(&op, &remedy, incident.state == State::Resolved) {
                tx.tell_story(&incident.id, "ralf", &note).await?;
                let tellings = tx.tellings_of(&incident.id).await?;
                tell::note_in(house, &mut tx, &incident, &tellings, &note, None).await?;
            }
            tx.retell(&incident.id).await?;
        }
        tx.commit().await?;
        house.desk.wake();
    }
    Ok(())
}

/// How an operation ended, as it is told. `over`: its incident has ended, too.
fn ending(op: &Operation, remedy: &Remedy, over: bool) -> Option<Note> {
    let (operation, what) = (op.id.clone(), remedy.title.clone());
    let ok = op.state == approval::State::Succeeded;
    if ok || op.outcome.is_some() {
        return Some(Note::HealEnded { operation, ok, what, over });
    }
    let why = match op.state {
        approval::State::Denied => HealDrop::Denied,
        approval::State::Cancelled => HealDrop::Cancelled,
        approval::State::Expired => HealDrop::Expired,
        _ => return None,
    };
    Some(Note::HealDropped { operation, what, why })
}

/// What was proposed for an incident, as its message shows it.
pub(super) async fn shown(house: &House, incident: &str) -> Result<Vec<messages::Remedy>, StoreError> {
    let all = house.store.remedies_of(incident).await?;
    let shown = |remedy: Remedy| messages::Remedy {
        ended: match remedy.outcome.as_str() {
            "" => None,
            "succeeded" => Some(messages::RemedyEnd::Done),
            "denied" | "cancelled" => Some(messages::RemedyEnd::Refused),
            "expired" | "superseded" => Some(messages::RemedyEnd::Lapsed),
            _ => Some(messages::RemedyEnd::Failed),
        },
        operation: remedy.operation,
        what: remedy.title,
    };
    let proposed = all.into_iter().filter(|remedy| remedy.outcome != UNPLANNED);
    let latest: Vec<Remedy> = proposed.rev().take(3).collect();
    Ok(latest.into_iter().rev().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Heal {
        toml::from_str(
            r#"
            match = 'alertname="ServiceDown"'
            intent = "restart_service"
            slots = { service = "{service}" }
            host = "{node}"
            "#,
        )
        .unwrap()
    }

    fn labels(service: &str) -> Labels {
        [("alertname", "ServiceDown"), ("service", service), ("node", "node-1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn ended(outcome: &str, ts: i64) -> Remedy {
        Remedy {
            operation: format!("op{ts}"),
            incident: "i".into(),
            rule: "r".into(),
            target: "t".into(),
            title: String::new(),
            outcome: outcome.into(),
            ts,
            changed_ts: ts,
        }
    }

    #[test]
    fn labels_fill_the_slots_and_strangers_names_do_not() {
        let wish = Wish::of(&rule(), &labels("jellyfin")).unwrap();
        assert_eq!(wish.intent.slots["service"], "jellyfin");
        assert_eq!(wish.intent.slots["node"], "node-1");
        assert!(Wish::of(&rule(), &labels("jellyfin; rm -rf /")).is_none());
        assert!(Wish::of(&rule(), &labels("")).is_none());
        assert!(Wish::of(&rule(), &Labels::new()).is_none());
    }

    #[test]
    fn a_remedy_gets_time_to_take_effect_from_its_end_on() {
        let remedy = Remedy { changed_ts: 500_000, ..ended("succeeded", 100_000) };
        let alert = |starts_ts| Alert {
            fingerprint: "f".into(),
            firing: true,
            labels: labels("jellyfin"),
            annotations: Labels::new(),
            starts_ts,
            ends_ts: None,
            links: crate::alerts::Links::default(),
        };
        assert!(is_enough(&remedy, &alert(90_000), 559_999));
        assert!(!is_enough(&remedy, &alert(90_000), 560_000));
        assert!(!is_enough(&remedy, &alert(510_000), 510_001), "it failed again");
        let denied = Remedy { outcome: "denied".into(), ..remedy };
        assert!(is_enough(&denied, &alert(510_000), 10 * DAY_MS), "no is no");
    }

    #[test]
    fn a_host_overlaps_with_what_is_on_it() {
        assert!(overlap("service:jellyfin@node-1", "service:jellyfin@node-1"));
        assert!(overlap("host:node-1", "service:jellyfin@node-1"));
        assert!(overlap("service:jellyfin@node-1", "host:node-1"));
        assert!(!overlap("service:jellyfin@node-1", "service:grafana@node-1"));
        assert!(!overlap("host:node-1", "service:jellyfin@node-10"));
        assert!(!overlap("service:jellyfin@node-1", "service:jellyfin@node-2"));
    }

    #[test]
    fn there_are_limits() {
        let now = 10 * HOUR_MS;
        let rule = rule();
        assert_eq!(limit(&rule, &[], &[], &[], now), None);
        let two = [ended("failed", now - 1), ended("failed", now - 2)];
        assert_eq!(limit(&rule, &[], &two, &[], now), Some(HealStop::Failures));
        let mended = [
            ended("failed", now - 1),
            ended("succeeded", now - 2 * HOUR_MS),
            ended("failed", now - 3 * HOUR_MS),
        ];
        assert_eq!(limit(&rule, &[], &mended, &[], now), None);
        let good = [ended("succeeded", now - 1), ended("succeeded", now - 2)];
        assert_eq!(limit(&rule, &good, &[], &[], now), Some(HealStop::PerIncident));
        assert_eq!(limit(&rule, &[], &good, &[], now), Some(HealStop::PerTarget));
        let many: Vec<Remedy> = (0..10).map(|n| ended("succeeded", now - n)).collect();
        assert_eq!(limit(&rule, &[], &[], &many, now), Some(HealStop::PerHour));
        let unplanned: Vec<Remedy> = (0..10).map(|n| ended(UNPLANNED, now - n)).collect();
        assert_eq!(limit(&rule, &[], &unplanned, &unplanned, now), None, "nothing was done");
        assert_eq!(limit(&rule, &unplanned, &[], &[], now), Some(HealStop::PerIncident));
        let between = [ended("failed", now - 1), ended(UNPLANNED, now - 2), ended("failed", now - 3)];
        assert_eq!(limit(&rule, &[], &between, &[], now), Some(HealStop::Failures));
        let old: Vec<Remedy> = (0..10).map(|n| ended("succeeded", now - HOUR_MS - n)).collect();
        assert_eq!(limit(&rule, &[], &old[..2], &old, now), None);
    }
}
