//! Whoever writes labels and annotations is a stranger: nothing of theirs notifies, runs, hides or breaks anything.

use serde_json::json;

use super::payload::group;
use super::{Alert, Scene};

/// The most that a homeserver takes for an event.
const MOST_BYTES: usize = 65_536;

#[tokio::test]
async fn what_strangers_write_is_only_text() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let approver = scene.stage.info().users["approver"].user_id.clone();
    let name = "Hostile";
    let pill = format!("<a href=\"https://matrix.to/#/{approver}\">you</a>");
    let evil = [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "@room wake up @room",
        "a\u{0}b\u{202e}cde\u{7}",
        pill.as_str(),
        "[click](javascript:alert(1)) ![x](http://evil/x.png) `code` **bold**",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ];
    let mut alerts = Vec::new();
    for (n, text) in evil.iter().enumerate() {
        let labels = [("instance", *text), ("n", &n.to_string()), ("severity", *text), ("__x__", *text)];
        alerts.push(
            Alert::new(name, &labels)
                .says("summary", text)
                .says("description", text)
                .says("runbook_url", "javascript:alert(1)"),
        );
    }
    let mut body = group(name, &alerts.iter().collect::<Vec<_>>());
    body["externalURL"] = json!("javascript:alert(1)");
    body["alerts"][0]["generatorURL"] = json!("data:text/html,<script>alert(1)</script>");
    for (n, alert) in alerts.iter().enumerate() {
        // One at a time, so that each is the only one whose words are shown; then all.
        let alone = format!("{name}{n}");
        let mut own = group(&alone, &[alert]);
        own["alerts"][0]["labels"]["alertname"] = json!(alone);
        own["alerts"][0]["fingerprint"] = json!(format!("{n:016x}"));
        scene.post_well("alertmanager", &own).await;
        admin.told(health, &alone).await;
    }
    scene.post_well("alertmanager", &body).await;
    admin.told(health, name).await;
    scene.settle(&admin, health).await;
    let told = admin.all(|e| e.of_incident("group_key").contains("Hostile"));
    assert!(told.len() > evil.len(), "{}", admin.story());
    for event in &told {
        let content = event.content();
        let (body, html) = (event.body(), content["formatted_body"].as_str().unwrap_or_default());
        assert!(content["m.mentions"]["room"].is_null() && !event.mentions(&approver), "{}", event.raw);
        for bad in ["@room", "\u{0}", "\u{202e}", "javascript:", "eyJhbGciOi"] {
            let shown = |text: &str| {
                text.contains(bad) && bad != "javascript:" || text.contains(&format!("href=\"{bad}"))
            };
            assert!(!shown(body) && !shown(html), "{bad:?} is in {}", event.raw);
        }
        for bad in ["<script", "<img", "href=\"https://matrix.to", "href=\"data:"] {
            assert!(!html.contains(bad), "{bad:?} is in {html}");
        }
    }
}

#[tokio::test]
async fn however_much_there_is_a_message_stays_one() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let long = "lang ".repeat(20_000);
    let name = "HostileHuge";
    let alerts: Vec<Alert> = (0..300)
        .map(|n| {
            Alert::new(name, &[("instance", &format!("{n}{}", "x".repeat(500)))])
                .says("summary", if n == 0 { &long } else { "short" })
        })
        .collect();
    scene.deliver(name, &alerts[..1].iter().collect::<Vec<_>>()).await;
    let message = admin.told(health, name).await;
    scene.deliver(name, &alerts.iter().collect::<Vec<_>>()).await;
    let full = admin.reads(&message, "300 von 300").await;
    let odd = format!("Hostile{}", "Name".repeat(5_000));
    scene.deliver(&odd, &[&Alert::new(&odd, &[(&"label".repeat(1_000), &long)])]).await;
    scene.settle(&admin, health).await;
    let open = admin.ask(health, "!ralf alarme").await;
    let story = admin.ask(health, &format!("!ralf vorfall {}", message.of_incident("id"))).await;
    let why = admin.ask(health, &format!("!ralf warum {}", message.of_incident("id"))).await;
    for event in [&message, &full, &open, &story, &why] {
        assert!(event.raw.to_string().len() < MOST_BYTES, "{} bytes", event.raw.to_string().len());
    }
    assert!(admin.heard().iter().all(|e| e.raw.to_string().len() < MOST_BYTES));
    // And it is alive.
    scene.fires(&admin, "HostileAfter", &[]).await;
}
