//! A stack of OpenTofu, from a sentence to what really happened.

use ralf::lab::Part;

use crate::harness::Stage;

#[tokio::test]
async fn a_stack_is_applied_looked_at_and_destroyed_by_conversation() {
    let stage = Stage::furnished("tofu", &[], &[Part::Tofu]).await;
    let (ops, info) = (stage.room("ops"), stage.info());
    let admin = stage.person("admin").await;
    let approver = stage.person("approver").await;
    let journal = || {
        let text = std::fs::read_to_string(stage.dir.join("journals/noticeboard.log")).unwrap_or_default();
        text.lines().map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let main = stage.dir.join("stacks/noticeboard/main.tf");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&main).expect("the stack");
        assert!(text.contains(from), "{text}");
        std::fs::write(&main, text.replace(from, to)).expect("written");
    };
    assert!(info.fleet.values().all(|node| !node.services.contains_key("noticeboard")), "it is on no node");

    let first = admin.proposal(&ops, "Installiere Noticeboard").await;
    let op = first.operation().expect("an operation").clone();
    assert_eq!((op["executor"].as_str(), op["risk"].as_str()), (Some("tofu"), Some("low")), "{op}");
    assert!(first.body().contains("Stack noticeboard anwenden"), "{first}");
    assert!(first.body().contains("terraform_data.board anlegen (noticeboard)"), "{first}");
    assert!(first.body().contains("input.pin = [hidden]") && !first.body().contains("pin-4711"), "{first}");
    let second = admin.proposal(&ops, "Install the noticeboard stack").await;
    assert!(journal().is_empty(), "nothing happens before the approval");
    admin.react(&ops, first.id(), "✅").await;
    let report = admin.report(first.operation_id(), "succeeded").await;
    assert!(report.body().contains("angewendet"), "{report}");
    assert_eq!(journal(), ["create"]);

    // The other plan was made for a state that is no more, and by now there is nothing left to do.
    admin.react(&ops, second.id(), "✅").await;
    admin.report(second.operation_id(), "succeeded").await;
    assert_eq!(journal(), ["create"]);
    let same = admin.ask(&ops, "Installiere Noticeboard").await;
    assert!(same.operation().is_none() && same.body().contains("schon so"), "{same}");
    let status = admin.ask(&ops, "Status von Noticeboard").await;
    assert!(status.body().contains("kein Drift"), "{status}");

    edit("Welcome to the lab", "Willkommen");
    let status = admin.ask(&ops, "show status of noticeboard").await;
    assert!(
        status.body().contains("differs") && status.body().contains("Change terraform_data.board"),
        "{status}"
    );
    let stale = admin.proposal(&ops, "Installiere Noticeboard").await;
    assert_eq!(stale.operation().expect("an operation")["risk"], "medium");
    edit("default     = 1", "default     = 2");
    let replace = admin.proposal(&ops, "Installiere Noticeboard").await;
    assert_eq!(replace.operation().expect("an operation")["risk"], "high");
    assert!(replace.body().contains("ersetzen"), "{replace}");
    admin.react(&ops, replace.id(), "✅").await;
    admin.report(replace.operation_id(), "succeeded").await;
    assert_eq!(journal(), ["create", "destroy", "create"]);

    let nowhere = admin.ask(&ops, "Entferne Noticeboard von node-1").await;
    assert!(nowhere.operation().is_none() && nowhere.body().contains("auf keinem Host"), "{nowhere}");
    let remove = admin.proposal(&ops, "Entferne Noticeboard").await;
    assert_eq!(remove.operation().expect("an operation")["risk"], "high");
    for person in [&admin, &approver] {
        person.react(&ops, remove.id(), "✅").await;
    }
    admin.report(remove.operation_id(), "succeeded").await;
    assert_eq!(journal(), ["create", "destroy", "create", "destroy"]);
    assert!(
        admin.heard().iter().all(|event| !event.raw.to_string().contains("pin-4711")),
        "the pin is a secret"
    );
}
