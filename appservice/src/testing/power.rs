//! The few permissions that the fake checks. Creators may do everything, as in rooms of version 12.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#mroompower_levels>

use ruma::UserId;
use serde_json::Value;

use super::world::Room;

/// The power level of a user.
pub(super) fn level(room: &Room, user_id: &UserId) -> i64 {
    let create = room.state.get(&("m.room.create".to_owned(), String::new()));
    let is_creator = create.is_some_and(|create| {
        let more = create["content"]["additional_creators"].as_array();
        create["sender"] == user_id.as_str()
            || more.is_some_and(|more| more.iter().any(|one| one == user_id.as_str()))
    });
    if is_creator {
        return i64::MAX;
    }
    let Some(levels) = room.content("m.room.power_levels", "") else { return 0 };
    levels["users"][user_id.as_str()].as_i64().or_else(|| levels["users_default"].as_i64()).unwrap_or(0)
}

/// The level that an event type needs.
pub(super) fn needed(room: &Room, event_type: &str, is_state: bool) -> i64 {
    let levels = room.content("m.room.power_levels", "").unwrap_or(&Value::Null);
    let (key, default) = if is_state { ("state_default", 50) } else { ("events_default", 0) };
    levels["events"][event_type].as_i64().or_else(|| levels[key].as_i64()).unwrap_or(default)
}

/// The level that an action (`invite`, `redact`) needs.
pub(super) fn needed_for(room: &Room, action: &str, default: i64) -> i64 {
    let levels = room.content("m.room.power_levels", "").unwrap_or(&Value::Null);
    levels[action].as_i64().unwrap_or(default)
}
