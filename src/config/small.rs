//! The short sections: `[database]`, `[webhooks]`, `[web]`, `[log]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Problem, Secret, secret};

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:ralf.db`, or `postgres://user@host/name` when more than one machine shall run R.A.L.F.
    pub url: String,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:ralf.db".into() }
    }
}

impl Database {
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            self.url = format!("sqlite:{}", folder.join(path).display());
        }
    }

    /// The password in the address, as it is written there.
    pub(super) fn password(&self) -> Option<String> {
        let url = url::Url::parse(&self.url).ok()?;
        url.password().map(str::to_owned)
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| self.url.starts_with(scheme)) {
            problems.push(Problem::at("database.url", "must begin with `sqlite:` or `postgres:`"));
        }
    }
}

/// `[webhooks]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// The token that alert sources present.
    pub token: Option<Secret>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
}

impl Webhooks {
    pub(super) fn resolve(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        secret::resolve("webhooks.token", &mut self.token, self.token_file.as_ref(), folder, false, problems);
    }
}

/// `[web]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// The token that opens `/api`.
    pub token: Option<Secret>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
}

impl Web {
    pub(super) fn resolve(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        secret::resolve("web.token", &mut self.token, self.token_file.as_ref(), folder, false, problems);
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// For programs: one JSON object a line.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `pretty` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,ralf=debug`.
    pub level: String,
}

impl Log {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.level) {
            problems.push(Problem::at(
                "log.level",
                format!("is no level: {error}; write `info` or `info,ralf=debug`"),
            ));
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, level: "info".into() }
    }
}
