//! Who wants to know of what: made, changed, tried, listed and ended from a chat.

use super::{Alert, Scene};

#[tokio::test]
async fn a_personal_subscription_tells_what_it_wants_and_nothing_else() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let chat = scene.direct(&admin, "health").await;
    let wish = r#"severity>=warning story="personal" except instance="pi4""#;
    let made = admin.ask(&chat, &format!("subscribe {wish}")).await;
    assert!(made.body().contains("Subscription no. 1: I tell you here about"), "{made}");
    assert!(made.body().contains("test 1") && made.body().contains("unsubscribe 1"), "{made}");
    let fire = async |name: &str, severity: &str, instance: &str| {
        let alert =
            Alert::new(name, &[("story", "personal"), ("severity", severity), ("instance", instance)]);
        scene.deliver(name, &[&alert]).await;
    };
    fire("SubInfo", "info", "pi1").await;
    fire("SubExcept", "critical", "pi4").await;
    fire("SubWanted", "critical", "pi1").await;
    let message = admin.told(&chat, "SubWanted").await;
    assert!(message.body().contains("critical"), "in the subscriber's language: {}", message.body());
    assert!(admin.told(health, "SubWanted").await.body().contains("kritisch"));
    admin.react(&chat, message.id(), "👀").await;
    admin.shows(&message, "acknowledged").await;
    scene.settle(&admin, &chat).await;
    for name in ["SubInfo", "SubExcept"] {
        assert!(admin.all_told(&chat, name).is_empty(), "{name} was told:\n{}", admin.story());
    }

    let tried = admin.ask(&chat, "test 1").await;
    assert!(tried.body().contains("SubWanted") && !tried.body().contains("SubInfo"), "{tried}");
    // The same wish again is the same subscription; another one under its number replaces it.
    let twin = admin.ask(&chat, &format!("subscribe {wish}")).await;
    assert!(twin.body().contains("no. 1"), "{twin}");
    let changed = admin.ask(&chat, r#"abonniere 1 severity=info story="personal""#).await;
    assert!(changed.body().contains("Abo Nr. 1 geändert") && changed.body().contains("vorher"), "{changed}");
    fire("SubInfoLater", "info", "pi1").await;
    assert!(admin.told(&chat, "SubInfoLater").await.body().contains("Info"));
    fire("SubLater", "critical", "pi1").await;
    scene.settle(&admin, &chat).await;
    assert!(admin.all_told(&chat, "SubLater").is_empty(), "{}", admin.story());

    let second = admin.ask(&chat, "subscribe SubSecond").await;
    assert!(second.body().contains("no. 2"), "{second}");
    let list = admin.ask(&chat, "abos").await;
    for part in ["Nr. 1", "Nr. 2", r#"story="personal""#, "SubSecond"] {
        assert!(list.body().contains(part), "{part:?} is missing: {list}");
    }
    for n in ["1", "2"] {
        let ended = admin.ask(&chat, &format!("unsubscribe {n}")).await;
        assert!(ended.body().contains(&format!("no. {n} ended")), "{ended}");
    }
    fire("SubSecond", "info", "pi1").await;
    scene.settle(&admin, &chat).await;
    assert!(admin.all_told(&chat, "SubSecond").is_empty(), "{}", admin.story());
    let none = admin.ask(&chat, "unsubscribe 1").await;
    assert!(none.body().contains("no subscription `1`"), "{none}");
}

#[tokio::test]
async fn a_natural_sentence_subscribes() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let chat = scene.direct(&admin, "core").await;
    let made = admin.ask(&chat, "Abonniere alle kritischen Alarme").await;
    assert!(made.body().contains("Abo Nr. 1") && made.body().contains("critical"), "{made}");
    let name = "SubSentence";
    scene.deliver(name, &[&Alert::new(name, &[("severity", "critical")])]).await;
    let message = admin.told(&chat, name).await;
    assert!(message.sender().starts_with("@ralf-core:"), "{message}");
    let ended = admin.ask(&chat, "abbestelle").await;
    assert!(ended.body().contains("beendet"), "the only one needs no number: {ended}");
}

#[tokio::test]
async fn a_wrong_wish_shows_where_it_is_wrong() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let chat = scene.direct(&admin, "health").await;
    let bomb = format!("subscribe job=~\"{}\"", "(a{1,1000}){1,1000}");
    let long = format!("subscribe job=~\"{}\"", "(x+x+)+y|".repeat(2_000));
    for (said, at) in [
        (r#"subscribe severity>=warning job=~"[""#, "job=~\"[\""),
        ("subscribe severity>=loud", "severity>=loud"),
        ("!ralf abonniere alles ruhe 25:00-26:00", "25:00"),
        (bomb.as_str(), "job"),
        (long.as_str(), ""),
    ] {
        let told = admin.ask(&chat, said).await;
        assert!(told.body().contains(at), "{said:?}: {}", told.body());
        assert!(
            told.body().contains("For example") || told.body().contains("Zum Beispiel"),
            "{}",
            told.body()
        );
        let mark = told.body().lines().find(|line| line.trim() == "^");
        assert!(mark.is_some(), "no mark under the place: {}", told.body());
    }
    let list = admin.ask(&chat, "subscriptions").await;
    assert!(list.body().contains("no subscription here"), "{list}");
}
