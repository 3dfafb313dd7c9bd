//! Who votes must be in the room and have the power, when voting and when it begins.

use reqwest::Method;
use serde_json::json;

use super::{as_core, as_person, count, given, install, is_on_record, notice, nth_notice, record};
use crate::harness::Stage;

const RIGHTS: &[(&str, &str)] = &[("RALF_POLICY__POWER", "50")];

#[tokio::test]
async fn who_loses_the_right_loses_the_vote() {
    let stage = Stage::own("gate-rights", RIGHTS).await;
    let service = stage.take("grafana", "node-1");
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    install(&admin, &ops, "Grafana", "node-1").await;
    let removal = admin.proposal(&ops, "Entferne Grafana von node-1").await;
    let id = removal.operation_id();
    // Approved, and kept from beginning.
    admin.ask(&ops, "!ralf einfrieren Probe").await;
    admin.react(&ops, removal.id(), "✅").await;
    approver.react(&ops, removal.id(), "👍").await;
    notice(&admin, &removal, "🧊").await;
    let invited = async || {
        as_core(&stage, Method::POST, &format!("rooms/{ops}/invite"), &json!({"user_id": approver.id})).await;
        as_person(&stage, "approver", &format!("rooms/{ops}/join"), &json!({})).await;
    };
    let levels = format!("rooms/{ops}/state/m.room.power_levels/");
    let power = async |power: i64| {
        let mut content = as_core(&stage, Method::GET, &levels, &json!(null)).await;
        content["users"][&approver.id] = power.into();
        as_core(&stage, Method::PUT, &levels, &content).await;
    };

    for (n, tone) in ["🏻", "🏼", "🏽"].into_iter().enumerate() {
        match n {
            0 => drop(as_person(&stage, "approver", &format!("rooms/{ops}/leave"), &json!({})).await),
            1 => {
                let kick = json!({"user_id": approver.id, "reason": "a rest"});
                as_core(&stage, Method::POST, &format!("rooms/{ops}/kick"), &kick).await;
            }
            _ => power(0).await,
        }
        let told = nth_notice(&admin, &removal, "Freigabe gilt nicht mehr", n).await;
        assert_eq!(told.state(), "awaiting_approval", "{told}");
        given(&admin, &removal, 1, 2).await;
        if n < 2 {
            invited().await;
        } else {
            // Without the power, the voice does not count.
            let told = approver.ask(&ops, &format!("!ralf approve {id}")).await;
            assert!(told.body().contains("power level"), "{told}");
            assert_eq!(told.state(), "awaiting_approval");
            power(50).await;
        }
        if n == 0 {
            assert!(service.journal().len() == 1, "nothing runs with one voice of two");
        }
        approver.react(&ops, removal.id(), &format!("👍{tone}")).await;
        nth_notice(&admin, &removal, "Freigegeben von", n + 1).await;
    }
    assert_eq!(service.journal().len(), 1);
    admin.ask(&ops, "!ralf auftauen").await;
    admin.report(id, "succeeded").await;
    assert!(service.journal().len() == 2 && !service.runs().await);
    let record = record(&stage, id).await;
    assert_eq!(
        (count(&record, "vote_void"), count(&record, "approved"), count(&record, "dispatched")),
        (3, 4, 1)
    );
    is_on_record(&stage);
}

#[tokio::test]
async fn a_room_that_is_replaced_takes_its_votes_along() {
    let stage = Stage::own("gate-upgrade", &[]).await;
    let service = stage.take("jellyfin", "node-1");
    let (ops, infra) = (stage.room("ops"), stage.room("infra"));
    let admin = stage.person("admin").await;
    admin.ask(&ops, "!ralf freeze a new room").await;
    let approved = admin.proposal(&infra, "!ralf installiere jellyfin auf node-1").await;
    admin.react(&infra, approved.id(), "✅").await;
    notice(&admin, &approved, "🧊").await;
    let waiting = admin.proposal(&infra, "!ralf installiere jellyfin auf node-2").await;

    let version = json!({"new_version": "12"});
    let upgraded = as_core(&stage, Method::POST, &format!("rooms/{infra}/upgrade"), &version).await;
    assert!(upgraded["replacement_room"].is_string());
    for proposal in [&approved, &waiting] {
        let report = admin.report(proposal.operation_id(), "cancelled").await;
        assert!(report.room == infra && report.body().contains("Raum wurde ersetzt"), "{report}");
    }
    let told = admin.ask(&ops, "!ralf unfreeze").await;
    assert!(told.body().contains("Unfrozen"), "{told}");
    let late = admin.ask(&ops, &format!("!ralf approve {}", waiting.operation_id())).await;
    assert!(late.body().contains("Too late"), "{late}");
    admin.and_nothing_else(&ops).await;
    assert!(service.journal().is_empty() && !service.runs().await);
    for proposal in [&approved, &waiting] {
        let record = record(&stage, proposal.operation_id()).await;
        assert_eq!((count(&record, "cancelled"), count(&record, "dispatched")), (1, 0), "{record:?}");
    }
    is_on_record(&stage);
}
