//! Who makes a request: a person by access token, or the application service as one of its users.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{FromRequestParts, Query},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
};
use ruma::{OwnedUserId, UserId};
use serde_json::json;

use super::{Shared, world::World};

/// An error in the standard format.
#[derive(Debug)]
pub(super) struct Fail(pub(super) u16, pub(super) &'static str, pub(super) String);

/// What an endpoint answers.
pub(super) type Answer = Result<Json<serde_json::Value>, Fail>;

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({"errcode": self.1, "error": self.2}))).into_response()
    }
}

pub(super) fn forbidden(text: &str) -> Fail {
    Fail(403, "M_FORBIDDEN", text.to_owned())
}

pub(super) fn not_found(text: &str) -> Fail {
    Fail(404, "M_NOT_FOUND", text.to_owned())
}

/// The one who makes the request.
#[derive(Clone, Debug)]
pub(super) struct Requester {
    pub(super) user_id: OwnedUserId,
    pub(super) device_id: Option<String>,
    pub(super) is_appservice: bool,
}

impl Requester {
    /// Whose transaction ids are told apart: in Synapse, all users of an application service are one.
    pub(super) fn transaction_owner(&self, world: &World) -> String {
        if self.is_appservice {
            format!("appservice {}", world.registration.id)
        } else {
            format!("user {} {:?}", self.user_id, self.device_id)
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Requester {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Fail> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| Fail(401, "M_MISSING_TOKEN", "Missing access token".to_owned()))?;
        let Query(query): Query<HashMap<String, String>> =
            Query::try_from_uri(&parts.uri).unwrap_or_default();
        let world = shared.world();
        if world.registration.as_token.matches(token.as_bytes()) {
            return masquerade(&world, &query);
        }
        match world.tokens.get(token) {
            Some((user_id, device_id)) => Ok(Self {
                user_id: user_id.clone(),
                device_id: Some(device_id.clone()),
                is_appservice: false,
            }),
            None => Err(Fail(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.".to_owned())),
        }
    }
}

fn masquerade(world: &World, query: &HashMap<String, String>) -> Result<Requester, Fail> {
    let sender = format!("@{}:{}", world.registration.sender_localpart, world.server_name);
    let asserted = query.get("user_id").unwrap_or(&sender);
    let user_id = UserId::parse(asserted.as_str())
        .map_err(|_| Fail(400, "M_INVALID_PARAM", "user_id is not a user id".to_owned()))?;
    if *asserted != sender && !world.is_ours(asserted) {
        return Err(forbidden("Application service cannot masquerade as this user."));
    }
    let Some(user) = world.users.get(&user_id) else {
        return Err(forbidden("Application service has not registered this user"));
    };
    let device_id = query.get("device_id").cloned();
    if device_id.as_ref().is_some_and(|device_id| !user.devices.contains_key(device_id)) {
        let text = "Application service trying to use a device that doesn't exist";
        return Err(Fail(400, "M_UNKNOWN_DEVICE", text.to_owned()));
    }
    Ok(Requester { user_id, device_id, is_appservice: true })
}
