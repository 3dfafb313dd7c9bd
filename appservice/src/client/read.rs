//! Reading a room's history.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#getting-events-for-a-room>

use ruma::{EventId, RoomId, events::AnyTimelineEvent, serde::Raw};
use serde::Deserialize;

use super::{Client, ClientError, call::Call, identity::optional};

/// Which way history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The newest first.
    Backward,
    /// The oldest first.
    Forward,
}

/// A page of history.
#[derive(Clone, Debug, Deserialize)]
pub struct Messages {
    /// Where the page begins.
    #[serde(default)]
    pub start: String,
    /// Where to go on; `None` at the end.
    #[serde(default)]
    pub end: Option<String>,
    /// The events, in the direction that was asked for.
    #[serde(default = "Vec::new")]
    pub chunk: Vec<Raw<AnyTimelineEvent>>,
}

impl Client {
    /// One event; `None` if it is not there or we may not see it.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn event(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<Option<Raw<AnyTimelineEvent>>, ClientError> {
        let segments = ["rooms", room_id.as_str(), "event", event_id.as_str()];
        optional(self.call(Call::get("event", &segments)).await)
    }

    /// A page of at most `limit` events from a point on (`start`, `end`, or a sync token), or from the
    /// end that the direction begins at.
    ///
    /// # Errors
    /// [`ClientError`], as every call.
    pub async fn messages(
        &self,
        room_id: &RoomId,
        from: Option<&str>,
        direction: Direction,
        limit: u32,
    ) -> Result<Messages, ClientError> {
        let direction = match direction {
            Direction::Backward => "b",
            Direction::Forward => "f",
        };
        let mut call = Call::get("messages", &["rooms", room_id.as_str(), "messages"])
            .query("dir", direction)
            .query("limit", &limit.to_string());
        if let Some(from) = from {
            call = call.query("from", from);
        }
        self.call(call).await
    }
}
