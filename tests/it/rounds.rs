//! The main loop: what changed is told once, and what stays the same is not told at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::{Event, Stage, until};
use crate::models;

/// A fake Prometheus with three targets, two of which can be taken down; an alert is about to fire for one of these.
struct Prometheus {
    url: String,
    down: Arc<AtomicBool>,
}

impl Prometheus {
    async fn start() -> Self {
        let down = Arc::<AtomicBool>::default();
        let router = Router::new()
            .route("/api/v1/alerts", get(alerts))
            .route("/api/v1/targets", get(targets))
            .route("/api/v1/rules", get(async || axum::Json(data(&json!({"groups": []})))))
            .with_state(Arc::clone(&down));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, down }
    }
}

fn data(data: &Value) -> Value {
    json!({"status": "success", "data": data})
}

async fn alerts(State(down): State<Arc<AtomicBool>>) -> axum::Json<Value> {
    let pending = json!({
        "labels": {"alertname": "TargetDown", "instance": "pi-5:9100", "severity": "warning"},
        "annotations": {}, "state": "pending", "activeAt": "2026-01-01T00:00:00Z", "value": "1e+00",
    });
    let alerts = if down.load(Ordering::SeqCst) { vec![pending] } else { Vec::new() };
    axum::Json(data(&json!({"alerts": alerts})))
}

async fn targets(State(down): State<Arc<AtomicBool>>) -> axum::Json<Value> {
    let target = |instance: &str, up: bool| {
        json!({
            "labels": {"job": "node", "instance": instance},
            "health": if up { "up" } else { "down" }, "lastError": "",
        })
    };
    let up = !down.load(Ordering::SeqCst);
    axum::Json(data(&json!({"activeTargets": [
        target("pi-3:9100", true), target("pi-4:9100", up), target("pi-5:9100", up),
    ]})))
}

/// An address at which nobody answers yet.
fn dead_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// The last round, as the API tells it.
async fn last_round(stage: &Stage) -> Value {
    let info = stage.info();
    let asked = reqwest::Client::new().get(format!("{}/api/v1/status", info.ralf));
    // It may be starting again.
    let Ok(answer) = asked.bearer_auth(&info.webhook_token).send().await else { return Value::Null };
    let status: Value = answer.json().await.unwrap_or_default();
    status["round"].clone()
}

/// Waits for so many rounds more.
async fn rounds(stage: &Stage, many: usize) {
    for _ in 0..many {
        let before = last_round(stage).await["ts"].as_i64().unwrap_or_default();
        until("another round", async || last_round(stage).await["ts"].as_i64() > Some(before)).await;
    }
}

fn is_digest(event: &Event) -> bool {
    event.is_new_message() && event.body().contains("What changed since")
}

fn is_incident(event: &Event, state: &str) -> bool {
    event.thread().is_none()
        && event.content()["org.ralf.incident"]["state"] == state
        && event.body().contains("ModelDown")
}

#[tokio::test]
async fn what_fails_of_our_own_is_one_incident_and_what_nobody_else_tells_is_one_digest() {
    let (prometheus, address) = (Prometheus::start().await, dead_address());
    let stage = Stage::own(
        "rounds",
        &[
            ("RALF_SCHEDULES__MAIN", "* * * * * *"),
            ("RALF_ALERTS__PROMETHEUS", &prometheus.url),
            ("RALF_MODEL__PROVIDER", "ollama"),
            ("RALF_MODEL__URL", &format!("http://{address}")),
            ("RALF_MODEL__NAME", "tiny"),
            ("RALF_MODEL__REST", "200ms"),
        ],
    )
    .await;
    let (health, admin) = (stage.room("health"), stage.person("admin").await);

    // The model's server is away: an incident like any other, and no second message about it.
    let incident = admin
        .wait_for("the model's incident", |event| event.is_new_message() && is_incident(event, "firing"))
        .await;
    assert_eq!(incident.content()["org.ralf.incident"]["severity"], "warning", "{incident}");
    rounds(&stage, 4).await;
    assert_eq!(last_round(&stage).await["problems"], 1);

    // Two targets go down. One of them has an alert that will tell of it; the other one has nobody but the digest.
    prometheus.down.store(true, Ordering::SeqCst);
    let digest = admin.wait_for("a digest", is_digest).await;
    assert!(digest.body().contains("Down: pi-4:9100 (node)"), "{digest}");
    assert!(!digest.body().contains("pi-5") && !digest.body().contains("language model"), "{digest}");

    // It stays so, over a restart, too: there is nothing more to say.
    stage.lab().kill("ralf").expect("it runs");
    rounds(&stage, 4).await;
    assert_eq!(last_round(&stage).await["problems"], 3);
    admin.and_nothing_else(&health).await;
    assert_eq!(admin.all(is_digest).len(), 1, "{}", admin.story());
    let told = admin.all(|event| event.is_new_message() && is_incident(event, "firing"));
    assert_eq!(told.len(), 1, "{}", admin.story());

    // Both come back.
    prometheus.down.store(false, Ordering::SeqCst);
    let again = admin.wait_for("another digest", |event| is_digest(event) && event.id() != digest.id()).await;
    assert!(again.body().contains("Up again: pi-4:9100 (node)"), "{again}");
    assert!(!again.body().contains("pi-5"), "{again}");
    let _model = models::Fake::start_at(&address).await;
    let over = admin.wait_for("the incident's end", |event| is_incident(event, "resolved")).await;
    assert!(over.is_edit() && over.target() == incident.id(), "{over}");
    until("nothing to be wrong", async || last_round(&stage).await["problems"] == 0).await;
    rounds(&stage, 3).await;
    admin.and_nothing_else(&health).await;
    assert_eq!(admin.all(is_digest).len(), 2, "{}", admin.story());

    let said = reqwest::get(format!("{}/metrics", stage.info().ralf)).await.expect("metrics");
    let said = said.text().await.expect("text");
    for line in ["ralf_round_problems 0", "ralf_round_failures_total 0", "ralf_round_timestamp_seconds "] {
        assert!(said.contains(line), "{line:?} is not in {said}");
    }
}
