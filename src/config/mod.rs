//! `ralf.toml`: one file per section, each with the reason behind its keys and its own checks.
//!
//! Every key can also be given as an environment variable, `RALF_<SECTION>__<KEY>`; the environment wins.
//! Relative paths are relative to the file's own folder.

mod alerts;
mod alerts_check;
mod appservice;
mod executors;
mod intents;
mod load;
mod model;
mod pattern;
mod people;
mod policy;
mod rooms;
mod schedules;
mod secret;
mod secrets;
mod small;

pub use alerts::{Alerts, Escalation, Heal, JsonMapping, Loki, Maintenance, Owner, Watchdog};
pub use appservice::{Appservice, Homeserver};
pub use executors::{Ansible, Executors, InventoryFiles, Tofu};
pub use intents::Intents;
pub use load::{ConfigError, Problem};
pub use model::{Model, Provider, is_handed_on};
pub use pattern::Pattern;
pub use people::{Person, Role};
pub use policy::{Policy, Raise, Rule};
pub use rooms::{RoomRef, Rooms};
pub use schedules::{Schedule, ScheduleError, Schedules};
pub use secrets::Secrets;
pub use small::{Database, Log, LogFormat, Web, Webhooks};

pub use ralf_appservice::Secret;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// The whole configuration, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Matrix homeserver we serve.
    pub homeserver: Homeserver,
    /// How the homeserver reaches us, and as whom.
    pub appservice: Appservice,
    /// Where everything durable lies.
    #[serde(default)]
    pub database: Database,
    /// The language model, if there is one.
    #[serde(default)]
    pub model: Model,
    /// What can be understood besides the built-in intents.
    #[serde(default)]
    pub intents: Intents,
    /// The rooms the bots live in.
    #[serde(default)]
    pub rooms: Rooms,
    /// Who is who: roles by Matrix id.
    #[serde(default)]
    pub people: BTreeMap<String, Person>,
    /// Who may approve what.
    #[serde(default)]
    pub policy: Policy,
    /// Hosts and services that can be named in a sentence.
    #[serde(default)]
    pub inventory: InventoryFiles,
    /// The programs that change the lab.
    #[serde(default)]
    pub executors: Executors,
    /// Where the secrets of services come from.
    #[serde(default)]
    pub secrets: Secrets,
    /// What other programs may send us.
    #[serde(default)]
    pub webhooks: Webhooks,
    /// Where alerts are looked up, and what is done about them.
    #[serde(default)]
    pub alerts: Alerts,
    /// What runs by the clock.
    #[serde(default)]
    pub schedules: Schedules,
    /// The web page and `/api`.
    #[serde(default)]
    pub web: Web,
    /// What we say about ourselves.
    #[serde(default)]
    pub log: Log,
}

impl Config {
    /// Reads `path`, lays the environment's `RALF_…` over it, resolves `_file` secrets and checks everything.
    ///
    /// # Errors
    /// Every wrong field at once, each with file, line and what to write instead.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        load::load(path, std::env::vars())
    }

    /// Like [`Config::load`] with an environment of the caller's own.
    pub fn load_with(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        load::load(path, environment)
    }

    /// A right configuration with these sections besides the two that it takes.
    #[cfg(test)]
    pub(crate) fn for_test(sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ralf.toml");
        let head = r#"
[homeserver]
url = "http://127.0.0.1:8008"
domain = "lab.local"

[appservice]
as_token = "0123456789abcdef0123456789abcdef"
hs_token = "fedcba9876543210fedcba9876543210"
"#;
        std::fs::write(&path, format!("{head}\n{sections}")).unwrap();
        Self::load_with(&path, []).unwrap()
    }

    /// Everything in it that must never be seen: what the redactor knows from the start.
    pub fn confidential(&self) -> Vec<String> {
        let tokens = [
            &self.appservice.as_token,
            &self.appservice.hs_token,
            &self.secrets.vault_token,
            &self.webhooks.token,
            &self.web.token,
        ];
        let mut all: Vec<String> =
            tokens.into_iter().flatten().map(|token| token.expose().to_owned()).collect();
        all.extend(self.model.tokens().map(|token| token.expose().to_owned()));
        all.extend(self.database.password());
        // A short word, such as a database's password in a test, would hide itself in every sentence.
        all.retain(|value| value.len() >= 8 && !value.bytes().all(|b| b.is_ascii_lowercase()));
        all
    }

    fn resolve(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        self.appservice.resolve(folder, problems);
        self.database.resolve(folder);
        self.model.resolve(folder, problems);
        self.intents.resolve(folder);
        self.inventory.resolve(folder);
        self.executors.resolve(folder);
        self.secrets.resolve(folder, self.executors.runs.as_deref(), problems);
        self.webhooks.resolve(folder, problems);
        self.web.resolve(folder, problems);
    }

    fn validate(&self, problems: &mut Vec<Problem>) {
        self.homeserver.validate(problems);
        self.appservice.validate(problems);
        self.database.validate(problems);
        self.model.validate(problems);
        self.intents.validate(problems);
        self.rooms.validate(problems);
        people::validate(&self.people, problems);
        policy::validate(self, problems);
        self.executors.validate(problems);
        self.secrets.validate(problems);
        self.alerts.validate(&self.people, problems);
        self.schedules.validate(problems);
        self.log.validate(problems);
    }
}
