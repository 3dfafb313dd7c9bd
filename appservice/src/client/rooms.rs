//! Rooms, aliases, members.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#creation>

use std::collections::BTreeMap;

use ruma::{
    OwnedMxcUri, OwnedRoomId, OwnedUserId, RoomAliasId, RoomId, events::room::member::RoomMemberEvent,
    serde::Raw,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, ClientError, call::Call, identity::optional};

#[derive(Deserialize)]
struct RoomIdOnly {
    room_id: OwnedRoomId,
}

#[derive(Deserialize)]
struct JoinedMembers {
    joined: BTreeMap<OwnedUserId, JoinedMember>,
}

#[derive(Deserialize)]
struct Members {
    chunk: Vec<Raw<RoomMemberEvent>>,
}

/// Somebody in a room.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct JoinedMember {
    /// The display name in this room.
    pub display_name: Option<String>,
    /// The avatar in this room.
    pub avatar_url: Option<OwnedMxcUri>,
}

impl Client {
    /// Makes a room. The body is that of `POST /createRoom`. It is not repeated without an answer,
    /// because it is not idempotent.
    ///
    /// # Errors
    /// [`ClientError::Api`], for example `M_ROOM_IN_USE` for an alias that is taken.
    pub async fn create_room(&self, body: &Value) -> Result<OwnedRoomId, ClientError> {
        let room: RoomIdOnly = self.call(Call::post("create_room", &["createRoom"]).json(body)).await?;
        Ok(room.room_id)
    }

    /// The room behind an alias; `None` if there is none.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn resolve_alias(&self, alias: &RoomAliasId) -> Result<Option<OwnedRoomId>, ClientError> {
        let call = Call::get("resolve_alias", &["directory", "room", alias.as_str()]);
        let room: Option<RoomIdOnly> = optional(self.call(call).await)?;
        Ok(room.map(|room| room.room_id))
    }

    /// Gives a room an alias.
    ///
    /// # Errors
    /// [`ClientError::Api`] with 409 if the alias is taken, `M_EXCLUSIVE` if it is another's.
    pub async fn put_alias(&self, alias: &RoomAliasId, room_id: &RoomId) -> Result<(), ClientError> {
        let call = Call::put("put_alias", &["directory", "room", alias.as_str()]);
        self.call_empty(call.json(&json!({"room_id": room_id}))).await
    }

    /// Who is in a room.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn joined_members(
        &self,
        room_id: &RoomId,
    ) -> Result<BTreeMap<OwnedUserId, JoinedMember>, ClientError> {
        let call = Call::get("joined_members", &["rooms", room_id.as_str(), "joined_members"]);
        let members: JoinedMembers = self.call(call).await?;
        Ok(members.joined)
    }

    /// The member events of a room, whatever the membership.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn members(&self, room_id: &RoomId) -> Result<Vec<Raw<RoomMemberEvent>>, ClientError> {
        let members: Members =
            self.call(Call::get("members", &["rooms", room_id.as_str(), "members"])).await?;
        Ok(members.chunk)
    }
}
