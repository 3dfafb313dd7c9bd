//! What the stories about model servers share.

#![allow(dead_code, reason = "no story needs all of it")]

pub(crate) mod fake;

use ralf_intents::{Class, ModelRequest};
use serde_json::json;

/// A small request with a schema.
pub(crate) fn request() -> ModelRequest {
    ModelRequest {
        holds: &[Class::Talk],
        system: "You sort messages.".into(),
        user: "<message>\nläuft jellyfin?\n</message>".into(),
        schema: Some(json!({
            "type": "object",
            "properties": {"intent": {"type": "string", "enum": ["show_status", "none"]}},
            "required": ["intent"],
        })),
        max_tokens: 60,
    }
}

/// A file of `tests/wire`.
pub(crate) fn wire(name: &str) -> String {
    let path = format!("{}/tests/wire/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
