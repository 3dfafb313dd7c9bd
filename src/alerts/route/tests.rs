use std::time::Instant;

use jiff::Timestamp;

use super::*;
use crate::alerts::quiet::Zone;
use crate::alerts::{Ack, Links, Silenced, Wish};

/// A Sunday night in Berlin, 00:30.
const NIGHT: &str = "2026-01-10T23:30:00Z";
const MORNING: &str = "2026-01-11T08:00:00Z";

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a time").as_millisecond()
}

fn labels(text: &str) -> Labels {
    text.split(' ')
        .filter_map(|pair| pair.split_once('='))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn alert(text: &str) -> Alert {
    Alert {
        fingerprint: "0123456789abcdef".into(),
        firing: true,
        labels: labels(text),
        annotations: Labels::new(),
        starts_ts: 0,
        ends_ts: None,
        links: Links::default(),
    }
}

fn incident(severity: &str, common: &str) -> Incident {
    Incident {
        id: "I1".into(),
        state: State::Firing,
        source: "alertmanager".into(),
        group_key: "g".into(),
        correlation: None,
        title: "HighLoad".into(),
        severity: Severity::of(Some(severity)),
        labels: labels(common),
        annotations: Labels::new(),
        links: Links::default(),
        url: None,
        firing: 1,
        total: 1,
        truncated: 0,
        opened_ts: 1_000,
        changed_ts: 1_000,
        resolved_ts: None,
        ack: None,
        silence: None,
        reopened: Vec::new(),
        escalated: 0,
        helped: None,
        fingerprints: Vec::new(),
        group_labels: Labels::new(),
    }
}

fn subscription(wish: &str) -> Subscription {
    Subscription {
        id: "S1".into(),
        room_id: "!room:lab.local".into(),
        n: 1,
        bot: "health".into(),
        lang: "en".into(),
        owner: "@ann:lab.local".into(),
        personal: false,
        wish: Wish::parse(wish, &Zone::named("Europe/Berlin").unwrap())
            .unwrap_or_else(|e| panic!("{wish}: {e}")),
    }
}

/// What becomes of a warning of pi4 and a critical alert of nas, as one line.
fn said(wish: &str, now: &str) -> String {
    let alerts = [
        alert("instance=pi4:9100 severity=warning job=node"),
        alert("instance=nas severity=critical job=disk"),
    ];
    judged(&incident("critical", ""), &alerts, wish, now, &Alerts::default())
}

fn judged(incident: &Incident, alerts: &[Alert], wish: &str, now: &str, config: &Alerts) -> String {
    let time = |ts: i64| Timestamp::from_millisecond(ts).unwrap().to_string();
    let subscriptions = [subscription(wish)];
    let decision = decide(incident, alerts, &subscriptions, config, at(now)).remove(0);
    assert_eq!(decision.subscription, &subscriptions[0]);
    match decision.verdict {
        Verdict::Tell { despite: None } => "tell".into(),
        Verdict::Tell { despite: Some(_) } => "tell despite quiet hours".into(),
        Verdict::Later { until_ts, .. } => format!("later {}", time(until_ts)),
        Verdict::Digest { at_ts, .. } => format!("digest {}", time(at_ts)),
        Verdict::Silenced { by, until_ts } => format!("silenced by {by} {until_ts:?}"),
        Verdict::Maintenance { which, until_ts } => format!("maintenance {which} {}", time(until_ts)),
        Verdict::NoMatch { failed } => format!("no match: {failed}"),
        Verdict::Excepted { which, except } => format!("excepted {which}: {except}"),
    }
}

#[test]
fn each_verdict_names_its_rule() {
    for (wish, now, expected) in [
        ("everything", NIGHT, "tell"),
        ("pi4", NIGHT, "tell"),
        ("job=node severity>=critical", NIGHT, "no match: severity>=critical"),
        ("severity>=critical job=x", NIGHT, r#"no match: job="x""#),
        ("everything except pi4", NIGHT, "tell"),
        ("job=node except other except pi4", NIGHT, r#"excepted 1: about="pi4""#),
        ("everything quiet 22-7", NIGHT, "later 2026-01-11T06:00:00Z"),
        ("everything quiet 22-7", MORNING, "tell"),
        ("everything quiet 22-7 unless critical", NIGHT, "tell despite quiet hours"),
        ("everything quiet 22-7 unless critical", MORNING, "tell"),
        ("pi4 quiet 22-7 unless critical", NIGHT, "later 2026-01-11T06:00:00Z"),
        ("everything digest 8", NIGHT, "digest 2026-01-11T07:00:00Z"),
        ("everything digest 6 quiet 22-7", NIGHT, "digest 2026-01-11T06:00:00Z"),
        ("nas digest 8 quiet 22-7 unless critical", MORNING, "tell"),
    ] {
        assert_eq!(said(wish, now), expected, "{wish}");
    }
}

#[test]
fn only_what_fires_decides_unless_nothing_does() {
    let mut alerts = [alert("job=a"), alert("job=b")];
    let incident = incident("", "");
    let config = Alerts::default();
    alerts[0].firing = false;
    assert_eq!(judged(&incident, &alerts, "job=a", NIGHT, &config), r#"no match: job="a""#);
    alerts[1].firing = false;
    assert_eq!(judged(&incident, &alerts, "job=a", NIGHT, &config), "tell");
}

#[test]
fn without_alerts_the_incident_itself_decides() {
    let incident = incident("critical", "job=node");
    let config = Alerts::default();
    assert_eq!(judged(&incident, &[], "severity>=critical job=node", NIGHT, &config), "tell");
    assert_eq!(judged(&incident, &[], "job=x", NIGHT, &config), r#"no match: job="x""#);
}

#[test]
fn silences_and_maintenance_are_named() {
    let config: Alerts = toml::from_str(
        r#"
        time_zone = "Europe/Berlin"
        maintenance = [{ match = "job=x", weekly = "sun 0-4" }, { match = "job=node", weekly = "sun 0-4" }]"#,
    )
    .expect("right");
    let mut incident = incident("warning", "job=node");
    let node = [alert("job=node")];
    let both = [alert("job=node"), alert("job=disk")];
    assert_eq!(judged(&incident, &node, "everything", NIGHT, &config), "maintenance 1 2026-01-11T03:00:00Z");
    assert_eq!(judged(&incident, &both, "everything", NIGHT, &config), "tell");
    incident.state = State::Silenced;
    incident.silence = Some(Silenced { n: None, by: "@bob:lab.local".into(), until_ts: 7 });
    assert_eq!(judged(&incident, &both, "everything", NIGHT, &config), "silenced by @bob:lab.local Some(7)");
    assert_eq!(judged(&incident, &both, "job=x", NIGHT, &config), r#"no match: job="x""#);
}

#[test]
fn owners_are_those_of_all_rules_that_match() {
    let config: Alerts = toml::from_str(
        r#"owners = [
            { match = "job=node", mention = ["ann", "bob"] },
            { match = "severity>=critical", mention = ["bob", "@eve:lab.local"] },
            { match = "job=x", mention = ["zoe"] },
        ]"#,
    )
    .expect("right");
    assert_eq!(owners(&config, &incident("critical", "job=node")), ["ann", "bob", "@eve:lab.local"]);
    assert_eq!(owners(&config, &incident("info", "job=disk")), [""; 0]);
}

#[test]
fn who_is_called_depends_on_how_long_nobody_answered() {
    let config: Alerts = toml::from_str(
        r#"escalation = [
            { match = "severity>=critical", after = "30m", to = ["bob"] },
            { match = "severity>=critical", after = "10m", to = ["ann"] },
            { match = "job=x", after = "1m", to = ["zoe"] },
        ]"#,
    )
    .expect("right");
    let mut incident = incident("critical", "job=node");
    let due = |incident: &Incident, now: i64| -> Vec<String> {
        escalations_due(&config, incident, now).iter().flat_map(|rule| rule.to.clone()).collect()
    };
    assert_eq!(next_escalation(&config, &incident), Some(601_000));
    assert_eq!(due(&incident, 600_999), [""; 0]);
    assert_eq!(due(&incident, 601_000), ["ann"]);
    assert_eq!(due(&incident, 1_801_000), ["ann", "bob"]);
    incident.escalated = 1;
    assert_eq!(due(&incident, 1_801_000), ["bob"]);
    incident.reopened = vec![500_000];
    assert_eq!(due(&incident, 1_801_000), [""; 0]);
    incident.ack = Some(Ack { by: "@ann:lab.local".into(), ts: 5, event: String::new() });
    incident.state = State::Acknowledged;
    assert_eq!(next_escalation(&config, &incident), None);
}

/// `cargo test --release --lib -- --ignored --nocapture a_thousand_subscriptions`
#[test]
#[ignore = "a measurement"]
fn a_thousand_subscriptions_take_no_time() {
    let wishes = [
        "severity>=warning job=~\"node.*\" except instance=\"pi4\" quiet 22-7 unless critical",
        "jellyfin on pi4",
    ];
    let subscriptions: Vec<Subscription> = (0..1_000).map(|n| subscription(wishes[n % 2])).collect();
    let alerts: Vec<Alert> =
        (0..3).map(|n| alert(&format!("instance=pi{n}:9100 severity=warning job=node"))).collect();
    let (incident, config) = (incident("warning", "job=node"), Alerts::default());
    for now in [NIGHT, MORNING] {
        let begun = Instant::now();
        for _ in 0..100 {
            assert_eq!(decide(&incident, &alerts, &subscriptions, &config, at(now)).len(), 1_000);
        }
        println!("{now}: {:?} for 1,000 subscriptions and 3 alerts", begun.elapsed() / 100);
    }
}
