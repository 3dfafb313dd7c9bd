//! A guest sees, and changes nothing.

use super::Scene;

#[tokio::test]
async fn a_guest_may_look_and_no_more() {
    let scene = Scene::open().await;
    let (admin, guest) = (scene.person("admin").await, scene.person("guest").await);
    let ops = scene.stage.room("ops");
    let refused = guest.ask(&ops, "!ralf abonniere alles").await;
    assert!(refused.body().contains("`approver`") && refused.body().contains("Direktchat"), "{refused}");
    let made = admin.ask(&ops, r#"!ralf abonniere story="guest""#).await;
    assert!(made.body().contains("Abo Nr."), "{made}");

    let name = "RightsDoor";
    let (_, elsewhere) = scene.fires(&admin, name, &[("story", "guest")]).await;
    let message = guest.told(&ops, name).await;
    assert!(message.sender().starts_with("@ralf-core:"), "{message}");
    let id = message.of_incident("id");
    guest.react(&ops, message.id(), "👀").await;
    guest.note(&message, "[people]").await;
    guest.react(&ops, message.id(), "🔕").await;
    guest.note(&message, "`approver`").await;
    for (said, answer) in [
        (format!("!ralf ack {id}"), "[people]"),
        (format!("!ralf silence 2h {id}"), "role `approver`"),
        (r#"!ralf stumm 2h story="guest""#.to_owned(), "Rolle `approver`"),
        (format!("Silence {name} for 2h"), "role `approver`"),
        ("!ralf extend 1 2h".to_owned(), "role `approver`"),
        ("!ralf beende 1".to_owned(), "Rolle `approver`"),
        ("!ralf unsubscribe 1".to_owned(), "power level 50"),
        (r#"!ralf subscribe 1 severity="none""#.to_owned(), "power level 50"),
    ] {
        let told = guest.ask(&ops, &said).await;
        assert!(told.body().contains(answer), "{said:?}: {}", told.body());
    }
    scene.settle(&guest, &ops).await;
    assert_eq!(guest.as_it_stands(&message).of_incident("state"), "firing", "{}", guest.story());
    assert_eq!(scene.incident(name).await["state"], "firing");
    // Looking is free.
    let open = guest.ask(&ops, "!ralf alerts").await;
    assert!(open.body().starts_with("Open"), "{open}");
    let story = guest.ask(&ops, &format!("!ralf incident {id}")).await;
    assert!(story.of_incident("id") == id, "{story}");
    let list = guest.ask(&ops, "!ralf subscriptions").await;
    assert!(list.body().contains(r#"story="guest""#) && list.body().contains(&admin.id), "{list}");
    // Who may, acts on it here as there.
    admin.react(&ops, message.id(), "👀").await;
    admin.shows(&elsewhere, "acknowledged").await;
    let n =
        made.body().split("Nr. ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a number");
    let ended = admin.ask(&ops, &format!("!ralf abbestelle {n}")).await;
    assert!(ended.body().contains("beendet"), "{ended}");
}
