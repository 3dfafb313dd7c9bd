//! `GET /_matrix/app/v1/rooms/{roomAlias}`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#get_matrixappv1roomsroomalias>

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use ruma::OwnedRoomAliasId;

use super::{
    Context,
    auth::FromHomeserver,
    reply::{self, Reply},
};

pub(super) async fn get(
    State(context): State<Context>,
    _: FromHomeserver,
    alias: Result<Path<OwnedRoomAliasId>, PathRejection>,
) -> Result<Response, Reply> {
    match alias {
        Ok(Path(alias)) if context.handler.room_alias_exists(&alias).await => Ok(reply::empty()),
        _ => Err(reply::not_found("this alias")),
    }
}
