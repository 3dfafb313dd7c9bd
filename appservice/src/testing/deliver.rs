//! Pushing transactions to the application service, and pinging it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{FakeHomeserver, Shared};

/// How the queue was emptied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Transactions that were acknowledged.
    pub transactions: usize,
    /// Requests that it took.
    pub attempts: usize,
}

/// As many as Synapse puts into one transaction.
const EVENTS_PER_TRANSACTION: usize = 100;

impl FakeHomeserver {
    /// Queues an event, or any other JSON value, as it is. It belongs to no room of the fake.
    pub fn queue(&self, event: Value) {
        self.world().outgoing.push_back(event);
        self.shared.changed.notify_waiters();
    }

    /// Pushes what is queued, in order, each transaction repeated until it is acknowledged.
    ///
    /// # Panics
    /// If one is not acknowledged after 50 attempts, or no URL is set.
    pub async fn deliver(&self) -> Delivered {
        let mut delivered = Delivered::default();
        let _turn = self.shared.delivering.lock().await;
        while let Some((txn_id, body)) = take(&self.shared) {
            delivered.attempts += 1;
            while push_once(&self.shared, &txn_id, &body).await != Some(200) {
                assert!(delivered.attempts < 50, "transaction {txn_id} is never acknowledged");
                delivered.attempts += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            delivered.transactions += 1;
        }
        delivered
    }

    /// Pushes from now on whatever gets queued, in the background, as long as the fake lives.
    pub fn keep_delivering(&self) {
        let shared = Arc::clone(&self.shared);
        self.keep(tokio::spawn(async move {
            loop {
                let changed = shared.changed.notified();
                let turn = shared.delivering.lock().await;
                while let Some((txn_id, body)) = take(&shared) {
                    while push_once(&shared, &txn_id, &body).await != Some(200) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                drop(turn);
                changed.await;
            }
        }));
    }

    /// Pushes one transaction with a given id and body once, and gives the status; `None` without an
    /// answer.
    pub async fn push(&self, txn_id: &str, body: &Value) -> Option<u16> {
        push_once(&self.shared, txn_id, body).await
    }
}

/// Takes the next transaction off the queue.
fn take(shared: &Shared) -> Option<(String, Value)> {
    let mut world = shared.world();
    if world.outgoing.is_empty() && world.outgoing_ephemeral.is_empty() {
        return None;
    }
    let count = world.outgoing.len().min(EVENTS_PER_TRANSACTION);
    let events: Vec<Value> = world.outgoing.drain(..count).collect();
    let mut body = json!({"events": events});
    if !world.outgoing_ephemeral.is_empty() {
        let ephemeral: Vec<Value> = world.outgoing_ephemeral.drain(..).collect();
        body["ephemeral"] = ephemeral.into();
    }
    Some((world.next().to_string(), body))
}

async fn push_once(shared: &Shared, txn_id: &str, body: &Value) -> Option<u16> {
    let registration = shared.world().registration.clone();
    let url = format!("{}/_matrix/app/v1/transactions/{txn_id}", registration.url?);
    let request = shared.http.put(url).bearer_auth(registration.hs_token.expose()).json(body);
    request.send().await.ok().map(|response| response.status().as_u16())
}
