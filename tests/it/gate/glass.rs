//! In an emergency one person of the right role approves alone, and everybody hears of it.

use super::{count, install, is_on_record, notice, record, when};
use crate::harness::{Event, Stage};

#[tokio::test]
async fn the_glass_is_broken_with_a_reason_and_loudly() {
    let stage = Stage::shared().await;
    let service = stage.take("pihole", "node-3");
    let (ops, infra, health) = (stage.room("ops"), stage.room("infra"), stage.room("health"));
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let guest = stage.person("guest").await;
    install(&admin, &ops, "Pihole", "node-3").await;

    let proposal = admin.proposal(&infra, "!ralf entferne pihole von node-3").await;
    let id = proposal.operation_id();
    assert_eq!(proposal.operation().expect("an operation")["approvals"]["needed"], 2);
    let expires = |e: &Event| e.operation().and_then(|op| op["expires_ts"].as_i64()).expect("a time");
    for (person, room) in [(&guest, &ops), (&admin, &infra)] {
        let refused = person.ask(room, &format!("!ralf breakglass {id} the disk is full")).await;
        assert_eq!(refused.state(), "awaiting_approval", "{refused}");
        let why = ["`emergency`", "is not in the room"];
        assert!(why.iter().any(|why| refused.body().contains(why)), "it says why: {refused}");
    }
    let refused = approver.ask(&infra, &format!("!ralf notfall {id}")).await;
    assert!(refused.body().contains("braucht einen Grund") && refused.body().contains(id), "{refused}");
    assert_eq!(refused.state(), "awaiting_approval");
    assert_eq!(service.journal().len(), 1, "refused is refused");

    let told = approver.ask(&health, &format!("!ralf notfall {id} Platte voll")).await;
    assert!(told.body().contains("Notfall") && told.body().contains("Platte voll"), "{told}");
    let loudly = |e: &Event| {
        e.is_new_message() && e.room == ops && e.operation_id() == id && e.body().contains("Platte voll")
    };
    let told = guest.wait_for("the announcement in the ops room", loudly).await;
    assert!(told.body().contains(&approver.id) && told.body().contains(id), "{told}");
    let told = notice(&admin, &proposal, "Platte voll").await;
    assert!(expires(&told) < expires(&proposal), "it lives shorter: {told}");
    admin.report(id, "succeeded").await;
    assert!(service.journal().len() == 2 && !service.runs().await);
    let record = record(&stage, id).await;
    assert_eq!(
        (count(&record, "glass_refused"), count(&record, "glass_broken"), count(&record, "vote")),
        (3, 1, 0)
    );
    assert!(expires(&told) <= when(&record, "glass_broken") + 600_000, "ten minutes at most");
    assert_eq!(guest.all(loudly).len(), 1, "{}", guest.story());
    is_on_record(&stage);
}
