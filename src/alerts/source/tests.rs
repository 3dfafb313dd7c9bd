//! What deliveries of several systems and versions become.

use std::path::Path;

use super::*;
use crate::config::{Alerts, JsonMapping};

const NOW: i64 = 1_795_000_000_000;

pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alerts");
    std::fs::read(folder.join(name)).expect("a fixture")
}

/// A configuration with the mapping `backup` for `json-list.json`, and `whole` for a document that is one alert.
pub(super) fn config() -> Alerts {
    let backup: JsonMapping = toml::from_str(
        r#"
        alerts = "/problems"
        name = "/what"
        status = "/state"
        severity = "/level"
        summary = "/what"
        instance = "/where"
        url = "/see"
        resolved = ["closed"]
        labels = { id = "/id", team = "storage", ratio = "/ratio" }
        "#,
    )
    .expect("a mapping");
    let whole: JsonMapping =
        toml::from_str("name = \"Backup\"\nstatus = \"/up\"\nseverity = \"/level\"\ninstance = \"/host\"")
            .expect("a mapping");
    Alerts { json: [("backup".to_owned(), backup), ("whole".to_owned(), whole)].into(), ..Alerts::default() }
}

fn of(source: &str, body: &[u8]) -> Result<Vec<Group>, SourceError> {
    read(&Source::of_path(source).expect("a source"), body, &config(), NOW)
}

fn shown(source: &str, name: &str) -> String {
    let groups = of(source, &fixture(name)).expect("it can be read");
    serde_json::to_string_pretty(&groups).expect("it can be written")
}

fn wrong(source: &str, body: &str) -> String {
    of(source, body.as_bytes()).expect_err("it can't be read").to_string()
}

#[test]
fn alertmanager_as_recorded() {
    insta::assert_snapshot!(shown("alertmanager", "alertmanager-recorded-firing.json"));
    insta::assert_snapshot!(shown("alertmanager", "alertmanager-recorded-resolved.json"));
}

#[test]
fn alertmanager_before_it_sent_fingerprints() {
    insta::assert_snapshot!(shown("alertmanager", "alertmanager-early.json"));
}

#[test]
fn alertmanager_that_leaves_alerts_out() {
    insta::assert_snapshot!(shown("alertmanager", "alertmanager-0.21-truncated.json"));
}

#[test]
fn alertmanager_that_groups_by_nothing_and_knows_more_than_we() {
    insta::assert_snapshot!(shown("alertmanager", "alertmanager-0.28-ungrouped.json"));
}

#[test]
fn grafana_of_three_versions() {
    insta::assert_snapshot!(shown("grafana", "grafana-9.json"));
    insta::assert_snapshot!(shown("grafana", "grafana-10.json"));
    insta::assert_snapshot!(shown("grafana", "grafana-11-datasource-error.json"));
}

#[test]
fn uptime_kuma_goes_down_and_up() {
    insta::assert_snapshot!(shown("uptime-kuma", "uptime-kuma-1.23-down.json"));
    insta::assert_snapshot!(shown("uptime-kuma", "uptime-kuma-1.23-up.json"));
    insta::assert_snapshot!(shown("uptime-kuma", "uptime-kuma-2-reminder.json"));
}

#[test]
fn uptime_kuma_tells_nothing_in_a_test_or_while_it_is_not_sure() {
    assert_eq!(of("uptime-kuma", &fixture("uptime-kuma-test.json")), Ok(Vec::new()));
    assert_eq!(of("uptime-kuma", br#"{"heartbeat": {"status": 2}, "monitor": {"id": 1}}"#), Ok(Vec::new()));
    let maintained =
        of("uptime-kuma", br#"{"heartbeat": {"status": 3}, "monitor": {"id": 1}}"#).expect("read");
    assert!(!maintained[0].alerts[0].firing);
}

#[test]
fn the_password_of_a_monitored_address_stays_where_it_is() {
    let groups = of(
        "uptime-kuma",
        br#"{"heartbeat": {"status": 0}, "monitor": {"id": 1, "url": "https://me:hunter2@nas.lab/x"}}"#,
    );
    let groups = groups.expect("read");
    assert_eq!(groups[0].alerts[0].labels["instance"], "https://nas.lab/x");
    assert!(!format!("{groups:?}").contains("hunter2"));
}

#[test]
fn a_monitor_that_was_renamed_while_it_was_down_comes_up_as_the_same() {
    let down = br#"{"heartbeat": {"status": 0}, "monitor": {"id": 1, "name": "a", "tags": [{"name": "x"}]}}"#;
    let up = br#"{"heartbeat": {"status": 1}, "monitor": {"id": 1, "name": "b", "tags": []}}"#;
    let (down, up) = (of("uptime-kuma", down).expect("read"), of("uptime-kuma", up).expect("read"));
    assert_eq!(down[0].key, up[0].key);
    assert_eq!(down[0].alerts[0].fingerprint, up[0].alerts[0].fingerprint);
    assert_eq!(down[0].alerts[0].labels["x"], "true");
}

#[test]
fn anybodys_json_by_a_mapping() {
    insta::assert_snapshot!(shown("json/backup", "json-list.json"));
}

#[test]
fn a_document_that_is_one_alert_keeps_its_name_when_its_severity_changes() {
    let down = of("json/whole", br#"{"up": 1, "level": "high", "host": "nas"}"#).expect("read");
    let up = of("json/whole", br#"{"up": false, "level": "none", "host": "nas"}"#).expect("read");
    let (fired, over) = (&down[0].alerts[0], &up[0].alerts[0]);
    assert!(fired.firing && !over.firing);
    assert_eq!((fired.labels["severity"].as_str(), over.labels["severity"].as_str()), ("high", "none"));
    assert_eq!((&down[0].key, &fired.fingerprint), (&up[0].key, &over.fingerprint));
    assert_eq!((fired.starts_ts, over.starts_ts), (0, 0));
}

#[test]
fn a_delivery_that_names_no_group_has_one_for_each_alert() {
    let groups = of("alertmanager", br#"{"alerts": [{"labels": {"a": 1}}, {"labels": {"b": true}}, {}]}"#)
        .expect("read");
    assert_eq!(groups.len(), 3);
    assert_eq!(groups[0].alerts[0].labels["a"], "1");
    assert_eq!(groups[1].alerts[0].labels["b"], "true");
    assert_eq!(groups[2].alerts[0].labels["alertname"], "unnamed");
    assert_eq!(groups[0].key, groups[0].alerts[0].fingerprint);
}

#[test]
fn what_does_not_say_whether_it_fires_fires_until_its_end() {
    let firing = |body: &str| of("alertmanager", body.as_bytes()).expect("read")[0].alerts[0].firing;
    assert!(firing(r#"{"alerts": [{}]}"#));
    assert!(firing(r#"{"alerts": [{"status": "odd"}]}"#));
    assert!(!firing(r#"{"status": "resolved", "alerts": [{}]}"#));
    assert!(firing(r#"{"status": "resolved", "alerts": [{"status": "firing"}]}"#));
    assert!(!firing(r#"{"alerts": [{"endsAt": "2020-01-01T00:00:00Z"}]}"#));
    assert!(firing(r#"{"alerts": [{"endsAt": "2220-01-01T00:00:00Z"}]}"#));
}

#[test]
fn more_alerts_than_are_read_are_counted() {
    let alerts = vec!["{}"; MOST_ALERTS + 5].join(",");
    let body = format!(r#"{{"groupKey": "k", "truncatedAlerts": 2, "alerts": [{alerts}]}}"#);
    let groups = of("alertmanager", body.as_bytes()).expect("read");
    assert_eq!((groups[0].alerts.len(), groups[0].truncated), (MOST_ALERTS, 7));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let said = [
        wrong("alertmanager", "not json"),
        wrong("alertmanager", ""),
        wrong("alertmanager", "{}"),
        wrong("alertmanager", r#"{"alerts": []} more"#),
        wrong("alertmanager", r#"{"alerts": [{}, {"startsAt": "yesterday"}]}"#),
        wrong("grafana", r#"{"alerts": [{"labels": {"a": {"b": 1}}}]}"#),
        wrong("uptime-kuma", r#"{"heartbeat": {"status": 7}}"#),
        wrong("uptime-kuma", "[]"),
        wrong("json/backup", r#"{"a": 1}"#),
        wrong("json/backup", r#"{"problems": "many"}"#),
        wrong("json/other", "{}"),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn sources_have_their_paths() {
    for path in ["alertmanager", "grafana", "uptime-kuma", "json/backup"] {
        assert_eq!(Source::of_path(path).map(|source| source.name()).as_deref(), Some(path));
    }
    for path in ["", "json", "json/", "json/a/b", "Alertmanager", "alertmanager/"] {
        assert_eq!(Source::of_path(path), None, "{path}");
    }
}
