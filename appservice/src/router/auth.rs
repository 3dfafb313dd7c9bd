//! Is it the homeserver that speaks?
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#authorization>. A token in the query
//! (removed in Matrix 1.4) is not looked at, because URLs end up in logs.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
};

use super::{Context, reply::Reply};

/// The proof that the request carried the `hs_token`. Take it before the body, so that nobody else
/// makes us read one.
pub(super) struct FromHomeserver(());

impl FromRequestParts<Context> for FromHomeserver {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Self::Rejection> {
        let Some(token) = parts.headers.get(AUTHORIZATION).map(|value| bearer(value.as_bytes())) else {
            return Err(Reply(
                StatusCode::UNAUTHORIZED,
                "M_MISSING_TOKEN",
                "the header \"Authorization: Bearer <hs_token>\" is missing".to_owned(),
            ));
        };
        match token {
            Some(token) if !context.hs_token.is_empty() && context.hs_token.matches(token) => Ok(Self(())),
            _ => Err(Reply(StatusCode::FORBIDDEN, "M_FORBIDDEN", "this is not the hs_token".to_owned())),
        }
    }
}

/// The token behind the scheme, whose case does not matter.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
