//! Whose duty an incident is, and who is called when nobody takes it up.

use super::common_labels;
use crate::alerts::{Incident, State};
use crate::config::{Alerts, Escalation};

/// Who is mentioned on an incident's message: names of `[people]` or Matrix ids as the configuration has them, each once, of all rules
/// that match what the incident's alerts have in common.
pub fn owners(config: &Alerts, incident: &Incident) -> Vec<String> {
    let labels = common_labels(incident);
    let mut all: Vec<String> = Vec::new();
    for rule in config.owners.iter().filter(|rule| rule.matchers.matches(&labels)) {
        for name in &rule.mention {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
    }
    all
}

/// The rules whose people must be called at `now` (milliseconds since the epoch) and have not been; the earliest first. Their number is
/// to be added to the incident's `escalated`.
pub fn escalations_due<'a>(config: &'a Alerts, incident: &Incident, now: i64) -> Vec<&'a Escalation> {
    let due = waiting(config, incident).into_iter().filter(|(at, _)| *at <= now);
    due.map(|(_, rule)| rule).collect()
}

/// When the next rule calls its people, if nobody acknowledges: milliseconds since the epoch.
pub fn next_escalation(config: &Alerts, incident: &Incident) -> Option<i64> {
    waiting(config, incident).first().map(|(at, _)| *at)
}

/// The rules that have not called anybody yet, and when each does. The time counts from when it last began to fire.
fn waiting<'a>(config: &'a Alerts, incident: &Incident) -> Vec<(i64, &'a Escalation)> {
    if incident.state != State::Firing {
        return Vec::new();
    }
    let labels = common_labels(incident);
    let began = incident.reopened.iter().copied().fold(incident.opened_ts, i64::max);
    let matching = config.escalation.iter().filter(|rule| rule.matchers.matches(&labels));
    let at =
        |rule: &Escalation| began.saturating_add(i64::try_from(rule.after.as_millis()).unwrap_or(i64::MAX));
    let mut all: Vec<_> = matching.map(|rule| (at(rule), rule)).collect();
    all.sort_by_key(|(at, _)| *at);
    let called = usize::try_from(incident.escalated).unwrap_or(usize::MAX);
    all.into_iter().skip(called).collect()
}
