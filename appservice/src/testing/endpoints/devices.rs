//! Devices.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::json;

use super::object;
use crate::testing::{
    Shared,
    requester::{Answer, Requester, not_found},
};

/// An application service makes a device by it; a person can only name one.
pub(in crate::testing) async fn put(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path(device_id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let Some(user) = world.users.get_mut(&requester.user_id) else { return Err(not_found("no user")) };
    if !requester.is_appservice && !user.devices.contains_key(&device_id) {
        return Err(not_found("no device"));
    }
    let name = user.devices.entry(device_id).or_default();
    if let Some(display_name) = body["display_name"].as_str() {
        *name = Some(display_name.to_owned());
    }
    Ok(Json(json!({})))
}
