//! Reading single events and history.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde_json::{Value, json};

use crate::testing::{
    Shared,
    requester::{Answer, Requester, forbidden, not_found},
};

pub(in crate::testing) async fn event(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, event_id)): Path<(String, String)>,
) -> Answer {
    let world = shared.world();
    let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let event = room.and_then(|room| room.timeline.iter().find(|event| event["event_id"] == event_id));
    event.cloned().map(Json).ok_or_else(|| not_found("Event not found."))
}

/// Tokens are positions in the room's timeline.
pub(in crate::testing) async fn messages(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let world = shared.world();
    let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let room = room.ok_or_else(|| forbidden("You aren't a member of the room"))?;
    let number = |key: &str| query.get(key).and_then(|value| value.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(10);
    let length = room.timeline.len();
    let (start, end, chunk): (usize, usize, Vec<&Value>) =
        if query.get("dir").is_some_and(|direction| direction == "f") {
            let start = number("from").unwrap_or(0).min(length);
            let end = start.saturating_add(limit).min(length);
            (start, end, room.timeline[start..end].iter().collect())
        } else {
            let start = number("from").unwrap_or(length).min(length);
            let end = start.saturating_sub(limit);
            (start, end, room.timeline[end..start].iter().rev().collect())
        };
    let mut answer = json!({"start": start.to_string(), "chunk": chunk});
    if end > 0 && end < length {
        answer["end"] = end.to_string().into();
    }
    Ok(Json(answer))
}
