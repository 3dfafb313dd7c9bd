//! `GET /_matrix/app/v1/users/{userId}`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#get_matrixappv1usersuserid>

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use ruma::OwnedUserId;

use super::{
    Context,
    auth::FromHomeserver,
    reply::{self, Reply},
};

pub(super) async fn get(
    State(context): State<Context>,
    _: FromHomeserver,
    user_id: Result<Path<OwnedUserId>, PathRejection>,
) -> Result<Response, Reply> {
    match user_id {
        Ok(Path(user_id)) if context.handler.user_exists(&user_id).await => Ok(reply::empty()),
        _ => Err(reply::not_found("this user")),
    }
}
