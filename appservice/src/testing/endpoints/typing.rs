//! Typing notifications and receipts, which are pushed as ephemeral data.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use ruma::OwnedUserId;
use serde_json::{Value, json};

use super::object;
use crate::testing::{
    Shared,
    requester::{Answer, Requester, forbidden},
    world::World,
};

pub(in crate::testing) async fn put(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, user_id)): Path<(String, OwnedUserId)>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    if user_id != requester.user_id {
        return Err(forbidden("Cannot set another user's typing state"));
    }
    let mut world = shared.world();
    let users = world.typing.entry(room_id.clone()).or_default();
    if body["typing"] == true {
        users.insert(user_id);
    } else {
        users.remove(&user_id);
    }
    let content = json!({"user_ids": users});
    queue(&mut world, &room_id, "m.typing", content);
    Ok(Json(json!({})))
}

pub(in crate::testing) async fn receipt(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((room_id, kind, event_id)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let mut data = json!({"ts": 1_700_000_000_000_u64});
    if let Some(thread) = body.get("thread_id") {
        data["thread_id"] = thread.clone();
    }
    let content = json!({&event_id: {kind: {requester.user_id.as_str(): data}}});
    queue(&mut world, &room_id, "m.receipt", content);
    let thread = body["thread_id"].as_str().unwrap_or_default().to_owned();
    world.receipts.insert((room_id, requester.user_id, thread), event_id);
    Ok(Json(json!({})))
}

fn queue(world: &mut World, room_id: &str, event_type: &str, content: Value) {
    if world.registration.receives_ephemeral() && world.has_bot(room_id) {
        let event = json!({"type": event_type, "room_id": room_id, "content": content});
        world.outgoing_ephemeral.push_back(event);
    }
}
