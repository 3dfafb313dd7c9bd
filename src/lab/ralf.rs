//! The lab's own R.A.L.F.: its configuration, its registration, and how it is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ralf_appservice::Registration;

use super::cache::Installation;
use super::fleet::Fleet;
use super::state::State;
use super::supervise::Program;
use super::{LabError, assets, files};

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

/// Its database, as the configuration names it.
pub(super) fn database_url(dir: &Path) -> String {
    format!("sqlite:{}", dir.join("ralf.db").display())
}

/// Its log.
pub(super) fn log(dir: &Path) -> PathBuf {
    dir.join("logs/ralf.log")
}

/// Writes configuration, registration and playbooks; safe to repeat.
pub(super) fn write(state: &State, installation: &Installation, fleet: &Fleet) -> Result<(), LabError> {
    let playbooks = state.folder.join("playbooks");
    assets::write_playbooks(&playbooks)?;
    registration(state)?.write_private(&registration_file(&state.folder))?;
    files::write_private(&config_file(&state.folder), config(state, installation, fleet, &playbooks))
}

fn registration(state: &State) -> Result<Registration, LabError> {
    let server_name = ruma::ServerName::parse(&state.server_name).map_err(|error| LabError::Refused {
        what: format!("the server name {}", state.server_name),
        said: error.to_string(),
    })?;
    let mut registration = crate::registration::registration(
        "ralf",
        &state.ralf_url(),
        &server_name,
        &crate::config::Rooms::default(),
    );
    registration.as_token = state.as_token.clone();
    registration.hs_token = state.hs_token.clone();
    Ok(registration)
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
        orphans: None,
        grace: Duration::from_secs(10),
    }
}

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
roles = ["approver"]

[[policy.rules]]
intents = ["deploy_service", "restart_service", "rollback_service", "scale_service", "update_service", "run_backup"]
approvals = 1
self_approval = true

[[policy.rules]]
intents = ["remove_service", "restore_backup", "rotate_secret"]
approvals = 2

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
        database = text(&database_url(&state.folder)),
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

    #[test]
    fn the_configuration_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::load(folder.path()).unwrap();
        let fleet = Fleet::new(&state);
        let installation = Installation::in_folder(folder.path().join("cache \"quoted\""));
        fleet.write(&installation).unwrap();
        write(&state, &installation, &fleet).unwrap();
        let config = crate::config::Config::load_with(&config_file(folder.path()), []).unwrap();
        assert_eq!(config.policy.rule("remove_service").approvals, 2);
        assert_eq!(config.policy.rule("deploy_service").approvals, 1);
        assert_eq!(config.appservice.registered_url(), state.ralf_url());
        let registration = Registration::read(&registration_file(folder.path())).unwrap();
        assert_eq!(registration.url, Some(state.ralf_url()));
        let aliases = regex::Regex::new(&registration.namespaces.aliases[0].regex).unwrap();
        assert!(aliases.is_match("#ralf:lab.local") && aliases.is_match("#ralf-sec:lab.local"));
        assert!(!aliases.is_match("#ralf-x:lab.local"));
    }
}
