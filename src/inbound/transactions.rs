//! The appservice's [`Handler`]: commits a transaction to the inbox, then wakes the lanes.

use std::sync::Arc;

use async_trait::async_trait;
use ralf_appservice::{Handler, HandlerError, Transaction};
use ruma::UserId;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{Lanes, matrix};
use crate::bots::Bot;
use crate::event::Kind;
use crate::house::House;
use crate::plan::hex;
use crate::store::StoreError;

/// Takes transactions in.
pub struct Intake {
    house: Arc<House>,
    lanes: Lanes,
    open: watch::Receiver<bool>,
}

impl Intake {
    /// For these lanes. Transactions wait until the house is `open`: what the last run left behind comes first.
    pub fn new(house: Arc<House>, lanes: Lanes, open: watch::Receiver<bool>) -> Self {
        Self { house, lanes, open }
    }

    /// What of an event goes into the inbox: its id, its room and itself; nothing when it does not matter to us.
    fn keep(&self, body: &str) -> Option<(String, String, String)> {
        // PostgreSQL stores no NUL.
        let clean = body.contains("\\u0000").then(|| body.replace("\\u0000", "\\ufffd"));
        let body = clean.as_deref().unwrap_or(body);
        let event = match matrix::read(body, &self.house.server) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "an event that can't be read was left out");
                return None;
            }
        };
        match event.kind {
            Kind::Other => None,
            Kind::Echo { txn_id } if self.house.was_sent(&txn_id) => None,
            // What has no event id is known by its content.
            _ if event.id.is_empty() => Some((hex(&Sha256::digest(body)), event.room, body.to_owned())),
            _ => Some((event.id, event.room, body.to_owned())),
        }
    }
}

#[async_trait]
impl Handler for Intake {
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
        let mut open = self.open.clone();
        open.wait_for(|open| *open).await.map_err(HandlerError::new)?;
        self.house.metrics.transaction(self.house.store.clock.now_ms());
        let events: Vec<_> =
            transaction.events.iter().filter_map(|raw| self.keep(raw.json().get())).collect();
        if events.is_empty() {
            return Ok(());
        }
        match self.house.store.take_in(events).await {
            Ok(rows) => {
                for row in rows {
                    self.lanes.push(row);
                }
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
