//! A small `/sync`: timelines of joined rooms, and invites. Tokens are positions in the log.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Map, Value, json};

use crate::testing::{
    Shared,
    requester::{Answer, Requester},
    world::{World, stripped},
};

pub(in crate::testing) async fn get(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let since = query.get("since").and_then(|since| since.parse::<usize>().ok());
    let timeout = query.get("timeout").and_then(|timeout| timeout.parse().ok()).unwrap_or(0);
    let deadline = tokio::time::Instant::now() + Duration::from_millis(timeout);
    loop {
        let changed = shared.changed.notified();
        let (answer, is_empty) = news(&shared.world(), &requester, since.unwrap_or(0));
        let waited = is_empty && since.is_some();
        if !waited || tokio::time::timeout_at(deadline, changed).await.is_err() {
            return Ok(Json(answer));
        }
    }
}

fn news(world: &World, requester: &Requester, since: usize) -> (Value, bool) {
    let (mut join, mut invite) = (Map::new(), Map::new());
    let since = since.min(world.log.len());
    for (room_id, room) in &world.rooms {
        let new = world.log[since..].iter().filter(|event| event["room_id"] == **room_id);
        let new: Vec<&Value> = new.collect();
        if new.is_empty() {
            continue;
        }
        match room.membership(&requester.user_id) {
            "join" => {
                let timeline = json!({"events": new, "limited": false});
                join.insert(room_id.clone(), json!({"timeline": timeline, "state": {"events": []}}));
            }
            "invite" => {
                let state = stripped(room);
                invite.insert(room_id.clone(), json!({"invite_state": {"events": state}}));
            }
            _ => {}
        }
    }
    let is_empty = join.is_empty() && invite.is_empty();
    let rooms = json!({"join": join, "invite": invite, "leave": {}});
    (json!({"next_batch": world.log.len().to_string(), "rooms": rooms}), is_empty)
}
