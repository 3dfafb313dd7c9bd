//! The handler with an engine of the test's own.

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::*;
use crate::alerts::{Delivery, TurnedAway};

const FIRING: &str = include_str!("../../../tests/fixtures/alerts/alertmanager-recorded-firing.json");
const TOKEN: &str = "lab-token";

struct Door {
    webhooks: Webhooks,
    engine: mpsc::Receiver<Delivery>,
}

/// A door behind which at most `depth` deliveries wait.
fn door(token: Option<&str>, depth: usize) -> Door {
    let (inlet, engine) = Inlet::new(depth);
    let config: Alerts = toml::from_str("[json.backup]\nname = \"/what\"").expect("a configuration");
    let webhooks = Webhooks {
        token: token.map(Secret::new),
        config: Arc::new(config),
        inlet,
        metrics: Metrics::default(),
        clock: Clock::manual(1_795_000_000_000),
    };
    Door { webhooks, engine }
}

fn request(path: &str, authorization: Option<&str>, body: impl Into<Body>) -> Request {
    let builder = Request::builder().method(Method::POST).uri(path);
    let builder = match authorization {
        Some(value) => builder.header(header::AUTHORIZATION, value),
        None => builder,
    };
    builder.body(body.into()).expect("a request")
}

fn with_token(path: &str, body: impl Into<Body>) -> Request {
    request(path, Some("Bearer lab-token"), body)
}

async fn text(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    String::from_utf8(body.to_vec()).expect("text")
}

impl Door {
    async fn ask(&self, request: Request) -> Response {
        routes(self.webhooks.clone()).oneshot(request).await.expect("an answer")
    }

    /// Asks, while an engine takes whatever comes and says so.
    async fn ask_with_engine(&mut self, request: Request) -> (Response, Vec<Group>) {
        let asked = routes(self.webhooks.clone()).oneshot(request);
        let mut taken = Vec::new();
        let engine = async {
            let Delivery { groups, answer } = self.engine.recv().await.expect("a delivery");
            let alerts = groups.iter().map(|group| group.alerts.len() as u64).sum();
            taken = groups;
            answer.send(Ok(Taken { alerts, incidents: vec!["7kq".into()] })).expect("somebody waits");
        };
        let (response, ()) = tokio::join!(asked, engine);
        (response.expect("an answer"), taken)
    }
}

#[tokio::test]
async fn a_delivery_is_answered_once_it_is_committed() {
    let mut door = door(Some(TOKEN), 1);
    let (response, taken) = door.ask_with_engine(with_token("/webhooks/alertmanager", FIRING)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await, r#"{"alerts":1,"incidents":["7kq"]}"#);
    assert_eq!(taken[0].alerts[0].fingerprint, "22b73fa70feff810");
}

#[tokio::test]
async fn who_may_send() {
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    for (token, brought, status) in [
        (Some(TOKEN), None, 401),
        (Some(TOKEN), Some("Digest lab-token".to_owned()), 401),
        (Some(TOKEN), Some("Bearer wrong".to_owned()), 403),
        (Some(TOKEN), Some("Bearer ".to_owned()), 403),
        (Some(TOKEN), Some(basic("ralf:wrong")), 403),
        (Some(TOKEN), Some(basic("lab-token:")), 403),
        (None, None, 401),
        (None, Some("Bearer lab-token".to_owned()), 403),
        (None, Some("Bearer ".to_owned()), 403),
        (Some(""), Some("Bearer ".to_owned()), 403),
        (Some(""), Some(basic("ralf:")), 403),
    ] {
        let mut door = door(token, 1);
        // Whoever may not send does not learn what there is, and nothing of what they send is read.
        for path in ["/webhooks/alertmanager", "/webhooks/json/other", "/webhooks/odd"] {
            let response = door.ask(request(path, brought.as_deref(), "{")).await;
            assert_eq!(response.status(), status, "{token:?} {brought:?} {path}");
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
            assert!(!text(response).await.contains(TOKEN));
        }
        assert!(door.engine.try_recv().is_err());
    }
    let mut door = door(Some(TOKEN), 1);
    for brought in ["Bearer lab-token".to_owned(), basic("anybody:lab-token"), basic(":lab-token")] {
        let (response, _) = door.ask_with_engine(request("/webhooks/grafana", Some(&brought), FIRING)).await;
        assert_eq!(response.status(), StatusCode::OK, "{brought}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let door = door(Some(TOKEN), 1);
    let mut said = String::new();
    for (path, body) in [
        ("/webhooks/odd", "{}"),
        ("/webhooks/json/other", "{}"),
        ("/webhooks/alertmanager", "{\"alerts\": 1}"),
        ("/webhooks/grafana", "{\"alerts\": [{\"startsAt\": \"today\"}]}"),
        ("/webhooks/json/backup", "status=down"),
    ] {
        let response = door.ask(with_token(path, body)).await;
        let status = response.status();
        said = format!("{said}{path} {body}\n{status} {}", text(response).await);
    }
    insta::assert_snapshot!(said);
    let get = Request::builder()
        .uri("/webhooks/alertmanager")
        .header(header::AUTHORIZATION, "Bearer lab-token")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(door.ask(get).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_delivery_may_have_four_mebibytes() {
    let mut door = door(Some(TOKEN), 1);
    let filled = |bytes: usize| {
        let mut body = FIRING.as_bytes().to_vec();
        body.resize(bytes, b' ');
        body
    };
    let (response, _) = door.ask_with_engine(with_token("/webhooks/alertmanager", filled(MOST_BYTES))).await;
    assert_eq!(response.status(), StatusCode::OK);
    let response = door.ask(with_token("/webhooks/alertmanager", filled(MOST_BYTES + 1))).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(text(response).await, "more than 4 MiB: send fewer alerts at once\n");
}

#[tokio::test]
async fn a_flood_is_told_when_to_come_back() {
    let door = door(Some(TOKEN), 1);
    let first =
        tokio::spawn(routes(door.webhooks.clone()).oneshot(with_token("/webhooks/alertmanager", FIRING)));
    while door.engine.is_empty() {
        tokio::task::yield_now().await;
    }
    let response = door.ask(with_token("/webhooks/alertmanager", FIRING)).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    assert_eq!(text(response).await, "too many alerts are waiting: try again in 5 s\n");
    assert_eq!(door.webhooks.inlet.turned_away(), TurnedAway { deliveries: 1, alerts: 1 });

    let Door { engine, .. } = door;
    drop(engine);
    let response = first.await.expect("no panic").expect("an answer");
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_test_message_does_not_trouble_the_engine() {
    let door = door(Some(TOKEN), 1);
    let body = include_str!("../../../tests/fixtures/alerts/uptime-kuma-test.json");
    let response = door.ask(with_token("/webhooks/uptime-kuma", body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await, r#"{"alerts":0,"incidents":[]}"#);
}
