//! An incident: alerts that belong together, from the first that fires to the last that ends.

use serde::{Deserialize, Serialize};

use super::{Labels, Links, Severity};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something fires, and nobody has said that they look after it.
    Firing,
    /// Somebody looks after it.
    Acknowledged,
    /// All that fires is silenced.
    Silenced,
    /// Nothing fires any more.
    Resolved,
}

impl State {
    /// As it stands in messages, the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
            Self::Resolved => "resolved",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Firing, Self::Acknowledged, Self::Silenced, Self::Resolved]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// An incident as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Short, for people to type.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Where its alerts come from.
    pub source: String,
    /// The name of its (first) group at the source.
    pub group_key: String,
    /// What its (first) group's alerts have in common by definition.
    #[serde(default)]
    pub group_labels: Labels,
    /// What its groups were correlated by, if they were: `label=value` pairs.
    pub correlation: Option<String>,
    /// What people call it: the alert's name, or what all names have in common.
    pub title: String,
    /// The worst severity among what fires, or fired last.
    pub severity: Severity,
    /// The labels that all its alerts have in common.
    pub labels: Labels,
    /// The annotations that all its alerts have in common.
    pub annotations: Labels,
    /// Where to look: those of its latest alert.
    pub links: Links,
    /// The source's own page.
    pub url: Option<String>,
    /// The fingerprints of the alerts that fire, or fired last: the first hundred.
    #[serde(default)]
    pub fingerprints: Vec<String>,
    /// How many of its alerts fire now.
    pub firing: u64,
    /// How many alerts it has had.
    pub total: u64,
    /// How many its source left out of its last message.
    pub truncated: u64,
    /// When its first alert began, milliseconds since the epoch.
    pub opened_ts: i64,
    /// When it last changed, milliseconds since the epoch.
    pub changed_ts: i64,
    /// When it ended, milliseconds since the epoch.
    pub resolved_ts: Option<i64>,
    /// Who looks after it.
    pub ack: Option<Ack>,
    /// By what it is silenced.
    pub silence: Option<Silenced>,
    /// When it fired again after it had ended, milliseconds since the epoch: the latest few.
    #[serde(default)]
    pub reopened: Vec<i64>,
    /// How many rules of escalation have called somebody.
    #[serde(default)]
    pub escalated: u32,
    /// What helped the last time.
    #[serde(default)]
    pub helped: Option<String>,
}

/// Somebody looks after an incident. It ends with the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Who (Matrix id).
    pub by: String,
    /// When, milliseconds since the epoch.
    pub ts: i64,
    /// The reaction or message that said so: when it is taken back, so is this.
    #[serde(default)]
    pub event: String,
}

/// What silences an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// Our number of the silence, if it is one of ours.
    pub n: Option<i64>,
    /// Who set it: a Matrix id, or whoever Alertmanager names.
    pub by: String,
    /// Until when, milliseconds since the epoch.
    pub until_ts: i64,
}

impl Incident {
    /// One of which nothing is known yet, begun at `now` (milliseconds since the epoch).
    pub fn new(id: String, source: &str, group_key: &str, now: i64) -> Self {
        Self {
            id,
            state: State::Resolved,
            source: source.to_owned(),
            group_key: group_key.to_owned(),
            group_labels: Labels::new(),
            correlation: None,
            title: String::new(),
            severity: Severity::of(None),
            labels: Labels::new(),
            annotations: Labels::new(),
            links: Links::default(),
            url: None,
            fingerprints: Vec::new(),
            firing: 0,
            total: 0,
            truncated: 0,
            opened_ts: now,
            changed_ts: now,
            resolved_ts: None,
            ack: None,
            silence: None,
            reopened: Vec::new(),
            escalated: 0,
            helped: None,
        }
    }
}

/// From so many times within an hour on, firing again is told by edits alone.
pub(super) const FLAPS: usize = 3;

impl Incident {
    /// Whether it has fired again so often within the hour that only its message tells of it.
    pub fn flaps(&self, now: i64) -> bool {
        self.reopened.iter().filter(|ts| **ts > now - 3_600_000).count() >= FLAPS
    }
}
