//! The digest of a plan: SHA-256 over RFC 8785 JSON behind a version prefix.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Plan;

/// What hashing begins with; a change of the encoding changes it.
const PREFIX: &[u8] = b"ralf-plan-v1\n";

/// A plan's digest, lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut hash = Sha256::new();
        hash.update(PREFIX);
        hash.update(canonical(plan));
        Self(hex(&hash.finalize()))
    }

    /// All 64 digits.
    pub fn full(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for a room.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    /// A digest that was stored.
    pub fn stored(hex: String) -> Self {
        Self(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 8785 bytes of a value that has string keys and no floats.
///
/// # Panics
/// Never for our own types: their serialisation can't fail.
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("our own types have string keys and no NaN")
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The same object, its keys written the other way round.
    fn reversed(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let fields: Vec<String> = map
                    .iter()
                    .rev()
                    .map(|(key, value)| format!("{}:{}", json!(key), reversed(value)))
                    .collect();
                format!("{{ {} }}", fields.join(" , "))
            }
            Value::Array(list) => {
                format!("[ {} ]", list.iter().map(reversed).collect::<Vec<_>>().join(" , "))
            }
            other => other.to_string(),
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn order_and_white_space_do_not_matter(value in any_json()) {
            let other: Value = serde_json::from_str(&reversed(&value)).expect("JSON");
            prop_assert_eq!(canonical(&value), canonical(&other));
        }

        #[test]
        fn different_values_have_different_bytes(a in any_json(), b in any_json()) {
            prop_assert_eq!(a == b, canonical(&a) == canonical(&b));
        }
    }
}
