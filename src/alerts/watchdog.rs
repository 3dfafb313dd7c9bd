//! The dead man's switch: an alert that always fires. When it stops, nothing watches any more, and that is an incident.

use serde::{Deserialize, Serialize};

use super::{Alert, Group, Labels, Links};
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
        let every = EVERY_MS.min(patience(house) / 4);
        let is_news =
            known.is_none_or(|known| known.ended != sign.ended || sign.seen_ts - known.seen_ts >= every);
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
    let missing = sign.ended || now - sign.seen_ts > patience(house);
    let group = own(TITLE, "critical", missing, [("watchdog", house.config.alerts.watchdog.alert.as_str())]);
    Ok(Some(group))
}

/// How long it may be missing, in milliseconds.
fn patience(house: &House) -> i64 {
    i64::try_from(house.config.alerts.watchdog.within.as_millis()).unwrap_or(i64::MAX)
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
