//! Whatever comes, what is read stays within its bounds, and nothing stops us.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{config, fixture};
use super::*;

const FIXTURES: [(&str, &str); 8] = [
    ("alertmanager", "alertmanager-recorded-firing.json"),
    ("alertmanager", "alertmanager-0.21-truncated.json"),
    ("grafana", "grafana-9.json"),
    ("grafana", "grafana-10.json"),
    ("grafana", "grafana-11-datasource-error.json"),
    ("uptime-kuma", "uptime-kuma-1.23-down.json"),
    ("uptime-kuma", "uptime-kuma-2-reminder.json"),
    ("json/backup", "json-list.json"),
];

const SOURCES: [&str; 5] = ["alertmanager", "grafana", "uptime-kuma", "json/backup", "json/whole"];

/// Reads it twice, and looks at all that must hold. Gives whether it could be read.
fn holds(path: &str, body: &[u8]) -> bool {
    let source = Source::of_path(path).expect("a source");
    let read = |now| read(&source, body, &config(), now);
    let Ok(groups) = read(1_795_000_000_000) else { return false };
    assert_eq!(read(1_795_000_000_000).as_ref(), Ok(&groups), "the same again is the same");
    for group in &groups {
        assert_eq!(group.source, path);
        assert!(group.key.len() <= MOST_KEY_BYTES);
        assert!(group.url.iter().all(|url| followable(url)));
        sized(&group.labels);
        for alert in &group.alerts {
            assert!(!alert.labels["alertname"].is_empty());
            assert!(
                alert.fingerprint.len() == 16 && alert.fingerprint.bytes().all(|b| b.is_ascii_hexdigit())
            );
            assert!(alert.starts_ts >= 0);
            assert!(!alert.firing || alert.ends_ts.is_none());
            sized(&alert.labels);
            sized(&alert.annotations);
            let links = &alert.links;
            let urls = [&links.generator, &links.dashboard, &links.panel, &links.image, &links.silence];
            assert!(urls.into_iter().flatten().all(|url| followable(url)));
            assert!(links.values.as_ref().is_none_or(|values| values.len() <= MOST_VALUE_BYTES));
        }
    }
    assert!(!serde_json::to_string(&groups).expect("it can be written").contains("\\u0000"));
    true
}

fn sized(labels: &crate::alerts::Labels) {
    assert!(labels.len() <= MOST_LABELS);
    assert!(
        labels.iter().all(|(name, value)| name.len() <= MOST_NAME_BYTES && value.len() <= MOST_VALUE_BYTES)
    );
}

fn followable(url: &str) -> bool {
    url.len() <= MOST_LINK_BYTES && (url.starts_with("http://") || url.starts_with("https://"))
}

/// Text that has been trouble somewhere.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        Just("\0".to_owned()),
        Just("\u{202e}\u{1b}[31m\u{0}".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        Just("http://u:p@h/\u{0}".to_owned()),
        Just("-9999-01-01T00:00:00Z".to_owned()),
        Just("9999-12-31T23:59:59.999Z".to_owned()),
        Just("2024-03-31 02:30:00".to_owned()),
        (3_000_usize..6_000).prop_map(|n| "ß".repeat(n)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        nasty().prop_map(Value::from),
        Just(json!({"alertname": "", "alertname\0": "x", "\0alertname": "y"})),
        Just((0..200).map(|n| (format!("l{n}"), Value::from(n))).collect::<serde_json::Map<_, _>>().into()),
    ];
    let name = prop_oneof![
        Just("alerts".to_owned()),
        Just("labels".to_owned()),
        Just("heartbeat".to_owned()),
        Just("status".to_owned()),
        Just("problems".to_owned()),
        nasty(),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// All places of a document.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Array(list) => {
            for (n, item) in list.iter().enumerate() {
                places(item, &format!("{at}/{n}"), into);
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                places(item, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_bytes(body in vec(any::<u8>(), 0..300), source in 0..SOURCES.len()) {
        holds(SOURCES[source], &body);
    }

    #[test]
    fn any_json_document(body in any_json(), source in 0..SOURCES.len()) {
        holds(SOURCES[source], body.to_string().as_bytes());
    }

    #[test]
    fn any_alert(labels in any_json(), annotations in any_json(), more in any_json(), grafana: bool) {
        let path = if grafana { "grafana" } else { "alertmanager" };
        let body = json!({"groupKey": more, "alerts": [{"labels": labels, "annotations": annotations, "values": more}]});
        holds(path, body.to_string().as_bytes());
    }

    #[test]
    fn a_real_delivery_of_which_one_part_is_another(
        which in 0..FIXTURES.len(), place in any::<prop::sample::Index>(), other in any_json(),
    ) {
        let (path, name) = FIXTURES[which];
        let mut body: Value = serde_json::from_slice(&fixture(name)).expect("JSON");
        let mut all = Vec::new();
        places(&body, "", &mut all);
        *body.pointer_mut(&all[place.index(all.len())]).expect("a place") = other;
        holds(path, body.to_string().as_bytes());
    }

    #[test]
    fn a_real_delivery_with_broken_bytes(
        which in 0..FIXTURES.len(), breaks in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let (path, name) = FIXTURES[which];
        let mut body = fixture(name);
        for (at, byte) in breaks {
            let at = at.index(body.len());
            body[at] = byte;
        }
        holds(path, &body);
        body.truncate(cut.index(body.len()));
        holds(path, &body);
    }
}

#[test]
fn real_deliveries_hold() {
    for (path, name) in FIXTURES {
        assert!(holds(path, &fixture(name)), "{name}");
    }
}

#[test]
fn depth_is_bounded() {
    for path in SOURCES {
        assert!(!holds(path, "[".repeat(100_000).as_bytes()), "{path}");
        assert!(!holds(path, format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(100_000)).as_bytes()), "{path}");
    }
}
