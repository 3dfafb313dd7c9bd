//! What monitoring systems send, in one form: one file a system.
//!
//! All of it is written by strangers: whatever comes is read within bounds ([`bound`]), and nothing of it can stop us.

mod alertmanager;
mod bounds;
mod grafana;
mod json;
mod uptime_kuma;
mod wire;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

pub use bounds::{
    MOST_ALERTS, MOST_KEY_BYTES, MOST_LABELS, MOST_LINK_BYTES, MOST_NAME_BYTES, MOST_VALUE_BYTES, bound,
};

use super::Group;
use crate::config;

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Alertmanager's webhook, version 4.
    Alertmanager,
    /// Grafana's unified alerting.
    Grafana,
    /// Uptime Kuma's webhook, sent as JSON.
    UptimeKuma,
    /// Anything else that sends JSON, read by the mapping of this name.
    Json(String),
}

/// Why a delivery can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no such mapping.
    #[error("there is no `[alerts.json.{name}]`; {}", configured(known))]
    UnknownMapping {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It is no JSON, or not of the shape that the source sends.
    #[error("{at}: {message}")]
    Malformed {
        /// Where, such as `alerts[0].startsAt`; `the body` when it is no particular place.
        at: String,
        /// What is wrong.
        message: String,
    },
}

fn configured(known: &[String]) -> String {
    if known.is_empty() {
        "no mapping is configured yet".to_owned()
    } else {
        format!("configured are: {}", known.join(", "))
    }
}

impl Source {
    /// The source of a path below `/webhooks/`, if there is one: `alertmanager`, `grafana`, `uptime-kuma`, `json/NAME`.
    pub fn of_path(path: &str) -> Option<Self> {
        match path {
            "alertmanager" => Some(Self::Alertmanager),
            "grafana" => Some(Self::Grafana),
            "uptime-kuma" => Some(Self::UptimeKuma),
            _ => {
                let name = path.strip_prefix("json/")?;
                (!name.is_empty() && !name.contains('/')).then(|| Self::Json(name.to_owned()))
            }
        }
    }

    /// As it stands in [`Group::source`]: its path.
    pub fn name(&self) -> String {
        match self {
            Self::Alertmanager => "alertmanager".into(),
            Self::Grafana => "grafana".into(),
            Self::UptimeKuma => "uptime-kuma".into(),
            Self::Json(name) => format!("json/{name}"),
        }
    }
}

/// Reads one delivery; `now_ms` is the time, milliseconds since the epoch. The same body becomes the same groups whenever it is
/// read, but for alerts that have neither a status nor an end in the past.
///
/// # Errors
/// When the body is no JSON, has another shape, or there is no mapping of that name.
pub fn read(
    source: &Source,
    body: &[u8],
    config: &config::Alerts,
    now_ms: i64,
) -> Result<Vec<Group>, SourceError> {
    let groups = match source {
        Source::Alertmanager => alertmanager::read(body, now_ms)?,
        Source::Grafana => grafana::read(body, now_ms)?,
        Source::UptimeKuma => uptime_kuma::read(body)?,
        Source::Json(name) => match config.json.get(name) {
            Some(mapping) => json::read(&source.name(), mapping, body)?,
            None => {
                let known = config.json.keys().cloned().collect();
                return Err(SourceError::UnknownMapping { name: name.clone(), known });
            }
        },
    };
    Ok(groups.into_iter().map(bound).collect())
}
