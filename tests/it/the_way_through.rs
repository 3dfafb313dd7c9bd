//! From a sentence to an approved, really executed change.

use serde_json::json;

use crate::harness::{Event, Stage};

#[tokio::test]
async fn a_service_is_installed_by_one_sentence_and_one_reaction() {
    let stage = Stage::shared().await;
    let jellyfin = stage.take("jellyfin", "node-2");
    let ops = stage.room("ops");
    let info = stage.info();
    let admin = stage.person("admin").await;

    let asked = admin.say(&ops, "Installiere Jellyfin auf node-2").await;
    let proposal = admin.answer(&asked).await;
    let relation = &proposal.raw["content"]["m.relates_to"];
    assert_eq!(*relation, json!({"m.in_reply_to": {"event_id": asked}}), "a reply on the main timeline");
    assert_eq!(proposal.sender(), info.bots["core"]);
    let op = proposal.operation().expect("org.ralf.operation").clone();
    let id = op["id"].as_str().expect("an id").to_owned();
    assert_eq!(op["state"], "awaiting_approval");
    assert_eq!(op["intent"], "deploy_service");
    assert_eq!(op["slots"], json!({"service": "jellyfin", "node": "node-2"}));
    assert_eq!(op["bot"], "infra");
    assert_eq!(op["executor"], "ansible");
    assert!(["low", "medium", "high"].contains(&op["risk"].as_str().expect("a risk")), "{op}");
    let digest = op["digest"].as_str().expect("a digest");
    assert!(
        digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()),
        "{digest}"
    );
    assert_eq!(op["requester"], admin.id.as_str());
    assert_eq!(op["approvals"], json!({"needed": 1, "given": 0}));
    assert!(op["expires_ts"].is_i64());
    let body = proposal.body();
    assert!(body.contains("```diff") && body.contains("+"), "the diff is shown: {body}");
    assert!(body.contains(&digest[..8]), "the digest is shown: {body}");
    assert!(body.contains(&format!("!ralf genehmige {id}")), "the text fallback is shown: {body}");
    for key in ["✅", "❌"] {
        let seed = admin
            .wait_for(&format!("the seed {key}"), |e| {
                e.kind() == "m.reaction" && e.target() == proposal.id() && e.key() == key
            })
            .await;
        assert_eq!(seed.sender(), proposal.sender());
    }
    assert!(!jellyfin.runs().await && jellyfin.journal().is_empty(), "nothing happens before the approval");

    admin.react(&ops, proposal.id(), "✅").await;
    let progress = |e: &Event| e.is_new_message() && e.operation_id() == id && e.state() == "running";
    let progress = admin.wait_for("a progress message", progress).await;
    assert_eq!(progress.thread(), Some(proposal.id()), "progress stands in the proposal's thread");
    admin.wait_for("an edit of the progress message", |e| e.is_edit() && e.target() == progress.id()).await;
    let report = admin.report(&id, "succeeded").await;
    assert!(report.mentions(&admin.id), "the report mentions who asked: {}", report.raw);
    assert_eq!(report.answers(), proposal.id());
    assert!(report.body().contains("läuft"), "{}", report.body());
    admin
        .wait_for("the proposal to say how it ended", |e| {
            e.is_edit() && e.target() == proposal.id() && e.state() == "succeeded"
        })
        .await;

    assert!(jellyfin.runs().await, "{} answers", jellyfin.health);
    let journal = jellyfin.journal();
    assert_eq!(journal.len(), 1, "{journal:?}");
    assert!(journal[0].ends_with(&format!(" deploy {id}")), "{journal:?}");

    let again = admin.ask(&ops, "Installiere Jellyfin auf node-2").await;
    assert!(again.operation().is_none() && again.question().is_none(), "{again}");
    assert!(again.body().contains("schon so"), "{again}");
    assert_eq!(admin.ends(&id).len(), 1, "one report:\n{}", admin.story());
    assert_eq!(jellyfin.journal().len(), 1);
}
