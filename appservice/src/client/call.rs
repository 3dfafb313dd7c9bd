//! One call: what is asked, made cheaply.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::Value;

/// As whom the call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    /// The token's owner: no `user_id`.
    Owner,
    /// The user without a device, because the call is about the device itself.
    User,
    /// The user with its device.
    Device,
}

/// A request before the identity is added.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// A short name for metrics and errors.
    pub(crate) endpoint: &'static str,
    pub(crate) method: Method,
    /// The escaped path with its own query.
    pub(crate) path: String,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
    /// Whether it may be repeated when nobody knows whether it was carried out.
    pub(crate) idempotent: bool,
    pub(crate) identity: As,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
}

const TIMEOUT: Duration = Duration::from_secs(30);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Call {
    pub(crate) fn new(endpoint: &'static str, method: Method, path: String) -> Self {
        let idempotent = method != Method::POST;
        Self {
            endpoint,
            method,
            path,
            content_type: None,
            body: Bytes::new(),
            idempotent,
            identity: As::Device,
            timeout: TIMEOUT,
        }
    }

    /// A GET below `/_matrix/client/v3`.
    pub(crate) fn get(endpoint: &'static str, segments: &[&str]) -> Self {
        Self::new(endpoint, Method::GET, path("/_matrix/client/v3", segments))
    }

    /// A PUT below `/_matrix/client/v3`.
    pub(crate) fn put(endpoint: &'static str, segments: &[&str]) -> Self {
        Self::new(endpoint, Method::PUT, path("/_matrix/client/v3", segments))
    }

    /// A POST below `/_matrix/client/v3`.
    pub(crate) fn post(endpoint: &'static str, segments: &[&str]) -> Self {
        Self::new(endpoint, Method::POST, path("/_matrix/client/v3", segments))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw_json(body.to_string().into())
    }

    pub(crate) fn raw_json(mut self, body: Bytes) -> Self {
        self.content_type = Some(JSON);
        self.body = body;
        self
    }

    pub(crate) fn query(mut self, key: &str, value: &str) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(key);
        self.path.push('=');
        escape_into(&mut self.path, value);
        self
    }

    /// For a POST whose repetition changes nothing.
    pub(crate) fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    pub(crate) fn identity(mut self, identity: As) -> Self {
        self.identity = identity;
        self
    }
}

/// Puts a path together, each segment escaped.
pub(crate) fn path(base: &str, segments: &[&str]) -> String {
    let length = segments.iter().map(|segment| segment.len() + 8).sum::<usize>();
    let mut path = String::with_capacity(base.len() + length + 160);
    path.push_str(base);
    for segment in segments {
        path.push('/');
        escape_into(&mut path, segment);
    }
    path
}

/// Escapes everything that is not unreserved (RFC 3986, 2.3).
pub(crate) fn escape_into(target: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            target.push(char::from(HEX[usize::from(byte >> 4)]));
            target.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Call;

    #[test]
    fn everything_is_escaped() {
        let call = Call::get("x", &["rooms", "!a/b:x y", "ü"]).query("from", "a&b=c").query("to", "1");
        assert_eq!(call.path, "/_matrix/client/v3/rooms/%21a%2Fb%3Ax%20y/%C3%BC?from=a%26b%3Dc&to=1");
    }
}
