//! The version of a secret that has none: a keyed hash, so that nobody can try values against it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{SecretError, SecretRef, Value};
use crate::plan::hex;

/// What hashing begins with.
const PREFIX: &[u8] = b"ralf-secret-v1\n";
/// How many digits of it are shown and hashed.
const DIGITS: usize = 16;

/// HMAC-SHA256 over reference and value, shortened.
pub(super) fn version(key: &[u8], reference: &SecretRef, value: &Value) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(PREFIX);
    mac.update(reference.to_string().as_bytes());
    mac.update(b"\n");
    mac.update(value.expose().as_bytes());
    let mut hash = hex(&mac.finalize().into_bytes());
    hash.truncate(DIGITS);
    hash
}

/// Reads the key, or makes it when there is none yet.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, SecretError> {
    let failed = |source| SecretError::Key { path: path.to_owned(), source };
    match std::fs::read(path) {
        Ok(key) if key.len() >= 32 => Ok(key),
        Ok(_) => {
            Err(failed(std::io::Error::other("it is shorter than 32 bytes: delete it, and it is made anew")))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// Written beside it and linked into place: a key that is there is whole, and of two that make one the first wins.
fn make(path: &Path) -> std::io::Result<Vec<u8>> {
    let key = hex(&rand::random::<[u8; 32]>());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(key.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&new, path));
    std::fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::read(path),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_us_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/secrets.key");
        let key = load(&path).expect("made");
        assert_eq!((key.len(), load(&path).expect("read")), (64, key));
        assert_eq!(std::fs::metadata(&path).expect("it").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path().join("deep")).expect("it").count(), 1);
        std::fs::write(&path, "short").expect("written");
        assert!(load(&path).is_err());
    }

    #[test]
    fn a_version_depends_on_key_reference_and_value() {
        let (a, b) = ("env:A".parse().expect("one"), "env:B".parse().expect("one"));
        let (x, y) = (Value::new("x".into()), Value::new("y".into()));
        let one = version(b"k", &a, &x);
        assert_eq!((one.len(), version(b"k", &a, &x)), (16, one.clone()));
        for other in [version(b"l", &a, &x), version(b"k", &b, &x), version(b"k", &a, &y)] {
            assert_ne!(one, other);
        }
    }
}
