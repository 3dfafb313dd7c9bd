//! Every text about alerts, in both languages, as snapshots.

use jiff::tz::TimeZone;
use ralf_intents::Lang;

use super::*;
use crate::alerts::{Ack, Alert, Incident, Labels, Links, Severity, Silenced, State};
use crate::report::Text;

/// 2026-11-21 14:30 in Berlin.
pub(super) const NOW: i64 = 1_795_267_800_000;
pub(super) const MIN: i64 = 60_000;
const ADMIN: &str = "@admin:lab.local";

pub(super) fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a time zone")
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn one(state: State, severity: &str) -> Incident {
    Incident {
        id: "k7m2".into(),
        state,
        source: "alertmanager".into(),
        group_key: "{}:{alertname=\"ServiceDown\"}".into(),
        correlation: None,
        title: "ServiceDown".into(),
        severity: Severity::of(Some(severity)),
        labels: labels(&[
            ("alertname", "ServiceDown"),
            ("job", "fleet"),
            ("node", "node-2"),
            ("service", "jellyfin"),
            ("severity", severity),
        ]),
        annotations: labels(&[
            ("summary", "Jellyfin does not answer on node-2."),
            ("description", "It should run\nand has not answered for 10 s."),
            ("runbook_url", "https://wiki.lab.local/jellyfin"),
        ]),
        links: Links {
            generator: Some("http://prom:9090/graph?g0.expr=up%3D%3D0".into()),
            ..Links::default()
        },
        url: Some("http://am:9093".into()),
        firing: 1,
        total: 1,
        truncated: 0,
        opened_ts: NOW - 12 * MIN,
        changed_ts: NOW - MIN,
        resolved_ts: (state == State::Resolved).then_some(NOW - MIN),
        ack: matches!(state, State::Acknowledged | State::Resolved).then(|| Ack {
            by: ADMIN.into(),
            ts: NOW - 9 * MIN,
            event: String::new(),
        }),
        silence: (state == State::Silenced).then(|| Silenced {
            n: Some(3),
            by: ADMIN.into(),
            until_ts: NOW + 120 * MIN,
        }),
        reopened: Vec::new(),
        escalated: 0,
        helped: None,
        fingerprints: Vec::new(),
        group_labels: Labels::new(),
    }
}

pub(super) fn alert(instance: &str, firing: bool) -> Alert {
    Alert {
        fingerprint: "0123456789abcdef".into(),
        firing,
        labels: labels(&[("alertname", "HighLatency"), ("instance", instance), ("job", "fleet")]),
        annotations: Labels::new(),
        starts_ts: NOW - 12 * MIN,
        ends_ts: None,
        links: Links::default(),
    }
}

/// With all that an incident can have.
fn rich() -> Incident {
    Incident {
        title: "HighLatency".into(),
        labels: labels(&[("job", "fleet")]),
        firing: 10,
        total: 12,
        truncated: 4,
        opened_ts: NOW - 3 * 24 * 60 * MIN,
        reopened: vec![NOW - 30 * MIN, NOW - 20 * MIN, NOW - 10 * MIN],
        links: Links {
            dashboard: Some("https://grafana.lab.local/d/x".into()),
            panel: Some("https://grafana.lab.local/d/x?panel=1".into()),
            image: Some("https://grafana.lab.local/x.png".into()),
            silence: Some("https://grafana.lab.local/silence".into()),
            values: Some("A=3.2 B=1".into()),
            ..Links::default()
        },
        url: None,
        source: "grafana".into(),
        ..one(State::Acknowledged, "page")
    }
}

pub(super) fn silence() -> Silence {
    Silence {
        n: 3,
        by: ADMIN.into(),
        until_ts: NOW + 120 * MIN,
        matchers: vec!["alertname=\"ServiceDown\"".into(), "service=\"jellyfin\"".into()],
        covers: Some(2),
        names: vec!["ServiceDown".into(), "DiskFull".into()],
        reason: "Umbau".into(),
        only_here: true,
    }
}

fn incidents(r: &Reader<'_>) -> Vec<(&'static str, Text)> {
    let show = |it: &Incident| {
        let view =
            View { incident: it, alerts: &[], call: &[], call_room: false, helped: None, remedies: &[] };
        incident(r, &view)
    };
    let alerts: Vec<Alert> = (0..9).map(|n| alert(&format!("node-{n}:9100"), n != 1)).collect();
    let remedy =
        |ended| Remedy { operation: "7k2m9xq4tb".into(), what: "jellyfin neu starten".into(), ended };
    let remedies = [
        remedy(Some(RemedyEnd::Failed)),
        remedy(Some(RemedyEnd::Done)),
        remedy(Some(RemedyEnd::Refused)),
        remedy(Some(RemedyEnd::Lapsed)),
        remedy(None),
    ];
    let everything = View {
        incident: &rich(),
        alerts: &alerts,
        call: &[ADMIN.to_owned()],
        call_room: true,
        helped: Some("restart jellyfin"),
        remedies: &remedies,
    };
    vec![
        ("incident, critical", show(&one(State::Firing, "critical"))),
        ("incident, error", show(&one(State::Firing, "high"))),
        ("incident, warning", show(&one(State::Firing, "warning"))),
        ("incident, info", show(&one(State::Firing, "info"))),
        ("incident, none", show(&one(State::Firing, "none"))),
        ("incident, acknowledged", show(&one(State::Acknowledged, "critical"))),
        ("incident, silenced", show(&one(State::Silenced, "critical"))),
        ("incident, resolved", show(&one(State::Resolved, "critical"))),
        ("incident with everything", incident(r, &everything)),
    ]
}

pub(super) fn all_notes() -> Vec<(&'static str, Note)> {
    let by = || ADMIN.to_owned();
    let what = || "jellyfin neu starten".to_owned();
    let operation = || "7k2m9xq4tb".to_owned();
    let worse =
        |from: &str, to: &str| Note::Worse { from: Severity::of(Some(from)), to: Severity::of(Some(to)) };
    let stopped = |why| Note::HealStopped { what: what(), why };
    let ended = |ok, over| Note::HealEnded { operation: operation(), ok, what: what(), over };
    let dropped = |why| Note::HealDropped { operation: operation(), what: what(), why };
    let until_ts = NOW + 10 * MIN;
    vec![
        ("opened", Note::Opened { alerts: 1, severity: Severity::of(Some("critical")) }),
        ("acknowledged", Note::Acknowledged { by: by() }),
        ("ack gone", Note::AckGone { by: by() }),
        ("silenced", Note::Silenced(silence())),
        (
            "silenced, nothing",
            Note::Silenced(Silence {
                covers: Some(0),
                names: vec![],
                reason: String::new(),
                only_here: false,
                ..silence()
            }),
        ),
        ("silence ends soon", Note::SilenceEndsSoon { n: 3, until_ts }),
        ("silence ended", Note::SilenceEnded { n: Some(3), still_firing: 2 }),
        ("silence ended, all well", Note::SilenceEnded { n: None, still_firing: 0 }),
        ("silence extended", Note::SilenceExtended { n: 3, until_ts: NOW + 1_440 * MIN, by: by() }),
        ("silence expired", Note::SilenceExpired { n: Some(3), by: by() }),
        ("silence expired elsewhere", Note::SilenceExpired { n: None, by: String::new() }),
        ("resolved", Note::Resolved { after_ms: 40_000, while_silenced: false }),
        ("resolved while silenced", Note::Resolved { after_ms: 185 * MIN, while_silenced: true }),
        ("reopened", Note::Reopened { times: 1 }),
        ("reopened again", Note::Reopened { times: 2 }),
        ("flapping", Note::Flapping { times: 3 }),
        ("worse", worse("warning", "page")),
        ("more alerts", Note::MoreAlerts { names: (0..10).map(|n| format!("Alert{n}")).collect() }),
        ("escalated", Note::Escalated { to: vec![by(), "@bob:lab.local".into()], after_ms: 10 * MIN }),
        ("still firing", Note::StillFiring { since_ts: NOW - 240 * MIN }),
        ("heal proposed", Note::HealProposed { operation: operation(), what: what() }),
        ("heal stopped, failures", stopped(HealStop::Failures)),
        ("heal stopped, target", stopped(HealStop::PerTarget)),
        ("heal stopped, hour", stopped(HealStop::PerHour)),
        ("heal stopped, incident", stopped(HealStop::PerIncident)),
        ("heal ended", ended(true, false)),
        ("heal ended, all well", ended(true, true)),
        ("heal failed", ended(false, false)),
        ("heal denied", dropped(HealDrop::Denied)),
        ("heal taken back", dropped(HealDrop::Cancelled)),
        ("heal expired", dropped(HealDrop::Expired)),
        ("helped before", Note::HelpedBefore { what: what(), when_ts: NOW - 400 * 24 * 60 * MIN }),
        ("chart", Note::Chart { expression: "up{job=\"fleet\"} == 0".into() }),
        ("logs", Note::Logs { lines: vec!["starting".into(), "panic: no disk".into()] }),
    ]
}

fn crowds(r: &Reader<'_>) -> Vec<(&'static str, Text)> {
    let (fires, acked) = (one(State::Firing, "critical"), one(State::Acknowledged, "warning"));
    let (silent, over) = (one(State::Silenced, "info"), one(State::Resolved, "critical"));
    let three = [&fires, &acked, &silent];
    let many = vec![&fires; 20];
    let storm_view = StormView {
        since_ts: NOW - 2 * MIN,
        open: [0, 1, 30, 0, 2],
        ended: 4,
        incidents: &many,
        most_a_minute: 20,
        over: false,
    };
    let digest_view = |kind, incidents| DigestView { kind, n: 1, from_ts: NOW - 900 * MIN, incidents };
    let at = LastDelivery::At { source: "alertmanager".into(), ts: NOW - 3 * MIN };
    let never = LastDelivery::Never { webhook: "http://ralf.lab.local:9005/webhooks/alertmanager".into() };
    let warning = Severity::of(Some("warning"));
    let list = |incidents, at_least, last| alerts_list(r, &List { incidents, at_least, last });
    let targets = ["node-1:9100".to_owned(), "node-2:9100".to_owned()];
    let round = Round {
        since_ts: NOW - 5 * MIN,
        began: &[&fires],
        ended: &[&over],
        open: 3,
        down: &targets,
        up: &targets[..1],
        lost: 2,
        parts: &[
            (Part::Homeserver, PartState::Well),
            (Part::Model("qwen3:8b"), PartState::Fails("connection refused")),
            (Part::Executor("ansible"), PartState::Fails("no such program")),
            (Part::Inbox, PartState::Waits(2 * MIN)),
            (Part::Outbox, PartState::Well),
            (Part::Source("prometheus"), PartState::Fails("HTTP 503")),
            (Part::Alert("DiskFull"), PartState::Fails("Alertmanager does not know it")),
        ],
    };
    let story: Vec<Beat> = all_notes().into_iter().map(|(_, note)| Beat { ts: NOW - MIN, note }).collect();
    let long: Vec<Beat> = story.iter().cycle().take(90).cloned().collect();
    let long = incident_story(r, &over, &long);
    assert!(long.plain().contains(r.t("… 50 dazwischen …", "… 50 in between …")), "{}", long.plain());
    vec![
        ("storm", storm(r, &storm_view)),
        ("storm, over", storm(r, &StormView { over: true, open: [0; 5], incidents: &[], ..storm_view })),
        ("digest, quiet over", digest(r, &digest_view(DigestKind::QuietOver, &[&fires, &over]))),
        ("digest, daily, empty", digest(r, &digest_view(DigestKind::Daily, &[]))),
        ("flood", flood(r.lang, 412)),
        ("loop digest", loop_digest(r, &round)),
        (
            "loop digest, one lost",
            loop_digest(r, &Round { lost: 1, parts: &[], began: &[], ended: &[], ..round }),
        ),
        ("alerts", list(&three, None, &at)),
        ("alerts, many", list(&many, Some(&warning), &at)),
        ("alerts, none", list(&[], None, &at)),
        ("alerts, none of that severity", list(&[], Some(&warning), &at)),
        ("alerts, nothing ever came", list(&[], None, &never)),
        ("story", incident_story(r, &fires, &story)),
        ("no such incident", no_such_incident(r.lang, "abcd")),
        ("no such severity", no_such_severity(r.lang, "foo")),
        ("which incident", which_incident(r, &three)),
        ("no incident open", no_incident_open(r.lang)),
    ]
}

fn answers(r: &Reader<'_>) -> Vec<(&'static str, Text)> {
    let lang = r.lang;
    let fires = one(State::Firing, "critical");
    let mine = Subscription {
        n: 2,
        wish: "severity>=warning job=~\"node.*\" quiet 22:00-07:00".into(),
        personal: true,
        owner: ADMIN.into(),
        next: vec![Next::DigestAt(NOW + 60 * MIN)],
    };
    let ours =
        Subscription { n: 1, wish: String::new(), personal: false, owner: String::new(), next: vec![] };
    let bobs = Subscription {
        n: 4,
        owner: "@bob:lab.local".into(),
        personal: false,
        next: vec![Next::QuietUntil(NOW + 1_000 * MIN)],
        ..mine.clone()
    };
    vec![
        ("subscribed", subscribed(r, &mine)),
        ("subscribed, a room", subscribed(r, &ours)),
        ("subscribed, some open", open_already(r, subscribed(r, &ours), std::slice::from_ref(&fires))),
        ("subscribed, many open", open_already(r, subscribed(r, &ours), &vec![fires.clone(); 7])),
        ("changed", changed(r, &mine, "severity>=critical")),
        ("unsubscribed", unsubscribed(lang, &mine)),
        ("subscriptions", subscriptions(r, &[ours.clone(), mine.clone(), bobs])),
        ("subscriptions, none", subscriptions(r, &[])),
        ("unsubscribe which", unsubscribe_which(r, &[ours.clone(), mine.clone()])),
        ("no such subscription", no_such_subscription(lang, "9")),
        ("may not subscribe a room", may_not_subscribe_room(lang)),
        ("test", test_subscription(r, &mine, &[&fires], 12)),
        ("test, nothing", test_subscription(r, &mine, &[], 12)),
        ("test, no incidents", test_subscription(r, &ours, &[], 0)),
        ("silence", silenced(r, &silence())),
        ("may not silence", may_not_silence(lang)),
        ("may not ack", may_not_ack(lang)),
        ("silence failed", silence_failed(lang, "HTTP 503")),
        ("extended", extended(r, 3, NOW + 240 * MIN)),
        ("expired", expired(lang, 3, 1)),
        ("expired, all well", expired(lang, 3, 0)),
        ("silence where", silence_where(r, &[&fires])),
        ("silence where, nothing", silence_where(r, &[])),
        ("duration wanted", duration_wanted(lang)),
        ("duration too long", duration_too_long(lang)),
        (
            "already silenced",
            already_silenced(r, &Silenced { n: Some(3), by: ADMIN.into(), until_ts: NOW + 60 * MIN }),
        ),
        ("no such silence", no_such_silence(lang, "9")),
        ("acked", acked(lang, &fires)),
        ("already acked", already_acked(r, ADMIN, NOW - 9 * MIN)),
        ("nothing to ack", nothing_to_ack(lang)),
    ]
}

fn whys(r: &Reader<'_>) -> Vec<(&'static str, Text)> {
    let fires = one(State::Firing, "critical");
    let told = |n, place, verdict| Told { n, place, wish: "severity>=warning".into(), verdict };
    let all = [
        told(1, Place::Room("#health:lab.local".into()), Verdict::Tell { breaks_through: false }),
        told(1, Place::Here, Verdict::Tell { breaks_through: true }),
        told(
            2,
            Place::Direct(ADMIN.into()),
            Verdict::Later { until_ts: NOW + 990 * MIN, rule: "quiet 22:00-07:00".into() },
        ),
        told(3, Place::Here, Verdict::Digest { at_ts: NOW + 90 * MIN }),
        told(4, Place::Here, Verdict::Silenced { by: ADMIN.into(), until_ts: NOW + 120 * MIN, n: Some(3) }),
        told(
            5,
            Place::Here,
            Verdict::Maintenance { which: "node=\"node-2\"".into(), until_ts: NOW + 60 * MIN },
        ),
        told(
            6,
            Place::Here,
            Verdict::NoMatch { matcher: "job=\"node\"".into(), value: Some("fleet".into()) },
        ),
        told(7, Place::Here, Verdict::NoMatch { matcher: "pod=~\".+\"".into(), value: None }),
        told(8, Place::Here, Verdict::Excepted { matcher: "service=\"jellyfin\"".into() }),
    ];
    let run = DryRun {
        asked: "ServiceDown",
        incident: Some(&fires),
        labels: &fires.labels,
        severity: &fires.severity,
        told: &all,
        owners: &[OwnerRule { matchers: "service=\"jellyfin\"".into(), mention: vec![ADMIN.into()] }],
        call_room: true,
        escalations: &[EscalationTo { after_ms: 10 * MIN, to: vec!["@bob:lab.local".into()] }],
    };
    let unknown = DryRun {
        asked: "Nonsense",
        incident: None,
        told: &[],
        owners: &[],
        call_room: false,
        escalations: &[],
        ..run
    };
    vec![
        ("why", why_alert(r, &run)),
        ("why, unknown", why_alert(r, &unknown)),
        ("why, unknown and without labels", why_alert(r, &DryRun { labels: &Labels::new(), ..unknown })),
    ]
}

fn all(lang: Lang) -> String {
    let zone = berlin();
    let r = Reader { lang, zone: &zone, now: NOW };
    let notes = all_notes().into_iter().map(|(name, it)| (name, note(&r, &it)));
    let texts = incidents(&r).into_iter().chain(notes).chain(crowds(&r)).chain(answers(&r)).chain(whys(&r));
    texts.map(|(name, text)| format!("── {name}\n{}\n", text.plain())).collect()
}

#[test]
fn german() {
    insta::assert_snapshot!(all(Lang::De));
}

#[test]
fn english() {
    insta::assert_snapshot!(all(Lang::En));
}

#[test]
fn the_richest_message_as_clients_show_it() {
    let zone = berlin();
    let r = Reader { lang: Lang::De, zone: &zone, now: NOW };
    let (_, text) = incidents(&r).pop().expect("the last");
    let content = text.build();
    assert_eq!(content["m.mentions"], serde_json::json!({"user_ids": [ADMIN], "room": true}));
    insta::assert_snapshot!(content["formatted_body"].as_str().expect("HTML").replace("><", ">\n<"));
}
