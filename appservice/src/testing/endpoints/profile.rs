//! Profiles.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use ruma::OwnedUserId;
use serde_json::json;

use super::object;
use crate::testing::{
    Shared,
    requester::{Answer, Fail, Requester, forbidden, not_found},
};

pub(in crate::testing) async fn get(
    State(shared): State<Arc<Shared>>,
    Path(user_id): Path<OwnedUserId>,
) -> Answer {
    let world = shared.world();
    // Not M_NOT_FOUND: Synapse 1.163 says so.
    let user = world.users.get(&user_id);
    let user = user.ok_or_else(|| Fail(404, "M_UNKNOWN", "No row found (profiles)".to_owned()))?;
    Ok(Json(json!(user.profile)))
}

pub(in crate::testing) async fn put(
    State(shared): State<Arc<Shared>>,
    requester: Requester,
    Path((user_id, field)): Path<(OwnedUserId, String)>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    if user_id != requester.user_id {
        return Err(forbidden("Cannot set another user's profile"));
    }
    let user = world.users.get_mut(&user_id).ok_or_else(|| not_found("no such user"))?;
    user.profile.insert(field.clone(), body[&field].clone());
    Ok(Json(json!({})))
}
