//! What can go wrong with a call.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#standard-error-response> and
//! <https://spec.matrix.org/latest/client-server-api/#rate-limiting>

use std::time::Duration;

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};
use ruma::OwnedUserId;
use serde::Deserialize;

/// A call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The homeserver, or a proxy before it, answered with an error.
    #[error("the homeserver answered {status} {errcode}: {message}")]
    Api {
        /// The HTTP status.
        status: u16,
        /// The `errcode`; empty if the answer was none of Matrix, such as a proxy's page.
        errcode: String,
        /// The text meant for people.
        message: String,
        /// How long to wait, by `retry_after_ms` in the body or by the header `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// There was no answer, or only a part of it. Whether the homeserver acted is unknown.
    #[error("no answer came from the homeserver")]
    Transport(#[source] reqwest::Error),
    /// The answer has not the shape that the specification gives it.
    #[error("the homeserver's answer to {endpoint} can't be read")]
    Decode {
        /// The endpoint's short name.
        endpoint: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The user is not in our namespace (`M_EXCLUSIVE`).
    #[error(
        "{user_id} is not in this application service's namespaces.users: correct the registration \
         file, restart the homeserver, and see that the as_token is the one of this registration"
    )]
    Exclusive {
        /// The user that could not be registered.
        user_id: OwnedUserId,
    },
    /// A URL, a header or a body could not be made from what was given.
    #[error("the request to {endpoint} can't be made")]
    Request {
        /// The endpoint's short name, or what was being set up.
        endpoint: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    errcode: String,
    error: String,
    retry_after_ms: Option<serde_json::Number>,
}

impl ClientError {
    pub(crate) fn from_answer(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let in_body = body.retry_after_ms.take().and_then(|number| number.as_f64());
        let retry_after = in_body
            .and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok())
            .or_else(|| retry_after_header(headers));
        Self::Api { status, errcode: body.errcode, message: body.error, retry_after }
    }

    pub(crate) fn request(
        endpoint: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Request { endpoint, source: source.into() }
    }

    /// The `errcode`, if the homeserver gave one.
    pub fn errcode(&self) -> Option<&str> {
        match self {
            Self::Api { errcode, .. } if !errcode.is_empty() => Some(errcode),
            Self::Exclusive { .. } => Some("M_EXCLUSIVE"),
            _ => None,
        }
    }

    /// The HTTP status, if there was an answer that was an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long the homeserver wants us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request can never succeed, so that an outbox should set it aside.
    ///
    /// True for a Matrix error with a status of 4xx, except 408, 429, `M_LIMIT_EXCEEDED`,
    /// `M_UNKNOWN_DEVICE`, and a token that is unknown or missing: those can be put right. A 4xx that
    /// is none of Matrix comes from a proxy and is not permanent, except 413.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Api { status: 413, .. } => true,
            Self::Api { status: 408 | 429, .. } => false,
            Self::Api { status: 400..=499, errcode, .. } => !matches!(
                errcode.as_str(),
                "" | "M_LIMIT_EXCEEDED" | "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_UNKNOWN_DEVICE"
            ),
            Self::Api { .. } | Self::Transport(_) | Self::Decode { .. } => false,
            Self::Exclusive { .. } | Self::Request { .. } => true,
        }
    }

    /// Whether waiting and trying again may help: no answer, 408, 429 or 5xx.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Api { status, errcode, .. } => {
                matches!(status, 408 | 429 | 500..=599) || errcode == "M_LIMIT_EXCEEDED"
            }
            Self::Transport(error) => !error.is_builder(),
            _ => false,
        }
    }

    /// Whether the homeserver refused before it did anything, so that even a call that is not
    /// idempotent can be repeated.
    pub(crate) fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Api { status: 429, .. }) || self.errcode() == Some("M_LIMIT_EXCEEDED")
    }

    pub(crate) fn is_unknown_device(&self) -> bool {
        self.errcode() == Some("M_UNKNOWN_DEVICE")
    }

    /// Whether the thing asked for is not there, as opposed to an endpoint or a homeserver that is not
    /// there. Synapse says `M_UNKNOWN` for a profile that is missing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status() == Some(404) && matches!(self.errcode(), Some("M_NOT_FOUND" | "M_UNKNOWN"))
    }
}

/// Seconds or a date. A date is compared with the answer's own `Date`, so no clock has to be right.
fn retry_after_header(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::ClientError;

    fn error(status: u16, body: &str) -> ClientError {
        ClientError::from_answer(status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn the_body_tells_how_long_to_wait() {
        let body = r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow down","retry_after_ms":1500}"#;
        assert_eq!(error(429, body).retry_after(), Some(Duration::from_millis(1500)));
        assert_eq!(error(429, r#"{"retry_after_ms":-1}"#).retry_after(), None);
        assert_eq!(error(429, "<html>").retry_after(), None);
    }

    #[test]
    fn so_does_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("7"));
        let error = ClientError::from_answer(503, &headers, b"");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        headers.insert("retry-after", HeaderValue::from_static("Sun, 06 Nov 1994 08:49:40 GMT"));
        assert_eq!(ClientError::from_answer(503, &headers, b"").retry_after(), None);
        headers.insert("date", HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let error = ClientError::from_answer(503, &headers, b"");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    }

    #[test]
    fn permanent_or_not() {
        let code = |errcode: &str| format!(r#"{{"errcode":"{errcode}","error":"x"}}"#);
        for (status, errcode) in
            [(400, "M_BAD_JSON"), (403, "M_FORBIDDEN"), (404, "M_NOT_FOUND"), (413, "M_TOO_LARGE"), (413, "")]
        {
            assert!(error(status, &code(errcode)).is_permanent(), "{status} {errcode}");
            assert!(!error(status, &code(errcode)).is_transient(), "{status} {errcode}");
        }
        for (status, errcode) in [
            (408, "M_UNKNOWN"),
            (429, "M_LIMIT_EXCEEDED"),
            (403, "M_LIMIT_EXCEEDED"),
            (500, "M_UNKNOWN"),
            (502, ""),
            (504, ""),
        ] {
            assert!(!error(status, &code(errcode)).is_permanent(), "{status} {errcode}");
            assert!(error(status, &code(errcode)).is_transient(), "{status} {errcode}");
        }
        for (status, errcode) in [(401, "M_UNKNOWN_TOKEN"), (400, "M_UNKNOWN_DEVICE"), (404, "")] {
            assert!(!error(status, &code(errcode)).is_permanent(), "{status} {errcode}");
            assert!(!error(status, &code(errcode)).is_transient(), "{status} {errcode}");
        }
    }

    #[test]
    fn display() {
        let error = error(403, r#"{"errcode":"M_FORBIDDEN","error":"not in room"}"#);
        assert_eq!(error.to_string(), "the homeserver answered 403 M_FORBIDDEN: not in room");
    }
}
