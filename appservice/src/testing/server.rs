//! The routes of the fake.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post, put},
};

use super::{
    Shared,
    endpoints::{
        account, devices, media, membership, ping, profile, read, room_state, rooms, send, sync, typing,
    },
    fault,
    requester::Fail,
};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let v3 = Router::new()
        .route("/register", post(account::register))
        .route("/login", post(account::login))
        .route("/account/whoami", get(account::whoami))
        .route("/devices/{device_id}", put(devices::put))
        .route("/join/{room}", post(membership::join))
        .route("/joined_rooms", get(membership::joined_rooms))
        .route("/createRoom", post(rooms::create))
        .route("/directory/room/{alias}", get(rooms::resolve_alias).put(rooms::put_alias))
        .route("/rooms/{room_id}/leave", post(membership::leave))
        .route("/rooms/{room_id}/invite", post(membership::invite))
        .route("/rooms/{room_id}/members", get(membership::members))
        .route("/rooms/{room_id}/joined_members", get(membership::joined_members))
        .route("/rooms/{room_id}/send/{event_type}/{txn_id}", put(send::send))
        .route("/rooms/{room_id}/redact/{event_id}/{txn_id}", put(send::redact))
        .route("/rooms/{room_id}/state", get(room_state::all))
        .route(
            "/rooms/{room_id}/state/{event_type}",
            get(room_state::get_keyless).put(room_state::put_keyless),
        )
        .route(
            "/rooms/{room_id}/state/{event_type}/",
            get(room_state::get_keyless).put(room_state::put_keyless),
        )
        .route("/rooms/{room_id}/state/{event_type}/{state_key}", get(room_state::get).put(room_state::put))
        .route("/rooms/{room_id}/event/{event_id}", get(read::event))
        .route("/rooms/{room_id}/messages", get(read::messages))
        .route("/rooms/{room_id}/typing/{user_id}", put(typing::put))
        .route("/rooms/{room_id}/receipt/{kind}/{event_id}", post(typing::receipt))
        .route("/profile/{user_id}", get(profile::get))
        .route("/profile/{user_id}/{field}", put(profile::put))
        .route("/sync", get(sync::get));
    Router::new()
        .nest("/_matrix/client/v3", v3)
        .route("/_matrix/client/versions", get(account::versions))
        .route("/_matrix/client/v1/appservice/{id}/ping", post(ping::post))
        .route("/_matrix/media/v3/upload", post(media::upload))
        .fallback(async || Fail(404, "M_UNRECOGNIZED", "Unrecognized request".to_owned()))
        .method_not_allowed_fallback(async || Fail(405, "M_UNRECOGNIZED", "Unrecognized request".to_owned()))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), fault::layer))
        .layer(DefaultBodyLimit::max(50 * 1024 * 1024))
        .with_state(shared)
}
