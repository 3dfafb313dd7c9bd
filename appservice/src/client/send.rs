//! Sending and redacting events.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room>

use bytes::Bytes;
use ruma::{EventId, OwnedEventId, RoomId};
use serde::Deserialize;
use serde_json::json;

use super::{Client, ClientError, call::Call};

#[derive(Deserialize)]
pub(super) struct Sent {
    pub(super) event_id: OwnedEventId,
}

impl Client {
    /// Sends an event. The content goes out byte for byte; floats are not allowed in it.
    ///
    /// The transaction id must be unique among *all* bots of the application service: Synapse knows it by
    /// room, type and application service, not by user. A repetition with the same id gives the same event.
    ///
    /// # Errors
    /// [`ClientError`]; see [`is_permanent`](ClientError::is_permanent).
    pub async fn send(
        &self,
        room_id: &RoomId,
        event_type: &str,
        txn_id: &str,
        content: &str,
    ) -> Result<OwnedEventId, ClientError> {
        let call = Call::put("send", &["rooms", room_id.as_str(), "send", event_type, txn_id])
            .raw_json(Bytes::copy_from_slice(content.as_bytes()));
        let sent: Sent = self.call(call).await?;
        Ok(sent.event_id)
    }

    /// Redacts an event. The transaction id is as in [`send`](Self::send).
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` if our power level is too low.
    pub async fn redact(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
        txn_id: &str,
        reason: Option<&str>,
    ) -> Result<OwnedEventId, ClientError> {
        let body = reason.map_or_else(|| json!({}), |reason| json!({"reason": reason}));
        let segments = ["rooms", room_id.as_str(), "redact", event_id.as_str(), txn_id];
        let sent: Sent = self.call(Call::put("redact", &segments).json(&body)).await?;
        Ok(sent.event_id)
    }
}
