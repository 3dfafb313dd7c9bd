//! Uptime Kuma's webhook in its standard form (`application/json`). Each monitor is a group of one alert.
//!
//! Its deliveries know when a state was seen, but not since when: see [`starts`]. Monitors are told apart by their number, so that
//! one can be renamed while it is down; two instances of Uptime Kuma would mix theirs up.
//!
//! Source: <https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js>

use serde::Deserialize;

use super::SourceError;
use super::bounds::link;
use super::wire::{List, Scalar, object};
use crate::alerts::{Alert, Group, Labels, Links, fingerprint};

/// A test message and a warning of a certificate have neither a heartbeat nor a monitor.
#[derive(Deserialize)]
struct Body {
    heartbeat: Option<Heartbeat>,
    monitor: Option<Monitor>,
    msg: Option<Scalar>,
}

#[derive(Deserialize)]
struct Heartbeat {
    #[serde(rename = "monitorID")]
    monitor_id: Option<Scalar>,
    status: Status,
    time: Option<Scalar>,
    msg: Option<Scalar>,
    ping: Option<Scalar>,
    important: Option<Scalar>,
}

#[derive(Default, Deserialize)]
struct Monitor {
    id: Option<Scalar>,
    name: Option<Scalar>,
    description: Option<Scalar>,
    url: Option<Scalar>,
    hostname: Option<Scalar>,
    port: Option<Scalar>,
    #[serde(rename = "type")]
    kind: Option<Scalar>,
    tags: Option<List<Tag>>,
}

#[derive(Deserialize)]
struct Tag {
    name: Option<Scalar>,
    value: Option<Scalar>,
}

/// What a monitor saw.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(try_from = "Scalar")]
enum Status {
    Down,
    Up,
    Pending,
    Maintenance,
}

impl TryFrom<Scalar> for Status {
    type Error = String;

    fn try_from(status: Scalar) -> Result<Self, String> {
        match status.0.as_str() {
            "0" => Ok(Self::Down),
            "1" => Ok(Self::Up),
            "2" => Ok(Self::Pending),
            "3" => Ok(Self::Maintenance),
            other => {
                Err(format!("{other:?} is no status: 0 is down, 1 up, 2 not known yet, 3 under maintenance"))
            }
        }
    }
}

/// Reads one delivery.
///
/// # Errors
/// When it is no JSON, or its heartbeat has no status that is known.
pub(super) fn read(body: &[u8]) -> Result<Vec<Group>, SourceError> {
    let Body { heartbeat: Some(heartbeat), monitor, msg } = object(body)? else { return Ok(Vec::new()) };
    let monitor = monitor.unwrap_or_default();
    // Nobody looks after what is under maintenance, and Uptime Kuma tells nothing when it comes back from there.
    let firing = match heartbeat.status {
        Status::Down => true,
        Status::Up | Status::Maintenance => false,
        Status::Pending => return Ok(Vec::new()),
    };
    let labels = labels(&monitor, &heartbeat);
    let summary = text(heartbeat.msg.as_ref()).or_else(|| text(msg.as_ref()));
    let annotations = [("summary", summary), ("description", text(monitor.description.as_ref()))];
    let alert = Alert {
        fingerprint: fingerprint(&identity(&labels)),
        firing,
        annotations: annotations
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?)))
            .collect(),
        starts_ts: if firing { starts(&heartbeat) } else { 0 },
        ends_ts: if firing { None } else { time(heartbeat.time.as_ref()) },
        links: Links {
            generator: text(monitor.url.as_ref()),
            values: text(heartbeat.ping.as_ref()).map(|ping| format!("ping={ping} ms")),
            ..Links::default()
        },
        labels,
    };
    let key = match alert.labels.get("monitor_id") {
        Some(id) => format!("monitor {id}"),
        None => format!("monitor {:?}", alert.labels["alertname"]),
    };
    Ok(vec![Group {
        source: "uptime-kuma".into(),
        key,
        labels: alert.labels.clone(),
        receiver: None,
        url: None,
        truncated: 0,
        alerts: vec![alert],
    }])
}

/// The tags (`true` for one without a value), and what tells monitors apart, which no tag can replace.
fn labels(monitor: &Monitor, heartbeat: &Heartbeat) -> Labels {
    let host = text(monitor.hostname.as_ref()).map(|host| match text(monitor.port.as_ref()) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    });
    // A monitor of another type has the form's beginning there (`https://`), and an address may have a password in it.
    let url = text(monitor.url.as_ref()).and_then(|url| link(&url));
    let tags = monitor.tags.iter().flat_map(|tags| &tags.kept).filter_map(|tag| {
        Some((text(tag.name.as_ref())?, text(tag.value.as_ref()).unwrap_or_else(|| "true".into())))
    });
    let mut labels: Labels = tags.collect();
    for (name, value) in [
        ("alertname", text(monitor.name.as_ref()).or_else(|| Some("unnamed".into()))),
        ("monitor_id", text(monitor.id.as_ref()).or_else(|| text(heartbeat.monitor_id.as_ref()))),
        ("type", text(monitor.kind.as_ref())),
        ("instance", host.or(url)),
    ] {
        match value {
            Some(value) => labels.insert(name.to_owned(), value),
            None => labels.remove(name),
        };
    }
    labels
}

/// What a monitor is known by: its number, or without one its name.
fn identity(labels: &Labels) -> Labels {
    let name = if labels.contains_key("monitor_id") { "monitor_id" } else { "alertname" };
    [(name.to_owned(), labels[name].clone())].into()
}

/// Only the heartbeat that changed something is marked as important; its time is when the firing began. Reminders have the time
/// at which they were sent, and so say nothing about that (0).
fn starts(heartbeat: &Heartbeat) -> i64 {
    match text(heartbeat.important.as_ref()).as_deref() {
        Some("true" | "1") => time(heartbeat.time.as_ref()).unwrap_or(0),
        _ => 0,
    }
}

/// `2026-11-21 03:14:10.418`, in UTC; milliseconds since the epoch.
fn time(text: Option<&Scalar>) -> Option<i64> {
    let text = text?.0.trim();
    let time = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time,
        Err(_) => {
            text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        }
    };
    Some(time.as_millisecond()).filter(|ms| *ms > 0)
}

fn text(scalar: Option<&Scalar>) -> Option<String> {
    scalar.map(|scalar| scalar.0.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}
