//! What an application service does with what the homeserver pushes or asks.

use async_trait::async_trait;
use ruma::{RoomAliasId, UserId};

use crate::Transaction;

/// The application service behind the [router](crate::router()).
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Takes over one transaction. The router calls it for one transaction at a time.
    ///
    /// `Ok` promises that the content is durable: the router acknowledges it, and the homeserver
    /// never sends it again. So claim the transaction id and store the events in one database
    /// transaction, commit, return; do the work later. If the id is already claimed, return `Ok` and
    /// do nothing. Leave out events whose event id is known: homeservers promise an id for a
    /// transaction, but not that an event comes only once.
    ///
    /// # Errors
    /// Only if nothing could be stored. The homeserver then repeats the transaction with a growing
    /// pause and holds back everything behind it; so never fail because one event is malformed.
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError>;

    /// Whether this user of our namespace exists. Register it before saying yes.
    async fn user_exists(&self, user: &UserId) -> bool;

    /// Whether this alias of our namespace exists. Make the room before saying yes.
    async fn room_alias_exists(&self, _alias: &RoomAliasId) -> bool {
        false
    }

    /// The homeserver pings, because somebody called [`Homeserver::ping`](crate::Homeserver::ping);
    /// the transaction id is the one from there.
    async fn ping(&self, _transaction_id: Option<String>) {}
}

/// A transaction could not be stored. The homeserver will send it again.
#[derive(Debug, thiserror::Error)]
#[error("the transaction could not be stored")]
pub struct HandlerError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl HandlerError {
    /// Takes the reason: an error, or a text.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}
