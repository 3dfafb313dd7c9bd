//! What a delivery changes, as pure functions: alert by alert, and for the incident as a whole.

use std::collections::BTreeMap;

use super::{Alert, Incident, Labels, Severity, State};
use crate::store::{Counts, Known};

/// What one alert of a delivery means, given what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It begins to fire.
    Begins,
    /// It goes on firing; its words may be new.
    GoesOn,
    /// It ends.
    Ends,
    /// It ended before anybody heard of it: its beginning may still come, and is over by then.
    Over,
    /// It says nothing new: a replay, or a message that came too late.
    Nothing,
}

/// Compares an alert with what is known of it. A firing is named by its beginning ([`Alert::starts_ts`]); a source that does not
/// say when it began means whichever fires now.
pub(super) fn change(known: Option<&Known>, alert: &Alert) -> Change {
    let Some(known) = known.map(|known| &known.alert) else {
        return match alert.firing {
            true => Change::Begins,
            // Without a time, a beginning that comes late looks like a new one anyway.
            false if alert.starts_ts == 0 => Change::Nothing,
            false => Change::Over,
        };
    };
    let unsaid = alert.starts_ts == 0;
    match (known.firing, alert.firing) {
        (true, true) if !unsaid && alert.starts_ts < known.starts_ts => Change::Nothing,
        (true, true) => Change::GoesOn,
        // The end of an earlier firing.
        (true, false) if unsaid && alert.ends_ts.is_some_and(|ended| ended < known.starts_ts) => {
            Change::Nothing
        }
        (true, false) if unsaid || alert.starts_ts >= known.starts_ts => Change::Ends,
        (false, true) if unsaid || alert.starts_ts > known.starts_ts => Change::Begins,
        _ => Change::Nothing,
    }
}

/// So many fingerprints are kept with an incident.
const FINGERPRINTS: usize = 100;

/// The incident's words and numbers, from its alerts: those that fire, or all when none does.
pub(super) fn sum_up(incident: &mut Incident, alerts: &[Known], counts: Counts) {
    let fires = alerts.iter().any(|known| known.alert.firing);
    let shown: Vec<&Alert> =
        alerts.iter().map(|known| &known.alert).filter(|alert| alert.firing || !fires).collect();
    let Some(latest) = shown.iter().max_by_key(|alert| alert.starts_ts) else { return };
    incident.fingerprints = shown.iter().take(FINGERPRINTS).map(|alert| alert.fingerprint.clone()).collect();
    incident.firing = counts.firing;
    incident.total = counts.total;
    if let Some(worst) = shown.iter().map(|alert| alert.severity()).max() {
        // One of those that were not read may be worse; its own word is not at hand.
        let unread = Severity::words(|rank| worst.rank() < counts.rank && rank == counts.rank).next();
        incident.severity = unread.map_or(worst, |word| Severity::of(Some(word)));
    }
    incident.labels = common(shown.iter().map(|alert| &alert.labels));
    incident.annotations = common(shown.iter().map(|alert| &alert.annotations));
    incident.links = latest.links.clone();
    let mut names: Vec<&str> = shown.iter().map(|alert| alert.name()).collect();
    names.sort_unstable();
    names.dedup();
    incident.title = match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    };
}

/// Where an incident stands, from its alerts and what people said.
pub(super) fn state(incident: &Incident, counts: Counts, now: i64) -> State {
    if counts.firing == 0 {
        return State::Resolved;
    }
    let silenced = incident.silence.as_ref().is_some_and(|silence| silence.until_ts > now);
    if silenced || counts.silenced {
        return State::Silenced;
    }
    if incident.ack.is_some() { State::Acknowledged } else { State::Firing }
}

/// What all of them agree in.
fn common<'a>(mut all: impl Iterator<Item = &'a Labels>) -> Labels {
    let Some(first) = all.next() else { return BTreeMap::new() };
    let mut common = first.clone();
    for other in all {
        common.retain(|name, value| other.get(name) == Some(value));
    }
    common
}

/// What correlates alerts with each other: the first list of labels that all of them have with the same values.
pub(super) fn correlation(lists: &[Vec<String>], alerts: &[Alert]) -> Option<String> {
    let labels = common(alerts.iter().map(|alert| &alert.labels));
    lists.iter().filter(|list| !list.is_empty()).find_map(|list| {
        let pairs: Option<Vec<String>> =
            list.iter().map(|name| labels.get(name).map(|value| format!("{name}={value}"))).collect();
        pairs.map(|pairs| pairs.join(","))
    })
}

/// Whether it became worse.
pub(super) fn is_worse(before: &Severity, after: &Severity) -> bool {
    after.rank() > before.rank()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alerts::Links;

    fn alert(firing: bool, starts_ts: i64) -> Alert {
        Alert {
            fingerprint: "f".into(),
            firing,
            labels: [("alertname".to_owned(), "Disk".to_owned())].into(),
            annotations: Labels::new(),
            starts_ts,
            ends_ts: (!firing).then_some(starts_ts),
            links: Links::default(),
        }
    }

    fn after(known: Option<Known>, alert: &Alert) -> Option<Known> {
        match change(known.as_ref(), alert) {
            Change::Nothing => known,
            _ => Some(Known {
                alert: alert.clone(),
                source: "s".into(),
                incident: "i".into(),
                silenced: false,
                seen_ts: 0,
            }),
        }
    }

    #[test]
    fn a_firing_begins_once_and_ends_once() {
        let begun = after(None, &alert(true, 5));
        assert_eq!(change(begun.as_ref(), &alert(true, 5)), Change::GoesOn);
        assert_eq!(change(begun.as_ref(), &alert(false, 4)), Change::Nothing, "the end of an earlier one");
        let ended = after(begun, &alert(false, 5));
        assert_eq!(change(ended.as_ref(), &alert(true, 5)), Change::Nothing, "a replay");
        assert_eq!(change(ended.as_ref(), &alert(false, 5)), Change::Nothing);
        assert_eq!(change(ended.as_ref(), &alert(true, 6)), Change::Begins);
        assert_eq!(change(None, &alert(false, 0)), Change::Nothing, "nobody heard of it");
        let over = after(None, &alert(false, 5));
        assert_eq!(change(over.as_ref(), &alert(true, 5)), Change::Nothing, "it came after its end");
        assert_eq!(change(over.as_ref(), &alert(true, 6)), Change::Begins);
    }

    #[test]
    fn a_source_without_times_means_what_fires_now() {
        let begun = after(None, &alert(true, 0));
        assert_eq!(change(begun.as_ref(), &alert(true, 0)), Change::GoesOn);
        let ended = after(begun, &alert(false, 0));
        assert_eq!(change(ended.as_ref(), &alert(true, 0)), Change::Begins);
    }

    #[test]
    fn what_all_lists_want_correlates() {
        let lists = [vec!["rack".to_owned()], vec!["alertname".to_owned()]];
        assert_eq!(correlation(&lists, &[alert(true, 1), alert(true, 2)]).as_deref(), Some("alertname=Disk"));
        assert_eq!(correlation(&lists[..1], &[alert(true, 1)]), None);
        assert_eq!(correlation(&[], &[alert(true, 1)]), None);
    }

    proptest! {
        /// Whatever comes twice, or in any order with its own past, leaves the same as once.
        #[test]
        fn replays_change_nothing(all in prop::collection::vec((any::<bool>(), 1_i64..6), 1..12)) {
            let mut known = None;
            for (firing, starts) in &all {
                known = after(known, &alert(*firing, *starts));
                let again = after(known.clone(), &alert(*firing, *starts));
                prop_assert_eq!(&known, &again);
            }
            let settled = known.clone();
            let newest = known.as_ref().map_or(0, |known| known.alert.starts_ts);
            // All that is older than what is known says nothing.
            for (firing, starts) in all.into_iter().filter(|(_, starts)| *starts < newest) {
                known = after(known, &alert(firing, starts));
            }
            prop_assert_eq!(known, settled);
        }
    }
}
