//! `[secrets]`: where the secrets of services come from.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::{Problem, Secret, secret};

/// `[secrets]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// Where Vault or OpenBao answers, for `vault://…`.
    pub vault_url: Option<Url>,
    /// Our token there.
    pub vault_token: Option<Secret>,
    /// A file that holds it; read again for every secret, so that it can be renewed.
    pub vault_token_file: Option<PathBuf>,
    /// The key behind the versions of `env:` and `file:` secrets; `secrets.key` beside the runs by default, made when it
    /// is not there.
    pub key_file: Option<PathBuf>,
}

impl Secrets {
    pub(super) fn resolve(&mut self, folder: &Path, runs: Option<&Path>, problems: &mut Vec<Problem>) {
        secret::resolve(
            "secrets.vault_token",
            &mut self.vault_token,
            self.vault_token_file.as_ref(),
            folder,
            false,
            problems,
        );
        self.vault_token_file = self.vault_token_file.take().map(|file| folder.join(file));
        let beside = runs.and_then(Path::parent).unwrap_or(folder);
        self.key_file = Some(match self.key_file.take() {
            Some(file) => folder.join(file),
            None => beside.join("secrets.key"),
        });
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if let Some(url) = &self.vault_url {
            if !["http", "https"].contains(&url.scheme()) {
                problems.push(Problem::at("secrets.vault_url", "must begin with http:// or https://"));
            }
            if self.vault_token.is_none() {
                problems.push(Problem::at(
                    "secrets.vault_token",
                    "is missing: write it here or into a file that `secrets.vault_token_file` names",
                ));
            }
        }
    }
}
