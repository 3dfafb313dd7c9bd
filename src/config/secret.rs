//! Secrets, given inline or as a file.

use std::path::{Path, PathBuf};

use ralf_appservice::Secret;

use super::Problem;

/// Fills `value` from `file` when the secret was given as a file; exactly one of the two must be given when it is
/// `required`.
pub(super) fn resolve(
    key: &str,
    value: &mut Option<Secret>,
    file: Option<&PathBuf>,
    folder: &Path,
    required: bool,
    problems: &mut Vec<Problem>,
) {
    match (value.is_some(), file) {
        (true, Some(_)) => problems.push(Problem::at(
            key,
            format!("is given twice: keep either `{key}` or `{key}_file`"),
        )),
        (false, Some(file)) => match std::fs::read_to_string(folder.join(file)) {
            Ok(text) => *value = Some(Secret::new(text.trim())),
            Err(error) => problems.push(Problem::at(
                &format!("{key}_file"),
                format!("can't be read: {}: {error}", folder.join(file).display()),
            )),
        },
        (false, None) if required => problems.push(Problem::at(
            key,
            format!("is missing: make one with `openssl rand -hex 32`, and write it here or into a file that `{key}_file` names"),
        )),
        _ => {}
    }
    if let Some(secret) = value {
        let lower = secret.expose().to_lowercase();
        if lower.is_empty() || ["changeme", "change-me", "secret", "example", "xxx"].contains(&lower.as_str())
        {
            problems.push(Problem::at(
                key,
                "is empty or an example value: write a random one of 32 characters or more",
            ));
        }
    }
}
