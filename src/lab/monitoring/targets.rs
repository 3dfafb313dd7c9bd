//! What Prometheus is to look at, as the fleet changes.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::json;

use crate::lab::fleet::{Expected, Fleet};
use crate::lab::{LabError, files};

/// The files from which Prometheus learns of the fleet.
pub(in crate::lab) struct Targets {
    targets: PathBuf,
    metrics: PathBuf,
    written: Option<Vec<Expected>>,
}

impl Targets {
    /// Into these files: the targets for Prometheus' service discovery, and metrics for the node exporter.
    pub(super) fn new(targets: PathBuf, metrics: PathBuf) -> Self {
        Self { targets, metrics, written: None }
    }

    /// Writes them if the fleet is another than before.
    pub(in crate::lab) fn update(&mut self, fleet: &Fleet) -> Result<(), LabError> {
        let now = fleet.expected();
        if self.written.as_ref() == Some(&now) {
            return Ok(());
        }
        files::write_private(&self.metrics, metrics(&now))?;
        files::write_private(&self.targets, targets(&now))?;
        self.written = Some(now);
        Ok(())
    }
}

/// The services that are deployed, as Prometheus' `file_sd_configs` reads them.
fn targets(fleet: &[Expected]) -> String {
    let target = |one: &Expected| {
        let instance = format!("{}@{}", one.service, one.node);
        json!({
            "targets": [one.address],
            "labels": {"service": one.service, "node": one.node, "instance": instance},
        })
    };
    let all: Vec<_> = fleet.iter().filter(|one| one.is_deployed).map(target).collect();
    format!("{:#}\n", json!(all))
}

/// All services, deployed or not.
fn metrics(fleet: &[Expected]) -> String {
    let mut text = String::from(
        "# HELP fleet_service_deployed Whether the service is deployed on the node, and so should run.\n\
         # TYPE fleet_service_deployed gauge\n",
    );
    for Expected { service, node, is_deployed, .. } in fleet {
        let value = u8::from(*is_deployed);
        // Writing to a string does not fail.
        let _ = writeln!(text, "fleet_service_deployed{{service=\"{service}\",node=\"{node}\"}} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::lab::cache::Installation;
    use crate::lab::state::State;

    #[test]
    fn what_is_deployed_is_looked_at_from_its_start_to_its_removal() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = State::load(dir.path()).unwrap();
        state.first_port = 20_032;
        let fleet = Fleet::new(&state);
        fleet.write(&Installation::in_folder("/cache".into())).unwrap();
        let (json, prom) = (dir.path().join("fleet.json"), dir.path().join("fleet.prom"));
        let mut files = Targets::new(json.clone(), prom.clone());
        let node = dir.path().join("fleet/node-2");
        let (program, journal) = (node.join("conf.d/jellyfin.conf"), node.join("journal/jellyfin.log"));
        let mut look = || -> (Value, bool) {
            files.update(&fleet).unwrap();
            let metrics = std::fs::read_to_string(&prom).unwrap();
            assert_eq!(metrics.lines().filter(|line| !line.starts_with('#')).count(), 30);
            let deployed = "fleet_service_deployed{service=\"jellyfin\",node=\"node-2\"} 1\n";
            let targets = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
            (targets, metrics.contains(deployed))
        };
        assert_eq!(look(), (json!([]), false));
        std::fs::write(&program, "[program:jellyfin]").unwrap();
        assert_eq!(look(), (json!([]), false), "it is not started yet");
        std::fs::write(&journal, "1 deploy a\n2 restart b\n").unwrap();
        let port =
            fleet.look()["node-2"].services["jellyfin"].health.split(['/', ':']).nth(4).unwrap().to_owned();
        let jellyfin = json!([{
            "targets": [format!("127.0.0.1:{port}")],
            "labels": {"service": "jellyfin", "node": "node-2", "instance": "jellyfin@node-2"},
        }]);
        assert_eq!(look(), (jellyfin, true));
        std::fs::remove_file(&program).unwrap();
        assert_eq!(look(), (json!([]), false), "before it stops");
        std::fs::write(&journal, "1 deploy a\n2 restart b\n3 remove c\n").unwrap();
        std::fs::write(&program, "[program:jellyfin]").unwrap();
        assert_eq!(look(), (json!([]), false), "it is not started again yet");
    }
}
