//! What a source says, in one form for all sources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Severity;

/// Labels or annotations, by name.
pub type Labels = BTreeMap<String, String>;

/// One alert as its source saw it. All text in it is a stranger's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Sixteen hexadecimal digits, from the source or computed from the labels as Prometheus does.
    pub fingerprint: String,
    /// Whether it fires.
    pub firing: bool,
    /// What it is.
    pub labels: Labels,
    /// What people shall read.
    pub annotations: Labels,
    /// Since when it fires, milliseconds since the epoch. With the fingerprint it names one firing.
    ///
    /// 0 when the source does not say. Then a firing alert that fires already is the same firing, so that a repetition changes
    /// nothing, and one that does not fire begins to when it comes; a resolved one ends whichever firing there is, unless that
    /// began after [`Alert::ends_ts`], and without one it changes nothing.
    pub starts_ts: i64,
    /// When it ended, milliseconds since the epoch; only of one that does not fire, and only if the source says it (else it ended
    /// when it came).
    pub ends_ts: Option<i64>,
    /// Where to look.
    pub links: Links,
}

/// Where to look: `http` and `https` addresses only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The rule or query behind it (Prometheus' `generatorURL`).
    pub generator: Option<String>,
    /// A dashboard.
    pub dashboard: Option<String>,
    /// A panel of it.
    pub panel: Option<String>,
    /// A picture.
    pub image: Option<String>,
    /// A page where it can be silenced.
    pub silence: Option<String>,
    /// The values that it fired at, in the source's words.
    pub values: Option<String>,
}

/// Alerts that their source sends together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `alertmanager`, `grafana`, `uptime-kuma`, `json/NAME`, or `ralf` for what we see ourselves.
    pub source: String,
    /// The group's name at its source.
    pub key: String,
    /// What its alerts have in common by definition.
    pub labels: Labels,
    /// What the source calls us, if it has names for receivers.
    #[serde(default)]
    pub receiver: Option<String>,
    /// The source's own page.
    pub url: Option<String>,
    /// How many alerts it left out.
    pub truncated: u64,
    /// Its alerts.
    pub alerts: Vec<Alert>,
}

impl Alert {
    /// What it is called: its label `alertname`.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        Severity::of(self.labels.get("severity").map(String::as_str))
    }
}
