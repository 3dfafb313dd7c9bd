//! Grafana's unified alerting: Alertmanager's form, and more to look at.
//!
//! Source: <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>

use super::SourceError;
use super::alertmanager::{self, Body};
use super::wire::{Scalars, object};
use crate::alerts::{Alert, Group};

/// Reads one delivery.
///
/// # Errors
/// When it is no JSON, or has no list `alerts`.
pub(super) fn read(body: &[u8], now_ms: i64) -> Result<Vec<Group>, SourceError> {
    let body: Body = object(body)?;
    // Groups of several organisations may have the same name. The first is the only one in most houses.
    let org = body.org_id.as_ref().map(|org| org.0.clone()).filter(|org| !matches!(org.as_str(), "" | "1"));
    let mut groups = alertmanager::groups("grafana", body, now_ms);
    for group in &mut groups {
        if let Some(org) = &org {
            group.key = format!("org {org} {}", group.key);
        }
        group.alerts.iter_mut().for_each(explain);
    }
    Ok(groups)
}

/// `DatasourceError` and `DatasourceNoData` say what is wrong in an annotation of their own, which people shall read.
fn explain(alert: &mut Alert) {
    let Some(error) = alert.annotations.get("Error").filter(|error| !error.is_empty()) else { return };
    let error = error.clone();
    alert.annotations.entry("description".to_owned()).or_insert(error);
}

/// The values that an alert fired at: `B=44.2, C=1`; where there are none, the text of older versions.
pub(super) fn values(values: Scalars, text: Option<String>) -> Option<String> {
    if values.is_empty() {
        return text.filter(|text| !text.trim().is_empty());
    }
    let pairs: Vec<String> = values.into_iter().map(|(name, value)| format!("{name}={}", value.0)).collect();
    Some(pairs.join(", "))
}
