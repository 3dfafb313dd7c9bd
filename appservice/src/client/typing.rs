//! Typing notifications and read receipts.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#typing-notifications> and
//! <https://spec.matrix.org/latest/client-server-api/#receipts>

use std::time::Duration;

use ruma::{EventId, RoomId};
use serde_json::json;

use super::{Client, ClientError, call::Call};

impl Client {
    /// Says that we are typing, for at most `timeout`, or that we no longer are.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn typing(&self, room_id: &RoomId, typing: bool, timeout: Duration) -> Result<(), ClientError> {
        let body = if typing {
            let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            json!({"typing": true, "timeout": millis})
        } else {
            json!({"typing": false})
        };
        let segments = ["rooms", room_id.as_str(), "typing", self.user_id().as_str()];
        self.call_empty(Call::put("typing", &segments).json(&body)).await
    }

    /// Says that we have read up to an event, in the thread with this root, or in no thread at all.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn read_receipt(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
        thread: Option<&EventId>,
    ) -> Result<(), ClientError> {
        let body = thread.map_or_else(|| json!({}), |root| json!({"thread_id": root}));
        let segments = ["rooms", room_id.as_str(), "receipt", "m.read", event_id.as_str()];
        self.call_empty(Call::post("read_receipt", &segments).json(&body).idempotent()).await
    }
}
