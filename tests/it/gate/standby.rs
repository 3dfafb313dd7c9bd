//! Two processes on one PostgreSQL: what one began, the other one brings to its end.

use super::{count, is_on_record, record};
use crate::harness::database::{Database, Kind};
use crate::harness::{Event, Serve, Stage, until};

#[tokio::test]
async fn the_standby_adopts_what_runs() {
    let database = Database::fresh(Kind::Postgres).await;
    let environment = [("RALF_DATABASE__URL", database.url.as_str())];
    let stage = Stage::own("gate-standby", &environment).await;
    let service = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let mut standby = Serve::start(&stage.info().config, &environment);
    standby.says("standing by").await;

    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    admin.react(&ops, proposal.id(), "✅").await;
    let folder = stage.dir.join("runs").join(id);
    until("the playbook's own process", async || folder.join("pid").exists()).await;
    assert!(!folder.join("exit").exists() && !standby.log().contains("this process serves"));
    stage.lab().kill("ralf").expect("killed");
    // The lab would start the next one.
    stage.lab().take_down("ralf").await;
    standby.says("this process serves").await;
    admin.report(id, "succeeded").await;
    let edited = |e: &Event| e.is_edit() && e.target() == proposal.id() && e.state() == "succeeded";
    admin.wait_for("the proposal to say so", edited).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(admin.ends(id).len(), 1, "one report:\n{}", admin.story());
    let journal = service.journal();
    assert!(journal.len() == 1 && journal[0].ends_with(id) && service.runs().await, "{journal:?}");
    let record = record(&stage, id).await;
    for kind in ["vote", "approved", "dispatched", "succeeded"] {
        assert_eq!(count(&record, kind), 1, "{kind}: {record:?}");
    }
    is_on_record(&stage);
    assert!(standby.stop().await.success(), "it ends in good order:\n{}", standby.log());
}
