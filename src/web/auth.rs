//! Who may read `/api`: whoever brings the token of `[web]`.

use axum::http::{HeaderMap, StatusCode, header};

use crate::house::House;

/// Lets a request in, or says why not: 401 without a token, 403 with a wrong one.
pub(super) fn allow(house: &House, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
    let brought =
        headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let Some(brought) = brought else {
        return Err((StatusCode::UNAUTHORIZED, "bring `Authorization: Bearer TOKEN`\n"));
    };
    match &house.config.web.token {
        Some(token) if !token.is_empty() && token.matches(brought) => Ok(()),
        _ => Err((StatusCode::FORBIDDEN, "this is not the token of `[web] token`\n")),
    }
}
