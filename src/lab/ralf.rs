//! The lab's own R.A.L.F.: its configuration, its registration, and how it is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ralf_appservice::Registration;
use ruma::RoomAliasId;

use super::cache::Installation;
use super::fleet::Fleet;
use super::model::Model;
use super::monitoring::Monitoring;
use super::ready::SignOfLife;
use super::state::State;
use super::supervise::{Orphans, Program};
use super::{LabError, assets, files, monitoring};
use crate::config::{Config, RoomRef, Secret};
use crate::registration::alias_localpart;

/// The bots; each is `ralf-<name>`.
pub(super) const BOTS: [&str; 5] = ["core", "infra", "health", "planner", "sec"];

/// R.A.L.F.'s configuration file.
pub(super) fn config_file(dir: &Path) -> PathBuf {
    dir.join("ralf.toml")
}

/// Its registration, as Synapse reads it.
pub(super) fn registration_file(dir: &Path) -> PathBuf {
    dir.join("registration.yaml")
}

/// Its log.
pub(super) fn log(dir: &Path) -> PathBuf {
    dir.join("logs/ralf.log")
}

/// What `serve` will make of the lab's configuration and of the environment over it.
pub(super) struct Served {
    config: Config,
}

impl Served {
    /// Where it answers.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.config.appservice.listen)
    }

    /// Its database.
    pub(super) fn database(&self) -> String {
        self.config.database.url.clone()
    }

    /// A room by its key: the configured one, else the one that is made.
    pub(super) fn room(&self, key: &str) -> Result<RoomRef, LabError> {
        if let Some(room) = self.config.rooms.get(key) {
            return Ok(room.clone());
        }
        let alias = format!("#{}:{}", alias_localpart(key), self.config.homeserver.domain);
        RoomAliasId::parse(alias).map(RoomRef::Alias).map_err(|error| LabError::Settings(error.to_string()))
    }

    /// Its token towards Synapse.
    pub(super) fn as_token(&self) -> String {
        exposed(self.config.appservice.as_token.as_ref())
    }

    /// Synapse's token towards it.
    pub(super) fn hs_token(&self) -> String {
        exposed(self.config.appservice.hs_token.as_ref())
    }

    /// What alert sources present.
    pub(super) fn webhook_token(&self) -> String {
        exposed(self.config.webhooks.token.as_ref())
    }

    fn registration(&self) -> Result<Registration, LabError> {
        let Config { homeserver, appservice, rooms, .. } = &self.config;
        let server = ruma::ServerName::parse(&homeserver.domain)
            .map_err(|error| LabError::Settings(error.to_string()))?;
        let url = appservice.registered_url();
        let mut registration = crate::registration::registration(&appservice.id, &url, &server, rooms);
        registration.as_token = self.as_token().into();
        registration.hs_token = self.hs_token().into();
        Ok(registration)
    }
}

/// What a lab has besides the usual.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// OpenTofu's program.
    pub(super) tofu: Option<PathBuf>,
    /// The language model.
    pub(super) model: Option<Model>,
    /// Prometheus and its companions.
    pub(super) monitoring: Option<Monitoring>,
}

impl Parts {
    /// How those that are programs show that they are ready.
    pub(super) fn signs_of_life(&self, state: &State) -> impl Iterator<Item = SignOfLife> {
        let model = self.model.as_ref().map(|model| model.sign_of_life(state));
        let monitoring = self.monitoring.as_ref().map(|_| monitoring::signs_of_life(state));
        model.into_iter().chain(monitoring.into_iter().flatten())
    }
}

/// Writes configuration, registration and playbooks; safe to repeat.
pub(super) fn write(
    state: &State,
    installation: &Installation,
    fleet: &Fleet,
    parts: &Parts,
    environment: &[(OsString, OsString)],
) -> Result<Served, LabError> {
    let playbooks = state.folder.join("playbooks");
    assets::write_playbooks(&playbooks)?;
    let file = config_file(&state.folder);
    let mut text = config(state, installation, fleet, &playbooks);
    if let Some(program) = &parts.tofu {
        text.push_str(&with_tofu(state, program)?);
    }
    if let Some(model) = &parts.model {
        text.push_str(&model.config(state));
    }
    if parts.monitoring.is_some() {
        text.push_str(&monitoring::config(state));
    }
    files::write_private(&file, text)?;
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let environment = std::env::vars_os().chain(environment.iter().cloned()).filter_map(text);
    let config =
        Config::load_with(&file, environment).map_err(|error| LabError::Settings(error.to_string()))?;
    let served = Served { config };
    served.registration()?.write_private(&registration_file(&state.folder))?;
    Ok(served)
}

/// OpenTofu's part of the configuration, and the sample stacks. One that is there already is its owner's to change.
fn with_tofu(state: &State, program: &Path) -> Result<String, LabError> {
    let stacks = state.folder.join("stacks");
    let journals = state.folder.join("journals");
    files::make_folder(&journals)?;
    assets::write_stacks(&stacks, |stack| {
        let journal = journals.join(format!("{stack}.log"));
        format!("# The lab's own values.\njournal = {}\n", toml::Value::String(journal.display().to_string()))
    })?;
    let path = |value: &Path| toml::Value::String(value.to_string_lossy().into_owned());
    Ok(format!("\n[executors.tofu]\nprogram = {}\nstacks = {}\n", path(program), path(&stacks)))
}

/// How it is started. The lab's own environment reaches it.
pub(super) fn program(state: &State, serve: PathBuf, environment: Vec<(OsString, OsString)>) -> Program {
    Program {
        name: "ralf".into(),
        program: serve,
        arguments: vec!["serve".into(), "-c".into(), config_file(&state.folder).into_os_string()],
        environment,
        folder: state.folder.clone(),
        log: log(&state.folder),
        // The configuration is wrong.
        final_code: Some(2),
        orphans: Orphans::None,
        grace: Duration::from_secs(10),
    }
}

fn exposed(secret: Option<&Secret>) -> String {
    secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

/// What needs whose consent in the lab.
pub(crate) const POLICY: &str = include_str!("../../config/lab/policy.toml");

fn config(state: &State, installation: &Installation, fleet: &Fleet, playbooks: &Path) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let path = |value: &Path| text(&value.to_string_lossy());
    format!(
        r#"# The lab's R.A.L.F. Written at every start of the lab; settings of the environment (RALF_<SECTION>__<KEY>) win.

[homeserver]
url = {homeserver}
domain = {domain}

[appservice]
listen = "127.0.0.1:{port}"
as_token = {as_token}
hs_token = {hs_token}

[database]
url = {database}

[people.admin]
ids = [{admin}]
roles = ["approver"]

[people.approver]
ids = [{approver}]
roles = ["approver", "emergency"]

{POLICY}
[inventory]
hosts = {hosts}
services = {services}

[executors.ansible]
program = {ansible}
playbooks = {playbooks}
python = {python}

[webhooks]
token = {webhook_token}

[web]
token = {webhook_token}
"#,
        homeserver = text(&state.synapse_url()),
        domain = text(&state.server_name),
        port = state.ralf_port(),
        as_token = text(state.as_token.expose()),
        hs_token = text(state.hs_token.expose()),
        database = text(&format!("sqlite:{}", state.folder.join("ralf.db").display())),
        admin = text(&state.user_id("admin")),
        approver = text(&state.user_id("approver")),
        hosts = path(&fleet.hosts_file()),
        services = path(&fleet.services_file()),
        ansible = path(&installation.program("ansible-playbook")),
        playbooks = path(playbooks),
        python = path(&installation.program("python")),
        webhook_token = text(state.webhook_token.expose()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::Rules;

    #[test]
    fn the_configuration_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::load(folder.path()).unwrap();
        let fleet = Fleet::new(&state);
        let installation = Installation::in_folder(folder.path().join("cache \"quoted\""));
        fleet.write(&installation).unwrap();
        let set = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let environment =
            [set("RALF_DATABASE__URL", "postgres://me@here/lab"), set("RALF_ROOMS__SEC", "#vault:l")];
        let served = write(&state, &installation, &fleet, &Parts::default(), &environment).unwrap();
        let url = format!("http://127.0.0.1:{}", state.ralf_port());
        assert_eq!(served.url(), url);
        assert_eq!(served.database(), "postgres://me@here/lab");
        assert_eq!(served.as_token(), state.as_token.expose());
        assert!(matches!(served.room("sec").unwrap(), RoomRef::Alias(alias) if alias == "#vault:l"));
        assert!(
            matches!(served.room("ops").unwrap(), RoomRef::Alias(alias) if alias == "#ralf-ops:lab.local")
        );
        let wrong =
            write(&state, &installation, &fleet, &Parts::default(), &[set("RALF_POLICY__EXPIRY", "soon")]);
        assert!(wrong.err().unwrap().to_string().contains("RALF_POLICY__EXPIRY"));
        let model = Model::Ours { program: "/bin/ollama".into(), store: "/models".into() };
        let monitoring = Monitoring {
            prometheus: "/bin/prometheus".into(),
            alertmanager: "/bin/alertmanager".into(),
            node_exporter: "/bin/node_exporter".into(),
        };
        let parts =
            Parts { tofu: Some("/bin/tofu".into()), model: Some(model), monitoring: Some(monitoring) };
        write(&state, &installation, &fleet, &parts, &[]).unwrap();
        let vars = folder.path().join("stacks/noticeboard/lab.auto.tfvars");
        assert!(std::fs::read_to_string(&vars).unwrap().contains("journals/noticeboard.log"));
        let config = Config::load_with(&config_file(folder.path()), []).unwrap();
        assert_eq!(config.model.url.port(), Some(state.ollama_port()));
        assert_eq!(
            (config.model.name.as_str(), config.model.embedding_name.as_deref()),
            ("smol", Some("e5"))
        );
        let rules = Rules::new(&config, ruma::server_name!("lab.local"));
        let titles: Vec<&str> = rules.all_terms().iter().map(|terms| terms.rule.as_str()).collect();
        assert_eq!(titles, ["looking", "losing", "working", "default"]);
        assert_eq!(config.appservice.registered_url(), url);
        let registration = Registration::read(&registration_file(folder.path())).unwrap();
        assert_eq!(registration.url, Some(url));
        let aliases = regex::Regex::new(&registration.namespaces.aliases[0].regex).unwrap();
        assert!(aliases.is_match("#ralf:lab.local") && aliases.is_match("#ralf-sec:lab.local"));
        assert!(!aliases.is_match("#ralf-x:lab.local"));
    }
}
