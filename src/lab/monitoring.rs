//! Prometheus, Alertmanager and the node exporter in a lab: what they look at, what they tell R.A.L.F., and how they are
//! started.

mod install;
mod targets;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fleet::Fleet;
use super::ralf::Served;
use super::ready::SignOfLife;
use super::state::State;
use super::supervise::{Orphans, Program};
use super::{LabError, files};

pub(super) use targets::Targets;

/// Their names among a lab's programs.
pub(super) const NAMES: [&str; 3] = [PROMETHEUS, ALERTMANAGER, NODE_EXPORTER];
const PROMETHEUS: &str = "prometheus";
const ALERTMANAGER: &str = "alertmanager";
const NODE_EXPORTER: &str = "node-exporter";

const PROMETHEUS_YML: &str = include_str!("../../config/lab/monitoring/prometheus.yml");
const RULES_YML: &str = include_str!("../../config/lab/monitoring/lab.rules.yml");
const ALERTMANAGER_YML: &str = include_str!("../../config/lab/monitoring/alertmanager.yml");
const RALF_TOML: &str = include_str!("../../config/lab/monitoring/ralf.toml");

/// The programs that watch a lab, on the PATH or in the cache.
#[derive(Debug, Clone)]
pub struct Monitoring {
    /// Prometheus.
    pub prometheus: PathBuf,
    /// Alertmanager.
    pub alertmanager: PathBuf,
    /// The node exporter.
    pub node_exporter: PathBuf,
}

/// Where Prometheus answers.
pub(super) fn prometheus_url(state: &State) -> String {
    format!("http://127.0.0.1:{}", state.prometheus_port())
}

/// Where Alertmanager answers.
pub(super) fn alertmanager_url(state: &State) -> String {
    format!("http://127.0.0.1:{}", state.alertmanager_port())
}

/// How they show that they are ready.
pub(super) fn signs_of_life(state: &State) -> [SignOfLife; 3] {
    let sign = |of, url, name| SignOfLife { of, url, log: log(&state.folder, name) };
    let exporter = format!("http://127.0.0.1:{}/", state.node_exporter_port());
    [
        sign("Prometheus", format!("{}/-/ready", prometheus_url(state)), PROMETHEUS),
        sign("Alertmanager", format!("{}/-/ready", alertmanager_url(state)), ALERTMANAGER),
        sign("the node exporter", exporter, NODE_EXPORTER),
    ]
}

/// Their part of R.A.L.F.'s configuration.
pub(super) fn config(state: &State) -> String {
    fill(RALF_TOML, &[("prometheus", prometheus_url(state)), ("alertmanager", alertmanager_url(state))])
}

/// Writes their configuration; safe to repeat. What they have measured and been told is kept.
pub(super) fn write(state: &State, served: &Served, fleet: &Fleet) -> Result<Targets, LabError> {
    for name in NAMES {
        files::make_folder(&state.folder.join(name).join("data"))?;
    }
    let ports = [
        ("prometheus", state.prometheus_port().to_string()),
        ("alertmanager", state.alertmanager_port().to_string()),
        ("node_exporter", state.node_exporter_port().to_string()),
    ];
    let (prometheus, alertmanager) = (state.folder.join(PROMETHEUS), state.folder.join(ALERTMANAGER));
    files::write_private(&prometheus.join("prometheus.yml"), fill(PROMETHEUS_YML, &ports))?;
    files::write_private(&prometheus.join("lab.rules.yml"), RULES_YML)?;
    files::write_private(
        &alertmanager.join("alertmanager.yml"),
        fill(ALERTMANAGER_YML, &[("ralf", served.url())]),
    )?;
    files::write_private(&alertmanager.join("webhook-token"), served.webhook_token())?;
    let metrics = state.folder.join(NODE_EXPORTER).join("data/fleet.prom");
    let mut targets = Targets::new(prometheus.join("fleet.json"), metrics);
    targets.update(fleet)?;
    Ok(targets)
}

impl Monitoring {
    /// How they are started.
    pub(super) fn programs(&self, state: &State) -> [Program; 3] {
        let program = |name: &str, program: &Path, arguments: Vec<OsString>| Program {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments,
            environment: Vec::new(),
            // The Alertmanager out of the cache finds its templates from here.
            folder: program.parent().unwrap_or(&state.folder).to_owned(),
            log: log(&state.folder, name),
            final_code: None,
            orphans: Orphans::None,
            grace: Duration::from_secs(5),
        };
        let option = |option: &str, value: &str| OsString::from(format!("--{option}={value}"));
        let address = |port: u16| option("web.listen-address", &format!("127.0.0.1:{port}"));
        let own = |name: &str, file: &str| state.folder.join(name).join(file).display().to_string();
        [
            program(
                PROMETHEUS,
                &self.prometheus,
                vec![
                    option("config.file", &own(PROMETHEUS, "prometheus.yml")),
                    option("storage.tsdb.path", &own(PROMETHEUS, "data")),
                    option("storage.tsdb.retention.time", "1d"),
                    option("storage.tsdb.wal-segment-size", "10MB"),
                    // An Alertmanager that was away forgets what fires, and learns it again by this.
                    option("rules.alert.resend-delay", "10s"),
                    address(state.prometheus_port()),
                    option("web.external-url", &prometheus_url(state)),
                ],
            ),
            program(
                ALERTMANAGER,
                &self.alertmanager,
                vec![
                    option("config.file", &own(ALERTMANAGER, "alertmanager.yml")),
                    option("storage.path", &own(ALERTMANAGER, "data")),
                    option("cluster.listen-address", ""),
                    address(state.alertmanager_port()),
                    option("web.external-url", &alertmanager_url(state)),
                ],
            ),
            program(
                NODE_EXPORTER,
                &self.node_exporter,
                ["cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "textfile", "uname"]
                    .into_iter()
                    .map(|collector| OsString::from(format!("--collector.{collector}")))
                    .chain([
                        // It is asked every second.
                        OsString::from("--collector.disable-defaults"),
                        option("collector.textfile.directory", &own(NODE_EXPORTER, "data")),
                        address(state.node_exporter_port()),
                    ])
                    .collect(),
            ),
        ]
    }
}

fn log(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("logs/{name}.log"))
}

fn fill(template: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
