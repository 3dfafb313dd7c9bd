//! Routes: unknown ones, prefixes, legacy paths, and life inside a bigger application.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use axum::{Router, routing::get};
use common::{Notes, call, call_as, code, plain, settings};
use ralf_appservice::router;
use serde_json::json;

const EMPTY: &str = r#"{"events":[]}"#;

#[tokio::test]
async fn unknown_routes() {
    let (router, _) = plain();
    for path in [
        "/_matrix/app",
        "/_matrix/app/v1",
        "/_matrix/app/v1/",
        "/_matrix/app/v2/transactions/1",
        "/_matrix/app/v1/transactions",
        "/_matrix/app/v1/transactions/1/2",
        "/_matrix/app/v1/nothing",
        "/_matrix/app/v1/thirdparty",
        "/_matrix/app/unstable/fi.mau.msc2659/ping",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let answer = call_as(&router, method, path, None, "").await;
            assert_eq!(code(&answer), (404, "M_UNRECOGNIZED"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn wrong_methods() {
    let (router, _) = plain();
    for (method, path) in [
        ("GET", "/_matrix/app/v1/transactions/1"),
        ("POST", "/_matrix/app/v1/transactions/1"),
        ("DELETE", "/_matrix/app/v1/transactions/1"),
        ("PATCH", "/_matrix/app/v1/transactions/1"),
        ("PUT", "/_matrix/app/v1/ping"),
        ("GET", "/_matrix/app/v1/ping"),
        ("POST", "/_matrix/app/v1/users/@x:y"),
        ("PUT", "/_matrix/app/v1/rooms/%23x:y"),
        ("OPTIONS", "/_matrix/app/v1/rooms/%23x:y"),
        ("POST", "/_matrix/app/v1/thirdparty/user"),
    ] {
        let answer = call_as(&router, method, path, None, "").await;
        assert_eq!(code(&answer), (405, "M_UNRECOGNIZED"), "{method} {path}");
    }
}

#[tokio::test]
async fn legacy_paths_are_behind_a_setting() {
    let cases = [
        ("PUT", "/transactions/1", 200),
        ("GET", "/users/@ralf-core:lab.local", 200),
        ("GET", "/users/@other:lab.local", 404),
        ("GET", "/rooms/%23ralf%2Flab:lab.local", 200),
        ("GET", "/_matrix/app/unstable/thirdparty/user", 200),
        ("POST", "/_matrix/app/unstable/fi.mau.msc2659/ping", 200),
    ];
    let (off, _) = plain();
    let mut settings = settings();
    settings.legacy_paths = true;
    let on = router(settings, Arc::new(Notes::default()));
    for (method, path, status) in cases {
        assert_eq!(call(&off, method, path, EMPTY).await.0, 404, "{path}");
        assert_eq!(call(&on, method, path, EMPTY).await.0, status, "{path}");
        let expected = (401, "M_MISSING_TOKEN");
        assert_eq!(code(&call_as(&on, method, path, None, EMPTY).await), expected, "{path}");
        assert_eq!(code(&call(&on, "DELETE", path, EMPTY).await), (405, "M_UNRECOGNIZED"), "{path}");
    }
    assert_eq!(call(&on, "PUT", "/_matrix/app/v1/transactions/1", EMPTY).await.0, 200);
}

#[tokio::test]
async fn below_a_prefix() {
    for prefix in ["/webhooks/matrix", "webhooks/matrix/", "/webhooks/{matrix}", "/:webhooks/*"] {
        let mut settings = settings();
        settings.path_prefix = Some(prefix.to_owned());
        settings.legacy_paths = true;
        let notes = Arc::new(Notes::default());
        let router = router(settings, notes.clone());
        let base = format!("/{}", prefix.trim_matches('/'));
        let path = format!("{base}/_matrix/app/v1/transactions/a%2Fb");
        assert_eq!(call(&router, "PUT", &path, EMPTY).await, (200, json!({})), "{prefix}");
        assert_eq!(notes.transactions.lock().unwrap()[0].id, "a/b");
        assert_eq!(call(&router, "PUT", &format!("{base}/transactions/1"), EMPTY).await.0, 200);
        let unknown = call(&router, "PUT", &format!("{base}/_matrix/app/v3/x"), EMPTY).await;
        assert_eq!(code(&unknown), (404, "M_UNRECOGNIZED"));
        assert_eq!(call(&router, "PUT", "/_matrix/app/v1/transactions/1", EMPTY).await.0, 404);
        let ping = format!("{base}/_matrix/app/v1/ping");
        assert_eq!(code(&call(&router, "GET", &ping, "").await), (405, "M_UNRECOGNIZED"));
    }
}

#[tokio::test]
async fn an_empty_prefix_is_none() {
    for prefix in ["", "/"] {
        let mut settings = settings();
        settings.path_prefix = Some(prefix.to_owned());
        let router = router(settings, Arc::new(Notes::default()));
        assert_eq!(call(&router, "PUT", "/_matrix/app/v1/transactions/1", EMPTY).await.0, 200);
    }
}

#[tokio::test]
async fn inside_a_bigger_application() {
    let (ours, _) = plain();
    let app = Router::new()
        .route("/health", get(async || "fine"))
        .route("/_matrix/client/versions", get(async || "a proxy, say"))
        .fallback(async || (axum::http::StatusCode::IM_A_TEAPOT, "theirs"))
        .merge(ours);
    assert_eq!(call(&app, "PUT", "/_matrix/app/v1/transactions/1", EMPTY).await.0, 200);
    assert_eq!(call(&app, "GET", "/health", "").await.0, 200);
    assert_eq!(call(&app, "GET", "/_matrix/client/versions", "").await.0, 200);
    assert_eq!(call(&app, "GET", "/elsewhere", "").await.0, 418);
    assert_eq!(code(&call(&app, "GET", "/_matrix/app/elsewhere", "").await), (404, "M_UNRECOGNIZED"));
    // Nested instead of merged.
    let (ours, _) = plain();
    let app = Router::new().nest("/hooks", ours);
    assert_eq!(call(&app, "PUT", "/hooks/_matrix/app/v1/transactions/1", EMPTY).await.0, 200);
}

#[tokio::test]
async fn the_body_limit_of_the_bigger_application_does_not_count() {
    let (ours, _) = plain();
    let app = Router::new().merge(ours).layer(axum::extract::DefaultBodyLimit::max(10));
    assert_eq!(call(&app, "PUT", "/_matrix/app/v1/transactions/1", EMPTY).await.0, 200);
}
