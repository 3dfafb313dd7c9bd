//! A room's state.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::object;
use crate::testing::{
    Shared, power,
    requester::{Answer, Requester, forbidden, not_found},
};

pub(in crate::testing) async fn all(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
) -> Answer {
    let world = shared.world();
    let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let room = room.ok_or_else(|| forbidden("You aren't a member of the room"))?;
    let events: Vec<&Value> = room.state.values().collect();
    Ok(Json(json!(events)))
}

pub(in crate::testing) async fn get(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, event_type, state_key)): Path<(String, String, String)>,
) -> Answer {
    let world = shared.world();
    let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let room = room.ok_or_else(|| forbidden("You aren't a member of the room"))?;
    let content = room.content(&event_type, &state_key);
    content.cloned().map(Json).ok_or_else(|| not_found("Event not found."))
}

pub(in crate::testing) async fn put(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, event_type, state_key)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let content = object(&body)?;
    let mut world = shared.world();
    let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let room = room.ok_or_else(|| forbidden("You aren't a member of the room"))?;
    let (has, needs) = (power::level(room, &requester.user_id), power::needed(room, &event_type, true));
    if has < needs {
        return Err(forbidden(&format!("You don't have permission to post that: {has} of {needs}")));
    }
    let event_id = world.append(&room_id, &requester.user_id, &event_type, Some(&state_key), content);
    Ok(Json(json!({"event_id": event_id})))
}

pub(in crate::testing) async fn get_keyless(
    shared: State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, event_type)): Path<(String, String)>,
) -> Answer {
    get(shared, requester, Path((room_id, event_type, String::new()))).await
}

pub(in crate::testing) async fn put_keyless(
    shared: State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, event_type)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    put(shared, requester, Path((room_id, event_type, String::new())), body).await
}
