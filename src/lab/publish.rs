//! What a lab tells about itself, from the first `lab.json` to the last.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;

use super::fleet::Fleet;
use super::lab_json::{LabJson, UserInfo};
use super::monitoring::Targets;
use super::ralf::{self, Served};
use super::state::{State, User};
use super::supervise::Pids;

/// Keeps `lab.json` true, and what Prometheus knows of the fleet.
pub(super) struct Publisher {
    pub(super) dir: PathBuf,
    pub(super) fleet: Fleet,
    pub(super) targets: Option<Targets>,
    pub(super) pids: watch::Receiver<Pids>,
    pub(super) publish: watch::Sender<LabJson>,
}

impl Publisher {
    /// Until nobody keeps programs up any more.
    pub(super) async fn run(mut self) {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                changed = self.pids.changed() => if changed.is_err() { return },
            }
            let mut now = self.publish.borrow().clone();
            now.pids = self.pids.borrow_and_update().clone();
            now.fleet = self.fleet.look();
            // A full disk is told by those who need to write more than this; the next look or change tries again.
            if let Some(targets) = &mut self.targets {
                let _ = targets.update(&self.fleet);
            }
            if *self.publish.borrow() != now && now.write(&self.dir).is_ok() {
                self.publish.send_replace(now);
            }
        }
    }
}

/// A lab as `lab.json` shows it, still without its processes and its fleet.
pub(super) fn describe(state: &State, served: &Served, rooms: BTreeMap<String, String>) -> LabJson {
    let user = |(name, user): (&String, &User)| {
        let access_token =
            user.access_token.as_ref().map(|token| token.expose().to_owned()).unwrap_or_default();
        let info = UserInfo {
            user_id: state.user_id(name),
            password: user.password.expose().to_owned(),
            access_token,
        };
        (name.clone(), info)
    };
    LabJson {
        homeserver: state.synapse_url(),
        server_name: state.server_name.clone(),
        ralf: served.url(),
        config: ralf::config_file(&state.folder),
        database: served.database(),
        users: state.users.iter().map(user).collect(),
        rooms,
        bots: ralf::BOTS
            .iter()
            .map(|bot| ((*bot).to_owned(), state.user_id(&format!("ralf-{bot}"))))
            .collect(),
        fleet: BTreeMap::new(),
        as_token: served.as_token(),
        hs_token: served.hs_token(),
        webhook_token: served.webhook_token(),
        registration_shared_secret: state.registration_shared_secret.expose().to_owned(),
        ollama: None,
        prometheus: None,
        alertmanager: None,
        pids: BTreeMap::new(),
    }
}
