//! Names that say what their values are.

use serde_json::Value;

/// All texts in a value that are secret, by their own name or one around them.
pub(super) fn gather(value: &Value, secret: bool, known: &mut Vec<String>) {
    match value {
        Value::String(text) if secret => known.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|inner| gather(inner, secret, known)),
        Value::Object(all) => {
            all.iter().for_each(|(name, inner)| gather(inner, secret || is_secret(name), known))
        }
        _ => {}
    }
}

/// Whether a variable's name says that its value is secret. A path to one is not.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let says = ["password", "passwd", "passphrase", "_pass", "token", "secret", "key"]
        .iter()
        .any(|s| name.contains(s));
    says && !name.ends_with("_file") && !name.ends_with("_path")
}

/// Whether a field can hold nothing but a secret.
pub(super) fn is_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "private_key", "api_key", "client_secret"]
        .iter()
        .any(|s| name.ends_with(s))
}
