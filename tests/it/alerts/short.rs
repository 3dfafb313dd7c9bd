//! What takes hours in a house takes seconds here: reminders, what is too old to be the same, and the dead man's switch.

use super::payload::now;
use super::{Alert, Scene};
use crate::harness::until;

const SETTINGS: &[(&str, &str)] = &[
    ("RALF_ALERTS__REPEAT", "3s"),
    ("RALF_ALERTS__REOPEN_WITHIN", "1s"),
    ("RALF_ALERTS__WATCHDOG__WITHIN", "3s"),
    ("RALF_ALERTS__OWNERS", r#"[{match = 'team="owned"', mention = ["approver"]}]"#),
];

#[tokio::test]
async fn what_nobody_looks_after_is_told_again() {
    let scene = Scene::own("alerts-short", SETTINGS).await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let approver = scene.stage.info().users["approver"].user_id.clone();
    let name = "ShortRepeat";
    let (alert, message) = scene.fires(&admin, name, &[("team", "owned")]).await;
    let reminders = |events: &[crate::harness::Event]| {
        let fits = |e: &&crate::harness::Event| {
            e.thread() == Some(message.id()) && e.body().contains("⏰ Noch immer aktiv")
        };
        events.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    let two = admin
        .wait_in_all("two reminders", |events| Some(reminders(events)).filter(|found| found.len() > 1))
        .await;
    assert!(two.iter().all(|reminder| reminder.mentions(&approver)), "{}", admin.story());
    admin.react(health, message.id(), "👀").await;
    admin.shows(&message, "acknowledged").await;
    scene.settle(&admin, health).await;
    let before = reminders(&admin.heard()).len();

    // A second one is reminded of; the first one is not any more.
    let (_, other) = scene.fires(&admin, "ShortOther", &[]).await;
    admin.note(&other, "⏰ Noch immer aktiv").await;
    assert_eq!(reminders(&admin.heard()).len(), before, "{}", admin.story());

    // Too old to be the same.
    scene.deliver(name, &[&alert.ended()]).await;
    admin.shows(&message, "resolved").await;
    let over = scene.incident(name).await["resolved_ts"].as_i64().expect("a time");
    until("more than a second later", async || now() > over + 1_000).await;
    let ids = scene.deliver(name, &[&alert.again()]).await;
    assert_ne!(ids, [message.of_incident("id")]);
    let both = admin
        .wait_in_all("a second message", |_| Some(admin.all_told(health, name)).filter(|all| all.len() == 2))
        .await;
    assert_eq!(both[1].of_incident("id"), ids[0]);
    assert_eq!(admin.as_it_stands(&message).of_incident("state"), "resolved");

    watchdog(&scene, &admin).await;
}

/// The dead man's switch: silence from who watches is an incident.
async fn watchdog(scene: &Scene, admin: &crate::harness::Person) {
    let health = &scene.health;
    let alive = Alert::new("Watchdog", &[("severity", "none")]);
    assert!(scene.deliver("Watchdog", &[&alive]).await.is_empty(), "a sign of life is no incident");
    let missing = admin
        .wait_for("the dead watchdog", |e| {
            e.room == *health
                && e.is_new_message()
                && e.thread().is_none()
                && e.body().contains("WatchdogMissing")
        })
        .await;
    assert_eq!((missing.of_incident("severity"), missing.of_incident("state")), ("critical", "firing"));
    scene.deliver("Watchdog", &[&alive]).await;
    admin.shows(&missing, "resolved").await;
    scene.settle(admin, health).await;
    assert!(admin.all_told(health, "Watchdog").is_empty(), "{}", admin.story());
}
