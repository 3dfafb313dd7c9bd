//! Making rooms, and aliases.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use ruma::OwnedUserId;
use serde_json::{Value, json};

use super::{membership, object};
use crate::testing::{
    Shared,
    requester::{Answer, Fail, Requester, not_found},
    world::World,
};

pub(in crate::testing) async fn create(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let alias =
        body["room_alias_name"].as_str().map(|localpart| format!("#{localpart}:{}", world.server_name));
    if alias.as_ref().is_some_and(|alias| world.aliases.contains_key(alias)) {
        return Err(Fail(400, "M_ROOM_IN_USE", "Room alias already taken".to_owned()));
    }
    let room_id = format!("!room{}", world.next());
    fill(&mut world, &room_id, &requester, &body, alias.as_deref());
    if let Some(alias) = alias {
        world.aliases.insert(alias, room_id.clone());
    }
    Ok(Json(json!({"room_id": room_id})))
}

fn fill(world: &mut World, room_id: &str, requester: &Requester, body: &Value, alias: Option<&str>) {
    let me = &requester.user_id;
    let mut state = |event_type: &str, key: &str, content: Value| {
        world.append(room_id, me, event_type, Some(key), content);
    };
    let mut creation = body["creation_content"].clone();
    creation["room_version"] = "12".into();
    state("m.room.create", "", creation);
    let name = json!({"membership": "join"});
    state("m.room.member", me.as_str(), name);
    let mut levels = json!({
        "users": {}, "users_default": 0, "events": {}, "events_default": 0, "state_default": 50,
        "invite": 0, "kick": 50, "ban": 50, "redact": 50,
    });
    if let (Some(levels), Some(wanted)) =
        (levels.as_object_mut(), body["power_level_content_override"].as_object())
    {
        levels.extend(wanted.clone());
    }
    state("m.room.power_levels", "", levels);
    let is_public = body["preset"] == "public_chat" || body["visibility"] == "public";
    let rule = if is_public { "public" } else { "invite" };
    state("m.room.join_rules", "", json!({"join_rule": rule}));
    if let Some(alias) = alias {
        state("m.room.canonical_alias", "", json!({"alias": alias}));
    }
    for event in body["initial_state"].as_array().into_iter().flatten() {
        let event_type = event["type"].as_str().unwrap_or_default();
        let key = event["state_key"].as_str().unwrap_or_default();
        state(event_type, key, event["content"].clone());
    }
    for field in ["name", "topic"] {
        if let Some(text) = body[field].as_str() {
            state(&format!("m.room.{field}"), "", json!({field: text}));
        }
    }
    for invited in body["invite"].as_array().into_iter().flatten() {
        if let Ok(user_id) = serde_json::from_value::<OwnedUserId>(invited.clone()) {
            let content = json!({"membership": "invite", "is_direct": body["is_direct"] == true});
            membership::set(world, room_id, me, &user_id, content);
        }
    }
}

pub(in crate::testing) async fn resolve_alias(
    State(shared): State<Arc<Shared>>,
    Path(alias): Path<String>,
) -> Answer {
    let world = shared.world();
    let room_id = world.aliases.get(&alias).ok_or_else(|| not_found("Room alias not found"))?;
    Ok(Json(json!({"room_id": room_id, "servers": [world.server_name]})))
}

pub(in crate::testing) async fn put_alias(
    State(shared): State<Arc<Shared>>,
    _: Requester,
    Path(alias): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    if world.aliases.contains_key(&alias) {
        return Err(Fail(409, "M_UNKNOWN", format!("Room alias {alias} already exists")));
    }
    let room_id = body["room_id"].as_str().unwrap_or_default().to_owned();
    world.aliases.insert(alias, room_id);
    Ok(Json(json!({})))
}
