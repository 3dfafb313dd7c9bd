//! Questions and their answers, corrections and additions.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::{
    Amendment, Catalogue, Intent, Inventory, Names, NoneReason, Outcome, Reading, Understanding,
};

fn lab() -> (Understanding, Names) {
    let inventory = Inventory::from_json(
        r#"{"services": {"jellyfin": {}, "grafana": {}, "uptime-kuma": {}}, "hosts": {"node-1": {}, "node-2": {}, "node-3": {}}}"#,
    )
    .unwrap();
    (Understanding::new(Catalogue::builtin().unwrap()), Names::new(&inventory))
}

fn said(reading: &Reading) -> String {
    match &reading.outcome {
        Outcome::Intent(i) => format!("{} {:?}", i.name, i.slots),
        Outcome::Ask(a) => format!("? {} {:?} {:?}", a.intent, a.slots, a.missing),
        Outcome::None(reason) => format!("none {reason}"),
    }
}

#[test]
fn also_adds_a_request_or_explains_the_one_before() {
    let (ralf, names) = lab();
    for (text, requests) in [
        ("restart grafana, also restart jellyfin", 2),
        ("restart grafana and also show its logs", 2),
        ("Also starte grafana neu, also starte jellyfin neu", 2),
        ("Zeig mir die Logs von grafana von heute früh, also die Logs von heute", 1),
    ] {
        let reading = ralf.read(text, &names, None);
        assert_eq!(1 + reading.more.len(), requests, "{text}: {reading:#?}");
        assert!(reading.intent().is_some(), "{text}: {reading:#?}");
    }
}

#[test]
fn a_question_is_filled_by_what_people_answer() {
    let (ralf, names) = lab();
    let ask = ralf.read("restart garfana", &names, None).ask().cloned().unwrap();
    for answer in ["grafana", "1", "1️⃣", "die erste", "ja", "👍", "option 1", "ich meinte grafana"] {
        assert_eq!(
            said(&ralf.fill(&ask, answer, &names, None)),
            r#"restart_service {"service": "grafana"}"#,
            "{answer}"
        );
    }
    for answer in ["jellyfin", "den jellyfin bitte", "nimm Jellyfin"] {
        assert_eq!(
            said(&ralf.fill(&ask, answer, &names, None)),
            r#"restart_service {"service": "jellyfin"}"#,
            "{answer}"
        );
    }
    assert_eq!(said(&ralf.fill(&ask, "node-3", &names, None)), r#"restart_service {"host": "node-3"}"#);
    assert_eq!(
        said(&ralf.fill(&ask, "läuft jellyfin?", &names, None)),
        r#"show_status {"target": "jellyfin"}"#
    );
    assert_eq!(ralf.fill(&ask, "nein danke", &names, None).outcome, Outcome::None(NoneReason::Negated));
    assert_eq!(said(&ralf.fill(&ask, "hm", &names, None)), r#"? restart_service {} Some("service")"#);
}

#[test]
fn an_unknown_node_is_asked_about() {
    let (ralf, names) = lab();
    let reading = ralf.read("Installiere Jellyfin auf node-7", &names, None);
    let ask = reading.ask().unwrap();
    assert_eq!(ask.missing.as_deref(), Some("node"));
    assert_eq!(ask.options.len(), 3, "{ask:?}");
    assert!(
        ask.question.de.contains("`node-7` kenne ich nicht; meintest du `node-1`"),
        "{}",
        ask.question.de
    );
    let filled = ralf.fill(ask, "auf node-3", &names, None);
    assert_eq!(said(&filled), r#"deploy_service {"node": "node-3", "service": "jellyfin"}"#);
}

#[test]
fn corrections_and_additions() {
    let (ralf, names) = lab();
    let last = ralf.read("Installiere Jellyfin auf node-2", &names, None).intent().cloned().unwrap();
    let amended = |text: &str| ralf.amend(&last, text, &names, None);
    for text in [
        "nein, auf node-3",
        "no, on node-3",
        "doch lieber node-3",
        "nicht node-2, sondern node-3",
        "I meant node-3",
    ] {
        let Some(Amendment::Instead(reading)) = amended(text) else { panic!("{text}") };
        assert_eq!(said(&reading), r#"deploy_service {"node": "node-3", "service": "jellyfin"}"#, "{text}");
    }
    for text in ["und grafana auch", "and grafana too", "das gleiche für grafana", "same for grafana"] {
        let Some(Amendment::Also(reading)) = amended(text) else { panic!("{text}") };
        assert_eq!(said(&reading), r#"deploy_service {"node": "node-2", "service": "grafana"}"#, "{text}");
    }
    for text in
        ["nein", "und wie ist das Wetter auf node-3?", "starte grafana neu", "ok", "grafana ist auch gut"]
    {
        assert!(amended(text).is_none(), "{text}");
    }
    let restart = Intent {
        name: "restart_service".into(),
        slots: [("service".into(), "grafana".into())].into(),
        changes: true,
    };
    let Some(Amendment::Instead(reading)) = ralf.amend(&restart, "nein, node-1", &names, None) else {
        panic!()
    };
    assert_eq!(said(&reading), r#"restart_service {"host": "node-1"}"#);
}

#[test]
fn an_option_is_named_among_other_words_and_several_are_several_wishes() {
    use ralf_intents::{Ask, Choice, Question, Reply, Slots};
    let (ralf, names) = lab();
    // As it is asked where a service is on several hosts, of an intent that has no slot for one.
    let slots = Slots::from([("service".to_owned(), "grafana".to_owned())]);
    let option = |host: &str| Choice {
        label: host.to_owned(),
        intent: Some("remove_service".to_owned()),
        slots: Slots::from([("node".to_owned(), host.to_owned())]),
    };
    let ask = Ask {
        intent: "remove_service".to_owned(),
        slots,
        missing: Some("node".to_owned()),
        options: vec![option("node-1"), option("node-2")],
        question: Question::default(),
    };
    let hosts = |answer: &str| match ralf.reply(&ask, answer, &names, None) {
        Reply::Request(reading) => format!("request: {}", said(&reading)),
        Reply::Answer(reading) => {
            let outcomes = [reading.outcome].into_iter().chain(reading.more);
            let node = |outcome| match outcome {
                Outcome::Intent(intent) => intent.slots["node"].clone(),
                other => format!("{other:?}"),
            };
            outcomes.map(node).collect::<Vec<_>>().join(" ")
        }
    };
    for answer in
        ["node-2", "auf node-2", "der auf node-2", "das auf node-2 bitte", "die zweite", "nur auf Node-2"]
    {
        assert_eq!(hosts(answer), "node-2", "{answer}");
    }
    for answer in ["node-1 und node-2", "auf node-1 und auf node-2", "1 und 2"] {
        assert_eq!(hosts(answer), "node-1 node-2", "{answer}");
    }
    assert_eq!(
        hosts("entferne jellyfin"),
        r#"request: remove_service {"service": "jellyfin"}"#,
        "an order of its own is none of the question's"
    );
    assert!(!hosts("nicht auf node-2").starts_with("node"), "{}", hosts("nicht auf node-2"));

    let ask = Ask { intent: "deploy_service".to_owned(), options: Vec::new(), ..ask };
    let reading = ralf.fill(&ask, "node-2 und node-3", &names, None);
    assert_eq!(said(&reading), r#"deploy_service {"node": "node-2", "service": "grafana"}"#);
    assert_eq!(reading.more.len(), 1, "{reading:?}");
    let ask = ralf.read("restart garfana", &names, None).ask().cloned().unwrap();
    let reading = ralf.fill(&ask, "jellyfin und grafana", &names, None);
    assert_eq!(
        (said(&reading), reading.more.len()),
        (r#"restart_service {"service": "jellyfin"}"#.into(), 1)
    );
}
