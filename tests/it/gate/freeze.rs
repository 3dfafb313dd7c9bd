//! Nothing begins while everything is frozen.

use super::{count, is_on_record, notice, nth_notice, record, when};
use crate::harness::Stage;

#[tokio::test]
async fn what_is_frozen_waits_and_goes_on() {
    let stage = Stage::own("gate-freeze", &[]).await;
    let service = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);
    let refused = guest.ask(&ops, "!ralf freeze because I say so").await;
    assert!(refused.body().contains("may freeze and unfreeze"), "{refused}");
    let told = admin.ask(&ops, "!ralf einfrieren Updates laufen").await;
    assert!(told.body().contains("Eingefroren") && told.body().contains("Updates laufen"), "{told}");

    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    let vote = admin.react(&ops, proposal.id(), "✅").await;
    let told = notice(&admin, &proposal, "🧊").await;
    assert_eq!(told.state(), "approved", "{told}");
    assert!(told.body().contains("Updates laufen") && told.body().contains(&admin.id), "it says why: {told}");

    // While it waits, what was said can be unsaid.
    admin.redact(&ops, &vote).await;
    let told = notice(&admin, &proposal, "Freigabe gilt nicht mehr").await;
    assert_eq!(told.state(), "awaiting_approval", "{told}");
    let told = admin.ask(&ops, "!ralf auftauen").await;
    assert!(told.body().contains("Aufgetaut"), "{told}");
    admin.and_nothing_else(&ops).await;
    assert!(service.journal().is_empty(), "what nobody approves any more does not run");

    let told = admin.ask(&ops, "!ralf freeze 10s the dog is ill").await;
    assert!(told.body().contains("ends by itself in 10 s"), "{told}");
    admin.react(&ops, proposal.id(), "👍🏾").await;
    let told = nth_notice(&admin, &proposal, "🧊", 1).await;
    assert!(told.body().contains("the dog is ill"), "{told}");
    assert!(service.journal().is_empty(), "nothing happens before its end");
    // Nobody says a word, and it goes on.
    admin.report(id, "succeeded").await;
    assert!(service.runs().await && service.journal().len() == 1);
    let record = record(&stage, id).await;
    let pool = sqlx::SqlitePool::connect(&stage.info().database).await.expect("the database");
    let frozen: i64 = sqlx::query_scalar("SELECT MAX(ts) FROM audit WHERE kind = 'frozen'")
        .fetch_one(&pool)
        .await
        .expect("read");
    assert!(when(&record, "dispatched") >= frozen + 10_000, "{frozen}: {record:?}");
    assert_eq!((count(&record, "vote"), count(&record, "vote_withdrawn")), (2, 1));

    let told = admin.ask(&ops, "!ralf unfreeze").await;
    assert!(told.body().contains("Unfrozen") || told.body().contains("Nothing was frozen"), "{told}");
    is_on_record(&stage);
}

#[tokio::test]
async fn the_configuration_freezes_and_time_goes_on() {
    let environment = [("RALF_POLICY__FREEZE", "Wartung am Netz"), ("RALF_POLICY__EXPIRY", "20s")];
    let stage = Stage::own("gate-frozen", &environment).await;
    let service = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    admin.react(&ops, proposal.id(), "✅").await;
    let told = notice(&admin, &proposal, "🧊").await;
    assert!(told.body().contains("Konfiguration: Wartung am Netz"), "{told}");
    let told = admin.ask(&ops, "!ralf unfreeze").await;
    assert!(told.body().contains("Only the configuration lifts that"), "{told}");

    // Its time is over all the same.
    let report = admin.report(id, "expired").await;
    assert!(report.mentions(&admin.id) && report.answers() == proposal.id(), "{}", report.raw);
    let (record, expires) =
        (record(&stage, id).await, proposal.operation().expect("one")["expires_ts"].as_i64());
    assert!(Some(when(&record, "expired")) >= expires && count(&record, "dispatched") == 0, "{record:?}");
    assert!(service.journal().is_empty() && !service.runs().await);
    assert_eq!(admin.ends(id).len(), 1, "one report:\n{}", admin.story());
    is_on_record(&stage);
}
