//! A handler that notes what it is given, and requests without a network.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test uses its part")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use ralf_appservice::{Handler, HandlerError, RouterSettings, Secret, Transaction, router};
use ruma::{RoomAliasId, UserId};
use serde_json::Value;
use tower::ServiceExt;

pub const TOKEN: &str = "hs-token-for-tests-0123456789abcdef";

#[derive(Default)]
pub struct Notes {
    pub transactions: Mutex<Vec<Transaction>>,
    pub pings: Mutex<Vec<Option<String>>>,
    /// So many of the next transactions fail.
    pub failures: AtomicUsize,
    /// So many of the next transactions panic.
    pub panics: AtomicUsize,
    /// How many transactions are handled at once, now and at most.
    pub now: AtomicUsize,
    pub most: AtomicUsize,
}

fn take_one(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl Handler for Notes {
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        assert!(!take_one(&self.panics), "a panic on purpose");
        if take_one(&self.failures) {
            return Err(HandlerError::new("the disk is full"));
        }
        self.transactions.lock().unwrap().push(transaction);
        Ok(())
    }

    async fn user_exists(&self, user: &UserId) -> bool {
        user == "@ralf-core:lab.local"
    }

    async fn room_alias_exists(&self, alias: &RoomAliasId) -> bool {
        alias == "#ralf/lab:lab.local"
    }

    async fn ping(&self, transaction_id: Option<String>) {
        self.pings.lock().unwrap().push(transaction_id);
    }
}

pub fn settings() -> RouterSettings {
    RouterSettings::new(Secret::new(TOKEN))
}

pub fn plain() -> (Router, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    (router(settings(), notes.clone()), notes)
}

/// Makes a request with the right token.
pub async fn call(router: &Router, method: &str, path: &str, body: impl Into<Body>) -> (u16, Value) {
    call_as(router, method, path, Some(&format!("Bearer {TOKEN}")), body).await
}

/// Makes a request with any `Authorization`.
pub async fn call_as(
    router: &Router,
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: impl Into<Body>,
) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let request = request.body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The status and `errcode`.
pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errcode"].as_str().unwrap_or(""))
}
