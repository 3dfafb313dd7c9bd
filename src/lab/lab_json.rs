//! `DIR/lab.json`: all that a program needs to use a running lab. Its names are a promise; see docs/.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{LabError, files};

/// A running lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabJson {
    /// Synapse's address.
    pub homeserver: String,
    /// Synapse's name.
    pub server_name: String,
    /// R.A.L.F.'s address.
    pub ralf: String,
    /// R.A.L.F.'s configuration file.
    pub config: PathBuf,
    /// R.A.L.F.'s database.
    pub database: String,
    /// `admin`, `approver` and `guest`.
    pub users: BTreeMap<String, UserInfo>,
    /// Room ids by `ops`, `health`, `infra`, `planner`, `sec`.
    pub rooms: BTreeMap<String, String>,
    /// Bots' Matrix ids by `core`, `infra`, `health`, `planner`, `sec`.
    pub bots: BTreeMap<String, String>,
    /// The nodes.
    pub fleet: BTreeMap<String, NodeInfo>,
    /// R.A.L.F.'s token towards Synapse.
    pub as_token: String,
    /// Synapse's token towards R.A.L.F.
    pub hs_token: String,
    /// The token of `/webhooks` and of `/api`.
    pub webhook_token: String,
    /// The secret that makes users.
    pub registration_shared_secret: String,
    /// The language model's server, in a lab that has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ollama: Option<String>,
    /// Prometheus' address, in a lab with monitoring.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prometheus: Option<String>,
    /// Alertmanager's address, in a lab with monitoring.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alertmanager: Option<String>,
    /// Process ids by program: `ralf`, `synapse`, the nodes, `ollama` where the lab has started one, and with monitoring
    /// `prometheus`, `alertmanager` and `node-exporter`.
    pub pids: BTreeMap<String, u32>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The Matrix id.
    pub user_id: String,
    /// The password.
    pub password: String,
    /// An access token.
    pub access_token: String,
}

/// A node of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Everything that can be deployed on it, running or not.
    pub services: BTreeMap<String, ServiceInfo>,
}

/// A service on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// Answers 200 when it runs.
    pub health: String,
    /// Has one line for each time that an executor really did something to it.
    pub journal: PathBuf,
    /// Its process, while it runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pid: Option<u32>,
}

impl LabJson {
    /// The file of a lab's folder.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("lab.json")
    }

    /// Reads it; `None` if there is none.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(dir: &Path) -> Result<Option<Self>, LabError> {
        let path = Self::path(dir);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LabError::File { path, what: "can't be read", source }),
        };
        serde_json::from_str(&text).map(Some).map_err(|source| LabError::Broken {
            delete: path.clone(),
            path,
            source,
        })
    }

    /// Replaces it in one step.
    pub(super) fn write(&self, dir: &Path) -> Result<(), LabError> {
        let path = Self::path(dir);
        let text = serde_json::to_vec_pretty(self).map_err(|source| LabError::Broken {
            delete: path.clone(),
            path: path.clone(),
            source,
        })?;
        files::write_private(&path, text)
    }
}
