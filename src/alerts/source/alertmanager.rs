//! Alertmanager's webhook, version 4. Others speak it, too, with more or less in it.
//!
//! Source: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>

use serde::Deserialize;

use super::wire::{List, Scalar, Scalars, Time, labels, object};
use super::{SourceError, grafana};
use crate::alerts::fingerprint::fingerprint;
use crate::alerts::{Alert, Group, Links};

/// One delivery: a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    status: Option<Scalar>,
    alerts: List<Item>,
    group_labels: Option<Scalars>,
    #[serde(rename = "externalURL")]
    external_url: Option<Scalar>,
    group_key: Option<Scalar>,
    receiver: Option<Scalar>,
    truncated_alerts: Option<Scalar>,
    /// Grafana's.
    pub(super) org_id: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    status: Option<Scalar>,
    labels: Option<Scalars>,
    annotations: Option<Scalars>,
    #[serde(default)]
    starts_at: Time,
    #[serde(default)]
    ends_at: Time,
    #[serde(rename = "generatorURL")]
    generator_url: Option<Scalar>,
    fingerprint: Option<Scalar>,
    // What Grafana adds:
    #[serde(rename = "dashboardURL")]
    dashboard_url: Option<Scalar>,
    #[serde(rename = "panelURL")]
    panel_url: Option<Scalar>,
    #[serde(rename = "imageURL")]
    image_url: Option<Scalar>,
    #[serde(rename = "silenceURL")]
    silence_url: Option<Scalar>,
    values: Option<Scalars>,
    value_string: Option<Scalar>,
}

/// Reads one delivery.
///
/// # Errors
/// When it is no JSON, or has no list `alerts`.
pub(super) fn read(body: &[u8], now_ms: i64) -> Result<Vec<Group>, SourceError> {
    Ok(groups("alertmanager", object(body)?, now_ms))
}

/// The group of a delivery. One that names none is no Alertmanager's: there, each alert is a group of its own.
pub(super) fn groups(source: &str, body: Body, now_ms: i64) -> Vec<Group> {
    let Body { status, alerts, group_labels, external_url, group_key, receiver, truncated_alerts, org_id: _ } =
        body;
    let resolved = status.map(|status| is_resolved(&status));
    let told: u64 = truncated_alerts.and_then(|count| count.0.parse().ok()).unwrap_or(0);
    let truncated = told.saturating_add(alerts.left_out);
    let alerts: Vec<Alert> = alerts.kept.into_iter().map(|item| alert(item, resolved, now_ms)).collect();
    let url = external_url.map(|url| url.0);
    let receiver = receiver.map(|receiver| receiver.0);
    let labels = labels(group_labels);
    let key = match group_key.map(|key| key.0).filter(|key| !key.is_empty()) {
        Some(key) => key,
        None if !labels.is_empty() => named(&labels),
        None => {
            let own = |(at, alert): (usize, Alert)| Group {
                source: source.to_owned(),
                key: alert.fingerprint.clone(),
                labels: alert.labels.clone(),
                receiver: receiver.clone(),
                url: url.clone(),
                truncated: if at == 0 { truncated } else { 0 },
                alerts: vec![alert],
            };
            return alerts.into_iter().enumerate().map(own).collect();
        }
    };
    vec![Group { source: source.to_owned(), key, labels, receiver, url, truncated, alerts }]
}

/// The name of a group by its labels, as Alertmanager writes it.
pub(super) fn named(labels: &crate::alerts::Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn alert(item: Item, group_resolved: Option<bool>, now_ms: i64) -> Alert {
    let text = |scalar: Option<Scalar>| scalar.map(|scalar| scalar.0);
    let resolved = item.status.as_ref().map(is_resolved).or(group_resolved);
    let firing = !resolved.unwrap_or_else(|| item.ends_at.0.is_some_and(|ends| ends <= now_ms));
    let labels = labels(item.labels);
    Alert {
        fingerprint: text(item.fingerprint)
            .filter(|given| !given.is_empty())
            .unwrap_or_else(|| fingerprint(&labels)),
        firing,
        labels,
        annotations: self::labels(item.annotations),
        starts_ts: item.starts_at.0.unwrap_or(0),
        ends_ts: item.ends_at.0.filter(|_| !firing),
        links: Links {
            generator: text(item.generator_url),
            dashboard: text(item.dashboard_url),
            panel: text(item.panel_url),
            image: text(item.image_url),
            silence: text(item.silence_url),
            values: grafana::values(item.values.unwrap_or_default(), text(item.value_string)),
        },
    }
}

/// Whatever is not known to be over fires: better told than lost.
fn is_resolved(status: &Scalar) -> bool {
    status.0.eq_ignore_ascii_case("resolved")
}
