//! What a lab remembers about itself, so that it can be started again in the same folder: `DIR/state.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ralf_appservice::Secret;
use serde::{Deserialize, Serialize};

use super::{LabError, files};

/// The people of every lab.
pub(super) const PEOPLE: [&str; 3] = ["admin", "approver", "guest"];
/// The nodes of every lab's fleet.
pub(super) const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

/// Secrets, ports and people of one lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The mark by which its processes are known; see [`super::process`].
    pub(super) id: String,
    /// The folder that it was made in: a copy of the folder is another lab.
    pub(super) folder: PathBuf,
    /// Synapse's name for itself.
    pub(super) server_name: String,
    /// The first port of its block.
    pub(super) first_port: u16,
    /// R.A.L.F.'s token towards Synapse.
    pub(super) as_token: Secret,
    /// Synapse's token towards R.A.L.F.
    pub(super) hs_token: Secret,
    /// What alert sources present.
    pub(super) webhook_token: Secret,
    /// What makes users at Synapse.
    pub(super) registration_shared_secret: Secret,
    /// Two secrets that Synapse wants for itself.
    pub(super) macaroon_secret: Secret,
    /// The second one.
    pub(super) form_secret: Secret,
    /// The people by name.
    pub(super) users: BTreeMap<String, User>,
}

/// One person of the lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct User {
    /// The password.
    pub(super) password: Secret,
    /// The access token, once there is one.
    pub(super) access_token: Option<Secret>,
}

impl State {
    /// Reads `DIR/state.json`, or begins anew. `folder` is absolute.
    pub(super) fn load(folder: &Path) -> Result<Self, LabError> {
        let path = Self::path(folder);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::new(folder)),
            Err(source) => return Err(LabError::File { path, what: "can't be read", source }),
        };
        let mut state: Self = serde_json::from_str(&text).map_err(|source| LabError::Broken {
            path,
            delete: folder.to_owned(),
            source,
        })?;
        if state.folder != folder {
            state.folder = folder.to_owned();
            state.id = crate::clock::new_id();
            state.first_port = 0;
        }
        Ok(state)
    }

    fn new(folder: &Path) -> Self {
        let user = || User { password: Secret::generate(), access_token: None };
        Self {
            id: crate::clock::new_id(),
            folder: folder.to_owned(),
            server_name: "lab.local".to_owned(),
            first_port: 0,
            as_token: Secret::generate(),
            hs_token: Secret::generate(),
            webhook_token: Secret::generate(),
            registration_shared_secret: Secret::generate(),
            macaroon_secret: Secret::generate(),
            form_secret: Secret::generate(),
            users: PEOPLE.iter().map(|name| ((*name).to_owned(), user())).collect(),
        }
    }

    /// Writes it down.
    pub(super) fn save(&self) -> Result<(), LabError> {
        let path = Self::path(&self.folder);
        let text = serde_json::to_vec_pretty(self).map_err(|source| LabError::Broken {
            path: path.clone(),
            delete: path.clone(),
            source,
        })?;
        files::write_private(&path, text)
    }

    fn path(folder: &Path) -> PathBuf {
        folder.join("state.json")
    }

    /// The Matrix id of a person or bot.
    pub(super) fn user_id(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.server_name)
    }

    /// Synapse's port.
    pub(super) fn synapse_port(&self) -> u16 {
        self.first_port
    }

    /// R.A.L.F.'s port.
    pub(super) fn ralf_port(&self) -> u16 {
        self.first_port + 1
    }

    /// The port of the lab's own Ollama.
    pub(super) fn ollama_port(&self) -> u16 {
        self.first_port + 2
    }

    /// Prometheus' port.
    pub(super) fn prometheus_port(&self) -> u16 {
        self.first_port + 3
    }

    /// Alertmanager's port.
    pub(super) fn alertmanager_port(&self) -> u16 {
        self.first_port + 4
    }

    /// The node exporter's port.
    pub(super) fn node_exporter_port(&self) -> u16 {
        self.first_port + 5
    }

    /// Where Synapse answers.
    pub(super) fn synapse_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.synapse_port())
    }

    /// The port of a node's service, both by their place in their lists.
    pub(super) fn service_port(&self, node: usize, service: usize) -> u16 {
        let place = 16 + node * 16 + service;
        debug_assert!(service < 16 && place < usize::from(super::ports::SIZE));
        self.first_port + u16::try_from(place).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_again_in_its_folder_and_another_lab_elsewhere() {
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
        let state = State::load(one.path()).unwrap();
        state.save().unwrap();
        let again = State::load(one.path()).unwrap();
        assert_eq!((&again.id, &again.as_token), (&state.id, &state.as_token));
        std::fs::copy(one.path().join("state.json"), two.path().join("state.json")).unwrap();
        assert_ne!(State::load(two.path()).unwrap().id, state.id);
        std::fs::write(one.path().join("state.json"), "{").unwrap();
        assert!(State::load(one.path()).unwrap_err().to_string().contains("delete"));
    }
}
