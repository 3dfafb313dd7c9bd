//! `POST /_matrix/app/v1/ping`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#post_matrixappv1ping>

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{
    Context,
    auth::FromHomeserver,
    reply::{self, Reply},
};

#[derive(Deserialize)]
struct Body {
    transaction_id: Option<String>,
}

pub(super) async fn post(
    State(context): State<Context>,
    _: FromHomeserver,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Reply> {
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Reply(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", "the ping is too large".to_owned())
        }
        _ => Reply(StatusCode::BAD_REQUEST, "M_NOT_JSON", "the body ended early".to_owned()),
    })?;
    let body: Body = serde_json::from_slice(&body).map_err(|error| {
        let errcode = if error.is_data() { "M_BAD_JSON" } else { "M_NOT_JSON" };
        Reply(StatusCode::BAD_REQUEST, errcode, "the body is not a ping".to_owned())
    })?;
    context.handler.ping(body.transaction_id).await;
    Ok(reply::empty())
}
