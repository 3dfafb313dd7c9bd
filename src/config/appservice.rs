//! `[homeserver]` and `[appservice]`: the two ends of the Matrix application-service connection.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::{Problem, Secret, secret};

/// `[homeserver]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Homeserver {
    /// Where its client API answers, such as `http://127.0.0.1:8008`.
    pub url: Url,
    /// Its server name: the part behind the colon of a Matrix id.
    pub domain: String,
}

impl Homeserver {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if !["http", "https"].contains(&self.url.scheme()) {
            problems.push(Problem::at("homeserver.url", "must begin with http:// or https://"));
        }
        if ruma::ServerName::parse(&self.domain).is_err() {
            problems.push(Problem::at(
                "homeserver.domain",
                "is no server name: write it as in `@you:domain`, without @ and colon",
            ));
        }
    }
}

/// `[appservice]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appservice {
    /// The registration's id; the homeserver knows us by it.
    #[serde(default = "default_id")]
    pub id: String,
    /// Address and port we listen on, such as `127.0.0.1:9000`.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// The address under which the homeserver reaches us; goes into the registration. Default: `http://` + `listen`.
    pub public_url: Option<Url>,
    /// A path before `/_matrix/app/…`, such as `/webhooks/matrix`, when a proxy needs one.
    #[serde(default)]
    pub path_prefix: String,
    /// Serve the paths without `/_matrix/app/v1` too, as homeservers before 2018 want them.
    #[serde(default)]
    pub legacy_paths: bool,
    /// Our token towards the homeserver.
    pub as_token: Option<Secret>,
    /// A file that holds it.
    pub as_token_file: Option<PathBuf>,
    /// The homeserver's token towards us.
    pub hs_token: Option<Secret>,
    /// A file that holds it.
    pub hs_token_file: Option<PathBuf>,
}

fn default_id() -> String {
    "ralf".into()
}

fn default_listen() -> String {
    "127.0.0.1:9000".into()
}

impl Appservice {
    /// The address for the registration.
    pub fn registered_url(&self) -> String {
        let base = self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), Url::to_string);
        format!("{}{}", base.trim_end_matches('/'), self.path_prefix.trim_end_matches('/'))
    }

    /// Where a source of alerts delivers to.
    pub fn webhook_url(&self, source: &str) -> String {
        let base = self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), Url::to_string);
        format!("{}/webhooks/{source}", base.trim_end_matches('/'))
    }

    pub(super) fn resolve(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        secret::resolve(
            "appservice.as_token",
            &mut self.as_token,
            self.as_token_file.as_ref(),
            folder,
            true,
            problems,
        );
        secret::resolve(
            "appservice.hs_token",
            &mut self.hs_token,
            self.hs_token_file.as_ref(),
            folder,
            true,
            problems,
        );
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            problems.push(Problem::at(
                "appservice.listen",
                "is no address with a port: write `127.0.0.1:9000` or `[::]:9000`",
            ));
        }
        if !self.path_prefix.is_empty() && !self.path_prefix.starts_with('/') {
            problems.push(Problem::at(
                "appservice.path_prefix",
                "must begin with a slash, such as `/webhooks/matrix`",
            ));
        }
        if self.as_token.is_some() && self.as_token == self.hs_token {
            problems.push(Problem::at(
                "appservice.hs_token",
                "equals as_token: the two directions need different tokens",
            ));
        }
    }
}
