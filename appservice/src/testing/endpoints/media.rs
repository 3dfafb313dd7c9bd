//! Uploads.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, header::CONTENT_TYPE},
};
use serde_json::json;

use crate::testing::{
    Shared, Upload,
    requester::{Answer, Requester},
};

pub(in crate::testing) async fn upload(
    State(shared): State<Arc<Shared>>,
    _: Requester,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    content: Bytes,
) -> Answer {
    let mut world = shared.world();
    let number = world.next();
    let uri = format!("mxc://{}/media{number}", world.server_name);
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    let filename = query.get("filename").cloned();
    world.uploads.push(Upload { uri: uri.clone(), content_type, filename, content });
    Ok(Json(json!({"content_uri": uri})))
}
