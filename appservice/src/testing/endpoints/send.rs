//! Sending and redacting, with the transaction ids as Synapse keeps them.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::Uri,
};
use serde_json::{Value, json};

use super::object;
use crate::testing::{
    SentEvent, Shared, power,
    requester::{Answer, Fail, Requester, forbidden},
    world::World,
};

/// Answers a repeated request with the first answer.
///
/// Two users of an application service that use one transaction id for one path get one event: that is a
/// trap of Synapse, and it is here so that tests fall into it.
fn once(
    world: &mut World,
    requester: &Requester,
    path: &str,
    room_id: &str,
    txn_id: &str,
    act: impl FnOnce(&mut World) -> Result<Value, Fail>,
) -> Answer {
    let key = (path.to_owned(), requester.transaction_owner(world));
    let stored_key = requester
        .device_id
        .as_ref()
        .map(|device_id| [requester.user_id.as_str(), device_id, room_id, txn_id].map(str::to_owned));
    let known = world.cached_transactions.get(&key);
    let known = known.or_else(|| world.stored_transactions.get(stored_key.as_ref()?));
    if let Some(answer) = known {
        return Ok(Json(answer.clone()));
    }
    let answer = act(world)?;
    world.cached_transactions.insert(key, answer.clone());
    if let Some(stored_key) = stored_key {
        world.stored_transactions.insert(stored_key, answer.clone());
    }
    Ok(Json(answer))
}

pub(in crate::testing) async fn send(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    uri: Uri,
    Path((room_id, event_type, txn_id)): Path<(String, String, String)>,
    raw: Bytes,
) -> Answer {
    let content = object(&raw)?;
    if raw.len() > 65_536 {
        return Err(Fail(413, "M_TOO_LARGE", "event too large".to_owned()));
    }
    let mut world = shared.world();

    once(&mut world, &requester, uri.path(), &room_id, &txn_id, |world| {
        let room = world.rooms.get(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
        let room = room.ok_or_else(|| forbidden("User not in room"))?;
        let (has, needs) = (power::level(room, &requester.user_id), power::needed(room, &event_type, false));
        if has < needs {
            return Err(forbidden(&format!("You don't have permission to post that: {has} of {needs}")));
        }
        if event_type == "m.reaction" && has_reaction(&room.timeline, &requester, &content) {
            let text = "Can't send same reaction twice".to_owned();
            return Err(Fail(400, "M_DUPLICATE_ANNOTATION", text));
        }
        let event_id = world.append(&room_id, &requester.user_id, &event_type, None, content.clone());
        world.sent.push(SentEvent {
            room_id: room_id.clone(),
            event_id: event_id.clone(),
            sender: requester.user_id.clone(),
            device_id: requester.device_id.clone(),
            event_type: event_type.clone(),
            txn_id: txn_id.clone(),
            content,
            raw: raw.clone(),
        });
        Ok(json!({"event_id": event_id}))
    })
}

fn has_reaction(timeline: &[Value], requester: &Requester, content: &Value) -> bool {
    timeline.iter().any(|event| {
        event["type"] == "m.reaction"
            && event["sender"] == requester.user_id.as_str()
            && event["content"]["m.relates_to"] == content["m.relates_to"]
    })
}

pub(in crate::testing) async fn redact(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    uri: Uri,
    Path((room_id, target, txn_id)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    let mut content = object(&body)?;
    let mut world = shared.world();

    once(&mut world, &requester, uri.path(), &room_id, &txn_id, |world| {
        let room = world.rooms.get_mut(&room_id).filter(|room| room.membership(&requester.user_id) == "join");
        let room = room.ok_or_else(|| forbidden("User not in room"))?;
        let level = power::level(room, &requester.user_id);
        let allowed = level >= power::needed_for(room, "redact", 50);
        let event = room.timeline.iter_mut().find(|event| event["event_id"] == target);
        let event = event.ok_or_else(|| Fail(404, "M_NOT_FOUND", "no such event".to_owned()))?;
        if !allowed && event["sender"] != requester.user_id.as_str() {
            return Err(forbidden("You don't have permission to redact that"));
        }
        event["content"] = json!({});
        content["redacts"] = target.clone().into();
        let event_id = world.append(&room_id, &requester.user_id, "m.room.redaction", None, content);
        Ok(json!({"event_id": event_id}))
    })
}
