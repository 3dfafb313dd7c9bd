//! Other sources than Alertmanager.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::{Event, Person};

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/alerts/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("a fixture")).expect("JSON")
}

/// The message that says this first.
async fn told(person: &Person, health: &str, text: &str) -> Event {
    let fits = |e: &Event| {
        e.room == health
            && e.is_new_message()
            && e.thread().is_none()
            && e.incident().is_some()
            && e.body().contains(text)
    };
    person.wait_for(text, fits).await
}

#[tokio::test]
async fn grafana_brings_values_and_pictures() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let mut body = fixture("grafana-10.json");
    scene.post_well("grafana", &body).await;
    let message = told(&admin, health, "Hot rack").await;
    for part in [
        "41 °C in the cellar",
        "A=41.2",
        "https://grafana.lab/d/rack?orgId=1&viewPanel=2",
        "x.png",
        "silence/new",
    ] {
        assert!(message.body().contains(part), "{part:?} is missing: {}", message.body());
    }
    assert_eq!(message.incident().expect("one")["fingerprints"], json!(["bc97ff14869b13e3"]));
    body["status"] = json!("resolved");
    body["alerts"][0]["status"] = json!("resolved");
    body["alerts"][0]["endsAt"] = json!("2024-06-30T15:00:10Z");
    scene.post_well("grafana", &body).await;
    admin.shows(&message, "resolved").await;
}

#[tokio::test]
async fn uptime_kuma_goes_down_and_up() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let down = fixture("uptime-kuma-1.23-down.json");
    for _ in 0..2 {
        scene.post_well("uptime-kuma", &down).await;
    }
    let message = told(&admin, health, "connect ECONNREFUSED").await;
    assert_eq!((message.of_incident("severity"), message.of_incident("state")), ("critical", "firing"));
    scene.post_well("uptime-kuma", &fixture("uptime-kuma-1.23-up.json")).await;
    admin.shows(&message, "resolved").await;
    // Its test message is taken, and is nothing.
    assert!(scene.post_well("uptime-kuma", &fixture("uptime-kuma-test.json")).await.is_empty());
}

#[tokio::test]
async fn anybodys_json_is_read_by_a_mapping() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let mut body = fixture("json-list.json");
    scene.post_well("json/backup", &body).await;
    let message = told(&admin, health, "Backup failed").await;
    assert!(message.body().contains("nas"), "{}", message.body());
    scene.post_well("json/backup", &body).await;
    body["problems"][0]["state"] = json!("closed");
    scene.post_well("json/backup", &body).await;
    admin.shows(&message, "resolved").await;
    scene.settle(&admin, health).await;
    let messages =
        admin.all(|e| e.is_new_message() && e.thread().is_none() && e.body().contains("Backup failed"));
    assert_eq!(messages.len(), 1, "{}", admin.story());
    assert!(admin.all(|e| e.body().contains("Backup late")).is_empty(), "that was over from the start");
}
