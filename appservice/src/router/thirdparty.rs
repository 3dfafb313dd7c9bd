//! `GET /_matrix/app/v1/thirdparty/…`: we bridge no network, and say so.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#third-party-networks>

use axum::{Json, Router, routing::get};

use super::{
    Context,
    auth::FromHomeserver,
    only,
    reply::{self, Reply},
};

pub(super) fn routes(base: &str) -> Router<Context> {
    let path = |rest: &str| format!("{base}/thirdparty/{rest}");
    Router::new()
        .route(&path("protocol/{protocol}"), only(get(no_protocol)))
        .route(&path("user/{protocol}"), only(get(no_protocol)))
        .route(&path("location/{protocol}"), only(get(no_protocol)))
        .route(&path("user"), only(get(nothing)))
        .route(&path("location"), only(get(nothing)))
}

async fn no_protocol(_: FromHomeserver) -> Reply {
    reply::not_found("this protocol")
}

/// Looking up a Matrix id finds an empty list.
async fn nothing(_: FromHomeserver) -> Json<[(); 0]> {
    Json([])
}
