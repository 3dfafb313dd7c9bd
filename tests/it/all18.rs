//! Every intent of the catalogue leads to a plan or to an honest answer, in the language that was spoken.

use serde_json::json;

use crate::harness::Stage;
use crate::rooms::{membership, room_with};

/// An intent, what people say, and what the answer has to hold: what was understood, and something that helps.
const SAID: &[(&str, &str, &[&str])] = &[
    ("deploy_service", "Installiere Vaultwarden auf node-3", &["vaultwarden", "✅"]),
    ("restart_service", "Restart the host node-2", &["node-2"]),
    ("remove_service", "Entferne Homeassistant von node-1", &["homeassistant"]),
    ("rollback_service", "Rolle Immich zurück", &["immich"]),
    ("rollback_service", "Rolle Gitea auf Version 1.25 zurück", &["`gitea`", "1.25", "Installiere gitea"]),
    ("scale_service", "Scale grafana to 3 replicas", &["`grafana`", "3 instances", "Install grafana on"]),
    ("update_service", "Aktualisiere Gitea auf 1.27", &["`gitea`", "1.27", "neu starten"]),
    ("run_backup", "Mach ein Backup von Immich", &["`immich`", "nichts gesichert"]),
    ("restore_backup", "Restore gitea from the backup", &["`gitea`", "Nothing was restored"]),
    ("show_status", "Läuft Uptime-Kuma?", &["uptime-kuma"]),
    ("show_alerts", "Welche Alarme gibt es?", &["Nichts offen", "alertmanager"]),
    (
        "silence_alert",
        "Silence DiskFull for 2h",
        &["🔕 Silenced until", "alertname=\"DiskFull\"", "Covers no alert"],
    ),
    ("subscribe_alerts", "Abonniere alle kritischen Alarme", &["🔔 Abo Nr.", "severity>=critical"]),
    (
        "show_logs",
        "Logs von Jellyfin seit 2 Stunden",
        &["Logs von `jellyfin` der letzten 2h", "Läuft jellyfin?"],
    ),
    ("show_logs", "show me the grafana logs since yesterday", &["Logs of `grafana` since yesterday"]),
    ("plan_capacity", "Plan the capacity for the next 3 months", &["3mo", "guess"]),
    ("discover_network", "Welche Geräte sind im Netz?", &["Inventar", "node-1, node-2, node-3", "jellyfin"]),
    ("rotate_secret", "Erneuere das Passwort von Vaultwarden", &["Geheimnisse kann ich nicht wechseln"]),
    ("compliance_check", "Are we compliant?", &["neither yes nor no", "!ralf policy"]),
];

/// An alert that can be said: one that was over before anybody heard of it, so that nobody is told.
async fn knows_an_alert(stage: &Stage) {
    let info = stage.info();
    let alert = json!({
        "status": "resolved", "labels": {"alertname": "DiskFull"},
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T00:01:00Z",
    });
    let body = json!({"version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "alerts": [alert]});
    let url = format!("{}/webhooks/alertmanager", info.ralf);
    let posted = reqwest::Client::new().post(url).bearer_auth(&info.webhook_token).json(&body).send().await;
    assert_eq!(posted.expect("an answer").status(), 200);
}

#[tokio::test]
async fn all_intents_lead_to_a_plan_or_an_honest_answer() {
    let stage = Stage::shared().await;
    knows_an_alert(&stage).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    for (intent, said, wanted) in SAID {
        let answer = admin.ask(&ops, said).await;
        for part in *wanted {
            assert!(answer.body().contains(part), "{said:?} lacks {part:?}: {}", answer.body());
        }
        assert!(!answer.body().contains(intent), "{said:?} shows a name of ours: {}", answer.body());
        assert!(answer.question().is_none(), "{said:?} asks for what leads nowhere: {answer}");
        match answer.operation() {
            Some(op) => {
                assert_eq!(op["intent"], *intent);
                admin.ask(&ops, &format!("!ralf cancel {}", answer.operation_id())).await;
            }
            None => assert!(!answer.body().contains("✅ freigeben"), "{said:?}: {answer}"),
        }
    }
    let every: std::collections::BTreeSet<&str> = ralf_intents::Catalogue::builtin()
        .expect("it loads")
        .intents()
        .map(|i| i.name.clone().leak() as &str)
        .collect();
    let tried = SAID.iter().map(|(intent, ..)| *intent).chain(["explain_decision"]).collect();
    assert_eq!(every, tried, "every intent is tried here; `explain_decision` has its own story");
}

#[tokio::test]
async fn why_tells_of_the_operation_that_is_talked_about() {
    let stage = Stage::shared().await;
    let (ops, core) = (stage.room("ops"), stage.info().bots["core"].clone());
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);
    let aside = room_with(&admin, None, &[&core]).await;
    admin.wait_for("core to come", membership(&aside, &core, "join")).await;
    let none = admin.ask(&aside, "!ralf why").await;
    assert!(none.operation().is_none() && none.body().contains("no operation here"), "{none}");

    let first = admin.proposal(&aside, "Ralf: Installiere Vaultwarden auf node-1").await;
    let second = admin.proposal(&aside, "Ralf: Installiere Immich auf node-2").await;
    // In a thread it is that of the thread, however new others are.
    let asked = admin.say_in_thread(&aside, first.id(), "warum hast du das gemacht?").await;
    let told = admin
        .wait_for("the first one's story", |e| {
            e.is_new_message() && e.thread() == Some(first.id()) && e.body().contains("Digest `")
        })
        .await;
    assert_eq!(told.operation_id(), first.operation_id(), "asked in {asked}: {told}");
    // Elsewhere it is the last one of the room.
    let told = admin.ask(&aside, "Ralf: why did you do that?").await;
    assert_eq!(told.operation_id(), second.operation_id(), "{told}");
    // Who is not there sees nothing of it.
    let hidden = guest.ask(&ops, &format!("!ralf why {}", second.operation_id())).await;
    assert!(hidden.operation().is_none() && !hidden.body().contains("immich"), "{hidden}");
    for proposal in [&first, &second] {
        admin.ask(&aside, &format!("!ralf cancel {}", proposal.operation_id())).await;
    }
}
