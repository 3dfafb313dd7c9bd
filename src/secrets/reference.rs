//! Where a secret comes from.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use super::SecretError;

/// Where a secret comes from. It is shown, stored and hashed; the value is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum SecretRef {
    /// `vault://<mount>/<path>#<field>`: a field in the key-value store (version 2) of HashiCorp Vault or OpenBao.
    Vault {
        /// The mount, one word.
        mount: String,
        /// The path in it.
        path: String,
        /// The field of the data there.
        field: String,
    },
    /// `env:NAME`: a variable of our own environment.
    Env(String),
    /// `file:/absolute/path`: a regular file, without the line break at its end.
    File(PathBuf),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault { mount, path, field } => write!(f, "vault://{mount}/{path}#{field}"),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl TryFrom<String> for SecretRef {
    type Error = SecretError;

    fn try_from(text: String) -> Result<Self, SecretError> {
        text.parse()
    }
}

impl FromStr for SecretRef {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        // Somebody may have written the secret itself here: it must not come back in a message.
        let refused = || SecretError::NoReference(shown(text));
        if let Some(rest) = text.strip_prefix("vault://") {
            let (place, field) = rest.split_once('#').ok_or_else(refused)?;
            let (mount, path) = place.split_once('/').ok_or_else(refused)?;
            let sound = |part: &str| is_plain(part) && part != "." && part != "..";
            if !sound(mount) || !path.split('/').all(sound) || !is_plain(field) {
                return Err(refused());
            }
            let (mount, path, field) = (mount.to_owned(), path.to_owned(), field.to_owned());
            return Ok(Self::Vault { mount, path, field });
        }
        if let Some(name) = text.strip_prefix("env:") {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            // Our own tokens are for nobody else.
            let ours = name.starts_with("RALF_");
            let sound = plain && !ours && name.starts_with(|c: char| !c.is_ascii_digit());
            return if sound { Ok(Self::Env(name.to_owned())) } else { Err(refused()) };
        }
        if let Some(path) = text.strip_prefix("file:") {
            let sound = Path::new(path).is_absolute()
                && !path.chars().any(char::is_control)
                && !Path::new(path).components().any(|part| part == Component::ParentDir);
            return if sound { Ok(Self::File(path.into())) } else { Err(refused()) };
        }
        Err(refused())
    }
}

/// A word of a path in Vault.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// What begins like a reference is shown; anything else may be the secret itself.
fn shown(text: &str) -> String {
    let begins = ["vault://", "env:", "file:"].iter().any(|start| text.starts_with(start));
    let visible = text.chars().take(120).map(|c| if c.is_control() { '�' } else { c });
    if begins { visible.collect() } else { super::HIDDEN.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written() {
        for text in [
            "vault://kv/grafana#password",
            "vault://kv/team-a/db.main/user_1#pass-word",
            "env:DB_PASSWORD",
            "env:_x1",
            "file:/etc/ralf/db password",
        ] {
            assert_eq!(text.parse::<SecretRef>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_none_and_does_not_come_back() {
        for text in [
            "vault://kv#x",
            "vault://kv/a",
            "vault://kv/a#",
            "vault:///a#b",
            "vault://kv/../sys#x",
            "vault://kv/a//b#x",
            "vault://kv/a?b#c",
            "env:",
            "env:1A",
            "env:A-B",
            "env:RALF_WEB__TOKEN",
            "file:relative",
            "file:/a/../b",
            "file:/a\nb",
            "hunter2hunter2",
            "",
        ] {
            let error = text.parse::<SecretRef>().expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
