//! What is delivered over HTTP is taken or turned away with words that help.

use reqwest::{StatusCode, header};
use serde_json::json;

use super::payload::group;
use super::{Alert, Scene};

#[tokio::test]
async fn who_may_not_deliver_is_told_why() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let token = scene.stage.info().webhook_token;
    let alert = Alert::new("TurnedAway", &[]);
    let body = group("TurnedAway", &[&alert]);
    let url = format!("{}/webhooks/alertmanager", scene.stage.info().ralf);
    let json = || scene.webhook("alertmanager").json(&body);
    let huge = "x".repeat(5 * 1024 * 1024);
    let with = |path: &str| scene.webhook(path).bearer_auth(&token);
    for (request, status, said) in [
        (json(), StatusCode::UNAUTHORIZED, "Authorization: Bearer"),
        (json().bearer_auth("wrong"), StatusCode::FORBIDDEN, "not the token"),
        (json().basic_auth("prometheus", Some("wrong")), StatusCode::FORBIDDEN, "not the token"),
        (with("alertmanager").body("{"), StatusCode::BAD_REQUEST, "line 1"),
        (with("alertmanager").body("{}"), StatusCode::BAD_REQUEST, "alerts"),
        (with("alertmanager").body(""), StatusCode::BAD_REQUEST, ""),
        (with("alertmanager").json(&json!({"alerts": 7})), StatusCode::BAD_REQUEST, "alerts"),
        (with("nagios").json(&body), StatusCode::NOT_FOUND, "uptime-kuma"),
        (with("json/nobody").json(&body), StatusCode::NOT_FOUND, "nobody"),
        (reqwest::Client::new().get(&url).bearer_auth(&token), StatusCode::METHOD_NOT_ALLOWED, ""),
        (with("alertmanager").body(huge), StatusCode::PAYLOAD_TOO_LARGE, "4 MiB"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().expect("text");
            assert!(challenge.contains("Bearer") && challenge.contains("Basic"), "{challenge}");
        }
        let words = answer.text().await.expect("words");
        assert!(words.contains(said) && !words.contains(&token), "{status}: {words}");
    }
    scene.settle(&admin, health).await;
    assert!(admin.all_told(health, "TurnedAway").is_empty());
    // With the token as a password it is taken.
    let taken = json().basic_auth("prometheus", Some(&token)).send().await.expect("an answer");
    assert_eq!(taken.status(), StatusCode::OK);
    admin.told(health, "TurnedAway").await;
}

#[tokio::test]
async fn old_and_new_alertmanagers_are_understood() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "DeliveredOdd";
    let alert = Alert::new(name, &[("instance", "pi5")]);
    let mut odd = group(name, &[&alert]);
    // Before 0.19 there were no fingerprints; what comes after us may know more than we.
    odd["alerts"][0].as_object_mut().expect("an alert").remove("fingerprint");
    odd["alerts"][0]["mood"] = json!({"of": ["the", "day"]});
    odd["notificationReason"] = json!("because");
    odd["truncatedAlerts"] = json!(7);
    scene.post_well("alertmanager", &odd).await;
    let message = admin.told(health, name).await;
    assert_eq!(message.incident().expect("one")["fingerprints"], json!([alert.fingerprint()]));
    assert!(message.body().contains("7 weitere hat die Quelle nicht mitgeschickt"), "{}", message.body());
    // With a fingerprint it is the same one.
    scene.deliver(name, &[&alert.ended()]).await;
    admin.shows(&message, "resolved").await;
}

#[tokio::test]
async fn an_empty_delivery_is_nothing() {
    let scene = Scene::open().await;
    let nothing = scene.post_well("alertmanager", &group("DeliveredNothing", &[])).await;
    assert!(nothing.is_empty());
}
