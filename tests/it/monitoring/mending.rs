//! What died is started again, once somebody says so.

use super::watch::{Watch, incident, state};
use crate::harness::Event;

const RESTART: &str = "Restart jellyfin on node-1";

#[tokio::test]
async fn a_service_that_died_is_mended() {
    let watch = Watch::begin("mending").await;
    let (admin, approver, room) = (&watch.admin, &watch.approver, watch.room.as_str());
    tokio::join!(watch.have("Install jellyfin on node-1"), watch.have("Install grafana on node-1"));

    watch.fails("jellyfin").await;
    let root = watch.begins("jellyfin on node-1 does not answer").await;
    let proposal = watch.proposal(1).await;
    assert!(proposal.body().contains(RESTART), "{}", proposal.body());
    assert_eq!(proposal.answers(), root.id());
    assert_eq!(proposal.sender(), watch.stage.info().bots["health"]);
    let why = admin.ask(room, &format!("!ralf why {}", proposal.operation_id())).await;
    let cause = format!("incident {} (ServiceDown)", incident(&root));
    assert!(why.body().contains(&cause), "{}", why.body());
    watch.reads(&root, "with a proposal", |event| event.body().contains("Proposed: Restart jellyfin")).await;

    approver.react(room, proposal.id(), "✅").await;
    admin.report(proposal.operation_id(), "succeeded").await;
    let mended =
        |event: &Event| state(event) == "resolved" && event.body().contains("🔧 Done: Restart jellyfin");
    watch.reads(&root, "resolved by the restart", mended).await;
    watch.is_told(&root, "✅ Resolved after", 1).await;

    // The second time it is known what helped.
    watch.fails("jellyfin").await;
    watch.is_told(&root, "It is back", 1).await;
    let second = watch.proposal(2).await;
    watch.is_told(&root, &format!("Last time helped: {RESTART}"), 1).await;
    let helped = |event: &Event| state(event) == "firing" && event.body().contains("💡 Last time helped");
    watch.reads(&root, "with what helped", helped).await;
    approver.react(room, second.id(), "❌").await;
    watch.is_told(&root, "I won't propose it again for this incident", 1).await;
    watch.reads(&root, "with the denial", |event| event.body().contains("🚫 Denied: Restart jellyfin")).await;

    // From now on Alertmanager groups by the alert's name alone: what comes belongs to what there is.
    let file = watch.stage.dir.join("alertmanager/alertmanager.yml");
    let before = std::fs::read_to_string(&file).expect("its configuration");
    let after = before.replace("group_by: [alertname, service, node, job]", "group_by: [alertname]");
    assert_ne!(before, after);
    std::fs::write(&file, after).expect("written");
    let reload = reqwest::Client::new().post(format!("{}/-/reload", watch.alertmanager.0)).send();
    assert_eq!(reload.await.expect("an answer").status(), 200);
    watch.fails("grafana").await;
    let two = |event: &Event| event.body().contains("2 of 2 alerts firing");
    let both = watch.reads(&root, "about both", two).await;
    for words in ["jellyfin", "grafana", "node node-1"] {
        assert!(both.body().contains(words), "{words} in {}", both.body());
    }
    watch.is_told(&root, "✋", 1).await;
    watch.have("Restart jellyfin on node-1").await;
    watch.reads(&root, "about one", |event| event.body().contains("1 of 2 alerts firing")).await;

    admin.and_nothing_else(room).await;
    assert_eq!(watch.proposals().len(), 2, "enough for one incident");
    let all: Vec<String> = watch.beginnings().iter().map(|event| incident(event).to_owned()).collect();
    assert_eq!(all, [incident(&root)], "one message");
}
