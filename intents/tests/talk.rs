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
