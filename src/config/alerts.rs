//! `[alerts]`: where alerts can be looked up, and what is done about them besides telling who subscribed.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use url::Url;

use crate::alerts::Matchers;

/// `[alerts]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Alertmanager's address: polled so that a lost webhook heals, and asked to silence.
    pub alertmanager: Option<Url>,
    /// Prometheus' address: for charts, targets and the main loop.
    pub prometheus: Option<Url>,
    /// Where the logs that belong to an alert are.
    pub loki: Option<Loki>,
    /// The time zone of quiet hours and digests that name none (IANA); the machine's own by default.
    pub time_zone: Option<String>,
    /// How often Alertmanager is asked.
    pub poll: SignedDuration,
    /// Groups of alerts become one incident when they agree in all labels of one of these lists.
    pub correlate: Vec<Vec<String>>,
    /// The severities at which a whole room is notified (`@room`).
    pub room_mention: Vec<String>,
    /// After how long an incident that nobody acknowledged notifies again; zero for never.
    pub repeat: SignedDuration,
    /// An alert that fires again within this time reopens its incident instead of beginning a new one.
    pub reopen_within: SignedDuration,
    /// How many new messages a room gets in a minute before the rest goes into one summary.
    pub most_a_minute: u32,
    /// The alert that always fires; when it stops, nothing watches any more.
    pub watchdog: Watchdog,
    /// Who is mentioned.
    pub owners: Vec<Owner>,
    /// Who is called when nobody acknowledges.
    pub escalation: Vec<Escalation>,
    /// When nobody wants to hear of what.
    pub maintenance: Vec<Maintenance>,
    /// What is proposed to mend it.
    pub heal: Vec<Heal>,
    /// How JSON from `/webhooks/json/NAME` is read.
    pub json: BTreeMap<String, JsonMapping>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            alertmanager: None,
            prometheus: None,
            loki: None,
            time_zone: None,
            poll: SignedDuration::from_secs(10),
            correlate: Vec::new(),
            room_mention: Vec::new(),
            repeat: SignedDuration::from_hours(4),
            reopen_within: SignedDuration::from_mins(5),
            most_a_minute: 20,
            watchdog: Watchdog::default(),
            owners: Vec::new(),
            escalation: Vec::new(),
            maintenance: Vec::new(),
            heal: Vec::new(),
            json: BTreeMap::new(),
        }
    }
}

/// `[alerts.loki]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loki {
    /// Its address.
    pub url: Url,
    /// A LogQL query; `{label}` in it is the incident's label of that name. A query with a label that the incident has not is not made.
    pub query: String,
    /// How many lines are shown.
    #[serde(default = "ten")]
    pub lines: u32,
}

fn ten() -> u32 {
    10
}

/// `[alerts.watchdog]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watchdog {
    /// Its alert name.
    pub alert: String,
    /// How long it may be missing.
    pub within: SignedDuration,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { alert: "Watchdog".into(), within: SignedDuration::from_mins(5) }
    }
}

/// `[[alerts.owners]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Which alerts.
    #[serde(rename = "match")]
    pub matchers: Matchers,
    /// Names of `[people]` or Matrix ids.
    pub mention: Vec<String>,
}

/// `[[alerts.escalation]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Which alerts.
    #[serde(rename = "match")]
    pub matchers: Matchers,
    /// How long somebody has to acknowledge.
    pub after: SignedDuration,
    /// Who is called then: names of `[people]` or Matrix ids.
    pub to: Vec<String>,
}

/// `[[alerts.maintenance]]`: once (`from`, `until`) or every week (`weekly`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Which alerts.
    #[serde(rename = "match")]
    pub matchers: Matchers,
    /// When it begins: RFC 3339.
    pub from: Option<jiff::Timestamp>,
    /// When it ends: RFC 3339.
    pub until: Option<jiff::Timestamp>,
    /// Such as `sun 02:00-04:00`.
    pub weekly: Option<String>,
    /// The time zone of `weekly`.
    pub time_zone: Option<String>,
}

/// `[[alerts.heal]]`: an operation that is proposed when an alert fires. It goes through the gate like any other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// Which alerts.
    #[serde(rename = "match")]
    pub matchers: Matchers,
    /// What is proposed, such as `restart_service`.
    pub intent: String,
    /// Its slots; `{label}` is the alert's label of that name.
    #[serde(default)]
    pub slots: BTreeMap<String, String>,
    /// The host, for an intent whose slots name none; `{label}` as in `slots`.
    pub host: Option<String>,
    /// The most proposals for one target in an hour.
    #[serde(default = "two")]
    pub per_target: u32,
    /// The most proposals of this rule in an hour.
    #[serde(default = "ten")]
    pub per_hour: u32,
    /// The most proposals for one incident.
    #[serde(default = "two")]
    pub per_incident: u32,
    /// Who set the rule up: they count as its requester, and can't approve alone where the policy forbids that. A name of `[people]` or a Matrix id.
    pub by: Option<String>,
}

fn two() -> u32 {
    2
}

/// `[alerts.json.NAME]`: where in somebody's JSON (RFC 6901 pointers) an alert's parts are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonMapping {
    /// The list of alerts; the whole document is one alert when this is left out.
    #[serde(default)]
    pub alerts: Option<String>,
    /// The alert's name.
    pub name: String,
    /// What tells whether it fires …
    pub status: Option<String>,
    /// … and the values that mean that it does not.
    #[serde(default = "resolved")]
    pub resolved: Vec<String>,
    /// The severity: a pointer, or a fixed word.
    pub severity: Option<String>,
    /// What people read.
    pub summary: Option<String>,
    /// What it is about: becomes the label `instance`.
    pub instance: Option<String>,
    /// Further labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// A link to look at.
    pub url: Option<String>,
}

fn resolved() -> Vec<String> {
    ["resolved", "ok", "up", "closed", "false", "0", "recovered"].map(str::to_owned).to_vec()
}
