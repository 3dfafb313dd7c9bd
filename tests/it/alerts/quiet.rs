//! Quiet hours and digests: kept, told together, broken through by what is bad enough.

use super::{Alert, Scene};
use crate::harness::{Event, Person};

/// Quiet hours around now in UTC, as they are typed.
fn around_now() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let hours =
        |n: i64| now.saturating_add(jiff::SignedDuration::from_hours(n)).strftime("%H:%M").to_string();
    format!("{}-{} UTC", hours(-2), hours(2))
}

/// The time of a room's digests has come.
async fn comes_due(scene: &Scene, room: &str) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&scene.stage.info().database).await.expect("the database");
    let moved = sqlx::query("UPDATE subscriptions SET due_ts = 1 WHERE room_id = $1").bind(room);
    assert_eq!(moved.execute(&pool).await.expect("moved").rows_affected(), 1);
}

async fn digest(person: &Person, room: &str, head: &str) -> Event {
    person.wait_for(head, |e| e.room == room && e.is_new_message() && e.body().contains(head)).await
}

#[tokio::test]
async fn quiet_hours_keep_what_can_wait() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let chat = scene.direct(&admin, "health").await;
    let made =
        admin.ask(&chat, &format!("subscribe story=\"quiet\" quiet {} unless critical", around_now())).await;
    assert!(made.body().contains("🌙 quiet until"), "{made}");
    let story = |severity: &'static str| [("story", "quiet"), ("severity", severity)];
    let (kept, gone) =
        (Alert::new("QuietKept", &story("warning")), Alert::new("QuietGone", &story("warning")));
    scene.deliver("QuietKept", &[&kept]).await;
    scene.deliver("QuietGone", &[&gone]).await;
    scene.deliver("QuietLoud", &[&Alert::new("QuietLoud", &story("critical"))]).await;
    admin.told(&chat, "QuietLoud").await;
    scene.deliver("QuietGone", &[&gone.ended()]).await;
    scene.settle(&admin, &chat).await;
    for name in ["QuietKept", "QuietGone"] {
        assert!(admin.all_told(&chat, name).is_empty(), "{name} was told:\n{}", admin.story());
        assert_eq!(admin.all_told(&scene.health, name).len(), 1, "others are not quiet");
    }
    let why = admin
        .ask(&chat, &format!("why {}", scene.incident("QuietKept").await["id"].as_str().expect("id")))
        .await;
    assert!(why.body().contains("⏳ here (no. 1): quiet until"), "{}", why.body());

    // The hours end: by the clock they would not within this story.
    admin.ask(&chat, "subscribe 1 story=\"quiet\"").await;
    comes_due(&scene, &chat).await;
    let told = digest(&admin, &chat, "☀️ Quiet hours are over").await;
    assert!(
        told.body().contains("Still open: 1") && told.body().contains("Over already: 1"),
        "{}",
        told.body()
    );
    assert!(told.body().contains("QuietKept") && told.body().contains("QuietGone"), "{}", told.body());
    // What still fires gets a message to act on.
    let message = admin.told(&chat, "QuietKept").await;
    scene.deliver("QuietKept", &[&kept.ended()]).await;
    admin.shows(&message, "resolved").await;
    scene.settle(&admin, &chat).await;
    assert!(admin.all_told(&chat, "QuietGone").is_empty(), "{}", admin.story());
    let digests = admin.all(|e| e.room == chat && e.body().contains("Quiet hours are over"));
    assert_eq!(digests.len(), 1, "{}", admin.story());
}

#[tokio::test]
async fn a_digest_tells_all_at_once() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let chat = scene.direct(&admin, "health").await;
    let made = admin.ask(&chat, "abonniere story=\"digest\" sammeln um 08:00").await;
    assert!(made.body().contains("🗞️ Überblick um"), "{made}");
    for name in ["DigestOne", "DigestTwo"] {
        scene.deliver(name, &[&Alert::new(name, &[("story", "digest")])]).await;
    }
    scene.settle(&admin, &chat).await;
    assert!(admin.all_told(&chat, "DigestOne").is_empty(), "{}", admin.story());
    comes_due(&scene, &chat).await;
    let told = digest(&admin, &chat, "🗞️ Überblick: was seit").await;
    assert!(told.body().contains("Noch offen: 2"), "{}", told.body());
    assert!(told.body().contains("DigestOne") && told.body().contains("DigestTwo"), "{}", told.body());
    scene.settle(&admin, &chat).await;
    assert!(admin.all_told(&chat, "DigestOne").is_empty(), "the digest is all:\n{}", admin.story());
}
