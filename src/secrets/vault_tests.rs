//! Against a fake: a small HTTP server that answers as the documentation of the key-value store (version 2) says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::super::{SecretRef, Secrets};
use super::*;
use crate::config;
use crate::plan::SecretUse;

#[derive(Clone, Default)]
struct Fake {
    /// Path → versions, oldest first; an empty one was deleted.
    data: Arc<Mutex<HashMap<String, Vec<serde_json::Value>>>>,
    sealed: Arc<Mutex<bool>>,
}

async fn answer(
    State(fake): State<Fake>,
    Path(path): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let said = |status: StatusCode, body: serde_json::Value| (status, axum::Json(body)).into_response();
    if *fake.sealed.lock().expect("no panic") {
        return said(StatusCode::SERVICE_UNAVAILABLE, json!({"errors": ["Vault is sealed"]}));
    }
    if headers.get("X-Vault-Token").is_none_or(|token| token != "vault-token-4711") {
        return said(StatusCode::FORBIDDEN, json!({"errors": ["permission denied"]}));
    }
    let data = fake.data.lock().expect("no panic");
    let Some(versions) = path.strip_prefix("kv/data/").and_then(|path| data.get(path)) else {
        return said(StatusCode::NOT_FOUND, json!({"errors": []}));
    };
    let number = query.get("version").and_then(|n| n.parse().ok()).unwrap_or(versions.len());
    let Some(found) = number.checked_sub(1).and_then(|n| versions.get(n)) else {
        return said(StatusCode::NOT_FOUND, json!({"errors": []}));
    };
    let metadata = json!({"created_time": "2026-03-22T02:24:06.945319214Z", "custom_metadata": null,
        "deletion_time": if found.is_null() { "2026-03-22T02:36:43.986212308Z" } else { "" },
        "destroyed": false, "version": number});
    let status = if found.is_null() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    said(
        status,
        json!({"request_id": "2b0a", "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": {"data": found, "metadata": metadata}, "wrap_info": null, "warnings": null, "auth": null}),
    )
}

async fn fake() -> (Fake, Url) {
    let fake = Fake::default();
    let router = Router::new().route("/v1/{*path}", axum::routing::get(answer)).with_state(fake.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (fake, url)
}

fn put(fake: &Fake, path: &str, data: serde_json::Value) {
    fake.data.lock().expect("no panic").entry(path.to_owned()).or_default().push(data);
}

fn reader(url: &Url, token: &str) -> Secrets {
    let settings = config::Secrets {
        vault_url: Some(url.clone()),
        vault_token: Some(token.into()),
        ..Default::default()
    };
    Secrets::new(&settings)
}

fn reference(text: &str) -> SecretRef {
    text.parse().expect("a reference")
}

#[tokio::test]
async fn a_field_is_read_with_its_version() {
    let (fake, url) = fake().await;
    put(&fake, "team/grafana", json!({"password": "vault-hunter-1", "port": 12345678, "odd": ["x"]}));
    let secrets = reader(&url, "vault-token-4711");
    let password = reference("vault://kv/team/grafana#password");
    let one = secrets.resolve(&password).await.expect("resolved");
    assert_eq!((one.value.expose(), one.version.as_str()), ("vault-hunter-1", "1"));
    let port = secrets.resolve(&reference("vault://kv/team/grafana#port")).await.expect("resolved");
    assert_eq!(port.value.expose(), "12345678");
    assert!(secrets.resolve(&reference("vault://kv/team/grafana#odd")).await.is_err());

    put(&fake, "team/grafana", json!({"password": "vault-hunter-2"}));
    let two = secrets.resolve(&password).await.expect("resolved");
    assert_eq!((two.value.expose(), two.version.as_str()), ("vault-hunter-2", "2"));

    // Whoever starts now can still read the version that a run has used.
    let used = SecretUse { reference: password.to_string(), version: "1".into() };
    let fresh = reader(&url, "vault-token-4711");
    assert_eq!(fresh.resolve_version(&used).await.expect("resolved").expose(), "vault-hunter-1");
}

#[tokio::test]
async fn what_vault_refuses_is_said_and_nothing_is_leaked() {
    let (fake, url) = fake().await;
    put(&fake, "db", json!({"password": "vault-hunter-3"}));
    put(&fake, "gone", json!(null));
    let told = async |secrets: &Secrets, text: &str| {
        let error = secrets.resolve(&reference(text)).await.expect_err("refused").to_string();
        assert!(error.contains(text) && !error.contains("hunter") && !error.contains("4711"), "{error}");
        error
    };
    let secrets = reader(&url, "vault-token-4711");
    assert!(told(&secrets, "vault://kv/nowhere#x").await.contains("Vault has nothing at kv/data/nowhere"));
    assert!(told(&secrets, "vault://kv/gone#x").await.contains("deleted"));
    assert!(told(&secrets, "vault://kv/db#user").await.contains("version 1 has no field `user`"));
    assert!(
        told(&reader(&url, "old-token-of-mine"), "vault://kv/db#password")
            .await
            .contains("refuses the token")
    );
    *fake.sealed.lock().expect("no panic") = true;
    assert!(told(&secrets, "vault://kv/db#password").await.contains("sealed"));
    let nobody = "http://127.0.0.1:1".parse().expect("an address");
    assert!(
        told(&reader(&nobody, "vault-token-4711"), "vault://kv/db#password")
            .await
            .contains("can't be had now")
    );
}

#[tokio::test]
async fn a_renewed_token_is_taken_up() {
    let (fake, url) = fake().await;
    put(&fake, "db", json!({"password": "vault-hunter-4"}));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "dead-token-1\n").expect("written");
    let settings =
        config::Secrets { vault_url: Some(url), vault_token_file: Some(file.clone()), ..Default::default() };
    let secrets = Secrets::new(&settings);
    let password = reference("vault://kv/db#password");
    assert!(secrets.resolve(&password).await.is_err());
    std::fs::write(&file, "vault-token-4711\n").expect("written");
    assert_eq!(secrets.resolve(&password).await.expect("resolved").value.expose(), "vault-hunter-4");
}
