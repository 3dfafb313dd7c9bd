//! Whose consent counts, on which event, and for how long.

use serde_json::json;

use crate::harness::{Event, Person, Stage};

/// Waits until the proposal says that so many approved.
async fn given(person: &Person, proposal: &Event, given: i64) {
    let fits = |e: &Event| {
        e.is_edit()
            && e.target() == proposal.id()
            && e.operation().is_some_and(|op| op["approvals"]["given"] == given)
    };
    person.wait_for(&format!("{given} approvals of {}", proposal.operation_id()), fits).await;
}

/// What the proposal says now.
fn shown(person: &Person, proposal: &Event) -> serde_json::Value {
    let edits = person.all(|e| e.is_edit() && e.target() == proposal.id());
    edits.last().and_then(Event::operation).expect("it was edited")["approvals"].clone()
}

#[tokio::test]
async fn a_guests_yes_does_nothing_and_is_told_once() {
    let stage = Stage::shared().await;
    let immich = stage.take("immich", "node-1");
    let ops = stage.room("ops");
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);
    let proposal = guest.proposal(&ops, "Installiere Immich auf node-1").await;
    assert_eq!(proposal.operation().expect("an operation")["requester"], guest.id.as_str());
    guest.react(&ops, proposal.id(), "✅").await;
    let refusal =
        |e: &Event| e.is_new_message() && e.thread() == Some(proposal.id()) && e.body().contains(&guest.id);
    let told = guest.wait_for("the refusal", refusal).await;
    assert_eq!(told.state(), "awaiting_approval");
    guest.react(&ops, proposal.id(), "👍").await;
    guest.react(&ops, proposal.id(), "👍🏿").await;
    guest.and_nothing_else(&ops).await;
    assert_eq!(guest.all(refusal).len(), 1, "once is enough:\n{}", guest.story());
    let typed = guest.ask(&ops, &format!("!ralf approve {}", proposal.operation_id())).await;
    assert_eq!(typed.state(), "awaiting_approval", "words are always answered: {typed}");
    assert!(immich.journal().is_empty());
    // The asker may take it back, though.
    guest.react(&ops, proposal.id(), "❌").await;
    admin.reaches(proposal.operation_id(), "denied").await;
    assert!(immich.journal().is_empty());
}

#[tokio::test]
async fn a_removal_takes_two_people_and_votes_can_be_taken_back() {
    let stage = Stage::shared().await;
    let service = stage.take("homeassistant", "node-2");
    let (ops, infra) = (stage.room("ops"), stage.room("infra"));
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let install = admin.proposal(&ops, "Installiere Homeassistant auf node-2").await;
    admin.react(&ops, install.id(), "✅").await;
    admin.report(install.operation_id(), "succeeded").await;

    let removal = admin.proposal(&ops, "Entferne Homeassistant").await;
    let op = removal.operation().expect("an operation");
    assert_eq!(
        (&op["intent"], &op["approvals"]),
        (&json!("remove_service"), &json!({"needed": 2, "given": 0}))
    );

    let first = admin.react(&ops, removal.id(), "✅").await;
    given(&admin, &removal, 1).await;
    // The same person once more, with another finger.
    admin.react(&ops, removal.id(), "👍").await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(shown(&admin, &removal)["given"], 1, "one person, one vote");

    // Anything but the proposal itself.
    let edit = admin.all(|e| e.is_edit() && e.target() == removal.id()).pop().expect("an edit");
    let seed = admin
        .all(|e| e.kind() == "m.reaction" && e.target() == removal.id() && e.sender() == removal.sender())
        .pop();
    let comment = admin.say_in_thread(&ops, removal.id(), "weg damit").await;
    for wrong in [edit.id(), removal.answers(), &comment, seed.expect("a seed").id()] {
        approver.react(&ops, wrong, "✅").await;
    }
    // Elsewhere, on the right id; the homeserver may refuse it by itself.
    let relation = json!({"rel_type": "m.annotation", "event_id": removal.id(), "key": "✅"});
    let elsewhere = approver.room(&infra).await;
    let _ = elsewhere.send_raw("m.reaction", json!({"m.relates_to": relation})).await;
    // The right event, and no reaction.
    approver.say_in_thread(&ops, removal.id(), "✅").await;
    approver.and_nothing_else(&infra).await;
    approver.and_nothing_else(&ops).await;
    assert_eq!(shown(&admin, &removal)["given"], 1, "only the proposal's own event counts");

    // The vote that counts is the person's last; taking back the earlier one takes nothing away.
    let last = admin
        .all(|e| e.kind() == "m.reaction" && e.sender() == admin.id && e.target() == removal.id())
        .pop()
        .expect("a vote");
    assert_ne!(last.id(), first);
    admin.redact(&ops, last.id()).await;
    given(&admin, &removal, 0).await;
    approver.react(&ops, removal.id(), "✅").await;
    let one_again = |e: &Event| e.is_edit() && e.target() == removal.id() && e.body().contains(&approver.id);
    admin.wait_for("the approver's vote", one_again).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(service.journal().len(), 1, "one vote is not enough");
    admin.say(&ops, &format!("!ralf genehmige {}", removal.operation_id())).await;
    admin.report(removal.operation_id(), "succeeded").await;
    assert!(!service.runs().await);
    let journal = service.journal();
    assert!(
        journal.len() == 2 && journal[1].ends_with(&format!(" remove {}", removal.operation_id())),
        "{journal:?}"
    );
}

#[tokio::test]
async fn nobody_decides_in_time() {
    let stage = Stage::own("expiry", &[("RALF_POLICY__EXPIRY", "3s")]).await;
    let jellyfin = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let told = admin.report(proposal.operation_id(), "expired").await;
    assert!(told.mentions(&admin.id) && told.answers() == proposal.id(), "{}", told.raw);
    admin.react(&ops, proposal.id(), "✅").await;
    admin.and_nothing_else(&ops).await;
    assert!(admin.all(|e| e.operation_id() == proposal.operation_id() && e.state() == "running").is_empty());
    assert!(jellyfin.journal().is_empty());
    assert_eq!(admin.ends(proposal.operation_id()).len(), 1);

    // Nor does being away give it more time.
    let second = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    stage.lab().take_down("ralf").await;
    let expires = second.operation().expect("an operation")["expires_ts"].as_i64().expect("a time");
    let vote = admin.react(&ops, second.id(), "✅").await;
    assert!(!vote.is_empty());
    while ralf::clock::Clock::System.now_ms() <= expires {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stage.lab().bring_up("ralf").await;
    admin.report(second.operation_id(), "expired").await;
    assert!(jellyfin.journal().is_empty());
}
