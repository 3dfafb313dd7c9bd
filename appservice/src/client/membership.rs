//! Joining, leaving, inviting.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#room-membership>

use ruma::{OwnedRoomId, RoomId, RoomOrAliasId, UserId};
use serde::Deserialize;
use serde_json::json;

use super::{Client, ClientError, call::Call};

#[derive(Deserialize)]
struct Joined {
    room_id: OwnedRoomId,
}

#[derive(Deserialize)]
struct JoinedRooms {
    joined_rooms: Vec<OwnedRoomId>,
}

impl Client {
    /// Joins a room by id or alias and gives its id. Joining twice is fine.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` if nobody invited us.
    pub async fn join(&self, room: &RoomOrAliasId) -> Result<OwnedRoomId, ClientError> {
        let call = Call::post("join", &["join", room.as_str()]).json(&json!({})).idempotent();
        let joined: Joined = self.call(call).await?;
        Ok(joined.room_id)
    }

    /// Leaves a room, or declines an invite.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn leave(&self, room_id: &RoomId, reason: Option<&str>) -> Result<(), ClientError> {
        let mut body = json!({});
        if let Some(reason) = reason {
            body["reason"] = reason.into();
        }
        let call = Call::post("leave", &["rooms", room_id.as_str(), "leave"]);
        self.call_empty(call.json(&body).idempotent()).await
    }

    /// Invites somebody.
    ///
    /// # Errors
    /// [`ClientError::Api`] with `M_FORBIDDEN` if they are in the room, or we may not.
    pub async fn invite(&self, room_id: &RoomId, user_id: &UserId) -> Result<(), ClientError> {
        let call = Call::post("invite", &["rooms", room_id.as_str(), "invite"]);
        self.call_empty(call.json(&json!({"user_id": user_id}))).await
    }

    /// The rooms that we are in.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>, ClientError> {
        let answer: JoinedRooms = self.call(Call::get("joined_rooms", &["joined_rooms"])).await?;
        Ok(answer.joined_rooms)
    }
}
