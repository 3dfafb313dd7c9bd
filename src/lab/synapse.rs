//! The lab's homeserver: a real Synapse for clients only, without limits and without other servers.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use tokio::process::Command;

use super::cache::Installation;
use super::state::State;
use super::supervise::{Orphans, Program};
use super::{LabError, files};

/// Makes the folder `DIR/synapse` ready; safe to repeat.
pub(super) fn write(
    state: &State,
    installation: &Installation,
    registrations: &[PathBuf],
) -> Result<(), LabError> {
    let folder = folder(&state.folder);
    files::make_folder(&folder)?;
    let key = folder.join("signing.key");
    if !key.exists() {
        let seed: [u8; 32] = rand::random();
        files::write_private(&key, format!("ed25519 a_lab {}\n", STANDARD_NO_PAD.encode(seed)))?;
    }
    let database = folder.join("homeserver.db");
    if !database.exists() && installation.database().exists() {
        std::fs::copy(installation.database(), &database)
            .map_err(LabError::file(&database, "can't be written"))?;
    }
    let mut config = settings(&folder, &state.server_name, state.synapse_port());
    config["registration_shared_secret"] = state.registration_shared_secret.expose().into();
    config["macaroon_secret_key"] = state.macaroon_secret.expose().into();
    config["form_secret"] = state.form_secret.expose().into();
    config["app_service_config_files"] = json!(registrations);
    files::write_private(&folder.join("homeserver.yaml"), pretty(&config))?;
    files::write_private(&folder.join("log.yaml"), pretty(&logging(&folder)))
}

/// How Synapse is started.
pub(super) fn program(state: &State, installation: &Installation) -> Program {
    let folder = folder(&state.folder);
    Program {
        name: "synapse".into(),
        program: installation.program("python"),
        arguments: ["-m", "synapse.app.homeserver", "-c"]
            .map(Into::into)
            .into_iter()
            .chain([folder.join("homeserver.yaml").into_os_string()])
            .collect(),
        environment: Vec::new(),
        folder,
        log: state.folder.join("logs/synapse.out.log"),
        final_code: None,
        orphans: Orphans::None,
        grace: Duration::from_secs(5),
    }
}

/// Synapse's own log.
pub(super) fn log(dir: &Path) -> PathBuf {
    folder(dir).join("homeserver.log")
}

fn folder(dir: &Path) -> PathBuf {
    dir.join("synapse")
}

/// JSON is YAML.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn settings(folder: &Path, server_name: &str, port: u16) -> Value {
    let open = json!({"per_second": 1000, "burst_count": 10000});
    json!({
        "server_name": server_name,
        "public_baseurl": format!("http://127.0.0.1:{port}/"),
        "listeners": [{
            "port": port,
            "bind_addresses": ["127.0.0.1"],
            "type": "http",
            "resources": [{"names": ["client"]}],
        }],
        "database": {"name": "sqlite3", "args": {"database": folder.join("homeserver.db")}},
        "log_config": folder.join("log.yaml"),
        "pid_file": folder.join("homeserver.pid"),
        "media_store_path": folder.join("media"),
        "signing_key_path": folder.join("signing.key"),
        "report_stats": false,
        "suppress_key_server_warning": true,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "enable_registration": false,
        // The passwords are random and long: slow hashing would guard nothing.
        "bcrypt_rounds": 4,
        "presence": {"enabled": false},
        "rc_message": open,
        "rc_registration": open,
        "rc_registration_token_validity": open,
        "rc_login": {"address": open, "account": open, "failed_attempts": open},
        "rc_admin_redaction": open,
        "rc_joins": {"local": open, "remote": open},
        "rc_joins_per_room": open,
        "rc_3pid_validation": open,
        "rc_invites": {"per_room": open, "per_user": open, "per_issuer": open},
        "rc_room_creation": open,
        "rc_reports": open,
        "rc_presence": {"per_user": open},
        "rc_delayed_event_mgmt": open,
        "rc_media_create": open,
    })
}

fn logging(folder: &Path) -> Value {
    json!({
        "version": 1,
        "disable_existing_loggers": false,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "filters": {"context": {"()": "synapse.logging.context.LoggingContextFilter", "request": ""}},
        "handlers": {"file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": folder.join("homeserver.log"),
            "maxBytes": 20_000_000,
            "backupCount": 1,
            "encoding": "utf8",
            "formatter": "line",
            "filters": ["context"],
        }},
        "root": {"level": "WARNING", "handlers": ["file"]},
    })
}

/// Makes an empty database with all of Synapse's migrations done, so that a new lab need not wait for them. Without it
/// a lab starts a second later: a failure is none.
pub(super) async fn make_template(installation: &Installation) {
    let Some(root) = installation.database().parent().map(|root| root.join("template")) else { return };
    if make_template_in(&root, installation).await.is_none() {
        let _ = files::remove(&installation.database());
    }
    let _ = files::remove(&root);
}

async fn make_template_in(root: &Path, installation: &Installation) -> Option<()> {
    files::make_folder(root).ok()?;
    let seed: [u8; 32] = rand::random();
    let key = format!("ed25519 a_lab {}\n", STANDARD_NO_PAD.encode(seed));
    std::fs::write(root.join("signing.key"), key).ok()?;
    let mut config = settings(root, "template.lab", 1);
    config["macaroon_secret_key"] = "template".into();
    std::fs::write(root.join("homeserver.yaml"), pretty(&config)).ok()?;
    std::fs::write(root.join("log.yaml"), pretty(&logging(root))).ok()?;
    let made = Command::new(installation.program("update_synapse_database"))
        .arg("--database-config")
        .arg(root.join("homeserver.yaml"))
        .arg("--run-background-updates")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    let made = tokio::time::timeout(Duration::from_secs(120), made).await.ok()?.ok()?;
    let left_open = root.join("homeserver.db-wal").exists();
    (made.success() && !left_open).then_some(())?;
    std::fs::rename(root.join("homeserver.db"), installation.database()).ok()
}
