//! What is shown beside an incident: its expression's chart, and the end of the log that belongs to it.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::api::{ApiError, Http, Loki, Prometheus, Series};
use super::chart::{self, Chart, Picture};
use super::{Incident, Labels};
use crate::config::Alerts;

/// How much a chart shows at least …
const SHORTEST: i64 = 3 * 3_600_000;
/// … and at most, milliseconds.
const LONGEST: i64 = 24 * 3_600_000;
/// How much of it lies before the incident, milliseconds.
const BEFORE: i64 = 3_600_000;
/// How many values a chart has for each series.
const POINTS: i64 = 360;
/// How much a chart shows at least where the server remembers less than it should show, milliseconds.
const SCARCE: i64 = 600_000;
/// From how long before the incident log lines are shown, milliseconds.
const LOG_BEFORE: i64 = 300_000;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The value over the last hours.
    pub chart: Option<Picture>,
    /// The latest lines of the log, the newest last. They are a stranger's and may hold secrets: redact them.
    pub log: Option<Vec<String>>,
}

/// Looks for evidence with the servers that are configured, `now` in milliseconds since the epoch. What can't be had is logged and
/// left out; it takes some 10 seconds at most.
pub async fn gather(http: &Http, alerts: &Alerts, incident: &Incident, now: i64) -> Evidence {
    let (chart, log) = tokio::join!(chart(http, alerts, incident, now), log(http, alerts, incident));
    Evidence { chart, log }
}

async fn chart(http: &Http, alerts: &Alerts, incident: &Incident, now: i64) -> Option<Picture> {
    let server = Prometheus::new(http, alerts.prometheus.as_ref()?);
    let whole = chart::expression(incident.links.generator.as_deref()?)?;
    let (expression, threshold) = chart::split_threshold(&whole);
    let mut from_ts = now - (now - incident.opened_ts + BEFORE).clamp(SHORTEST, LONGEST);
    let range = async |from_ts: i64| {
        let step = ((now - from_ts) / POINTS).max(1000);
        // The last value is the latest.
        let found = server.range(
            &expression,
            now - (now - from_ts) / step * step,
            now,
            SignedDuration::from_millis(step),
        );
        let found = found.await.map_err(|error| missing(incident, "chart", &error)).ok()?;
        Some(concerned(found, &incident.labels))
    };
    let mut series = range(from_ts).await?;
    let first = series.iter().flat_map(|one| one.points.first()).map(|(ts, _)| *ts).min();
    if let Some(first) = first.filter(|first| now - first < (now - from_ts) / 4) {
        // What there is would be a speck at the end.
        from_ts = now - ((now - first) * 2).max(SCARCE);
        series = range(from_ts).await?;
    }
    let mut marks = vec![(incident.opened_ts, true)];
    marks.extend(incident.resolved_ts.map(|ts| (ts, false)));
    let chart = Chart {
        title: incident.title.clone(),
        expression: whole,
        threshold,
        series,
        from_ts,
        until_ts: now,
        marks,
        zone: zone(alerts),
    };
    let drawn = tokio::task::spawn_blocking(move || chart::png(&chart)).await;
    match drawn {
        Ok(Ok(picture)) => Some(picture),
        Ok(Err(error)) => {
            tracing::warn!(incident = %incident.id, %error, "no chart for an incident");
            None
        }
        Err(error) => {
            tracing::error!(incident = %incident.id, %error, "drawing a chart failed");
            None
        }
    }
}

/// The series that the incident is about: none of their labels says otherwise. All of them where that leaves none.
fn concerned(series: Vec<Series>, labels: &Labels) -> Vec<Series> {
    let agrees = |one: &Series| {
        one.labels.iter().all(|(name, value)| labels.get(name).is_none_or(|theirs| theirs == value))
    };
    if series.iter().any(agrees) { series.into_iter().filter(agrees).collect() } else { series }
}

fn zone(alerts: &Alerts) -> TimeZone {
    let named = alerts.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    named.unwrap_or_else(TimeZone::system)
}

async fn log(http: &Http, alerts: &Alerts, incident: &Incident) -> Option<Vec<String>> {
    let loki = alerts.loki.as_ref()?;
    let query = fill(&loki.query, &incident.labels)?;
    let server = Loki::new(http, &loki.url);
    let found = server.tail(&query, loki.lines, incident.opened_ts - LOG_BEFORE).await;
    let lines = found.map_err(|error| missing(incident, "log", &error)).ok()?;
    (!lines.is_empty()).then(|| lines.into_iter().map(|(_, line)| line).collect())
}

fn missing(incident: &Incident, what: &'static str, error: &ApiError) {
    tracing::warn!(incident = %incident.id, what, %error, "no evidence for an incident");
}

/// Where in a LogQL query a place for a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Bare,
    /// In `"…"`; whether it is a regular expression.
    Quoted {
        regex: bool,
    },
    /// In backticks, where nothing can be escaped; whether it is a regular expression.
    Raw {
        regex: bool,
    },
}

/// The query with the incident's labels for `{label}`, or `None` where a label is missing or its value can't stand there: a value
/// never ends the string that it stands in, and in a regular expression it means itself.
fn fill(query: &str, labels: &Labels) -> Option<String> {
    let mut filled = String::new();
    let mut place = Place::Bare;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        if let Some((name, behind)) = label(rest) {
            filled.push_str(&escape(labels.get(name).filter(|value| !value.is_empty())?, place)?);
            rest = behind;
            continue;
        }
        let mut length = c.len_utf8();
        let regex = filled.trim_end().ends_with('~');
        place = match (place, c) {
            (Place::Bare, '"') => Place::Quoted { regex },
            (Place::Bare, '`') => Place::Raw { regex },
            (Place::Quoted { .. }, '"') | (Place::Raw { .. }, '`') => Place::Bare,
            (Place::Quoted { .. }, '\\') => {
                length += rest[length..].chars().next().map_or(0, char::len_utf8);
                place
            }
            (place, _) => place,
        };
        // `{{` begins a place of LogQL's own templates.
        if rest.starts_with("{{") {
            length = rest.find("}}").map_or(rest.len(), |end| end + 2);
        }
        filled.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Some(filled)
}

/// The label at the beginning of `{label}…`, and what is behind it.
fn label(text: &str) -> Option<(&str, &str)> {
    let (name, behind) = text.strip_prefix('{')?.split_once('}')?;
    let fits = |(i, c): (usize, char)| c == '_' || c.is_ascii_alphabetic() || i > 0 && c.is_ascii_digit();
    (!name.is_empty() && name.char_indices().all(fits)).then_some((name, behind))
}

fn escape(value: &str, place: Place) -> Option<String> {
    let literal = |regex: bool| if regex { regex::escape(value) } else { value.to_owned() };
    match place {
        Place::Bare => value.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()).then(|| value.to_owned()),
        Place::Raw { regex } => (!value.contains(['`', '\r'])).then(|| literal(regex)),
        Place::Quoted { regex } => {
            let mut escaped = String::new();
            for c in literal(regex).chars() {
                match c {
                    '"' | '\\' => escaped.extend(['\\', c]),
                    c if c.is_control() => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
                    c => escaped.push(c),
                }
            }
            Some(escaped)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn filled(query: &str, value: &str) -> Option<String> {
        fill(query, &labels(&[("service", value), ("empty", "")]))
    }

    #[test]
    fn a_label_stands_where_its_name_stood() {
        let query = "{unit=\"{service}.service\", host=~\"a{2}\"} |= \"error\" | line_format \"{{.msg}} {{service}}\"";
        let expected =
            "{unit=\"jellyfin.service\", host=~\"a{2}\"} |= \"error\" | line_format \"{{.msg}} {{service}}\"";
        assert_eq!(filled(query, "jellyfin").as_deref(), Some(expected));
        assert_eq!(filled("{a=\"{other}\"}", "jellyfin"), None);
        assert_eq!(filled("{a=\"{empty}\"}", "jellyfin"), None);
    }

    #[test]
    fn a_hostile_value_stays_inside_its_string() {
        let hostile = "x\"} or {a=`b`}\\\n.*";
        let quoted = filled("{a=\"{service}\"} |= `x`", hostile).unwrap();
        assert_eq!(quoted, "{a=\"x\\\"} or {a=`b`}\\\\\\u000a.*\"} |= `x`");
        let regex = filled("{a=~ \"{service}-[0-9]+\"}", "a.b\"|c").unwrap();
        assert_eq!(regex, "{a=~ \"a\\\\.b\\\"\\\\|c-[0-9]+\"}");
        assert_eq!(filled("{a=`{service}`}", hostile), None);
        assert_eq!(filled("{a=~`{service}`}", "a.b").as_deref(), Some("{a=~`a\\.b`}"));
        assert_eq!(filled("{a=\"b\"} |= {service}", hostile), None);
        assert_eq!(filled("{a=\"\\\"{service}\"}", "\"").as_deref(), Some("{a=\"\\\"\\\"\"}"));
        // What is filled in is not filled again.
        assert_eq!(filled("{a=\"{service}\"}", "{service}").as_deref(), Some("{a=\"{service}\"}"));
    }

    #[test]
    fn a_chart_keeps_to_what_the_incident_is_about() {
        let of = |pairs| Series { labels: labels(pairs), points: Vec::new() };
        let (one, two) = (of(&[("instance", "pi4"), ("mode", "idle")]), of(&[("instance", "nas")]));
        let incident = labels(&[("alertname", "Down"), ("instance", "pi4")]);
        assert_eq!(concerned(vec![two.clone(), one.clone()], &incident), [one]);
        assert_eq!(concerned(vec![two.clone()], &incident), [two]);
    }
}
