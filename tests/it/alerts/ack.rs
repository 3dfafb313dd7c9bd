//! Somebody looks after it: by a tap or by words, and until it is over.

use super::{Alert, Scene};

#[tokio::test]
async fn a_tap_acknowledges_and_is_taken_back() {
    let scene = Scene::open().await;
    let (admin, approver) = (scene.person("admin").await, scene.person("approver").await);
    let health = &scene.health;
    let name = "AckTap";
    let (alert, message) = scene.fires(&admin, name, &[("instance", "pi1")]).await;
    let tap = approver.react(health, message.id(), "👀").await;
    let acked = admin.shows(&message, "acknowledged").await;
    assert!(
        acked.body().contains(&format!("👀 {} kümmert sich darum, seit ", approver.id)),
        "{}",
        acked.body()
    );
    let known = scene.incident(name).await;
    assert_eq!(known["acknowledged"]["by"], approver.id.as_str());
    // A second one changes nothing, and it is theirs to take back.
    admin.react(health, message.id(), "✅").await;
    // In whichever language they spoke last.
    assert!(admin.note(&message, &approver.id).await.body().starts_with("👀"));
    approver.redact(health, &tap).await;
    let free = admin.shows(&message, "firing").await;
    assert!(!free.body().contains("kümmert sich"), "{}", free.body());
    assert!(scene.incident(name).await["acknowledged"].is_null());

    admin.react(health, message.id(), "✅\u{fe0f}").await;
    admin.stands(&message, "admin's", |e| e.body().contains(&admin.id)).await;
    scene.deliver(name, &[&alert.ended()]).await;
    let over = admin.shows(&message, "resolved").await;
    assert!(over.body().contains(&format!("{} hat sich darum gekümmert", admin.id)), "{}", over.body());
    // It ended with the incident.
    scene.deliver(name, &[&alert.again()]).await;
    let back = admin.shows(&message, "firing").await;
    assert!(!back.body().contains(&admin.id), "{}", back.body());
}

#[tokio::test]
async fn words_acknowledge_what_they_name() {
    let scene = Scene::open().await;
    let (admin, approver) = (scene.person("admin").await, scene.person("approver").await);
    let health = &scene.health;
    let (_, message) = scene.fires(&admin, "AckWords", &[]).await;
    let id = message.of_incident("id");
    let thanks = approver.ask(health, &format!("!ralf quittiere {id}")).await;
    assert!(thanks.body().contains("👀 Danke") && thanks.of_incident("id") == id, "{thanks}");
    assert_eq!(thanks.of_incident("state"), "acknowledged");
    admin.shows(&message, "acknowledged").await;
    let second = admin.ask(health, &format!("!ralf ack {}", id.to_uppercase())).await;
    assert!(second.body().contains(&format!("{} has been looking after it", approver.id)), "{second}");
    let none = admin.ask(health, "!ralf ack zzzzzzzz").await;
    assert!(none.body().contains("no incident `zzzzzzzz`"), "{none}");
    // In its thread it needs no name.
    let (_, other) = scene.fires(&admin, "AckThread", &[]).await;
    let thanks = admin.ask_in_thread(&other, "!ralf ack").await;
    assert!(
        thanks.body().contains("Thank you") && thanks.of_incident("id") == other.of_incident("id"),
        "{thanks}"
    );
    admin.shows(&other, "acknowledged").await;
}

#[tokio::test]
async fn with_several_open_it_is_asked_which() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let chat = scene.direct(&admin, "health").await;
    admin.ask(&chat, r#"subscribe story="which""#).await;
    let nothing = admin.ask(&chat, "ack").await;
    assert!(nothing.body().contains("Nothing is open here"), "{nothing}");
    let alerts = ["AckOne", "AckTwo"].map(|name| (name, Alert::new(name, &[("story", "which")])));
    let mut messages = Vec::new();
    for (name, alert) in &alerts {
        scene.deliver(name, &[alert]).await;
        messages.push(admin.told(&chat, name).await);
    }
    let which = admin.ask(&chat, "ack").await;
    assert!(which.body().contains("Which incident"), "{which}");
    for message in &messages {
        assert!(which.body().contains(message.of_incident("id")), "{which}");
    }
    assert!(
        messages.iter().all(|message| admin.edits(message).is_empty()),
        "nobody looks after anything yet"
    );
    scene.deliver("AckOne", &[&alerts[0].1.ended()]).await;
    admin.shows(&messages[0], "resolved").await;
    let thanks = admin.ask(&chat, "ack").await;
    assert!(thanks.of_incident("id") == messages[1].of_incident("id"), "{thanks}");
    let acked = admin.shows(&messages[1], "acknowledged").await;
    assert!(acked.body().contains("is looking after it, since"), "{}", acked.body());
    // It is one incident in both rooms.
    let elsewhere = admin.told(&scene.health, "AckTwo").await;
    admin.shows(&elsewhere, "acknowledged").await;
}
