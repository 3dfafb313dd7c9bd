//! Answers in the standard error format.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#unknown-routes> and
//! <https://spec.matrix.org/latest/client-server-api/#standard-error-response>

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error with its status, `errcode` and text.
#[derive(Debug)]
pub(super) struct Reply(pub(super) StatusCode, pub(super) &'static str, pub(super) String);

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let Self(status, errcode, error) = self;
        (status, Json(json!({"errcode": errcode, "error": error}))).into_response()
    }
}

/// `200 {}`
pub(super) fn empty() -> Response {
    Json(json!({})).into_response()
}

pub(super) fn not_found(what: &str) -> Reply {
    Reply(StatusCode::NOT_FOUND, "M_NOT_FOUND", format!("{what} does not exist"))
}

pub(super) async fn unrecognized() -> Reply {
    Reply(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "no such endpoint".to_owned())
}

pub(super) async fn method_not_allowed() -> Reply {
    Reply(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", "no such method for this endpoint".to_owned())
}
