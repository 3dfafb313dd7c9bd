//! Looks at Alertmanager itself, again and again: what a lost webhook would have said is found here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::api::{self, Alertmanager, ApiError, PolledAlert, PolledGroup};
use super::intake::{self, POLLED};
use super::{Alert, Group, Matcher, Matchers, Operator, silence};
use crate::config::Watchdog;
use crate::house::House;
use crate::report::messages::alerts::Note;
use crate::store::{Known, Silence, StoreError};

/// The source whose alerts Alertmanager knows.
pub(super) const SOURCE: &str = "alertmanager";
/// So old an alert must be before a look at Alertmanager begins an incident: its webhook may be on the way.
const WEBHOOK_MS: i64 = 30_000;
/// So long after its start Alertmanager may not have heard of everything again.
const AWAKE_MS: i64 = 75_000;

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum PollError {
    /// Alertmanager does not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks as often as `[alerts] poll` says; returns at once where no Alertmanager is configured.
pub(super) async fn run(house: Arc<House>) {
    let Some(alertmanager) = house.desk.alertmanager() else { return };
    let every = Duration::try_from(house.config.alerts.poll).unwrap_or(Duration::from_secs(10));
    let mut missing = BTreeSet::new();
    let mut answers = true;
    learn_rules(&house).await;
    loop {
        match look(&house, alertmanager, &mut missing).await {
            Ok(()) => {
                if !answers {
                    tracing::info!("Alertmanager answers again");
                }
                answers = true;
            }
            Err(PollError::Store(StoreError::Fenced)) => {
                house.lost_lease.notify_one();
                return;
            }
            Err(error) => {
                if answers {
                    tracing::warn!(error = &error as &dyn std::error::Error, "Alertmanager can't be asked");
                }
                answers = false;
            }
        }
        house.desk.asked_alertmanager(answers);
        tokio::time::sleep(every).await;
    }
}

/// Learns the names of Prometheus' rules, so that people can speak of alerts that have not fired yet.
async fn learn_rules(house: &House) {
    let Some(prometheus) = house.desk.prometheus() else { return };
    match prometheus.rules().await {
        Ok(names) => house.desk.learn_names(names.iter().map(String::as_str)),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the rules' names are not known")
        }
    }
}

/// One look. `missing` holds what was gone at the look before.
async fn look(
    house: &House,
    alertmanager: &Alertmanager,
    missing: &mut BTreeSet<String>,
) -> Result<(), PollError> {
    let groups = alertmanager.groups().await?;
    let known = house.store.firing_of(SOURCE).await?;
    let now = house.store.clock.now_ms();
    let mut deliveries = news(&groups, &known, &receivers(house).await?, &house.config.alerts.watchdog, now);
    let fires: BTreeSet<&str> = groups
        .iter()
        .flat_map(|group| &group.alerts)
        .map(|polled| polled.alert.fingerprint.as_str())
        .collect();
    let gone: Vec<&Known> =
        known.iter().filter(|known| !fires.contains(known.alert.fingerprint.as_str())).collect();
    if gone.is_empty() {
        missing.clear();
    } else if now - alertmanager.status().await?.started_ts > AWAKE_MS {
        deliveries.extend(
            gone.iter()
                .filter(|known| missing.contains(&known.alert.fingerprint))
                .map(|known| ended(known, now)),
        );
        *missing = gone.iter().map(|known| known.alert.fingerprint.clone()).collect();
    }
    if !deliveries.is_empty() {
        intake::take(house, &[&deliveries]).await?;
    }
    silences(house, &groups, alertmanager).await
}

/// Under this key the store remembers which receivers of Alertmanager's are we.
pub(super) const RECEIVERS: &str = "alertmanager:receivers";

async fn receivers(house: &House) -> Result<BTreeSet<String>, StoreError> {
    let known = house.store.recall(RECEIVERS).await?;
    Ok(known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// What a look tells that no webhook has: alerts that have fired for a while and would be sent to us, the watchdog's sign of life, and
/// alerts that are described anew.
fn news(
    groups: &[PolledGroup],
    known: &[Known],
    receivers: &BTreeSet<String>,
    watchdog: &Watchdog,
    now: i64,
) -> Vec<Group> {
    let known: BTreeSet<&str> = known.iter().map(|known| known.alert.fingerprint.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut news = Vec::new();
    for group in groups.iter().filter(|group| receivers.contains(&group.receiver)) {
        let is_news = |polled: &&PolledAlert| {
            // What is silenced there is sent to nobody, so it begins nothing here.
            let due = polled.alert.starts_ts < now - WEBHOOK_MS && polled.silenced_by.is_empty();
            polled.inhibited_by.is_empty() && (known.contains(polled.alert.fingerprint.as_str()) || due)
        };
        let alerts: Vec<Alert> = group
            .alerts
            .iter()
            .filter(is_news)
            .filter(|polled| !super::watchdog::is_stale(watchdog, polled, now))
            .filter(|polled| seen.insert(polled.alert.fingerprint.clone()))
            .map(|polled| polled.alert.clone())
            .collect();
        if !alerts.is_empty() {
            let labels = Matchers::exactly(&group.labels);
            news.push(Group {
                source: SOURCE.into(),
                key: format!("{POLLED}{}:{{{labels}}}", group.receiver),
                labels: group.labels.clone(),
                receiver: None,
                url: None,
                truncated: 0,
                alerts,
            });
        }
    }
    news
}

/// What Alertmanager does not know any more has ended.
fn ended(known: &Known, now: i64) -> Group {
    Group {
        source: SOURCE.into(),
        key: format!("{POLLED}ended"),
        labels: known.alert.labels.clone(),
        receiver: None,
        url: None,
        truncated: 0,
        alerts: vec![Alert { firing: false, ends_ts: Some(now), ..known.alert.clone() }],
    }
}

/// Brings what is silenced in step: silences that somebody set elsewhere get a number here, and ours that are gone there have ended.
async fn silences(
    house: &House,
    groups: &[PolledGroup],
    alertmanager: &Alertmanager,
) -> Result<(), PollError> {
    let mut wanted: BTreeMap<&str, &[String]> = BTreeMap::new();
    for polled in groups.iter().flat_map(|group| &group.alerts) {
        wanted.insert(&polled.alert.fingerprint, &polled.silenced_by);
    }
    let ours = house.store.silences().await?;
    let is_quiet =
        wanted.values().all(|by| by.is_empty()) && ours.iter().all(|silence| silence.remote_id.is_none());
    let known = house.store.firing_of(SOURCE).await?;
    if is_quiet && known.iter().all(|known| !known.silenced) {
        return Ok(());
    }
    let theirs = alertmanager.silences().await?;
    let _alone = house.desk.alone().await;
    let mut tx = house.store.begin().await?;
    let ours = tx.silences().await?;
    let now = tx.now_ms();
    for silence in &theirs {
        let covers = wanted.values().any(|by| by.contains(&silence.id));
        if covers && ours.iter().all(|our| our.remote_id.as_deref() != Some(&silence.id)) {
            // What can't be said here still keeps quiet what Alertmanager says it covers.
            if let Some(silence) = theirs_as_ours(silence) {
                tx.add_silence(&silence).await?;
            }
        }
    }
    for our in ours.iter().filter(|our| our.remote_id.is_some() && our.starts_ts < now - 2_000) {
        let there = theirs.iter().find(|silence| Some(&silence.id) == our.remote_id.as_ref());
        match there {
            Some(silence) if silence.silence.ends_ts != our.until_ts => {
                let until_ts = silence.silence.ends_ts;
                let longer = Silence { until_ts, announced: false, ..our.clone() };
                silence::changed(house, &mut tx, &longer, None).await?;
            }
            Some(_) => {}
            None => {
                let note = Note::SilenceExpired { n: Some(our.n), by: String::new() };
                let over = Silence { ended: true, ..our.clone() };
                silence::changed(house, &mut tx, &over, Some(&note).filter(|_| our.until_ts > now)).await?;
            }
        }
    }
    let mut touched = BTreeSet::new();
    for mut known in known {
        let Some(by) = wanted.get(known.alert.fingerprint.as_str()) else { continue };
        if known.silenced == by.is_empty() {
            known.silenced = !by.is_empty();
            tx.save_silenced(&known).await?;
            touched.insert(known.incident);
        }
    }
    for id in touched {
        intake::review(house, &mut tx, &id, None).await?;
    }
    tx.commit().await?;
    house.desk.wake();
    Ok(())
}

/// A silence that was set elsewhere, as it is kept here; nothing when not all of its conditions can be: with fewer it would cover more.
fn theirs_as_ours(silence: &api::Silence) -> Option<Silence> {
    let api::NewSilence { matchers, starts_ts, ends_ts, created_by, comment } = &silence.silence;
    let written = matchers.iter().map(|matcher| {
        let operator = match (matcher.is_equal, matcher.is_regex) {
            (true, false) => Operator::Equal,
            (false, false) => Operator::NotEqual,
            (true, true) => Operator::Regex,
            (false, true) => Operator::NotRegex,
        };
        // Ours of that name stands for several labels.
        let matcher = Matcher::new(&matcher.name, operator, &matcher.value).ok();
        matcher.filter(|matcher| matcher.name() != "about").map(|matcher| matcher.to_string())
    });
    let written: Vec<String> = written.collect::<Option<_>>()?;
    (!written.is_empty()).then(|| Silence {
        n: 0,
        remote_id: Some(silence.id.clone()),
        by: created_by.clone(),
        reason: comment.clone(),
        matchers: written.join(" "),
        incident: None,
        room_id: String::new(),
        starts_ts: *starts_ts,
        until_ts: *ends_ts,
        announced: false,
        ended: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(all: &[(&str, &str, bool)]) -> api::Silence {
        let matcher = |(name, value, is_regex): &(&str, &str, bool)| api::SilenceMatcher {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            is_regex: *is_regex,
            is_equal: true,
        };
        let silence = api::NewSilence {
            matchers: all.iter().map(matcher).collect(),
            starts_ts: 1,
            ends_ts: 2,
            created_by: "somebody".into(),
            comment: String::new(),
        };
        api::Silence { id: "s".into(), silence }
    }

    #[test]
    fn a_silence_is_taken_over_with_all_its_conditions_or_not() {
        let kept = theirs_as_ours(&theirs(&[("job", "node", false), ("instance", "pi.*", true)])).unwrap();
        assert_eq!(kept.matchers, r#"job="node" instance=~"pi.*""#);
        assert!(theirs_as_ours(&theirs(&[("job", "node", false), ("instance", "pi(", true)])).is_none());
        assert!(theirs_as_ours(&theirs(&[("job", "node", false), ("about", "pi", false)])).is_none());
        assert!(theirs_as_ours(&theirs(&[])).is_none());
    }

    #[test]
    fn what_is_silenced_there_and_unknown_here_begins_nothing() {
        let alert = Alert {
            fingerprint: "f".into(),
            firing: true,
            labels: [("alertname".to_owned(), "Disk".to_owned())].into(),
            annotations: super::super::Labels::new(),
            starts_ts: 1,
            ends_ts: None,
            links: super::super::Links::default(),
        };
        let group = |silenced_by: &[&str]| PolledGroup {
            labels: super::super::Labels::new(),
            receiver: "ralf".into(),
            alerts: vec![PolledAlert {
                alert: alert.clone(),
                silenced_by: silenced_by.iter().map(|id| (*id).to_owned()).collect(),
                inhibited_by: Vec::new(),
                updated_ts: 1,
            }],
        };
        let us = BTreeSet::from(["ralf".to_owned()]);
        let known = Known {
            alert: alert.clone(),
            source: SOURCE.into(),
            incident: "i".into(),
            silenced: true,
            seen_ts: 1,
        };
        let dog = Watchdog::default();
        assert_eq!(news(&[group(&[])], &[], &us, &dog, 100_000).len(), 1);
        assert_eq!(news(&[group(&["s"])], &[], &us, &dog, 100_000), []);
        assert_eq!(news(&[group(&["s"])], &[known], &us, &dog, 100_000).len(), 1, "its words may be new");
        let dog = Watchdog { alert: "Disk".into(), ..dog };
        assert_eq!(news(&[group(&[])], &[], &us, &dog, 300_001).len(), 1);
        assert_eq!(
            news(&[group(&[])], &[], &us, &dog, 300_002),
            [],
            "nobody has told of it for five minutes"
        );
    }
}
