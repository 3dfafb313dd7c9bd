//! Joining, leaving, inviting, and who is there.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use ruma::{OwnedUserId, UserId};
use serde_json::{Map, Value, json};

use super::object;
use crate::testing::{
    Shared, power,
    requester::{Answer, Fail, Requester, forbidden, not_found},
    world::World,
};

/// Appends a member event with the user's profile.
pub(super) fn set(world: &mut World, room_id: &str, sender: &UserId, target: &UserId, content: Value) {
    let mut content = content;
    if let Some(name) = world.users.get(target).and_then(|user| user.profile.get("displayname")) {
        content["displayname"] = name.clone();
    }
    world.append(room_id, sender, "m.room.member", Some(target.as_str()), content);
}

pub(in crate::testing) async fn join(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room): Path<String>,
) -> Answer {
    let mut world = shared.world();
    let room_id = world.aliases.get(&room).cloned().unwrap_or(room);
    let Some(found) = world.rooms.get(&room_id) else { return Err(not_found("no such room")) };
    let is_public =
        found.content("m.room.join_rules", "").is_some_and(|rules| rules["join_rule"] == "public");
    match found.membership(&requester.user_id) {
        "join" => {}
        "invite" => {
            set(&mut world, &room_id, &requester.user_id, &requester.user_id, json!({"membership": "join"}))
        }
        _ if is_public => {
            set(&mut world, &room_id, &requester.user_id, &requester.user_id, json!({"membership": "join"}));
        }
        _ => return Err(forbidden("You are not invited to this room.")),
    }
    Ok(Json(json!({"room_id": room_id})))
}

pub(in crate::testing) async fn leave(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let Some(room) = world.rooms.get(&room_id) else { return Err(not_found("no such room")) };
    match room.membership(&requester.user_id) {
        "join" | "invite" => {
            let mut content = json!({"membership": "leave"});
            if let Some(reason) = body.get("reason") {
                content["reason"] = reason.clone();
            }
            set(&mut world, &room_id, &requester.user_id, &requester.user_id, content);
        }
        "leave" => {}
        _ => return Err(forbidden("You are not in this room.")),
    }
    Ok(Json(json!({})))
}

pub(in crate::testing) async fn invite(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let target: OwnedUserId = serde_json::from_value(body["user_id"].clone())
        .map_err(|_| Fail(400, "M_INVALID_PARAM", "user_id".to_owned()))?;
    let mut world = shared.world();
    let Some(room) = world.rooms.get(&room_id) else { return Err(not_found("no such room")) };
    if room.membership(&requester.user_id) != "join"
        || power::level(room, &requester.user_id) < power::needed_for(room, "invite", 0)
    {
        return Err(forbidden("You don't have permission to invite"));
    }
    if room.membership(&target) == "join" {
        return Err(forbidden("they are already in the room."));
    }
    set(&mut world, &room_id, &requester.user_id, &target, json!({"membership": "invite"}));
    Ok(Json(json!({})))
}

pub(in crate::testing) async fn joined_rooms(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
) -> Answer {
    let world = shared.world();
    let joined = world.rooms.iter().filter(|(_, room)| room.membership(&requester.user_id) == "join");
    let rooms: Vec<&String> = joined.map(|(room_id, _)| room_id).collect();
    Ok(Json(json!({"joined_rooms": rooms})))
}

/// The member events of a room that the requester is in.
fn member_events(world: &World, requester: &Requester, room_id: &str) -> Result<Vec<Value>, Fail> {
    let room = world.rooms.get(room_id).filter(|room| room.membership(&requester.user_id) == "join");
    let room = room.ok_or_else(|| forbidden("You aren't a member of the room"))?;
    let members = room.state.iter().filter(|((event_type, _), _)| event_type == "m.room.member");
    Ok(members.map(|(_, event)| event.clone()).collect())
}

pub(in crate::testing) async fn members(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
) -> Answer {
    Ok(Json(json!({"chunk": member_events(&shared.world(), &requester, &room_id)?})))
}

pub(in crate::testing) async fn joined_members(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(room_id): Path<String>,
) -> Answer {
    let mut joined = Map::new();
    for event in member_events(&shared.world(), &requester, &room_id)? {
        if event["content"]["membership"] == "join" {
            let user_id = event["state_key"].as_str().unwrap_or_default().to_owned();
            joined.insert(user_id, json!({"display_name": event["content"]["displayname"]}));
        }
    }
    Ok(Json(json!({"joined": joined})))
}
