//! `why ALERT`: who is told, who is not, and by which rule.

use super::{Alert, Scene};

#[tokio::test]
async fn why_names_the_rule_for_each() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let chat = scene.direct(&admin, "health").await;
    for wish in [
        "story=\"why\"",
        "story=\"why\" severity>=critical",
        "story=\"why\" rack=\"r9\"",
        "story=\"why\" except instance=\"pi4\"",
        "story=\"why\" digest 08:00",
    ] {
        admin.ask(&chat, &format!("subscribe {wish}")).await;
    }
    let name = "WhyMe";
    let labels = [("story", "why"), ("severity", "warning"), ("instance", "pi4")];
    let (_, message) = scene.fires(&admin, name, &labels).await;
    admin.told(&chat, name).await;
    let id = message.of_incident("id").to_owned();
    // By its id, by its name, and in its thread.
    let by_thread = admin.ask_in_thread(&message, "!ralf why").await;
    assert!(by_thread.of_incident("id") == id, "{by_thread}");
    for asked in [id.as_str(), name] {
        let why = admin.ask(&chat, &format!("why {asked}")).await;
        assert_eq!(why.of_incident("id"), id);
        for part in [
            "✓ here (no. 1): `story=\"why\"` matches",
            "✗ here (no. 2): `severity>=critical` does not match; it is `warning`",
            "✗ here (no. 3): `rack=\"r9\"` does not match; there is no such label",
            "✗ here (no. 4): excepted by `except instance=\"pi4\"`",
            "⏳ here (no. 5): in the digest at",
        ] {
            assert!(why.body().contains(part), "{part:?} is missing: {}", why.body());
        }
    }
    let elsewhere = admin.ask(health, &format!("!ralf warum {id}")).await;
    assert!(elsewhere.body().contains("✓ hier (Nr. 1): `everything` passt"), "{}", elsewhere.body());

    admin.react(&chat, admin.told(&chat, name).await.id(), "🔕").await;
    admin.shows(&message, "silenced").await;
    let silenced = admin.ask(&chat, &format!("why {id}")).await;
    assert!(silenced.body().contains("✗ here (no. 1): 🔕 silenced until"), "{}", silenced.body());

    // An alert that nobody has seen yet.
    let supposed = admin.ask(health, "!ralf why WhyNever team=owned severity=disaster").await;
    for part in ["I have never seen", "👤 Mentioned: approver", "📢 The whole room"] {
        assert!(supposed.body().contains(part), "{part:?} is missing: {}", supposed.body());
    }
    let supposed = admin.ask(health, "!ralf warum WhyNever team=called").await;
    assert!(supposed.body().contains("Quittiert es 10 s lang niemand"), "{}", supposed.body());
    for n in 1..=5 {
        admin.ask(&chat, &format!("unsubscribe {n}")).await;
    }
}

#[tokio::test]
async fn maintenance_is_kept_quiet_and_says_so() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "WhyMaintained";
    let ids = scene.deliver(name, &[&Alert::new(name, &[("team", "maintained")])]).await;
    scene.settle(&admin, health).await;
    assert!(admin.all_told(health, name).is_empty(), "{}", admin.story());
    let why = admin.ask(health, &format!("!ralf why {}", ids[0])).await;
    assert!(
        why.body().contains("🚧 maintenance until") && why.body().contains("team=\"maintained\""),
        "{}",
        why.body()
    );
    let open = admin.ask(health, "!ralf alerts").await;
    assert!(open.body().starts_with("Open"), "{open}");
    assert_eq!(scene.incident(name).await["state"], "firing", "it is known all the same");
}
