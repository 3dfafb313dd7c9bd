//! People decide: by a tap, by words, in both languages.

use crate::harness::Stage;

#[tokio::test]
async fn an_english_restart_with_a_thumb_of_any_colour() {
    let stage = Stage::shared().await;
    let grafana = stage.take("grafana", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;

    let install = admin.proposal(&ops, "Please install Grafana on node-1").await;
    assert!(install.body().contains("Approvals: 0 of 1"), "it speaks English: {}", install.body());
    admin.react(&ops, install.id(), "👍🏽").await;
    admin.report(install.operation_id(), "succeeded").await;
    let before = stage.info().fleet["node-1"].services["grafana"].pid;

    let restart = admin.proposal(&ops, "restart grafana on node-1 please").await;
    assert_eq!(restart.operation().expect("an operation")["intent"], "restart_service");
    admin.react(&ops, restart.id(), "✅\u{fe0f}").await;
    let report = admin.report(restart.operation_id(), "succeeded").await;
    assert!(report.body().contains("running again"), "{}", report.body());
    assert!(report.mentions(&admin.id));

    assert!(grafana.runs().await);
    let journal = grafana.journal();
    assert_eq!(journal.len(), 2, "{journal:?}");
    assert!(journal[0].ends_with(&format!(" deploy {}", install.operation_id())), "{journal:?}");
    assert!(journal[1].ends_with(&format!(" restart {}", restart.operation_id())), "{journal:?}");
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while stage.info().fleet["node-1"].services["grafana"].pid == before {
        assert!(tokio::time::Instant::now() < end, "the same process still runs");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_denial_ends_it_and_a_later_yes_changes_nothing() {
    let stage = Stage::shared().await;
    let nextcloud = stage.take("nextcloud", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let approver = stage.person("approver").await;

    let proposal = admin.proposal(&ops, "Installiere Nextcloud auf node-1").await;
    approver.react(&ops, proposal.id(), "❌").await;
    let told = admin.reaches(proposal.operation_id(), "denied").await;
    assert!(told.body().contains(&approver.id) || told.is_edit(), "it says who: {told}");
    admin.react(&ops, proposal.id(), "✅").await;
    approver.react(&ops, proposal.id(), "👍").await;
    let late = admin.ask(&ops, &format!("!ralf genehmige {}", proposal.operation_id())).await;
    assert!(late.body().contains("Zu spät"), "{late}");
    admin.and_nothing_else(&ops).await;
    let running = admin
        .all(|e| e.operation_id() == proposal.operation_id() && ["approved", "running"].contains(&e.state()));
    assert!(running.is_empty(), "{}", admin.story());
    assert!(nextcloud.journal().is_empty() && !nextcloud.runs().await);
}

#[tokio::test]
async fn words_do_where_a_client_has_no_reactions() {
    let stage = Stage::shared().await;
    let nextcloud = stage.take("nextcloud", "node-2");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;

    let denied = admin.proposal(&ops, "Installiere Nextcloud auf node-2").await;
    let told = admin.ask(&ops, &format!("!ralf ablehnen {} heute nicht", denied.operation_id())).await;
    assert_eq!(told.state(), "denied", "{told}");
    assert!(told.body().contains("heute nicht"), "the reason is told: {told}");
    assert!(nextcloud.journal().is_empty());

    let approved = admin.proposal(&ops, "Installiere Nextcloud auf node-2").await;
    assert_ne!(approved.operation_id(), denied.operation_id(), "what was denied is asked anew");
    let told = admin.ask(&ops, &format!("!ralf approve {}", approved.operation_id())).await;
    assert_eq!(told.operation_id(), approved.operation_id(), "typed votes are answered: {told}");
    admin.report(approved.operation_id(), "succeeded").await;
    assert!(nextcloud.runs().await);
    let journal = nextcloud.journal();
    assert!(journal.len() == 1 && journal[0].ends_with(approved.operation_id()), "{journal:?}");

    let unknown = admin.ask(&ops, "!ralf approve zzzzzzzzzz").await;
    assert!(unknown.operation().is_none() && unknown.body().contains("zzzzzzzzzz"), "{unknown}");
}
