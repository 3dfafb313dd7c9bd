//! From what sources say to incidents: one writer, and several deliveries in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::apply::{self, Change};
use super::inlet::{Delivery, Refused, Taken};
use super::tell;
use super::{Alert, Group, Incident, State, silence};
use crate::house::House;
use crate::report::messages::alerts::Note;
use crate::store::{Known, Store, StoreError, Tx};

/// So many deliveries share a transaction when they come fast.
const TOGETHER: usize = 64;

/// Once a transaction has so many alerts, no further delivery joins it.
const ENOUGH: usize = 2_000;

/// Takes deliveries in until the inlet is closed; each is answered once it is committed.
pub(super) async fn run(house: Arc<House>, mut deliveries: Receiver<Delivery>) {
    while let Some(first) = deliveries.recv().await {
        let alerts =
            |delivery: &Delivery| -> usize { delivery.groups.iter().map(|group| group.alerts.len()).sum() };
        let mut waiting = alerts(&first);
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && waiting < ENOUGH
            && let Ok(more) = deliveries.try_recv()
        {
            waiting += alerts(&more);
            batch.push(more);
        }
        let groups: Vec<&[Group]> = batch.iter().map(|delivery| delivery.groups.as_slice()).collect();
        match take(&house, &groups).await {
            Ok(taken) => {
                for (delivery, taken) in batch.into_iter().zip(taken) {
                    let _ = delivery.answer.send(Ok(taken));
                }
            }
            // One that can't be stored must not take the others with it.
            Err(_) if batch.len() > 1 => {
                for delivery in batch {
                    let alone = take(&house, &[&delivery.groups]).await;
                    let _ = delivery.answer.send(answer(&house, alone));
                }
            }
            Err(error) => {
                if let Some(delivery) = batch.pop() {
                    let _ = delivery.answer.send(answer(&house, Err(error)));
                }
            }
        }
    }
}

fn answer(house: &House, taken: Result<Vec<Taken>, StoreError>) -> Result<Taken, Refused> {
    match taken {
        Ok(mut taken) => Ok(taken.pop().unwrap_or_default()),
        Err(StoreError::Fenced) => {
            house.lost_lease.notify_one();
            Err(Refused::Failed)
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "alerts could not be stored");
            Err(Refused::Failed)
        }
    }
}

/// Takes deliveries in, all of them in one transaction; what each came to.
///
/// # Errors
/// When the database fails: then nothing of it happened.
pub(super) async fn take(house: &House, deliveries: &[&[Group]]) -> Result<Vec<Taken>, StoreError> {
    let _alone = house.desk.alone().await;
    let mut tx = house.store.begin().await?;
    let mut taken = Vec::with_capacity(deliveries.len());
    let mut begun = Vec::new();
    for groups in deliveries {
        let mut one = Taken::default();
        for group in *groups {
            one.alerts += group.alerts.len() as u64;
            one.incidents.extend(take_group(house, &mut tx, group, &mut begun).await?);
        }
        taken.push(one);
    }
    tx.commit().await?;
    for incident in begun {
        house.desk.began(incident);
    }
    for group in deliveries.iter().flat_map(|groups| groups.iter()) {
        if let Some(receiver) = group.receiver.as_ref().filter(|_| group.source == super::poll::SOURCE) {
            house.desk.learn_receiver(receiver);
        }
    }
    let all = deliveries.iter().flat_map(|groups| groups.iter()).flat_map(|group| &group.alerts);
    house.desk.learn_names(all.map(Alert::name));
    house.desk.wake();
    Ok(taken)
}

/// Takes one group in; the incidents that changed.
async fn take_group(
    house: &House,
    tx: &mut Tx,
    group: &Group,
    begun: &mut Vec<String>,
) -> Result<Vec<String>, StoreError> {
    heard(house, tx, group).await?;
    let alerts = super::watchdog::set_aside(house, tx, group).await?;
    // The last word on an alert counts, if one delivery says several.
    let alerts: BTreeMap<&str, &Alert> =
        alerts.iter().map(|alert| (alert.fingerprint.as_str(), alert)).collect();
    let prints: Vec<&str> = alerts.keys().copied().collect();
    let known: BTreeMap<String, Known> = tx
        .known_alerts(&group.source, &prints)
        .await?
        .into_iter()
        .map(|known| (known.alert.fingerprint.clone(), known))
        .collect();
    let changes: Vec<(&Alert, Option<&Known>, Change)> = alerts
        .values()
        .map(|alert| {
            let known = known.get(&alert.fingerprint);
            (*alert, known, apply::change(known, alert))
        })
        .filter(|(alert, known, change)| match change {
            Change::Nothing => false,
            // Its values may change at every look; the source tells what is worth an edit.
            Change::GoesOn => {
                !group.key.starts_with(POLLED) && known.is_some_and(|known| says_more(known, alert))
            }
            Change::Begins | Change::Ends | Change::Over => true,
        })
        .collect();
    let mut place = Place::find(house, tx, group, &known, &changes).await?;
    let mut touched: BTreeSet<String> = place.renamed.iter().cloned().collect();
    let now = tx.now_ms();
    let mut began: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (alert, known, change) in changes {
        let mut alert = alert.clone();
        let incident = match (change, known) {
            (Change::GoesOn | Change::Ends, Some(known)) => {
                alert.starts_ts = alert.starts_ts.max(known.alert.starts_ts);
                known.incident.clone()
            }
            (Change::Over, _) => NOBODYS.to_owned(),
            _ => {
                if alert.starts_ts == 0 {
                    alert.starts_ts = now;
                }
                place.home(house, tx, group).await?
            }
        };
        if !alert.firing && alert.ends_ts.is_none() {
            alert.ends_ts = Some(now);
        }
        let silenced = known.is_some_and(|known| known.silenced) && change == Change::GoesOn;
        let row =
            Known { alert, source: group.source.clone(), incident: incident.clone(), silenced, seen_ts: now };
        tx.save_alert(&row).await?;
        if change == Change::Begins {
            began.entry(incident.clone()).or_default().insert(row.alert.name().to_owned());
        }
        if incident != NOBODYS {
            touched.insert(incident);
        }
    }
    for id in &touched {
        let began = began.remove(id).unwrap_or_default();
        review_after(house, tx, id, Some(group), began).await?;
    }
    begun.extend(place.begun);
    Ok(touched.into_iter().collect())
}

/// What stands for the incident of an alert that has none: it was over before anybody heard of it.
const NOBODYS: &str = "";

/// Notes that a source delivered, and as which of its receivers.
async fn heard(house: &House, tx: &mut Tx, group: &Group) -> Result<(), StoreError> {
    if group.source == "ralf" || group.key.starts_with(POLLED) {
        return Ok(());
    }
    let now = tx.now_ms();
    if house.desk.is_news(&group.source, now) {
        tx.remember(LAST, &serde_json::to_string(&(&group.source, now)).unwrap_or_default()).await?;
    }
    if let Some(receiver) = &group.receiver
        && group.source == super::poll::SOURCE
        && !house.desk.knows_receiver(receiver)
    {
        let known = tx.recall(super::poll::RECEIVERS).await?;
        let mut known: BTreeSet<String> =
            known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        if known.insert(receiver.clone()) {
            tx.remember(super::poll::RECEIVERS, &serde_json::to_string(&known).unwrap_or_default()).await?;
        }
    }
    Ok(())
}

/// Under this key the store remembers which source delivered last, and when.
const LAST: &str = "alerts:last";

/// Which source delivered last, and when (milliseconds since the epoch).
///
/// # Errors
/// When the database fails.
pub async fn last_delivery(store: &Store) -> Result<Option<(String, i64)>, StoreError> {
    Ok(store.recall(LAST).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Whether a firing that goes on is described anew.
fn says_more(known: &Known, alert: &Alert) -> bool {
    known.alert.labels != alert.labels
        || known.alert.annotations != alert.annotations
        || known.alert.links != alert.links
}

/// Where the alerts of a group go that begin to fire.
struct Place {
    /// The incident, once it is known.
    incident: Option<Incident>,
    /// Alerts begin: an incident is needed.
    wanted: bool,
    correlation: Option<String>,
    /// An incident whose group got its right name now.
    renamed: Option<String>,
    /// The incident that began.
    begun: Option<String>,
}

impl Place {
    async fn find(
        house: &House,
        tx: &mut Tx,
        group: &Group,
        known: &BTreeMap<String, Known>,
        changes: &[(&Alert, Option<&Known>, Change)],
    ) -> Result<Self, StoreError> {
        let wanted = changes.iter().any(|(.., change)| *change == Change::Begins);
        let begins: Vec<Alert> = changes
            .iter()
            .filter(|(.., change)| *change == Change::Begins)
            .map(|(alert, ..)| (*alert).clone())
            .collect();
        let config = &house.config.alerts;
        let correlation = apply::correlation(&config.correlate, &begins);
        let mut place = Self { incident: None, wanted, correlation, renamed: None, begun: None };
        let of_group = tx.incident_of_group(&group.source, &group.key).await?;
        let (now, again) = (tx.now_ms(), config.reopen_within.as_millis());
        let lives = |incident: &Incident| {
            incident.state != State::Resolved
                || incident.resolved_ts.is_some_and(|ts| i128::from(now - ts) <= again)
        };
        place.incident = of_group.filter(lives);
        if place.incident.is_none()
            && let Some(other) = known.values().find(|known| known.alert.firing)
            && let Some(mut incident) = tx.incident(&other.incident).await?
            && incident.state != State::Resolved
        {
            // It was found by a look at the source, which does not tell its groups' names.
            if place.wanted || !group.key.starts_with(POLLED) {
                tx.name_group(&group.source, &group.key, &incident.id).await?;
            }
            if incident.group_key.starts_with(POLLED) && !group.key.starts_with(POLLED) {
                incident.group_key.clone_from(&group.key);
                tx.save_incident(&incident, 0).await?;
                place.renamed = Some(incident.id.clone());
            }
            place.incident = Some(incident);
        }
        if place.incident.is_none()
            && place.wanted
            && let Some(correlation) = &place.correlation
        {
            place.incident = tx.incident_correlated(correlation).await?;
            if let Some(incident) = &place.incident {
                tx.name_group(&group.source, &group.key, &incident.id).await?;
            }
        }
        Ok(place)
    }

    /// The incident for what begins: the group's, or a new one.
    async fn home(&mut self, house: &House, tx: &mut Tx, group: &Group) -> Result<String, StoreError> {
        if let Some(incident) = &self.incident {
            return Ok(incident.id.clone());
        }
        let now = tx.now_ms();
        // Pages of incidents go by when they began: no two begin together, unless the clock was far off.
        let now = match tx.latest_opening().await? {
            Some(latest) if (now..now + 60_000).contains(&latest) => latest + 1,
            _ => now,
        };
        let incident = Incident {
            group_labels: group.labels.clone(),
            correlation: self.correlation.clone(),
            url: group.url.clone(),
            ..Incident::new(house.new_incident_id(), &group.source, &group.key, house.desk.moment(now))
        };
        tx.save_incident(&incident, i64::MAX).await?;
        tx.name_group(&group.source, &group.key, &incident.id).await?;
        let id = incident.id.clone();
        self.begun = Some(id.clone());
        self.incident = Some(incident);
        Ok(id)
    }
}

/// So many names of alerts that joined an incident its story keeps at a time.
const MOST_NAMES: usize = 100;

/// What the name of a group begins with that only the source knows.
pub(super) const POLLED: &str = "polled:";

/// Looks at an incident after its alerts, its silence or its acknowledgement changed: what became of it is stored, entered in its
/// story, and told. `group` is what was delivered, if something was.
///
/// # Errors
/// When the database fails.
pub(super) async fn review(
    house: &House,
    tx: &mut Tx,
    id: &str,
    group: Option<&Group>,
) -> Result<Option<Incident>, StoreError> {
    review_after(house, tx, id, group, BTreeSet::new()).await
}

/// The same, after alerts with the names `began` began to fire.
async fn review_after(
    house: &House,
    tx: &mut Tx,
    id: &str,
    group: Option<&Group>,
    began: BTreeSet<String>,
) -> Result<Option<Incident>, StoreError> {
    let Some(before) = tx.incident(id).await? else { return Ok(None) };
    let (alerts, counts) = tx.alerts_of(id).await?;
    let now = tx.now_ms();
    let mut after = before.clone();
    apply::sum_up(&mut after, &alerts, counts);
    if let Some(group) = group {
        after.truncated = group.truncated;
        after.url = group.url.clone().or(after.url);
    }
    after.silence = silence::of(tx, &alerts, now).await?;
    after.state = apply::state(&after, counts, now);
    let is_new = before.total == 0;
    let mut happened = Vec::new();
    match (before.state, after.state) {
        _ if is_new => {
            happened.push(Note::Opened { alerts: after.firing, severity: after.severity.clone() });
        }
        (State::Resolved, State::Resolved) => {}
        (State::Resolved, _) => {
            after.reopened.retain(|ts| *ts > now - 3_600_000);
            after.reopened.push(now);
            after.resolved_ts = None;
            // Whoever looked after it did so until it ended.
            after.ack = None;
            after.escalated = 0;
            after.state = apply::state(&after, counts, now);
            let times = u32::try_from(after.reopened.len()).unwrap_or(u32::MAX);
            happened.push(match after.reopened.len() {
                super::incident::FLAPS => Note::Flapping { times },
                _ => Note::Reopened { times },
            });
        }
        (was, State::Resolved) => {
            after.resolved_ts = Some(now);
            let after_ms = now - after.opened_ts;
            happened.push(Note::Resolved { after_ms, while_silenced: was == State::Silenced });
        }
        // One that somebody ended is told by whoever does it.
        (State::Silenced, State::Firing | State::Acknowledged)
            if before.silence.as_ref().is_none_or(|silence| silence.until_ts <= now) =>
        {
            let n = before.silence.as_ref().and_then(|silence| silence.n);
            happened.push(Note::SilenceEnded { n, still_firing: after.firing });
        }
        _ => {}
    }
    let joined = !is_new && before.state != State::Resolved && after.state != State::Resolved;
    if joined && !began.is_empty() {
        happened.push(Note::MoreAlerts { names: began.into_iter().take(MOST_NAMES).collect() });
    }
    if !is_new && after.state != State::Resolved && apply::is_worse(&before.severity, &after.severity) {
        happened.push(Note::Worse { from: before.severity.clone(), to: after.severity.clone() });
    }
    let actor = group.map_or("ralf", |group| group.source.as_str());
    for what in &happened {
        tx.tell_story(id, actor, what).await?;
    }
    if after.state == State::Silenced {
        // Only the story has what calls people.
        happened.retain(|what| {
            !matches!(what, Note::Reopened { .. } | Note::Flapping { .. } | Note::Worse { .. })
        });
    }
    if after == before && happened.is_empty() {
        return Ok(Some(after));
    }
    after.changed_ts = now;
    // Who was not told because it was silenced, is told now.
    let freed = before.state == State::Silenced && after.state != State::Silenced;
    tell::changed(house, tx, &after, &alerts, &happened, freed).await?;
    tx.save_incident(&after, super::tick::due(&house.config.alerts, &after)).await?;
    Ok(Some(after))
}
