//! The transaction side: each line of the protocol, with exact statuses and error codes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::{Arc, atomic::Ordering};

use axum::body::{Body, Bytes};
use common::{Notes, TOKEN, call, call_as, code, plain, settings};
use ralf_appservice::{RouterSettings, Secret, router};
use serde_json::{Value, json};

const TRANSACTION: &str = "/_matrix/app/v1/transactions/t1";
const EMPTY: &str = r#"{"events":[]}"#;

#[tokio::test]
async fn a_transaction_is_handled_and_acknowledged() {
    let (router, notes) = plain();
    let body = r#"{"events":[{"type":"m.room.message","event_id":"$1"}],"ephemeral":[{"type":"m.typing"}]}"#;
    let answer = call(&router, "PUT", "/_matrix/app/v1/transactions/a%2Fb%20c", body).await;
    assert_eq!(answer, (200, json!({})));
    let transactions = notes.transactions.lock().unwrap();
    assert_eq!(transactions[0].id, "a/b c");
    assert_eq!(transactions[0].events[0].json().get(), r#"{"type":"m.room.message","event_id":"$1"}"#);
    assert_eq!(transactions[0].ephemeral.len(), 1);
}

#[tokio::test]
async fn the_token_is_asked_for() {
    let (router, notes) = plain();
    let cases = [
        (None, TRANSACTION, (401, "M_MISSING_TOKEN")),
        (
            None,
            "/_matrix/app/v1/transactions/t1?access_token=hs-token-for-tests-0123456789abcdef",
            (401, "M_MISSING_TOKEN"),
        ),
        (Some("Bearer wrong"), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("Bearer "), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("Bearer"), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("hs-token-for-tests-0123456789abcdef"), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("Basic hs-token-for-tests-0123456789abcdef"), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("Bearer hs-token-for-tests-0123456789abcdef0"), TRANSACTION, (403, "M_FORBIDDEN")),
        (Some("Bearer hs-token-for-tests-0123456789abcde"), TRANSACTION, (403, "M_FORBIDDEN")),
        (
            Some("Bearer wrong"),
            "/_matrix/app/v1/transactions/t1?access_token=hs-token-for-tests-0123456789abcdef",
            (403, "M_FORBIDDEN"),
        ),
    ];
    for (authorization, path, expected) in cases {
        let answer = call_as(&router, "PUT", path, authorization, EMPTY).await;
        assert_eq!(code(&answer), expected, "{authorization:?} {path}");
    }
    assert!(notes.transactions.lock().unwrap().is_empty());
    let answer = call_as(&router, "PUT", TRANSACTION, Some(&format!("bearer {TOKEN}")), EMPTY).await;
    assert_eq!(answer.0, 200);
}

#[tokio::test]
async fn every_endpoint_asks_for_the_token() {
    let (router, _) = plain();
    let endpoints = [
        ("POST", "/_matrix/app/v1/ping"),
        ("GET", "/_matrix/app/v1/users/@ralf-core:lab.local"),
        ("GET", "/_matrix/app/v1/rooms/%23ralf%2Flab:lab.local"),
        ("GET", "/_matrix/app/v1/thirdparty/protocol/irc"),
        ("GET", "/_matrix/app/v1/thirdparty/user"),
        ("GET", "/_matrix/app/v1/thirdparty/location/irc"),
    ];
    for (method, path) in endpoints {
        assert_eq!(code(&call_as(&router, method, path, None, "{}").await), (401, "M_MISSING_TOKEN"));
        let wrong = call_as(&router, method, path, Some("Bearer x"), "{}").await;
        assert_eq!(code(&wrong), (403, "M_FORBIDDEN"), "{path}");
    }
}

#[tokio::test]
async fn an_empty_hs_token_lets_nobody_in() {
    let router = router(RouterSettings::new(Secret::new("")), Arc::new(Notes::default()));
    let answer = call_as(&router, "PUT", TRANSACTION, Some("Bearer "), EMPTY).await;
    assert_eq!(code(&answer), (403, "M_FORBIDDEN"));
}

#[tokio::test]
async fn malformed_bodies() {
    let (router, notes) = plain();
    for body in ["", "nope", "{", "[1,", "{\"events\":[]} x", "\u{feff}{}"] {
        let answer = call(&router, "PUT", TRANSACTION, body).await;
        assert_eq!(code(&answer), (400, "M_NOT_JSON"), "{body}");
    }
    let answer = call(&router, "PUT", TRANSACTION, Bytes::from_static(b"{\"events\":[\"\xff\"]}")).await;
    assert_eq!(code(&answer), (400, "M_NOT_JSON"));
    for body in ["[]", "{}", "null", "\"x\"", r#"{"events":{}}"#, r#"{"events":null}"#] {
        let answer = call(&router, "PUT", TRANSACTION, body).await;
        assert_eq!(code(&answer), (400, "M_BAD_JSON"), "{body}");
    }
    assert_eq!(code(&call(&router, "PUT", "/_matrix/app/v1/transactions/%ff", EMPTY).await).0, 400);
    assert!(notes.transactions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_malformed_event_does_not_fail_its_transaction() {
    let (router, notes) = plain();
    let body = r#"{"events":[{"type":"m.room.message","content":{"body":"good"}},
        null,17,"\ud800",{"type":5,"event_id":{}},{"origin_server_ts":1e400}]}"#;
    assert_eq!(call(&router, "PUT", TRANSACTION, body).await, (200, json!({})));
    assert_eq!(notes.transactions.lock().unwrap()[0].events.len(), 6);
}

#[tokio::test]
async fn large_bodies() {
    let mut settings = settings();
    settings.max_body_bytes = 100;
    let router = router(settings, Arc::new(Notes::default()));
    let fits = format!(r#"{{"events":["{}"]}}"#, "x".repeat(85));
    assert_eq!(fits.len(), 100);
    assert_eq!(call(&router, "PUT", TRANSACTION, fits.clone()).await.0, 200);
    let answer = call(&router, "PUT", TRANSACTION, fits + " ").await;
    assert_eq!(code(&answer), (413, "M_TOO_LARGE"));
    // Without a length: in pieces.
    let pieces = (0..200).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"[")));
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(code(&call(&router, "PUT", TRANSACTION, body).await), (413, "M_TOO_LARGE"));
    // By default a transaction of several megabytes passes.
    let (router, _) = plain();
    let events = format!(r#"{{"events":["{}"]}}"#, "x".repeat(5_000_000));
    assert_eq!(call(&router, "PUT", TRANSACTION, events).await.0, 200);
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let (router, notes) = plain();
    let pieces = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(call(&router, "PUT", TRANSACTION, body).await.0, 400);
    assert!(notes.transactions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_can_not_be_stored_is_not_acknowledged() {
    let (router, notes) = plain();
    notes.failures.store(1, Ordering::SeqCst);
    let answer = call(&router, "PUT", TRANSACTION, EMPTY).await;
    assert_eq!(code(&answer), (500, "M_UNKNOWN"));
    assert!(!answer.1.to_string().contains("disk"), "the reason is for our log only");
    notes.panics.store(1, Ordering::SeqCst);
    assert_eq!(code(&call(&router, "PUT", TRANSACTION, EMPTY).await), (500, "M_UNKNOWN"));
    assert_eq!(call(&router, "PUT", TRANSACTION, EMPTY).await.0, 200);
    assert_eq!(notes.transactions.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_transaction_at_a_time() {
    let (router, notes) = plain();
    let calls = (0..20).map(|_| call(&router, "PUT", TRANSACTION, EMPTY));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.0, 200);
    }
    assert_eq!(notes.most.load(Ordering::SeqCst), 1);
    assert_eq!(notes.transactions.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn ping() {
    let (router, notes) = plain();
    let path = "/_matrix/app/v1/ping";
    assert_eq!(call(&router, "POST", path, r#"{"transaction_id":"mautrix-go_1"}"#).await, (200, json!({})));
    assert_eq!(call(&router, "POST", path, "{}").await, (200, json!({})));
    assert_eq!(*notes.pings.lock().unwrap(), [Some("mautrix-go_1".to_owned()), None]);
    assert_eq!(code(&call(&router, "POST", path, "").await), (400, "M_NOT_JSON"));
    assert_eq!(code(&call(&router, "POST", path, r#"{"transaction_id":1}"#).await), (400, "M_BAD_JSON"));
    assert_eq!(code(&call(&router, "POST", path, "7").await), (400, "M_BAD_JSON"));
}

#[tokio::test]
async fn queries() {
    let (router, _) = plain();
    for user in ["@ralf-core:lab.local", "%40ralf-core%3Alab.local"] {
        let answer = call(&router, "GET", &format!("/_matrix/app/v1/users/{user}"), "").await;
        assert_eq!(answer, (200, json!({})));
    }
    for user in ["@other:lab.local", "nonsense", "%ff"] {
        let answer = call(&router, "GET", &format!("/_matrix/app/v1/users/{user}"), "").await;
        assert_eq!(code(&answer), (404, "M_NOT_FOUND"), "{user}");
    }
    let answer = call(&router, "GET", "/_matrix/app/v1/rooms/%23ralf%2Flab%3Alab.local", "").await;
    assert_eq!(answer, (200, json!({})));
    for alias in ["%23other:lab.local", "nonsense"] {
        let answer = call(&router, "GET", &format!("/_matrix/app/v1/rooms/{alias}"), "").await;
        assert_eq!(code(&answer), (404, "M_NOT_FOUND"), "{alias}");
    }
}

#[tokio::test]
async fn third_party_networks() {
    let (router, _) = plain();
    for path in ["protocol/irc", "user/irc?nick=x", "location/irc"] {
        let answer = call(&router, "GET", &format!("/_matrix/app/v1/thirdparty/{path}"), "").await;
        assert_eq!(code(&answer), (404, "M_NOT_FOUND"), "{path}");
    }
    for path in ["user?userid=@x:lab.local", "location?alias=%23x:lab.local"] {
        let answer = call(&router, "GET", &format!("/_matrix/app/v1/thirdparty/{path}"), "").await;
        assert_eq!(answer, (200, Value::Array(Vec::new())), "{path}");
    }
}
