//! Whatever a source sends is text, and nothing else.

use ralf_intents::Lang;
use regex::Regex;

use super::tests::{MIN, NOW, alert, berlin, labels, one, silence};
use super::*;
use crate::alerts::{Ack, Incident, Links, MatcherError, MatcherFault, Severity, Silenced, State, WishError};
use crate::report::Text;

const ATTEMPTS: [&str; 9] = [
    "@room @ROOM @admin:lab.local",
    "</font></span></b><img src=x onerror=alert(1)><a href=\"https://matrix.to/#/@admin:lab.local\">ok</a>",
    "javascript:alert(1)",
    "https://evil.example/\"><b>'@room",
    "https://bank.example@evil.example/",
    "\u{202e}detelpmoc\u{202c}\u{200b}\u{2066}`code` ``` ````",
    "\u{1b}[31mone\r\ntwo\n\n```\n✅ resolved\n```",
    "\0",
    "`",
];

fn hostile(state: State, x: &str) -> Incident {
    let links = Links {
        generator: Some(x.into()),
        dashboard: Some(x.into()),
        panel: Some(x.into()),
        image: Some(x.into()),
        silence: Some(x.into()),
        values: Some(x.into()),
    };
    let names = ["summary", "description", "runbook_url", "dashboard_url"];
    Incident {
        title: x.into(),
        source: x.into(),
        group_key: x.into(),
        severity: Severity::of(Some(x)),
        labels: labels(&[("service", x), (x, x), ("alertname", x)]),
        annotations: labels(&names.map(|name| (name, x))),
        links,
        url: Some(x.into()),
        firing: 2,
        total: 2,
        ack: Some(Ack { by: x.into(), ts: NOW, event: String::new() }),
        silence: Some(Silenced { n: None, by: x.into(), until_ts: NOW + MIN }),
        ..one(state, "critical")
    }
}

fn unread(fault: MatcherFault) -> MatcherError {
    MatcherError { at: 1, message: String::new(), fault }
}

/// Everywhere that strangers' text can get to.
fn texts(r: &Reader<'_>, x: &str) -> Vec<Text> {
    let states = [State::Firing, State::Acknowledged, State::Silenced, State::Resolved];
    let some = states.map(|state| hostile(state, x));
    let all: Vec<&Incident> = some.iter().collect();
    let alerts = [alert(x, true), alert("y", true)];
    let text = || x.to_owned();
    let list = || vec![text(), text()];
    let remedies = [Remedy { operation: text(), what: text(), ended: None }];
    let quiet = Silence { by: text(), matchers: list(), names: list(), reason: text(), ..silence() };
    let wanted = Subscription { n: 1, wish: text(), personal: false, owner: text(), next: vec![] };
    let notes = [
        Note::Opened { alerts: 1, severity: Severity::of(Some(x)) },
        Note::Acknowledged { by: text() },
        Note::AckGone { by: text() },
        Note::Silenced(quiet.clone()),
        Note::SilenceExtended { n: 1, until_ts: NOW, by: text() },
        Note::SilenceExpired { n: None, by: text() },
        Note::Worse { from: Severity::of(Some(x)), to: Severity::of(Some(x)) },
        Note::MoreAlerts { names: list() },
        Note::Escalated { to: list(), after_ms: MIN },
        Note::HealProposed { operation: text(), what: text() },
        Note::HealStopped { what: text(), why: HealStop::Failures },
        Note::HealEnded { operation: text(), ok: true, what: text(), over: false },
        Note::HealDropped { operation: text(), what: text(), why: HealDrop::Denied },
        Note::HelpedBefore { what: text(), when_ts: NOW },
        Note::Chart { expression: text() },
        Note::Logs { lines: list() },
    ];
    let verdicts = [
        Verdict::Later { until_ts: NOW, rule: text() },
        Verdict::Silenced { by: text(), until_ts: NOW, n: None },
        Verdict::Maintenance { which: text(), until_ts: NOW },
        Verdict::NoMatch { matcher: text(), value: Some(text()) },
        Verdict::Excepted { matcher: text() },
        Verdict::Tell { breaks_through: false },
    ];
    let places = [Place::Here, Place::Room(text()), Place::Direct(text())];
    let told: Vec<Told> = verdicts
        .into_iter()
        .zip(places.into_iter().cycle())
        .map(|(verdict, place)| Told { n: 1, place, wish: text(), verdict })
        .collect();
    let beats: Vec<Beat> = notes.iter().map(|note| Beat { ts: NOW, note: note.clone() }).collect();
    let run = DryRun {
        asked: x,
        incident: None,
        labels: &some[0].labels,
        severity: &some[0].severity,
        told: &told,
        owners: &[OwnerRule { matchers: text(), mention: list() }],
        call_room: true,
        escalations: &[EscalationTo { after_ms: MIN, to: list() }],
    };
    let last = LastDelivery::At { source: text(), ts: NOW };
    let never = LastDelivery::Never { webhook: "https://ralf.lab.local/webhooks/alertmanager".into() };
    let fails = PartState::Fails(x);
    let parts = [Part::Executor, Part::Source, Part::Model, Part::Alert].map(|part| (part(x), fails));
    let round = Round {
        since_ts: NOW,
        began: &all,
        ended: &all,
        open: 1,
        down: &list(),
        up: &list(),
        lost: 1,
        parts: &parts,
    };
    let storm_view =
        StormView { since_ts: NOW, open: [1; 5], ended: 0, incidents: &all, most_a_minute: 20, over: false };
    let shown = some.iter().map(|it| {
        let view = View {
            incident: it,
            alerts: &alerts,
            call: &[],
            call_room: false,
            helped: Some(x),
            remedies: &remedies,
        };
        incident(r, &view)
    });
    shown
        .chain(notes.iter().map(|it| note(r, it)))
        .chain([
            storm(r, &storm_view),
            digest(r, &DigestView { kind: DigestKind::Daily, n: 1, from_ts: NOW, incidents: &all }),
            loop_digest(r, &round),
            alerts_list(r, &List { incidents: &all, at_least: Some(&some[0].severity), last: &last }),
            alerts_list(r, &List { incidents: &[], at_least: Some(&some[0].severity), last: &last }),
            alerts_list(r, &List { incidents: &[], at_least: None, last: &never }),
            incident_story(r, &some[0], &beats),
            no_such_incident(r.lang, x),
            which_incident(r, &all),
            subscribed(r, &wanted),
            changed(r, &wanted, x),
            unsubscribed(r.lang, &wanted),
            subscriptions(r, std::slice::from_ref(&wanted)),
            no_such_subscription(r.lang, x),
            wish_wrong(r.lang, x, &WishError::Unexpected { at: x.chars().count() / 2, word: text() }),
            wish_wrong(r.lang, x, &WishError::Zone { at: 0, name: text() }),
            matchers_wrong(r.lang, x, &unread(MatcherFault::NoPattern { why: text() })),
            matchers_wrong(
                r.lang,
                x,
                &unread(MatcherFault::LooksLikeMatcher { name: text(), value: text() }),
            ),
            test_subscription(r, &wanted, &all, 4),
            silenced(r, &quiet),
            silence_failed(r.lang, x),
            silence_where(r, &all),
            no_such_silence(r.lang, x),
            acked(r.lang, &some[0]),
            already_acked(r, x, NOW),
            why_alert(r, &run),
            why_alert(r, &DryRun { incident: Some(&some[0]), ..run }),
        ])
        .collect()
}

#[test]
fn what_a_source_sends_is_text() {
    let ours = Regex::new(
        r#"^(</?(p|br|b|ul|li|pre|code|sub|span|a)>|<code class="language-(text|yaml)">|<span data-mx-color="\#[0-9a-f]{6}">|<a href="https?://[^"<>']*">)$"#,
    );
    let (ours, tags) = (ours.expect("a pattern"), Regex::new("<[^>]*>").expect("a pattern"));
    let hidden = |c: char| {
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
            || (c.is_control() && c != '\n')
    };
    let room = Regex::new(r"(?i)@room\b").expect("a pattern");
    let zone = berlin();
    let long = ATTEMPTS.concat().repeat(100);
    for lang in Lang::ALL {
        let r = Reader { lang, zone: &zone, now: NOW };
        for x in ATTEMPTS.into_iter().chain([long.as_str()]) {
            for text in texts(&r, x) {
                let content = text.build();
                assert_eq!(content["m.mentions"], serde_json::json!({}), "{x:.60?} mentions somebody");
                let (html, body) = (content["formatted_body"].as_str(), content["body"].as_str());
                let (html, body) = (html.expect("HTML"), body.expect("a body"));
                for tag in tags.find_iter(html) {
                    assert!(ours.is_match(tag.as_str()), "{x:.60?} makes {}", tag.as_str());
                }
                for said in [html, body] {
                    assert!(!said.contains(hidden), "{x:.60?} hides something: {said}");
                    assert!(!room.is_match(said), "{x:.60?} calls the room: {said}");
                    assert!(!said.contains("javascript://") && !said.contains("href=\"javascript"), "{said}");
                }
                assert!(content.to_string().len() < 65_000, "{x:.60?} is too long for an event");
            }
        }
    }
}

#[test]
fn a_hostile_alert_as_people_read_it() {
    let zone = berlin();
    let mut said = String::new();
    for lang in Lang::ALL {
        let r = Reader { lang, zone: &zone, now: NOW };
        let mut it = hostile(State::Firing, ATTEMPTS[1]);
        it.title = ATTEMPTS[5].into();
        it.annotations =
            labels(&[("summary", ATTEMPTS[6]), ("description", ATTEMPTS[0]), ("runbook_url", ATTEMPTS[2])]);
        it.links.generator = Some(ATTEMPTS[3].into());
        let view =
            View { incident: &it, alerts: &[], call: &[], call_room: false, helped: None, remedies: &[] };
        let content = incident(&r, &view).build();
        let html = content["formatted_body"].as_str().expect("HTML").replace("><", ">\n<");
        said.push_str(&format!(
            "── {lang:?}\n{}\n── HTML\n{html}\n",
            content["body"].as_str().expect("a body")
        ));
    }
    insta::assert_snapshot!(said);
}
