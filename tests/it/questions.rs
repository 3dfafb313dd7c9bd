//! What was left out is asked back in the thread; what is taken back is forgotten.

use crate::harness::{Event, Person, Stage};

async fn question(person: &Person, asked: &str) -> Event {
    let question = person.answer(asked).await;
    assert!(question.question().is_some(), "no question: {question}");
    assert_eq!(question.thread(), Some(asked), "a question stands in the asking message's thread");
    question
}

/// The proposal that a message leads to in the end.
async fn proposal(person: &Person, asked: &str) -> Event {
    person
        .wait_for("a proposal", |e| {
            e.is_new_message() && e.answers() == asked && e.state() == "awaiting_approval"
        })
        .await
}

#[tokio::test]
async fn a_missing_node_is_asked_for_and_answered_in_words() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let asked = admin.say(&ops, "Installiere Vaultwarden").await;
    let question = question(&admin, &asked).await;
    let field = question.question().expect("a question");
    assert_eq!(field["missing"], "node");
    assert_eq!(field["options"], serde_json::json!(["node-1", "node-2", "node-3"]));
    assert!(field["id"].as_str().is_some_and(|id| !id.is_empty()));
    for key in ["1️⃣", "2️⃣", "3️⃣"] {
        admin
            .wait_for(&format!("the seed {key}"), |e| {
                e.kind() == "m.reaction" && e.target() == question.id() && e.key() == key
            })
            .await;
    }
    admin.say_in_thread(&ops, &asked, "auf node-3").await;
    let proposal = proposal(&admin, &asked).await;
    let op = proposal.operation().expect("an operation");
    assert_eq!(op["slots"], serde_json::json!({"service": "vaultwarden", "node": "node-3"}));
    assert_eq!(proposal.thread(), None, "a proposal stands on the main timeline");
    admin.ask(&ops, &format!("!ralf abbrechen {}", proposal.operation_id())).await;
}

#[tokio::test]
async fn an_option_is_chosen_by_a_tap_of_the_asker_alone() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);
    let asked = admin.say(&ops, "Please install Gitea").await;
    let question = question(&admin, &asked).await;
    guest.react(&ops, question.id(), "2️⃣").await;
    guest.say_in_thread(&ops, &asked, "node-2").await;
    guest.and_nothing_else(&ops).await;
    admin.react(&ops, question.id(), "1️⃣").await;
    let proposal = proposal(&admin, &asked).await;
    assert_eq!(proposal.operation().expect("an operation")["slots"]["node"], "node-1");
    admin.react(&ops, question.id(), "3️⃣").await;
    admin.and_nothing_else(&ops).await;
    let proposals = admin.all(|e| {
        e.is_new_message() && e.answers() == asked && e.operation().is_some() && e.thread().is_none()
    });
    assert_eq!(proposals.len(), 1, "one question, one answer:\n{}", admin.story());
    admin.ask(&ops, &format!("!ralf cancel {}", proposal.operation_id())).await;
}

#[tokio::test]
async fn an_order_in_the_thread_of_a_question_is_an_order_of_its_own() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let asked = admin.say(&ops, "Installiere jelyfin auf node-2").await;
    let question = question(&admin, &asked).await;
    // A colleague's order is none of the question's, and the question stays open.
    let theirs = approver.say_in_thread(&ops, &asked, "Installiere Pihole auf node-1").await;
    let other = proposal(&approver, &theirs).await;
    approver.ask(&ops, &format!("!ralf abbrechen {}", other.operation_id())).await;
    // The host of the question's sentence is none of the new order's.
    admin.say_in_thread(&ops, &asked, "entferne homeassistant von node-3").await;
    let told = admin
        .wait_for("what becomes of homeassistant", |e| {
            e.is_new_message()
                && e.thread() == Some(&asked)
                && e.id() != question.id()
                && e.body().contains("homeassistant")
        })
        .await;
    assert!(told.body().contains("node-3") && !told.body().contains("node-2"), "{told}");
}

#[tokio::test]
async fn a_missing_service_is_asked_for() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let approver = stage.person("approver").await;
    let asked = approver.say(&ops, "restart please").await;
    let question = question(&approver, &asked).await;
    assert_eq!(question.question().expect("a question")["missing"], "service");
    approver.say_in_thread(&ops, &asked, "immich").await;
    let told = approver
        .wait_for("what is the matter with immich", |e| {
            e.is_new_message() && e.thread() == Some(&asked) && e.id() != question.id()
        })
        .await;
    assert!(
        told.body().contains("immich") && told.operation().is_none(),
        "it is not set up anywhere: {told}"
    );
}

#[tokio::test]
async fn a_question_that_is_taken_back_is_forgotten() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;

    let asked = admin.say(&ops, "Installiere Pihole").await;
    let first = question(&admin, &asked).await;
    admin.redact(&ops, first.id()).await;
    admin.say_in_thread(&ops, &asked, "node-1").await;
    admin.and_nothing_else(&ops).await;

    let again = admin.say(&ops, "Installiere Pihole").await;
    let second = question(&admin, &again).await;
    admin.redact(&ops, &again).await;
    admin.react(&ops, second.id(), "1️⃣").await;
    admin.say_in_thread(&ops, &again, "node-1").await;
    // Plans are made beside the lane: one that was begun now would come before this one.
    let other = admin.proposal(&ops, "Installiere Pihole auf node-3").await;

    let asked_for = admin.all(|e| {
        e.operation().is_some()
            && e.operation_id() != other.operation_id()
            && [&asked, &again].contains(&&e.answers().to_owned())
    });
    assert!(asked_for.is_empty(), "a question that is gone was answered:\n{}", admin.story());
    admin.ask(&ops, &format!("!ralf abbrechen {}", other.operation_id())).await;
}

#[tokio::test]
async fn taking_the_asking_message_back_cancels_what_waits() {
    let stage = Stage::shared().await;
    let paperless = stage.take("paperless", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let asked = admin.say(&ops, "Installiere Paperless auf node-1").await;
    let proposal = proposal(&admin, &asked).await;
    admin.redact(&ops, &asked).await;
    let told = admin
        .wait_for("the cancellation", |e| {
            e.is_new_message() && e.operation_id() == proposal.operation_id() && e.state() == "cancelled"
        })
        .await;
    assert_eq!(told.thread(), Some(proposal.id()));
    admin.react(&ops, proposal.id(), "✅").await;
    admin.and_nothing_else(&ops).await;
    assert!(admin.all(|e| e.operation_id() == proposal.operation_id() && e.state() == "running").is_empty());
    assert!(paperless.journal().is_empty());
}

#[tokio::test]
async fn taking_the_asking_message_back_at_once_leads_to_no_proposal() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let asked = admin.say(&ops, "Installiere Paperless auf node-2").await;
    admin.redact(&ops, &asked).await;
    // Two more plans one after the other: the first one's would be there by now.
    for node in ["node-2", "node-3"] {
        let other = admin.proposal(&ops, &format!("Installiere Paperless auf {node}")).await;
        admin.ask(&ops, &format!("!ralf abbrechen {}", other.operation_id())).await;
    }
    assert!(admin.all(|e| e.answers() == asked).is_empty(), "{}", admin.story());
}
