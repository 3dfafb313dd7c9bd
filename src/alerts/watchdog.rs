//! The dead man's switch: an alert that always fires. When it stops, nothing watches any more, and that is an incident.

use serde::{Deserialize, Serialize};

use super::api::PolledAlert;
use super::{Alert, Group, Labels, Links};
use crate::config::Watchdog;
use crate::house::House;
use crate::store::{StoreError, Tx};

/// Under this key the store remembers it.
pub(super) const KEY: &str = "watchdog";
/// What a dead watchdog is called.
pub(super) const TITLE: &str = "WatchdogMissing";
/// A sign of life is noted at most this often, in milliseconds.
const EVERY_MS: i64 = 5_000;

/// The last sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sign {
    /// Where it came from.
    pub(super) source: String,
    /// When, milliseconds since the epoch.
    pub(super) seen_ts: i64,
    /// Its source says that it has ended.
    pub(super) ended: bool,
}

/// Takes the watchdog out of a group and notes the sign of life; the other alerts.
pub(super) async fn set_aside(house: &House, tx: &mut Tx, group: &Group) -> Result<Vec<Alert>, StoreError> {
    let name = house.config.alerts.watchdog.alert.as_str();
    let (watchdogs, others): (Vec<&Alert>, Vec<&Alert>) = group
        .alerts
        .iter()
        .partition(|alert| !name.is_empty() && group.source != "ralf" && alert.name() == name);
    if let Some(watchdog) = watchdogs.last() {
        let sign = Sign { source: group.source.clone(), seen_ts: tx.now_ms(), ended: !watchdog.firing };
        let known = tx.recall(KEY).await?.and_then(|text| serde_json::from_str::<Sign>(&text).ok());
        let every = EVERY_MS.min(patience(&house.config.alerts.watchdog) / 4);
        // One of the future is from before the clock was set back.
        let is_news = known.is_none_or(|known| {
            known.ended != sign.ended || !(0..every).contains(&(sign.seen_ts - known.seen_ts))
        });
        if is_news {
            tx.remember(KEY, &serde_json::to_string(&sign).unwrap_or_default()).await?;
        }
    }
    Ok(others.into_iter().cloned().collect())
}

/// What is to be taken in about the watchdog itself: that it is missing, or that it is back. Nothing when it was never seen.
pub(super) async fn look(house: &House) -> Result<Option<Group>, StoreError> {
    let Some(sign) = house.store.recall(KEY).await?.and_then(|text| serde_json::from_str::<Sign>(&text).ok())
    else {
        return Ok(None);
    };
    let now = house.store.clock.now_ms();
    if sign.seen_ts > now {
        let sign = Sign { seen_ts: now, ..sign.clone() };
        house.store.remember(KEY, &serde_json::to_string(&sign).unwrap_or_default()).await?;
    }
    let watchdog = &house.config.alerts.watchdog;
    let group = |missing| own(TITLE, "critical", missing, [("watchdog", watchdog.alert.as_str())]);
    let is_known = house.store.is_firing("ralf", &group(true).alerts[0].fingerprint).await?;
    // While we were down nobody could tell us; what was missing before is missing until it comes.
    let ours = Some(house.desk.watches_since(now)).filter(|start| !is_known && *start <= now);
    let since = ours.map_or(sign.seen_ts, |start| start.max(sign.seen_ts));
    Ok(Some(group(sign.ended || now - since > patience(watchdog))))
}

/// How long a watchdog may be missing, in milliseconds.
fn patience(watchdog: &Watchdog) -> i64 {
    i64::try_from(watchdog.within.as_millis()).unwrap_or(i64::MAX)
}

/// Whether an alert that Alertmanager has is a watchdog of which it has heard nothing for too long: it keeps one for a while, and that
/// is no sign of life.
pub(super) fn is_stale(watchdog: &Watchdog, polled: &PolledAlert, now: i64) -> bool {
    polled.alert.name() == watchdog.alert && polled.updated_ts < now.saturating_sub(patience(watchdog))
}

/// A group of one alert that we raise ourselves.
pub(super) fn own<'a>(
    name: &'a str,
    severity: &'a str,
    firing: bool,
    more: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Group {
    let mut labels: Labels = [("alertname", name), ("severity", severity)]
        .into_iter()
        .chain(more)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    labels.insert("source".into(), "ralf".into());
    let fingerprint = super::fingerprint(&labels);
    Group {
        source: "ralf".into(),
        key: format!("ralf/{name}/{fingerprint}"),
        labels: labels.clone(),
        receiver: None,
        url: None,
        truncated: 0,
        alerts: vec![Alert {
            fingerprint,
            firing,
            labels,
            annotations: Labels::new(),
            starts_ts: 0,
            ends_ts: None,
            links: Links::default(),
        }],
    }
}
