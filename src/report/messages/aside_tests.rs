//! What is answered where nothing is done, as people read it.

use ralf_intents::{Lang, Slots};

use super::*;
use crate::report::Text;

fn slots(slots: &[(&str, &str)]) -> Slots {
    slots.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn unable_to(lang: Lang, intent: &str, said: &[(&str, &str)]) -> Text {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let is_service = said.iter().any(|(_, value)| *value == "grafana");
    unable(
        lang,
        &Unable {
            intent,
            does: "Tut etwas Eigenes",
            slots: slots(said),
            can: if is_service { vec!["deploy", "restart", "remove"] } else { vec![] },
            last: is_service.then(|| super::tests::operation("deploy", crate::approval::State::Succeeded)),
            free: is_service.then(|| "node-2".to_owned()),
            hosts: names(&["node-1", "node-2"]),
            services: names(&["grafana", "jellyfin"]),
            stacks: names(&["garden"]),
        },
    )
}

fn all(lang: Lang) -> String {
    let grafana = ("service", "grafana");
    let intents: &[(&str, &[(&str, &str)])] = &[
        ("show_logs", &[grafana, ("since", "2h")]),
        ("show_logs", &[]),
        ("show_logs", &[("service", "jellyfin"), ("since", "yesterday")]),
        ("show_logs", &[("service", "jellyfin"), ("since", "2026-11-01")]),
        ("run_backup", &[("target", "grafana")]),
        ("run_backup", &[("target", "node-1")]),
        ("restore_backup", &[("target", "grafana"), ("snapshot", "9be12f")]),
        ("rotate_secret", &[("secret", "grafana-admin")]),
        ("update_service", &[grafana, ("version", "11.5")]),
        ("rollback_service", &[grafana, ("version", "11.0")]),
        ("scale_service", &[grafana, ("replicas", "3")]),
        ("plan_capacity", &[("horizon", "6mo")]),
        ("plan_capacity", &[]),
        ("discover_network", &[]),
        ("compliance_check", &[("scope", "backups")]),
        ("water_the_garden", &[("bed", "roses")]),
    ];
    let about =
        |intent: &str| About { names: vec!["grafana".into()], host: false, intent: Some(intent.into()) };
    let nothing = About::default();
    let op = super::tests::operation("deploy", crate::approval::State::AwaitingApproval);
    let mut texts: Vec<(String, Text)> =
        intents.iter().map(|(intent, said)| ((*intent).to_owned(), unable_to(lang, intent, said))).collect();
    let courtesies = [
        Courtesy::Thanks,
        Courtesy::Hello,
        Courtesy::Bye,
        Courtesy::Who,
        Courtesy::HowAreYou,
        Courtesy::YesOrNo,
    ];
    texts.extend(courtesies.map(|what| (format!("{what:?}"), courtesy(lang, what))));
    texts.extend(
        [
            ("not ours", not_ours(lang)),
            ("about the lab", status(lang, &Board { doubt: true, ..Board::default() })),
            (
                "about the lab, named",
                status(lang, &Board { doubt: true, asked: Some("grafana"), ..Board::default() }),
            ),
            ("talk", talk(lang, "Na, du Acht ohne Gürtel?", "qwen3:8b")),
            ("negated", not_now(lang, NotNow::Negated, &nothing)),
            ("negated, named", not_now(lang, NotNow::Negated, &about("restart_service"))),
            ("report", not_now(lang, NotNow::Report, &about("restart_service"))),
            ("how to", not_now(lang, NotNow::HowTo, &nothing)),
            ("how to, named", not_now(lang, NotNow::HowTo, &about("deploy_service"))),
            ("later", not_now(lang, NotNow::Later, &nothing)),
            ("later, named", not_now(lang, NotNow::Later, &about("remove_service"))),
            ("words are no vote", words_are_no_vote(lang, &op)),
            ("unknown name", unknown_name(lang, "grofana `x`")),
            ("still runs", still_runs(lang, &op)),
            (
                "later, of a host",
                not_now(lang, NotNow::Later, &About { host: true, ..about("remove_service") }),
            ),
            ("question expired", question_expired(lang, "Installiere Jellyfin")),
        ]
        .map(|(name, text)| (name.to_owned(), text)),
    );
    texts.iter().map(|(name, text)| format!("── {name}\n{}\n", text.plain())).collect()
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
fn talk_is_marked_and_mentions_nobody() {
    let content = talk(Lang::En, "hello", "qwen3:8b").build();
    assert_eq!(content["org.ralf.talk"]["model"], "qwen3:8b");
    assert_eq!(content["m.mentions"], serde_json::json!({}));
    assert!(content.get("org.ralf.operation").is_none());
}
