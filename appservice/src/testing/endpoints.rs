//! The endpoints of the fake, one topic each.

use serde_json::Value;

use super::requester::Fail;

pub(super) mod account;
pub(super) mod devices;
pub(super) mod media;
pub(super) mod membership;
pub(super) mod ping;
pub(super) mod profile;
pub(super) mod read;
pub(super) mod room_state;
pub(super) mod rooms;
pub(super) mod send;
pub(super) mod sync;
pub(super) mod typing;

/// Reads a body: a JSON object without floats, which Synapse refuses.
fn object(body: &[u8]) -> Result<Value, Fail> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Fail(400, "M_NOT_JSON", "Content not JSON.".to_owned()))?;
    if !value.is_object() || has_float(&value) {
        return Err(Fail(400, "M_BAD_JSON", "Bad JSON value".to_owned()));
    }
    Ok(value)
}

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_float),
        Value::Object(fields) => fields.values().any(has_float),
        _ => false,
    }
}
