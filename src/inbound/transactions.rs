//! The appservice's [`Handler`]: commits a transaction to the inbox, then wakes the lanes.

use std::sync::Arc;

use async_trait::async_trait;
use ralf_appservice::{Handler, HandlerError, Transaction};
use ruma::UserId;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Lanes;
use crate::bots::Bot;
use crate::house::House;
use crate::plan::hex;
use crate::store::{Claimed, StoreError};

/// Takes transactions in.
pub struct Intake {
    house: Arc<House>,
    lanes: Lanes,
}

#[derive(Deserialize)]
struct Address {
    event_id: Option<String>,
    #[serde(default)]
    room_id: String,
}

impl Intake {
    /// For these lanes.
    pub fn new(house: Arc<House>, lanes: Lanes) -> Self {
        Self { house, lanes }
    }
}

#[async_trait]
impl Handler for Intake {
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
        let events = transaction
            .events
            .iter()
            .map(|raw| {
                let body = raw.json().get();
                let address: Address = serde_json::from_str(body)
                    .unwrap_or_else(|_| Address { event_id: None, room_id: String::new() });
                // What has no event id is known by its content.
                let event_id = address.event_id.unwrap_or_else(|| hex(&Sha256::digest(body)));
                (event_id, address.room_id, body.to_owned())
            })
            .collect();
        self.house.metrics.transaction(self.house.store.clock.now_ms());
        match self.house.store.claim(&transaction.id, events).await {
            Ok(Claimed::New(rows)) => {
                for row in rows {
                    self.lanes.push(row);
                }
                Ok(())
            }
            Ok(Claimed::Again) => {
                tracing::debug!(transaction = transaction.id, "this transaction was here before");
                Ok(())
            }
            Err(error) => {
                if matches!(error, StoreError::Fenced) {
                    self.house.lost_lease.notify_one();
                }
                tracing::error!(
                    transaction = transaction.id,
                    error = &error as &dyn std::error::Error,
                    "a transaction could not be stored; the homeserver will send it again"
                );
                Err(HandlerError::new(error))
            }
        }
    }

    async fn user_exists(&self, user: &UserId) -> bool {
        let Some(bot) = Bot::of(user, &self.house.server) else { return false };
        match self.house.client(bot).register().await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%user, error = &error as &dyn std::error::Error, "the homeserver asks for a bot that can't be registered");
                false
            }
        }
    }

    async fn ping(&self, transaction_id: Option<String>) {
        tracing::debug!(?transaction_id, "the homeserver pings");
        self.house.metrics.pinged();
    }
}
