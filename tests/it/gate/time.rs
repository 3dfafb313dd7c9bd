//! What time does, and what a new policy does to what waits.

use super::{count, given, install, is_on_record, notice, record, shown, when};
use crate::harness::Stage;
use serde_json::json;

#[tokio::test]
async fn at_half_time_people_are_called_and_then_it_is_over() {
    let stage = Stage::own("gate-reminder", &[("RALF_POLICY__EXPIRY", "8s")]).await;
    let service = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    let told = notice(&approver, &proposal, "🔔").await;
    assert!(told.mentions(&approver.id) && told.mentions(&admin.id), "{}", told.raw);
    assert!(told.body().contains("wartet noch auf eine Freigabe"), "{told}");
    let report = admin.report(id, "expired").await;
    assert!(report.mentions(&admin.id) && report.answers() == proposal.id(), "{}", report.raw);
    let edited = |e: &crate::harness::Event| {
        e.is_edit() && e.target() == proposal.id() && e.state() == "expired" && e.body().contains("⌛")
    };
    admin.wait_for("the proposal to say so", edited).await;
    approver.react(&ops, proposal.id(), "✅").await;
    approver.and_nothing_else(&ops).await;
    assert!(service.journal().is_empty() && admin.ends(id).len() == 1, "{}", admin.story());
    let record = record(&stage, id).await;
    let expires = proposal.operation().expect("one")["expires_ts"].as_i64().expect("a time");
    assert!(
        when(&record, "reminded") >= expires - 4_000 && when(&record, "reminded") < expires,
        "{record:?}"
    );
    assert_eq!((count(&record, "reminded"), count(&record, "expired"), count(&record, "vote")), (1, 1, 0));
    is_on_record(&stage);
}

#[tokio::test]
async fn a_stricter_policy_holds_for_what_waits_and_a_looser_one_does_not() {
    let stage = Stage::own("gate-policy", &[]).await;
    let (grafana, jellyfin) = (stage.take("grafana", "node-1"), stage.take("jellyfin", "node-1"));
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    install(&admin, &ops, "Grafana", "node-1").await;
    let deploy = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let removal = admin.proposal(&ops, "Entferne Grafana von node-1").await;
    assert_eq!(
        (shown(&admin, &deploy)["needed"].as_i64(), shown(&admin, &removal)["needed"].as_i64()),
        (Some(1), Some(2))
    );

    // One rule becomes stricter and gets a time to think it over, the other one looser.
    stage.lab().take_down("ralf").await;
    let config = stage.info().config;
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let rule = |rule: &str| {
        if rule.contains("deploy_service") {
            rule.replace("approvals = 1", "approvals = 2\nwait = \"12s\"")
        } else {
            rule.replace("approvals = 2", "approvals = 1\nself_approval = true")
        }
    };
    let rules: Vec<String> = text.split("[[policy.rules]]").map(rule).collect();
    std::fs::write(&config, rules.join("[[policy.rules]]")).expect("written");
    stage.lab().bring_up("ralf").await;

    let told = notice(&admin, &deploy, "strenger").await;
    assert!(told.body().contains("2 verschiedene Personen"), "{told}");
    given(&admin, &deploy, 0, 2).await;
    admin.react(&ops, deploy.id(), "✅").await;
    given(&admin, &deploy, 1, 2).await;
    admin.react(&ops, removal.id(), "✅").await;
    given(&admin, &removal, 1, 2).await;
    admin.and_nothing_else(&ops).await;
    assert!(
        jellyfin.journal().is_empty() && grafana.journal().len() == 1,
        "one voice is not enough for either"
    );
    approver.react(&ops, deploy.id(), "✅").await;
    approver.react(&ops, removal.id(), "✅").await;
    admin.report(deploy.operation_id(), "succeeded").await;
    admin.report(removal.operation_id(), "succeeded").await;
    assert!(jellyfin.journal().len() == 1 && grafana.journal().len() == 2);
    assert_eq!(shown(&admin, &removal), json!({"needed": 2, "given": 2}));
    assert_eq!(count(&record(&stage, removal.operation_id()).await, "tightened"), 0);

    // What is asked for now knows the new rules from the start: it waits though all agree.
    let restart = admin.proposal(&ops, "restart jellyfin on node-1 please").await;
    let id = restart.operation_id();
    admin.react(&ops, restart.id(), "✅").await;
    approver.react(&ops, restart.id(), "✅").await;
    let told = notice(&admin, &restart, "⏲").await;
    assert!(told.state() == "approved" && told.body().contains("12 s after the proposal"), "{told}");
    admin.report(id, "succeeded").await;
    let (record, created) = (record(&stage, id).await, stage.store().await.operation(id).await);
    let created = created.expect("read").expect("it is there").created_ts;
    assert!(when(&record, "dispatched") >= created + 12_000, "{created}: {record:?}");
    assert_eq!(jellyfin.journal().len(), 2);
    is_on_record(&stage);
}
