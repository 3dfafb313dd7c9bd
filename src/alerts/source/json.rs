//! Anybody's JSON, by a mapping of the configuration. Each alert is a group of its own.
//!
//! A source is not expected to know since when something fires: `starts_ts` is 0, so that the same JSON again changes nothing. An
//! alert is known by its name, its instance and the further labels of the mapping; not by its severity, which many sources change
//! or leave out when it is over.

use serde_json::Value;

use super::MOST_ALERTS;
use super::SourceError;
use super::alertmanager::named;
use super::wire::{float, parse};
use crate::alerts::{Alert, Group, Labels, Links, fingerprint};
use crate::config::JsonMapping;

/// Reads one delivery.
///
/// # Errors
/// When it is no JSON, or the mapping's list of alerts is not in it.
pub(super) fn read(source: &str, mapping: &JsonMapping, body: &[u8]) -> Result<Vec<Group>, SourceError> {
    let document: Value = parse(body)?;
    let found = match &mapping.alerts {
        None => std::slice::from_ref(&document),
        Some(at) => match document.pointer(at) {
            Some(Value::Array(list)) => list,
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            other => return Err(no_list(at, other)),
        },
    };
    let left_out = found.len().saturating_sub(MOST_ALERTS) as u64;
    let mut groups: Vec<Group> =
        found.iter().take(MOST_ALERTS).map(|item| group(source, mapping, item)).collect();
    if let Some(first) = groups.first_mut() {
        first.truncated = left_out;
    }
    Ok(groups)
}

fn no_list(at: &str, found: Option<&Value>) -> SourceError {
    let what = match found {
        None => "nothing is there",
        Some(_) => "what is there is neither a list nor an object",
    };
    SourceError::Malformed {
        at: if at.is_empty() { "the body".to_owned() } else { format!("`{at}`") },
        message: format!("the mapping expects the list of alerts here, but {what}"),
    }
}

fn group(source: &str, mapping: &JsonMapping, item: &Value) -> Group {
    let further = mapping.labels.iter().map(|(label, from)| (label.as_str(), Some(from)));
    let own = [("alertname", Some(&mapping.name)), ("instance", mapping.instance.as_ref())];
    let mut labels: Labels =
        further.chain(own).filter_map(|(label, from)| Some((label.to_owned(), said(item, from?)?))).collect();
    labels.entry("alertname".to_owned()).or_insert_with(|| "unnamed".to_owned());
    let identity = labels.clone();
    if let Some(severity) = mapping.severity.as_ref().and_then(|from| said(item, from)) {
        labels.insert("severity".to_owned(), severity);
    }
    let summary = mapping.summary.as_ref().and_then(|from| said(item, from));
    let alert = Alert {
        fingerprint: fingerprint(&identity),
        firing: !is_over(item, mapping),
        labels,
        annotations: summary.map(|summary| ("summary".to_owned(), summary)).into_iter().collect(),
        starts_ts: 0,
        ends_ts: None,
        links: Links {
            generator: mapping.url.as_ref().and_then(|from| said(item, from)),
            ..Links::default()
        },
    };
    let key = named(&identity);
    Group {
        source: source.to_owned(),
        key,
        labels: identity,
        receiver: None,
        url: None,
        truncated: 0,
        alerts: vec![alert],
    }
}

/// Without a status it fires: better told than lost.
fn is_over(item: &Value, mapping: &JsonMapping) -> bool {
    let status = mapping.status.as_ref().and_then(|at| scalar(item.pointer(at)?));
    status.is_some_and(|status| {
        let status = status.trim().to_lowercase();
        mapping.resolved.iter().any(|word| word.trim().to_lowercase() == status)
    })
}

/// What a pointer finds; a text that does not begin with `/` stands for itself.
fn said(item: &Value, from: &str) -> Option<String> {
    if from.starts_with('/') {
        scalar(item.pointer(from)?)
    } else {
        Some(from.to_owned()).filter(|text| !text.is_empty())
    }
}

/// A scalar as text; of anything else, and of an empty text, there is none.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(float),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
