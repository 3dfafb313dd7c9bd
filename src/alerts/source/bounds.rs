//! How much of a stranger's text is kept.

use url::Url;

use crate::alerts::fingerprint::{fingerprint, hash};
use crate::alerts::{Alert, Group, Labels, Links};

/// The most alerts of one delivery; the rest is counted in [`Group::truncated`].
pub const MOST_ALERTS: usize = 10_000;
/// The most labels, and the most annotations, of one alert.
pub const MOST_LABELS: usize = 64;
/// The longest name of a label or an annotation, in bytes.
pub const MOST_NAME_BYTES: usize = 200;
/// The longest value, in bytes.
pub const MOST_VALUE_BYTES: usize = 4_096;
/// The longest link, in bytes.
pub const MOST_LINK_BYTES: usize = 2_000;
/// The longest name of a group, in bytes: it is part of an index of the database.
pub const MOST_KEY_BYTES: usize = 1_000;

/// Labels that stay when there are too many.
const FIRST: [&str; 5] = ["alertname", "severity", "instance", "job", "summary"];

/// Cuts a group to size. Afterwards every alert has a fingerprint of sixteen hexadecimal digits and the label `alertname`; names,
/// values, links and their numbers are bounded; links are `http` or `https`, without a password; and no text has a NUL, which
/// PostgreSQL can't store. Other control characters stay: who shows them makes them visible.
pub fn bound(group: Group) -> Group {
    let Group { source, key, labels, receiver, url, truncated, mut alerts } = group;
    let left_out = alerts.len().saturating_sub(MOST_ALERTS);
    alerts.truncate(MOST_ALERTS);
    Group {
        source,
        key: short_key(key),
        labels: some(clean(labels)),
        receiver: receiver.map(|receiver| short(receiver, 200)),
        url: url.and_then(|url| link(&url)),
        truncated: truncated.saturating_add(left_out as u64),
        alerts: alerts.into_iter().map(alert).collect(),
    }
}

fn alert(alert: Alert) -> Alert {
    let Alert { fingerprint: given, firing, labels, annotations, starts_ts, ends_ts, links } = alert;
    let sound = given.len() == 16 && given.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fingerprint = if sound { given.to_ascii_lowercase() } else { fingerprint(&labels) };
    let mut labels = clean(labels);
    if labels.get("alertname").is_none_or(String::is_empty) {
        let name = labels.get("rulename").filter(|name| !name.is_empty()).cloned();
        labels.insert("alertname".to_owned(), name.unwrap_or_else(|| "unnamed".to_owned()));
    }
    let Links { generator, dashboard, panel, image, silence, values } = links;
    let links = Links {
        generator: generator.and_then(|url| link(&url)),
        dashboard: dashboard.and_then(|url| link(&url)),
        panel: panel.and_then(|url| link(&url)),
        image: image.and_then(|url| link(&url)),
        silence: silence.and_then(|url| link(&url)),
        values: values.map(|values| short(values, MOST_VALUE_BYTES)).filter(|values| !values.is_empty()),
    };
    let ends_ts = ends_ts.filter(|_| !firing);
    let annotations = some(clean(annotations));
    Alert { fingerprint, firing, labels: some(labels), annotations, starts_ts, ends_ts, links }
}

/// Without NUL.
fn clean(labels: Labels) -> Labels {
    let without = |mut text: String| {
        text.retain(|c| c != '\0');
        text
    };
    labels.into_iter().map(|(name, value)| (without(name), without(value))).collect()
}

/// At most [`MOST_LABELS`], those that matter most before the others.
fn some(mut labels: Labels) -> Labels {
    let mut kept: Labels = FIRST.iter().filter_map(|name| labels.remove_entry(*name)).collect();
    let room = MOST_LABELS - kept.len();
    kept.extend(labels.into_iter().take(room));
    kept.into_iter()
        .map(|(name, value)| (short(name, MOST_NAME_BYTES), short(value, MOST_VALUE_BYTES)))
        .collect()
}

/// Without NUL, and at most so many bytes; what was cut ends in `…`.
fn short(mut text: String, most: usize) -> String {
    const MARK: char = '…';
    text.retain(|c| c != '\0');
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - MARK.len_utf8()));
        text.push(MARK);
    }
    text
}

/// A long name keeps its beginning and gets a hash of the whole, so that two long names stay two.
fn short_key(key: String) -> String {
    let whole = (key.len() > MOST_KEY_BYTES).then(|| hash(&key));
    match whole {
        Some(hash) => format!("{}{hash}", short(key, MOST_KEY_BYTES - hash.len())),
        None => short(key, MOST_KEY_BYTES),
    }
}

/// The address in its normal form, if it is one that people can follow.
pub(super) fn link(text: &str) -> Option<String> {
    if text.len() > MOST_LINK_BYTES {
        return None;
    }
    let mut url = Url::parse(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(String::from(url)).filter(|url| url.len() <= MOST_LINK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(alerts: Vec<Alert>) -> Group {
        Group {
            source: "json/x".into(),
            key: "k".into(),
            labels: Labels::new(),
            receiver: None,
            url: None,
            truncated: 0,
            alerts,
        }
    }

    fn empty() -> Alert {
        Alert {
            fingerprint: String::new(),
            firing: true,
            labels: Labels::new(),
            annotations: Labels::new(),
            starts_ts: 0,
            ends_ts: None,
            links: Links::default(),
        }
    }

    #[test]
    fn only_addresses_that_people_can_follow_become_links() {
        for (given, kept) in [
            ("https://grafana.lab/d/x?a=1#b", Some("https://grafana.lab/d/x?a=1#b")),
            (" http://user:hunter2@lab/ ", Some("http://lab/")),
            ("http://lab/a b\n<c>", Some("http://lab/a%20b%3Cc%3E")),
            ("javascript:alert(1)", None),
            ("file:///etc/passwd", None),
            ("//lab/", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(link(given).as_deref(), kept, "{given:?}");
        }
        let path = "a".repeat(MOST_LINK_BYTES - "http://lab/".len());
        assert!(link(&format!("http://lab/{path}")).is_some());
        assert_eq!(link(&format!("http://lab/{path}a")), None);
        assert_eq!(link(&format!("http://lab/{}", "ä".repeat(900))), None, "too long once it is written out");
    }

    #[test]
    fn text_is_cut_between_characters_and_loses_its_nul() {
        assert_eq!(short("a\0b\u{1b}".into(), 10), "ab\u{1b}");
        assert_eq!(short("ääää".into(), 8), "ääää");
        assert_eq!(short("äääää".into(), 8), "ää…");
    }

    #[test]
    fn long_names_of_groups_stay_different() {
        let (one, two) = (short_key("x".repeat(2_000)), short_key("x".repeat(2_001)));
        assert_ne!(one, two);
        assert!(one.len() <= MOST_KEY_BYTES && two.len() <= MOST_KEY_BYTES);
    }

    #[test]
    fn too_many_labels_lose_the_last_but_not_those_that_matter() {
        let mut alert = empty();
        alert.labels = (0..100).map(|n| (format!("a{n:03}"), "x".to_owned())).collect();
        alert.labels.insert("severity".into(), "page".into());
        let whole = fingerprint(&alert.labels);
        let kept = &bound(group(vec![alert])).alerts[0];
        assert_eq!(kept.labels.len(), MOST_LABELS);
        assert_eq!(kept.labels["severity"], "page");
        assert_eq!(kept.labels["alertname"], "unnamed");
        assert_eq!(kept.fingerprint, whole, "two alerts that differ in what is cut stay two");
    }

    #[test]
    fn alerts_beyond_the_bound_are_counted() {
        let kept = bound(group(vec![empty(); MOST_ALERTS + 3]));
        assert_eq!((kept.alerts.len(), kept.truncated), (MOST_ALERTS, 3));
    }
}
