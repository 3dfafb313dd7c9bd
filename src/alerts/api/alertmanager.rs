//! Alertmanager's API v2.

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ApiError, Http, Server};
use crate::alerts::{Alert, Labels, Links};

/// An Alertmanager, versions with API v2 (0.16 and later; tried with 0.25).
#[derive(Debug, Clone)]
pub struct Alertmanager(Server);

/// A group as Alertmanager has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledGroup {
    /// What its alerts are grouped by.
    pub labels: Labels,
    /// The receiver it goes to. Alertmanager lists a group once for each.
    pub receiver: String,
    /// What fires, silenced or not.
    pub alerts: Vec<PolledAlert>,
}

/// A firing alert, and what keeps it quiet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledAlert {
    /// The alert.
    pub alert: Alert,
    /// Ids of the silences that cover it.
    pub silenced_by: Vec<String>,
    /// Fingerprints of the alerts that inhibit it.
    pub inhibited_by: Vec<String>,
    /// When its source last told of it, milliseconds since the epoch.
    pub updated_ts: i64,
}

/// How Alertmanager is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Since when it runs, milliseconds since the epoch.
    pub started_ts: i64,
}

/// A silence to be made, or what one shall become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSilence {
    /// What it covers: all must hold.
    pub matchers: Vec<SilenceMatcher>,
    /// From when, milliseconds since the epoch.
    pub starts_ts: i64,
    /// Until when, milliseconds since the epoch.
    pub ends_ts: i64,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// A condition on a label, in Alertmanager's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SilenceMatcher {
    /// The label.
    pub name: String,
    /// What it is compared with.
    pub value: String,
    /// Whether `value` is a regular expression (anchored at both ends).
    pub is_regex: bool,
    /// Whether it must match (`=`, `=~`) or must not (`!=`, `!~`).
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

/// A silence that Alertmanager has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// What it is.
    pub silence: NewSilence,
}

/// The alerts that matchers cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// How many there are.
    pub count: usize,
    /// Their names, each once, sorted.
    pub names: Vec<String>,
}

impl Alertmanager {
    /// The one at an address, which may have a path prefix.
    pub fn new(http: &Http, base: &Url) -> Self {
        Self(Server::new(http, "Alertmanager", "alertmanager", base))
    }

    /// All groups with what fires in them: active, silenced and inhibited alerts.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn groups(&self) -> Result<Vec<PolledGroup>, ApiError> {
        let everything = [("active", "true"), ("silenced", "true"), ("inhibited", "true")];
        let request = self.0.request(Method::GET, &["api", "v2", "alerts", "groups"]).query(&everything);
        let groups: Vec<WireGroup> = self.0.json(request).await?;
        Ok(groups.into_iter().map(PolledGroup::from).collect())
    }

    /// Its version, and since when it runs.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn status(&self) -> Result<Status, ApiError> {
        let said: WireStatus = self.0.json(self.0.request(Method::GET, &["api", "v2", "status"])).await?;
        Ok(Status { version: said.version_info.version, started_ts: said.uptime.as_millisecond() })
    }

    /// Makes a silence, or changes the one with `id`, and gives the id. Alertmanager may end a silence that is changed and make
    /// another: the id that comes back is the one that holds.
    ///
    /// # Errors
    /// When it can't be asked or refuses; [`super::Fault::Gone`] when there is no silence with that id.
    pub async fn silence(&self, silence: &NewSilence, id: Option<&str>) -> Result<String, ApiError> {
        let body =
            body(silence, id).ok_or_else(|| self.0.strange("a time of the silence is out of range"))?;
        let request = self.0.request(Method::POST, &["api", "v2", "silences"]).json(&body);
        let made: WireMade = self.0.json(request).await?;
        Ok(made.silence_id)
    }

    /// Ends a silence.
    ///
    /// # Errors
    /// When it can't be asked; [`super::Fault::Gone`] when there is no silence with that id.
    pub async fn expire(&self, id: &str) -> Result<(), ApiError> {
        self.0.body(self.0.request(Method::DELETE, &["api", "v2", "silence", id])).await.map(drop)
    }

    /// The silences that hold now.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn silences(&self) -> Result<Vec<Silence>, ApiError> {
        // Older versions don't know these and give all.
        let active = [("active", "true"), ("pending", "false"), ("expired", "false")];
        let request = self.0.request(Method::GET, &["api", "v2", "silences"]).query(&active);
        let all: Vec<WireSilence> = self.0.json(request).await?;
        Ok(all.into_iter().filter(|silence| silence.status.state == "active").map(Silence::from).collect())
    }

    /// The alerts that fit all filters, each such as `job=~"node.*"`, silenced ones too.
    ///
    /// # Errors
    /// When it can't be asked, or a filter is wrong.
    pub async fn alerts_matching(&self, filters: &[String]) -> Result<Matching, ApiError> {
        let query: Vec<(&str, &str)> = filters.iter().map(|filter| ("filter", filter.as_str())).collect();
        let request = self.0.request(Method::GET, &["api", "v2", "alerts"]).query(&query);
        let alerts: Vec<WireAlert> = self.0.json(request).await?;
        let mut names: Vec<String> =
            alerts.iter().filter_map(|alert| alert.labels.get("alertname").cloned()).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Matching { count: alerts.len(), names })
    }
}

/// What is posted; `None` for times outside of the calendar.
pub(super) fn body(silence: &NewSilence, id: Option<&str>) -> Option<serde_json::Value> {
    let time = |ms| Timestamp::from_millisecond(ms).ok().map(|time| time.to_string());
    let mut body = serde_json::json!({
        "matchers": silence.matchers,
        "startsAt": time(silence.starts_ts)?,
        "endsAt": time(silence.ends_ts)?,
        "createdBy": silence.created_by,
        "comment": silence.comment,
    });
    if let Some(id) = id {
        body["id"] = id.into();
    }
    Some(body)
}

#[derive(Deserialize)]
struct WireGroup {
    labels: Labels,
    receiver: WireReceiver,
    alerts: Vec<WireAlert>,
}

#[derive(Deserialize)]
struct WireReceiver {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    fingerprint: String,
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    starts_at: Timestamp,
    updated_at: Timestamp,
    #[serde(rename = "generatorURL", default)]
    generator_url: String,
    status: WireAlertStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlertStatus {
    #[serde(default)]
    silenced_by: Vec<String>,
    #[serde(default)]
    inhibited_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatus {
    version_info: WireVersion,
    uptime: Timestamp,
}

#[derive(Deserialize)]
struct WireVersion {
    version: String,
}

#[derive(Deserialize)]
struct WireMade {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSilence {
    id: String,
    status: WireState,
    matchers: Vec<SilenceMatcher>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
struct WireState {
    state: String,
}

impl From<WireGroup> for PolledGroup {
    fn from(group: WireGroup) -> Self {
        let alerts = group.alerts.into_iter().map(PolledAlert::from).collect();
        Self { labels: group.labels, receiver: group.receiver.name, alerts }
    }
}

impl From<WireAlert> for PolledAlert {
    // Alertmanager lists no alert here that has ended; its `endsAt` is when it will give the alert up if nobody repeats it.
    fn from(wire: WireAlert) -> Self {
        let alert = Alert {
            fingerprint: wire.fingerprint,
            firing: true,
            labels: wire.labels,
            annotations: wire.annotations,
            starts_ts: wire.starts_at.as_millisecond(),
            ends_ts: None,
            links: Links { generator: page(wire.generator_url), ..Links::default() },
        };
        Self {
            alert,
            silenced_by: wire.status.silenced_by,
            inhibited_by: wire.status.inhibited_by,
            updated_ts: wire.updated_at.as_millisecond(),
        }
    }
}

impl From<WireSilence> for Silence {
    fn from(wire: WireSilence) -> Self {
        let silence = NewSilence {
            matchers: wire.matchers,
            starts_ts: wire.starts_at.as_millisecond(),
            ends_ts: wire.ends_at.as_millisecond(),
            created_by: wire.created_by,
            comment: wire.comment,
        };
        Self { id: wire.id, silence }
    }
}

/// The address, if it is one that a person can be sent to.
fn page(address: String) -> Option<String> {
    let url = Url::parse(&address).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(address)
}
