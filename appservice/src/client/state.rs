//! A room's state.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey>

use bytes::Bytes;
use ruma::{OwnedEventId, RoomId};
use serde_json::Value;

use super::{Client, ClientError, call::Call, identity::optional, send::Sent};

impl Client {
    /// The content of one state event; `None` if there is none.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` if we are not in the room.
    pub async fn state(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
    ) -> Result<Option<Value>, ClientError> {
        optional(self.call(Call::get("state", &segments(room_id, event_type, state_key))).await)
    }

    /// Sets one state event. The content goes out byte for byte.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` if our power level is too low.
    pub async fn put_state(
        &self,
        room_id: &RoomId,
        event_type: &str,
        state_key: &str,
        content: &str,
    ) -> Result<OwnedEventId, ClientError> {
        let call = Call::put("put_state", &segments(room_id, event_type, state_key))
            .raw_json(Bytes::copy_from_slice(content.as_bytes()));
        let sent: Sent = self.call(call).await?;
        Ok(sent.event_id)
    }

    /// All state events, each a whole event.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn full_state(&self, room_id: &RoomId) -> Result<Vec<Value>, ClientError> {
        self.call(Call::get("full_state", &["rooms", room_id.as_str(), "state"])).await
    }

    /// The content of `m.room.power_levels`; `None` if there is none.
    ///
    /// In rooms of version 12 the creators stand above it and are not in it.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn power_levels(&self, room_id: &RoomId) -> Result<Option<Value>, ClientError> {
        self.state(room_id, "m.room.power_levels", "").await
    }
}

fn segments<'a>(room_id: &'a RoomId, event_type: &'a str, state_key: &'a str) -> [&'a str; 5] {
    ["rooms", room_id.as_str(), "state", event_type, state_key]
}
