//! What the gate needs of a store. There are two: the database, and memory for the simulation.

use super::{Case, Freeze, Operation, State};
use crate::store::StoreError;

/// A note of an inbox row that is handled by a decision: nothing happens when it was handled before.
pub type Cause = Option<i64>;

/// Durable operations.
///
/// Each function is one transaction: all of it happens or nothing. [`StoreError::Conflict`] means that somebody else was
/// faster: look again.
pub trait GateStore: Send + Sync {
    /// Reads an operation with everything about it, locked, lets `decide` decide, and carries out its effects.
    ///
    /// Nothing when there is no such operation, or when the cause was handled before.
    fn decide<R: Send>(
        &self,
        id: &str,
        cause: Cause,
        decide: impl FnOnce(&mut Case) -> R + Send,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;

    /// One operation by its id.
    fn operation(&self, id: &str) -> impl Future<Output = Result<Option<Operation>, StoreError>> + Send;

    /// Ids of all operations in a state, the oldest first.
    fn in_state(&self, state: State) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Ids of all pending operations for which something is due at `now` (milliseconds since the epoch).
    fn due(&self, now: i64) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Ids of all pending operations of a room.
    fn pending_in(&self, room: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// The operation that was proposed by this event.
    fn proposed_by(
        &self,
        event_id: &str,
    ) -> impl Future<Output = Result<Option<Operation>, StoreError>> + Send;

    /// The operation that this event is a vote on, and the room that it was cast in.
    fn voted_by(
        &self,
        event_id: &str,
    ) -> impl Future<Output = Result<Option<(Operation, String)>, StoreError>> + Send;

    /// The operations that this message asked for.
    fn asked_by(&self, event_id: &str) -> impl Future<Output = Result<Vec<Operation>, StoreError>> + Send;

    /// Whether something of ours still waits to be sent into a room.
    fn unsent(&self, room: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stops the dispatch of everything (`Some`), or lets it go on (`None`), with an entry for the record. False when the
    /// cause was handled before.
    fn freeze(
        &self,
        cause: Cause,
        by: super::By<'_>,
        freeze: Option<&Freeze>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A fencing token that was never used.
    fn fresh_token(&self) -> i64;

    /// Milliseconds since the epoch.
    fn now_ms(&self) -> i64;
}
