//! Two people, one vote each, and a no that is final.

use serde_json::json;

use super::{count, given, install, is_on_record, notice, record, shown};
use crate::harness::{Event, Stage};

#[tokio::test]
async fn asker_and_approver_remove_a_service_together() {
    let stage = Stage::shared().await;
    let service = stage.take("paperless", "node-3");
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    install(&admin, &ops, "Paperless", "node-3").await;

    // A no beats every yes, and is not taken back by one.
    let denied = admin.proposal(&ops, "Entferne Paperless von node-3").await;
    admin.react(&ops, denied.id(), "✅").await;
    given(&admin, &denied, 1, 2).await;
    approver.react(&ops, denied.id(), "👎🏼").await;
    let told = notice(&admin, &denied, "Abgelehnt von").await;
    assert!(told.body().contains(&approver.id) && told.state() == "denied", "{told}");
    approver.react(&ops, denied.id(), "✅").await;

    // So does the asker's own, in words.
    let denied_too = admin.proposal(&ops, "Please remove Paperless from node-3").await;
    approver.react(&ops, denied_too.id(), "✅").await;
    given(&admin, &denied_too, 1, 2).await;
    let told = admin.ask(&ops, &format!("!ralf deny {} too risky today", denied_too.operation_id())).await;
    assert!(told.body().contains("Denied by") && told.body().contains("too risky today"), "{told}");
    assert_eq!(told.state(), "denied");
    admin.and_nothing_else(&ops).await;
    assert_eq!(service.journal().len(), 1, "nothing was removed");

    let removal = admin.proposal(&ops, "Entferne Paperless von node-3").await;
    let id = removal.operation_id();
    admin.react(&ops, removal.id(), "✅\u{fe0f}").await;
    given(&admin, &removal, 1, 2).await;
    assert_eq!(service.journal().len(), 1);
    approver.react(&ops, removal.id(), "👍🏻").await;
    admin.report(id, "succeeded").await;
    assert!(service.journal().len() == 2 && !service.runs().await);
    let kinds: Vec<String> = record(&stage, id).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["proposed", "vote", "vote", "approved", "dispatched", "running", "succeeded"]);
    for (proposal, state) in [(&denied, "denied"), (&denied_too, "denied"), (&removal, "succeeded")] {
        let id = proposal.operation_id();
        let ends = record(&stage, id).await.into_iter().filter(|(kind, _)| kind == state).count();
        assert_eq!(ends, 1, "one end of {id}");
    }
    is_on_record(&stage);
}

#[tokio::test]
async fn two_ids_of_one_person_are_one_person() {
    let ids = r#"["@admin:lab.local", "@guest:lab.local"]"#;
    let stage = Stage::own("gate-ids", &[("RALF_PEOPLE__ADMIN__IDS", ids)]).await;
    let service = stage.take("grafana", "node-1");
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let other = stage.person("guest").await;
    install(&admin, &ops, "Grafana", "node-1").await;
    let removal = admin.proposal(&ops, "Entferne Grafana von node-1").await;
    let id = removal.operation_id();
    admin.react(&ops, removal.id(), "✅").await;
    given(&admin, &removal, 1, 2).await;
    let told = other.ask(&ops, &format!("!ralf genehmige {id}")).await;
    assert!(told.body().contains("1 von 2"), "the same voice again: {told}");
    other.react(&ops, removal.id(), "✅").await;
    other.and_nothing_else(&ops).await;
    assert_eq!(shown(&admin, &removal), json!({"needed": 2, "given": 1}));
    assert_eq!(service.journal().len(), 1);
    approver.react(&ops, removal.id(), "✅").await;
    admin.report(id, "succeeded").await;
    assert_eq!(service.journal().len(), 2);
    is_on_record(&stage);
}

#[tokio::test]
async fn what_is_taken_back_is_cancelled_and_edits_change_nothing() {
    let stage = Stage::shared().await;
    let (service, other) = (stage.take("gitea", "node-2"), stage.take("vaultwarden", "node-2"));
    let ops = stage.room("ops");
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);

    let asked = admin.say(&ops, "Installiere Gitea auf node-2").await;
    let proposal = admin.answer(&asked).await;
    let edit = json!({
        "msgtype": "m.text", "body": "* Installiere Vaultwarden auf node-2",
        "m.new_content": {"msgtype": "m.text", "body": "Installiere Vaultwarden auf node-2"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": asked},
    });
    admin.send(&ops, "m.room.message", edit).await;
    admin.and_nothing_else(&ops).await;
    let of_vaultwarden = admin.all(|e| {
        e.operation().is_some_and(|op| op["slots"] == json!({"service": "vaultwarden", "node": "node-2"}))
    });
    assert!(of_vaultwarden.is_empty() && other.journal().is_empty(), "an edit asks for nothing");
    admin.redact(&ops, &asked).await;
    let told = notice(&admin, &proposal, "Abgebrochen von").await;
    assert!(told.state() == "cancelled" && told.body().contains(&admin.id), "{told}");
    admin.react(&ops, proposal.id(), "✅").await;

    let proposal = admin.proposal(&ops, "Please install Gitea on node-2").await;
    // Something of ours in its thread is not the proposal.
    guest.react(&ops, proposal.id(), "✅").await;
    let refusal = notice(&admin, &proposal, &guest.id).await;
    admin.react(&ops, refusal.id(), "✅").await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(shown(&admin, &proposal)["given"], 0);
    admin.redact(&ops, proposal.id()).await;
    let gone = |e: &Event| {
        e.is_new_message() && e.operation_id() == proposal.operation_id() && e.state() == "cancelled"
    };
    admin.wait_for("the end of what is not shown any more", gone).await;
    admin.react(&ops, proposal.id(), "✅").await;
    let late = admin.ask(&ops, &format!("!ralf approve {}", proposal.operation_id())).await;
    assert!(late.body().contains("Too late"), "{late}");
    assert!(service.journal().is_empty() && other.journal().is_empty());
    let record = record(&stage, proposal.operation_id()).await;
    assert_eq!((count(&record, "cancelled"), count(&record, "dispatched")), (1, 0), "{record:?}");
    is_on_record(&stage);
}
