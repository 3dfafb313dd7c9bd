//! Who may come in: whoever brings the token of a section of the configuration.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::config::Secret;

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// They brought nothing that we understand.
    Nothing,
    /// It is not the token.
    Wrong,
    /// No token is configured: nobody is let in.
    NoToken,
}

/// Lets a request in that brings the token. It is compared in constant time.
pub(super) fn allow(token: Option<&Secret>, headers: &HeaderMap) -> Result<(), Refused> {
    let brought = brought(headers).ok_or(Refused::Nothing)?;
    let token = token.filter(|token| !token.is_empty()).ok_or(Refused::NoToken)?;
    if token.matches(&brought) { Ok(()) } else { Err(Refused::Wrong) }
}

/// The token that a request brings: `Bearer TOKEN`, or the password of `Basic`, whatever the user is called.
fn brought(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let space = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at(space);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Cow::Borrowed(rest));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut pair = STANDARD.decode(rest).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(Cow::Owned(pair.split_off(colon + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(authorization: Option<&str>, token: Option<&Secret>) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
        }
        allow(token, &headers)
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn only_the_token_opens() {
        let token = Secret::new("a:token");
        for (brought, result) in [
            (None, Err(Refused::Nothing)),
            (Some(""), Err(Refused::Nothing)),
            (Some("a:token"), Err(Refused::Nothing)),
            (Some("Digest a:token"), Err(Refused::Nothing)),
            (Some("Basic !"), Err(Refused::Nothing)),
            (Some(&*basic("a")), Err(Refused::Nothing)),
            (Some("Bearer"), Err(Refused::Wrong)),
            (Some("Bearer "), Err(Refused::Wrong)),
            (Some("Bearer a:toke"), Err(Refused::Wrong)),
            (Some("Bearer a:tokens"), Err(Refused::Wrong)),
            (Some(&*basic("a:token")), Err(Refused::Wrong)),
            (Some(&*basic("user:")), Err(Refused::Wrong)),
            (Some("Bearer a:token"), Ok(())),
            (Some("bearer  a:token"), Ok(())),
            (Some(&*basic("user:a:token")), Ok(())),
            (Some(&*basic(":a:token")), Ok(())),
        ] {
            assert_eq!(with(brought, Some(&token)), result, "{brought:?}");
        }
    }

    #[test]
    fn without_a_token_nobody_comes_in() {
        for token in [None, Some(&Secret::new(""))] {
            assert_eq!(with(None, token), Err(Refused::Nothing));
            assert_eq!(with(Some("Bearer "), token), Err(Refused::NoToken));
            assert_eq!(with(Some(&basic("user:")), token), Err(Refused::NoToken));
        }
    }
}
