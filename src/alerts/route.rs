//! Who is told of an incident, when, and by which rule.

mod duty;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use duty::{escalations_due, next_escalation, owners};

use super::quiet::{Digest, Quiet, under_maintenance};
use super::{Alert, Incident, Labels, Matcher, Matchers, Severity, State, Subscription};
use crate::config::Alerts;

/// What becomes of an incident for one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Whose.
    pub subscription: &'a Subscription,
    /// What.
    pub verdict: Verdict<'a>,
}

/// What becomes of it, and by which rule. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is told.
    Tell {
        /// The quiet hours that it is told in all the same, because it is bad enough.
        despite: Option<&'a Quiet>,
    },
    /// It is told when quiet hours end.
    Later {
        /// When.
        until_ts: i64,
        /// The quiet hours.
        quiet: &'a Quiet,
    },
    /// It is told in a digest.
    Digest {
        /// When.
        at_ts: i64,
        /// The digest.
        digest: &'a Digest,
    },
    /// It is silenced.
    Silenced {
        /// By whom: a Matrix id, or whoever Alertmanager names.
        by: &'a str,
        /// Until when, if that is known.
        until_ts: Option<i64>,
    },
    /// Nobody wants to hear of it now.
    Maintenance {
        /// The index in `[[alerts.maintenance]]`.
        which: usize,
        /// Until when.
        until_ts: i64,
    },
    /// It is not wanted.
    NoMatch {
        /// The condition that fails, of the alert that fulfils the most before it.
        failed: &'a Matcher,
    },
    /// It is excepted.
    Excepted {
        /// The index in the wish's exceptions.
        which: usize,
        /// That exception.
        except: &'a Matchers,
    },
}

impl Verdict<'_> {
    /// Whether the subscription is about this incident at all.
    pub fn concerns(&self) -> bool {
        !matches!(self, Self::NoMatch { .. } | Self::Excepted { .. })
    }
}

/// An alert as routing sees it: what is the same for all subscriptions is found out once.
struct Seen<'s> {
    labels: Cow<'s, Labels>,
    /// Its severity's place.
    rank: u8,
    /// The window that it is under, and its end.
    maintenance: Option<(usize, i64)>,
}

impl<'s> Seen<'s> {
    fn new(labels: Cow<'s, Labels>, config: &Alerts, now: i64) -> Self {
        Self {
            rank: Severity::rank_of(labels.get("severity").map_or("", String::as_str)),
            maintenance: under_maintenance(config, &labels, now),
            labels,
        }
    }
}

/// What becomes of `incident` for each subscription, in their order, at `now` (milliseconds since the epoch).
///
/// `alerts` are the incident's own; those that fire decide, or all when none does. Without any, the incident's common labels do. It is
/// wanted when at least one alert is.
pub fn decide<'a>(
    incident: &'a Incident,
    alerts: &[Alert],
    subscriptions: &'a [Subscription],
    config: &Alerts,
    now: i64,
) -> Vec<Decision<'a>> {
    let any_fires = alerts.iter().any(|alert| alert.firing);
    let decisive = alerts.iter().filter(|alert| alert.firing || !any_fires);
    let mut seen: Vec<Seen<'_>> =
        decisive.map(|alert| Seen::new(Cow::Borrowed(&alert.labels), config, now)).collect();
    if seen.is_empty() {
        seen.push(Seen::new(common_labels(incident), config, now));
    }
    let verdict = |to| judge(incident, &seen, to, now);
    subscriptions
        .iter()
        .map(|subscription| Decision { subscription, verdict: verdict(subscription) })
        .collect()
}

/// The labels of all its alerts, and its severity if they differ in that.
fn common_labels(incident: &Incident) -> Cow<'_, Labels> {
    if incident.labels.contains_key("severity") || incident.severity.as_str().is_empty() {
        return Cow::Borrowed(&incident.labels);
    }
    let mut labels = incident.labels.clone();
    labels.insert("severity".to_owned(), incident.severity.as_str().to_owned());
    Cow::Owned(labels)
}

fn judge<'a>(incident: &'a Incident, seen: &[Seen<'_>], to: &'a Subscription, now: i64) -> Verdict<'a> {
    let wish = &to.wish;
    let mut nearest: Option<(usize, &Matcher)> = None;
    let mut excepted = None;
    let mut maintained: Option<(usize, i64)> = None;
    let mut worst: Option<u8> = None;
    for alert in seen {
        let failed = wish.matchers.iter().enumerate().find(|(_, matcher)| !matcher.matches(&alert.labels));
        if let Some((passed, matcher)) = failed {
            if nearest.is_none_or(|(most, _)| passed > most) {
                nearest = Some((passed, matcher));
            }
        } else if let Some(found) = wish.except.iter().enumerate().find(|(_, it)| it.matches(&alert.labels)) {
            excepted = excepted.or(Some(found));
        } else if let Some(window) = alert.maintenance {
            // The first of them to end lets it through.
            maintained =
                Some(maintained.map_or(window, |other| if window.1 < other.1 { window } else { other }));
        } else {
            worst = worst.max(Some(alert.rank));
        }
    }
    if let Some(rank) = worst {
        return when(incident, rank, to, now);
    }
    match (maintained, excepted, nearest) {
        (Some((which, until_ts)), ..) => Verdict::Maintenance { which, until_ts },
        (None, Some((which, except)), _) => Verdict::Excepted { which, except },
        (None, None, Some((_, failed))) => Verdict::NoMatch { failed },
        (None, None, None) => when(incident, incident.severity.rank(), to, now),
    }
}

/// When a wanted incident is told, of which the worst alert that is wanted has this severity's place.
fn when<'a>(incident: &'a Incident, worst: u8, to: &'a Subscription, now: i64) -> Verdict<'a> {
    if incident.state == State::Silenced {
        let silence = incident.silence.as_ref();
        let by = silence.map_or("", |silence| silence.by.as_str());
        return Verdict::Silenced { by, until_ts: silence.map(|silence| silence.until_ts) };
    }
    let quiet = to.wish.quiet.as_ref();
    let through = quiet.is_some_and(|quiet| quiet.lets_through(worst));
    let hushed = quiet.filter(|quiet| quiet.holds(now));
    if through {
        return Verdict::Tell { despite: hushed };
    }
    if let Some(digest) = &to.wish.digest {
        let at_ts = digest.next_after(now);
        // A digest amid quiet hours waits for their end.
        let at_ts = quiet.filter(|quiet| quiet.holds(at_ts)).map_or(at_ts, |quiet| quiet.ends_after(at_ts));
        return Verdict::Digest { at_ts, digest };
    }
    match hushed {
        Some(quiet) => Verdict::Later { until_ts: quiet.ends_after(now), quiet },
        None => Verdict::Tell { despite: None },
    }
}
