//! From a reference to the value and its version.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::vault::{Place, Vault};
use super::{SecretError, SecretRef, Value, key, redactor};
use crate::config;
use crate::plan::SecretUse;

/// Shorter values can't be told from ordinary words, so they could not be hidden.
const SHORTEST: usize = 8;
/// Linux takes at most 128 KiB for one variable.
const LARGEST: u64 = 64 * 1024;

/// A secret as it is now.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The value.
    pub value: Value,
    /// Its version: Vault's, or a keyed hash where there is none.
    pub version: String,
}

/// What resolves references. Every value that it has had in its hands is known to the redactor from then on.
#[derive(Debug)]
pub struct Secrets {
    vault: Option<Vault>,
    key_file: PathBuf,
    /// What was resolved by now: after a rotation the old value may still stand in a run's output.
    had: Mutex<BTreeMap<SecretUse, Value>>,
}

impl Secrets {
    /// With these settings.
    pub fn new(settings: &config::Secrets) -> Self {
        let vault = settings.vault_url.clone();
        let vault =
            vault.map(|url| Vault::new(url, settings.vault_token.clone(), settings.vault_token_file.clone()));
        let key_file = settings.key_file.clone().unwrap_or_else(|| "secrets.key".into());
        Self { vault, key_file, had: Mutex::default() }
    }

    /// Reference and version, without the value: what enters a plan.
    ///
    /// # Errors
    /// When it is not there, or can't be read or used.
    pub async fn version(&self, reference: &SecretRef) -> Result<SecretUse, SecretError> {
        let resolved = self.resolve(reference).await?;
        Ok(SecretUse { reference: reference.to_string(), version: resolved.version })
    }

    /// The value as it is now.
    ///
    /// # Errors
    /// When it is not there, or can't be read or used.
    pub async fn resolve(&self, reference: &SecretRef) -> Result<Resolved, SecretError> {
        self.at(reference, None).await
    }

    /// The value of exactly this version: the current one, one that we had before, or one that Vault still has.
    ///
    /// # Errors
    /// [`SecretError::Changed`] when there is no way back to that version.
    pub async fn resolve_version(&self, used: &SecretUse) -> Result<Value, SecretError> {
        if let Some(value) = self.had.lock().unwrap_or_else(PoisonError::into_inner).get(used) {
            return Ok(value.clone());
        }
        let resolved = self.at(&used.reference.parse()?, Some(&used.version)).await?;
        if resolved.version == used.version {
            return Ok(resolved.value);
        }
        Err(SecretError::Changed(used.reference.clone()))
    }

    async fn at(&self, reference: &SecretRef, version: Option<&str>) -> Result<Resolved, SecretError> {
        let text = reference.to_string();
        let resolved = match reference {
            SecretRef::Vault { mount, path, field } => {
                let vault = self.vault.as_ref().ok_or_else(|| SecretError::NotConfigured {
                    reference: text.clone(),
                    needs: "`[secrets] vault_url`",
                })?;
                let (value, version) =
                    vault.read(&Place { mount, path, field, reference: &text, version }).await?;
                Resolved { value, version }
            }
            SecretRef::Env(name) => {
                let value = std::env::var(name).map_err(|error| match error {
                    std::env::VarError::NotPresent => SecretError::NotThere {
                        reference: text.clone(),
                        hint: format!("`ralf serve` has no variable {name}"),
                    },
                    std::env::VarError::NotUnicode(_) => no_text(&text),
                })?;
                self.hashed(reference, value)?
            }
            SecretRef::File(path) => self.hashed(reference, read(path, &text)?)?,
        };
        let unusable = |why| SecretError::Unusable { reference: text.clone(), why };
        // Before anything can be said of it.
        redactor().learn([resolved.value.expose()]);
        if resolved.value.expose().len() < SHORTEST {
            return Err(unusable("it has fewer than 8 characters, too few to be found and hidden in a text"));
        }
        if resolved.value.expose().contains('\0') {
            return Err(unusable("it has a NUL byte, which no environment variable can hold"));
        }
        let used = SecretUse { reference: text, version: resolved.version.clone() };
        self.had.lock().unwrap_or_else(PoisonError::into_inner).insert(used, resolved.value.clone());
        Ok(resolved)
    }

    fn hashed(&self, reference: &SecretRef, value: String) -> Result<Resolved, SecretError> {
        let value = Value::new(value);
        let version = key::version(&key::load(&self.key_file)?, reference, &value);
        Ok(Resolved { value, version })
    }
}

fn no_text(reference: &str) -> SecretError {
    SecretError::Unusable { reference: reference.to_owned(), why: "it is no UTF-8 text" }
}

/// A file's content without the line break at its end.
fn read(path: &Path, reference: &str) -> Result<String, SecretError> {
    let reference = || reference.to_owned();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            SecretError::NotThere { reference: reference(), hint: "there is no such file".into() }
        }
        std::io::ErrorKind::PermissionDenied => SecretError::Forbidden {
            reference: reference(),
            hint: "let the user that runs ralf read the file".into(),
        },
        _ => SecretError::Away { reference: reference(), why: error.to_string() },
    };
    // Looked at before it is opened: to open a pipe would wait for somebody to write into it.
    let is_file = |meta: &std::fs::Metadata| meta.is_file() && meta.len() <= LARGEST;
    let odd =
        || SecretError::Unusable { reference: reference(), why: "it is no regular file of at most 64 KiB" };
    if !is_file(&std::fs::metadata(path).map_err(failed)?) {
        return Err(odd());
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !is_file(&meta) {
        return Err(odd());
    }
    if meta.mode() & 0o077 != 0 {
        let mode = format!("{:o}", meta.mode() & 0o777);
        tracing::warn!(file = %path.display(), mode, "a secret's file is open to others: chmod it to 600");
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    let mut text = String::from_utf8(bytes).map_err(|_| no_text(&reference()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Whether a name can be given to a secret in a child's environment: no variable that changes how programs are found,
/// started or set up.
pub fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let taken = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "TZ",
        "LANG",
        "IFS",
        "ENV",
        "SHELL",
        "PS4",
        "TMPDIR",
        "SSH_AUTH_SOCK",
    ];
    let reserved = ["ANSIBLE_", "PYTHON", "LD_", "LC_", "BASH", "RALF_", "GCONV", "OPENSSL_"];
    plain
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && !taken.contains(&name)
        && !reserved.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
