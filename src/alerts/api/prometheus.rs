//! Prometheus' HTTP API.

use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{ApiError, Fault, Http, Server};
use crate::alerts::Labels;

/// The most series that one range gives.
const MOST_SERIES: usize = 500;

/// A Prometheus, versions 2 and 3 (tried with 2.42).
#[derive(Debug, Clone)]
pub struct Prometheus(Server);

/// A value over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Whose value it is.
    pub labels: Labels,
    /// Times in milliseconds since the epoch, rising, and the values there; a value can be infinite or not a number.
    pub points: Vec<(i64, f64)>,
}

/// An alert as Prometheus sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PrometheusAlert {
    /// What it is.
    pub labels: Labels,
    /// What people shall read.
    pub annotations: Labels,
    /// Whether it fires; one that does not is pending.
    pub firing: bool,
    /// Since when, milliseconds since the epoch.
    pub active_ts: Option<i64>,
    /// The expression's value.
    pub value: f64,
}

/// Something that is scraped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The label `job`.
    pub job: String,
    /// The label `instance`.
    pub instance: String,
    /// Whether the last scrape went well; `None` before the first.
    pub up: Option<bool>,
    /// What went wrong at the last scrape; empty when nothing did.
    pub last_error: String,
}

impl Prometheus {
    /// The one at an address, which may have a path prefix.
    pub fn new(http: &Http, base: &Url) -> Self {
        Self(Server::new(http, "Prometheus", "prometheus", base))
    }

    /// An expression's values from `start_ts` to `end_ts` (milliseconds since the epoch), one every `step`: at most 500 series.
    ///
    /// # Errors
    /// When it can't be asked, or refuses the expression or a span of more than 11,000 steps.
    pub async fn range(
        &self,
        expression: &str,
        start_ts: i64,
        end_ts: i64,
        step: SignedDuration,
    ) -> Result<Vec<Series>, ApiError> {
        let seconds = |ms: i64| format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000));
        let step = seconds(i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1));
        let query = [
            ("query", expression),
            ("start", &seconds(start_ts)),
            ("end", &seconds(end_ts)),
            ("step", &step),
            ("timeout", "5s"),
        ];
        let request = self.0.request(Method::GET, &["api", "v1", "query_range"]).query(&query);
        let data: WireMatrix = self.data(request).await?;
        let series = data.result.into_iter().filter(|series| !series.values.is_empty()).take(MOST_SERIES);
        Ok(series.map(Series::from).collect())
    }

    /// What fires or is about to.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn alerts(&self) -> Result<Vec<PrometheusAlert>, ApiError> {
        let data: WireAlerts = self.data(self.0.request(Method::GET, &["api", "v1", "alerts"])).await?;
        Ok(data.alerts.into_iter().map(PrometheusAlert::from).collect())
    }

    /// What is scraped.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn targets(&self) -> Result<Vec<Target>, ApiError> {
        let request = self.0.request(Method::GET, &["api", "v1", "targets"]).query(&[("state", "active")]);
        let data: WireTargets = self.data(request).await?;
        Ok(data.active_targets.into_iter().map(Target::from).collect())
    }

    /// The names of the alerting rules, each once, sorted.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn rules(&self) -> Result<Vec<String>, ApiError> {
        let request = self.0.request(Method::GET, &["api", "v1", "rules"]).query(&[("type", "alert")]);
        let data: WireRules = self.data(request).await?;
        let rules = data.groups.into_iter().flat_map(|group| group.rules);
        let mut names: Vec<String> =
            rules.filter(|rule| rule.kind == "alerting").map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Whether it is ready to answer; it is not while it reads its log after a start.
    ///
    /// # Errors
    /// When it can't be asked, or something else is there.
    pub async fn ready(&self) -> Result<bool, ApiError> {
        let (status, body) = self.0.answer(self.0.request(Method::GET, &["-", "ready"])).await?;
        match status {
            StatusCode::OK => Ok(true),
            StatusCode::SERVICE_UNAVAILABLE => Ok(false),
            status => {
                let said = super::refusal(&body);
                Err(self.0.fault(Fault::Refused { status: status.as_u16(), said }))
            }
        }
    }

    async fn data<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        Ok(self.0.json::<Envelope<T>>(request).await?.data)
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct WireMatrix {
    result: Vec<WireSeries>,
}

#[derive(Deserialize)]
struct WireSeries {
    metric: Labels,
    // Missing in a series of histograms.
    #[serde(default)]
    values: Vec<(f64, String)>,
}

#[derive(Deserialize)]
struct WireAlerts {
    alerts: Vec<WireAlert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    state: String,
    active_at: Option<Timestamp>,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTargets {
    active_targets: Vec<WireTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTarget {
    labels: Labels,
    health: String,
    #[serde(default)]
    last_error: String,
}

#[derive(Deserialize)]
struct WireRules {
    groups: Vec<WireRuleGroup>,
}

#[derive(Deserialize)]
struct WireRuleGroup {
    rules: Vec<WireRule>,
}

#[derive(Deserialize)]
struct WireRule {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// As Prometheus writes numbers: `1.5`, `1e+06`, `NaN`, `+Inf`.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

impl From<WireSeries> for Series {
    fn from(wire: WireSeries) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` keeps what is out of range at the end of it"
        )]
        let ms = |seconds: f64| (seconds * 1000.0).round() as i64;
        let points = wire.values.iter().map(|(at, value)| (ms(*at), number(value))).collect();
        Self { labels: wire.metric, points }
    }
}

impl From<WireAlert> for PrometheusAlert {
    fn from(wire: WireAlert) -> Self {
        Self {
            labels: wire.labels,
            annotations: wire.annotations,
            firing: wire.state == "firing",
            active_ts: wire.active_at.map(Timestamp::as_millisecond),
            value: number(&wire.value),
        }
    }
}

impl From<WireTarget> for Target {
    fn from(mut wire: WireTarget) -> Self {
        let up = match wire.health.as_str() {
            "up" => Some(true),
            "down" => Some(false),
            _ => None,
        };
        let mut label = |name| wire.labels.remove(name).unwrap_or_default();
        Self {
            job: label("job"),
            instance: label("instance"),
            up,
            last_error: super::clean(&wire.last_error, 300),
        }
    }
}
