//! Registration, login, who am I, versions.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header::AUTHORIZATION},
};
use ruma::UserId;
use serde_json::json;

use super::object;
use crate::{
    Secret,
    testing::{
        Shared,
        requester::{Answer, Fail, Requester, forbidden},
    },
};

/// Only application services register here.
pub(in crate::testing) async fn register(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let token = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let Some(token) = token else {
        return Err(Fail(401, "M_MISSING_TOKEN", "Missing access token".to_owned()));
    };
    if !world.registration.as_token.matches(token) || body["type"] != "m.login.application_service" {
        return Err(Fail(401, "M_UNKNOWN_TOKEN", "Unrecognised access token".to_owned()));
    }
    let username = body["username"].as_str().unwrap_or_default();
    let user_id = UserId::parse(format!("@{username}:{}", world.server_name))
        .map_err(|_| Fail(400, "M_INVALID_USERNAME", "not a localpart".to_owned()))?;
    if !world.is_ours(user_id.as_str()) {
        return Err(Fail(
            400,
            "M_EXCLUSIVE",
            "Invalid user localpart for this application service.".to_owned(),
        ));
    }
    if world.users.contains_key(&user_id) {
        return Err(Fail(400, "M_USER_IN_USE", "User ID already taken.".to_owned()));
    }
    if body["inhibit_login"] != true {
        return Err(Fail(400, "M_APPSERVICE_LOGIN_UNSUPPORTED", "set inhibit_login".to_owned()));
    }
    world.add_user(&user_id, None);
    Ok(Json(json!({"user_id": user_id, "home_server": world.server_name})))
}

pub(in crate::testing) async fn login(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let body = object(&body)?;
    let mut world = shared.world();
    let user = body["identifier"]["user"].as_str().unwrap_or_default();
    let user_id = UserId::parse_with_server_name(user, &world.server_name)
        .map_err(|_| forbidden("Invalid username or password"))?;
    let password = world.users.get(&user_id).and_then(|user| user.password.as_deref());
    if password.is_none() || password != body["password"].as_str() {
        return Err(forbidden("Invalid username or password"));
    }
    let token = Secret::generate();
    let device_id = format!("DEVICE{}", world.next());
    world.add_token(token.expose(), &user_id, &device_id);
    Ok(Json(json!({"user_id": user_id, "access_token": token, "device_id": device_id})))
}

pub(in crate::testing) async fn whoami(requester: Requester) -> Answer {
    let mut answer = json!({"user_id": requester.user_id, "is_guest": false});
    if let Some(device_id) = requester.device_id {
        answer["device_id"] = device_id.into();
    }
    Ok(Json(answer))
}

pub(in crate::testing) async fn versions() -> Answer {
    Ok(Json(json!({"versions": ["v1.11", "v1.12", "v1.15"], "unstable_features": {}})))
}
