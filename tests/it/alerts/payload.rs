//! What an Alertmanager delivers, version 4 of its webhook.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Milliseconds since the epoch.
pub(super) fn now() -> i64 {
    ralf::clock::Clock::System.now_ms()
}

/// RFC 3339.
fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).expect("a time").to_string()
}

/// An alert as Prometheus knows it.
#[derive(Debug, Clone)]
pub(super) struct Alert {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts: i64,
    ends: Option<i64>,
}

impl Alert {
    /// One that fires since now.
    pub(super) fn new(name: &str, labels: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels = [("alertname", name)].iter().chain(labels).map(own).collect();
        Self { labels, annotations: BTreeMap::new(), starts: now(), ends: None }
    }

    pub(super) fn says(mut self, annotation: &str, text: &str) -> Self {
        self.annotations.insert(annotation.to_owned(), text.to_owned());
        self
    }

    /// The same one's end.
    pub(super) fn ended(&self) -> Self {
        Self { ends: Some(now().max(self.starts + 1)), ..self.clone() }
    }

    /// Its next firing.
    pub(super) fn again(&self) -> Self {
        Self { starts: now().max(self.starts + 1), ends: None, ..self.clone() }
    }

    /// A firing of the same alert long ago.
    pub(super) fn earlier(&self) -> Self {
        Self { starts: self.starts - 3_600_000, ..self.clone() }
    }

    pub(super) fn fingerprint(&self) -> String {
        ralf::alerts::fingerprint(&self.labels)
    }

    /// As it stands in a delivery.
    pub(super) fn json(&self) -> Value {
        json!({
            "status": if self.ends.is_some() { "resolved" } else { "firing" },
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": time(self.starts),
            "endsAt": self.ends.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), time),
            "generatorURL": "http://prometheus.lab:9090/graph?g0.expr=up+%3D%3D+0",
            "fingerprint": self.fingerprint(),
        })
    }
}

/// The name of a group by its alerts' name.
pub(super) fn key(name: &str) -> String {
    format!("{{}}:{{alertname={name:?}}}")
}

/// A delivery of the group of that alert name.
pub(super) fn group(name: &str, alerts: &[&Alert]) -> Value {
    let fires = alerts.iter().any(|alert| alert.ends.is_none());
    json!({
        "version": "4",
        "groupKey": key(name),
        "truncatedAlerts": 0,
        "status": if fires { "firing" } else { "resolved" },
        "receiver": "ralf",
        "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.lab:9093",
        "alerts": alerts.iter().map(|alert| alert.json()).collect::<Vec<_>>(),
    })
}
