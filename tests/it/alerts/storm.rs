//! A storm of alerts is a few messages and one summary; a flood is bounded, and said so.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::Connection as _;

use super::payload::{group, key};
use super::{Alert, Scene};
use crate::harness::{Event, until};

const GROUPS: usize = 60;
/// More than can wait, with all that is under way besides.
const FLOOD: usize = 500;

fn is_new(health: &str) -> impl Fn(&Event) -> bool {
    let health = health.to_owned();
    move |e| {
        e.room == health
            && e.is_new_message()
            && e.thread().is_none()
            && e.incident().is_some()
            && e.answers().is_empty()
    }
}

fn keys(incidents: &[Value]) -> BTreeSet<String> {
    incidents.iter().map(|incident| incident["group_key"].as_str().expect("a key").to_owned()).collect()
}

#[tokio::test]
async fn a_storm_is_summed_up_and_a_flood_is_turned_away() {
    let scene = Scene::own("alerts-storm", &[("RALF_ALERTS__TIME_ZONE", "UTC")]).await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let alerts: Vec<(String, Alert)> = (0..GROUPS)
        .map(|n| format!("Storm{n:02}"))
        .map(|name| {
            (
                name.clone(),
                Alert::new(&name, &[("severity", if name == "Storm59" { "critical" } else { "warning" })]),
            )
        })
        .collect();
    join_all(alerts.iter().map(async |(name, alert)| scene.deliver(name, &[alert]).await)).await;
    let summary =
        admin.wait_for("the summary", |e| is_new(health)(e) && e.of_incident("group_key") == "storm").await;
    admin.reads(&summary, "40 offen").await;
    scene.settle(&admin, health).await;
    let own: Vec<Event> =
        admin.all(is_new(health)).into_iter().filter(|e| e.of_incident("group_key") != "storm").collect();
    assert_eq!(own.len(), 20, "{}", admin.story());
    let summaries = admin.all(|e| is_new(health)(e) && e.of_incident("group_key") == "storm");
    assert_eq!(summaries.len(), 1, "{}", admin.story());

    // Nothing is lost.
    let wanted: BTreeSet<String> = alerts.iter().map(|(name, _)| key(name)).collect();
    assert_eq!(keys(&scene.incidents("state=firing&limit=1000").await), wanted);
    let mut paged = Vec::new();
    loop {
        let before =
            paged.last().map_or(String::new(), |last: &Value| format!("&before={}", last["created_ts"]));
        let page = scene.incidents(&format!("state=firing&limit=7{before}")).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        paged.extend(page);
    }
    assert_eq!((paged.len(), keys(&paged)), (GROUPS, wanted), "page by page it is the same");
    assert!(scene.incidents("state=resolved").await.is_empty());
    let list = admin.ask(health, "!ralf alarme").await;
    assert!(list.body().contains("kritisch: 1") && list.body().contains("Warnung: 59"), "{}", list.body());
    assert!(list.body().contains("und 40 weitere"), "{}", list.body());
    let worst = admin.ask(health, "!ralf alarme kritisch").await;
    assert!(worst.body().contains("Storm59") && !worst.body().contains("Storm01"), "{}", worst.body());

    // All of it ends: by edits.
    let ends: Vec<(String, Alert)> =
        alerts.iter().map(|(name, alert)| (name.clone(), alert.ended())).collect();
    join_all(ends.iter().map(async |(name, alert)| scene.deliver(name, &[alert]).await)).await;
    for message in &own {
        admin.shows(message, "resolved").await;
    }
    admin.reads(&summary, "0 offen, 40 vorbei").await;
    scene.settle(&admin, health).await;
    assert_eq!(admin.all(is_new(health)).len(), 21, "{}", admin.story());

    flood(&scene, &admin).await;
}

/// More at once than can wait, while the database is kept busy.
async fn flood(scene: &Scene, admin: &crate::harness::Person) {
    let path = scene.stage.info().database.trim_start_matches("sqlite:").to_owned();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut held = sqlx::SqliteConnection::connect_with(&options).await.expect("the database");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut held).await.expect("held");
    let bodies: Vec<(String, Value)> = (0..FLOOD)
        .map(|n| format!("Flood{n:03}"))
        .map(|name| (name.clone(), group(&name, &[&Alert::new(&name, &[])])))
        .collect();
    let post = async |body: &Value| {
        let answer = scene.post("alertmanager", body).await.expect("an answer");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            let after = answer.headers()["retry-after"].to_str().expect("text").parse::<u64>();
            assert!(after.is_ok_and(|after| after > 0));
        }
        answer.status()
    };
    let posted = join_all(bodies.iter().map(|(_, body)| post(body)));
    let metrics = format!("{}/metrics", scene.stage.info().ralf);
    let refused = async || {
        let text = reqwest::get(&metrics).await.expect("an answer").text().await.expect("text");
        text.lines().any(|line| line.contains("alertmanager") && line.contains("\"full\""))
    };
    let release = async {
        until("a refusal", refused).await;
        sqlx::query("ROLLBACK").execute(&mut held).await.expect("let go");
    };
    let (statuses, ()) = tokio::join!(posted, release);
    let of = |status: StatusCode| statuses.iter().filter(|is| **is == status).count();
    let (taken, refused) = (of(StatusCode::OK), of(StatusCode::SERVICE_UNAVAILABLE));
    assert!(refused > 0 && taken >= 256 && taken + refused == FLOOD, "{taken} taken, {refused} refused");
    let said = admin
        .wait_for("that there was too much", |e| e.room == scene.health && e.body().contains('🌊'))
        .await;
    assert!(said.body().contains("refused") && said.body().contains("group_by"), "{said}");
    // What was taken is there, what was not is not; and what is tried again is taken.
    let known = keys(&scene.incidents("limit=1000").await);
    for ((name, body), status) in bodies.iter().zip(statuses) {
        assert_eq!(known.contains(&key(name)), status == StatusCode::OK, "{name}: {status}");
        if status != StatusCode::OK {
            scene.post_well("alertmanager", body).await;
        }
    }
    assert_eq!(scene.incidents("state=firing&limit=1000").await.len(), FLOOD);
}
