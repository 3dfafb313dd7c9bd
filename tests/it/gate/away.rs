//! While the homeserver can't say who is in the room, nothing is decided and nothing begins.

use serde_json::json;

use super::{count, is_on_record, notice, record, when};
use crate::harness::{Event, Person, Stage, until};

/// Hands a reaction straight to R.A.L.F., as a homeserver does in its last moment.
async fn reaction(stage: &Stage, person: &Person, proposal: &Event, key: &str) {
    let info = stage.info();
    let id = ralf::clock::new_id();
    let relation = json!({"rel_type": "m.annotation", "event_id": proposal.id(), "key": key});
    let event = json!({
        "type": "m.reaction", "event_id": format!("$last-moment-{id}"), "room_id": proposal.room,
        "sender": person.id, "origin_server_ts": 1, "content": {"m.relates_to": relation},
    });
    let url = format!("{}/_matrix/app/v1/transactions/last-moment-{id}", info.ralf);
    let put = reqwest::Client::new().put(url).bearer_auth(&info.hs_token).json(&json!({"events": [event]}));
    assert_eq!(put.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn without_the_homeserver_nobody_decides_and_nothing_begins() {
    let stage = Stage::own("gate-away", &[]).await;
    let (jellyfin, grafana) = (stage.take("jellyfin", "node-1"), stage.take("grafana", "node-1"));
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let store = stage.store().await;

    // It goes when the vote comes.
    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    stage.lab().take_down("synapse").await;
    reaction(&stage, &admin, &proposal, "✅").await;
    until("the vote to wait", async || stage.log().contains("a decision waits for the homeserver")).await;
    let waits = store.operation(id).await.expect("read").expect("it is there");
    assert_eq!(waits.state.as_str(), "awaiting_approval");
    assert!(store.votes(id).await.expect("read").is_empty() && jellyfin.journal().is_empty());
    stage.lab().bring_up("synapse").await;
    admin.report(id, "succeeded").await;
    assert_eq!((count(&record(&stage, id).await, "vote"), jellyfin.journal().len()), (1, 1));

    // It goes between the vote and the beginning.
    let proposal = admin.proposal(&ops, "Please install Grafana on node-1").await;
    let id = proposal.operation_id();
    admin.ask(&ops, "!ralf freeze 10s until the coffee is ready").await;
    admin.react(&ops, proposal.id(), "✅").await;
    notice(&admin, &proposal, "🧊").await;
    stage.lab().take_down("synapse").await;
    let stands = async || stage.log().contains("an operation stands still");
    until("its beginning to wait", stands).await;
    let waits = store.operation(id).await.expect("read").expect("it is there");
    assert_eq!(waits.state.as_str(), "approved");
    assert!(grafana.journal().is_empty(), "nothing begins unasked");
    let back = ralf::clock::Clock::System.now_ms();
    stage.lab().bring_up("synapse").await;
    admin.report(id, "succeeded").await;
    let record = record(&stage, id).await;
    assert!(when(&record, "dispatched") > back && count(&record, "dispatched") == 1, "{record:?}");
    assert_eq!(grafana.journal().len(), 1);
    is_on_record(&stage);
}
