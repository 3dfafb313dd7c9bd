//! A lab with monitoring, people in its health room, and what they see there.

use std::path::PathBuf;
use std::process::Command;

use ralf::lab::Part;
use serde_json::Value;

use super::{Api, kill, programs};
use crate::harness::{Event, Person, Stage, until};

/// A lab with monitoring, and two people in its health room.
pub(super) struct Watch {
    pub(super) stage: Stage,
    pub(super) admin: Person,
    pub(super) approver: Person,
    /// The health room.
    pub(super) room: String,
    pub(super) alertmanager: Api,
    amtool: PathBuf,
}

/// The incident that a message is about.
pub(super) fn incident(event: &Event) -> &str {
    event.content()["org.ralf.incident"]["id"].as_str().unwrap_or_default()
}

/// Where it stood then.
pub(super) fn state(event: &Event) -> &str {
    event.content()["org.ralf.incident"]["state"].as_str().unwrap_or_default()
}

impl Watch {
    /// Alertmanager is looked at every second, so that nobody has to wait for it.
    pub(super) async fn begin(name: &str) -> Self {
        let stage = Stage::furnished(name, &[("RALF_ALERTS__POLL", "1s")], &[Part::Monitoring]).await;
        let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
        let alertmanager = Api(stage.info().alertmanager.expect("Alertmanager's address"));
        let amtool = programs().await.amtool();
        Self { room: stage.room("health"), stage, admin, approver, alertmanager, amtool }
    }

    /// What `amtool` prints.
    pub(super) fn amtool(&self, arguments: &[&str]) -> String {
        let url = format!("--alertmanager.url={}", self.alertmanager.0);
        let output = Command::new(&self.amtool).arg(url).args(arguments).output().expect("amtool runs");
        assert!(output.status.success(), "amtool {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The message that begins an incident.
    pub(super) async fn begins(&self, words: &str) -> Event {
        let fits = |event: &Event| is_root(event) && event.body().contains(words);
        self.admin.wait_for(&format!("a message about {words}"), fits).await
    }

    /// Waits until an incident's message says something, as it reads then.
    pub(super) async fn reads(&self, root: &Event, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        let latest = |events: &[Event]| {
            let of =
                |event: &&Event| event.id() == root.id() || event.is_edit() && event.target() == root.id();
            events.iter().rfind(of).filter(|event| fits(event)).cloned()
        };
        self.admin.wait_in_all(&format!("the message to be {what}"), latest).await
    }

    /// Waits until an incident's message is in a state.
    pub(super) async fn stands(&self, root: &Event, wanted: &str) -> Event {
        self.reads(root, wanted, |event| state(event) == wanted).await
    }

    /// Waits for words in an incident's thread, `so_many` times.
    pub(super) async fn is_told(&self, root: &Event, words: &str, so_many: usize) -> Event {
        let fits = |event: &&Event| event.thread() == Some(root.id()) && event.body().contains(words);
        let find = |events: &[Event]| events.iter().filter(fits).nth(so_many - 1).cloned();
        self.admin.wait_in_all(&format!("{words:?} in the thread"), find).await
    }

    /// What the thread says so far.
    pub(super) fn thread(&self, root: &Event) -> Vec<String> {
        let all = self.admin.all(|event| event.thread() == Some(root.id()));
        all.iter().map(|event| event.body().to_owned()).collect()
    }

    /// The messages that begin an incident, so far.
    pub(super) fn beginnings(&self) -> Vec<Event> {
        self.admin.all(is_root)
    }

    /// What is open, as the bot lists it.
    pub(super) async fn open(&self) -> String {
        self.admin.ask(&self.room, "!ralf alerts").await.body().to_owned()
    }

    /// The proposals to mend something, so far.
    pub(super) fn proposals(&self) -> Vec<Event> {
        self.admin.all(|event| self.is_proposal(event))
    }

    /// The `n`th proposal to mend something.
    pub(super) async fn proposal(&self, n: usize) -> Event {
        let find =
            |events: &[Event]| events.iter().filter(|event| self.is_proposal(event)).nth(n - 1).cloned();
        self.admin.wait_in_all(&format!("proposal {n}"), find).await
    }

    fn is_proposal(&self, event: &Event) -> bool {
        event.room == self.room && event.is_new_message() && event.body().starts_with("📋")
    }

    /// Does what an approved sentence asks for.
    pub(super) async fn have(&self, text: &str) {
        let ops = self.stage.room("ops");
        let proposal = self.admin.proposal(&ops, text).await;
        self.admin.react(&ops, proposal.id(), "✅").await;
        self.admin.report(proposal.operation_id(), "succeeded").await;
    }

    /// Kills a service of node-1, once Prometheus has seen that it runs.
    pub(super) async fn fails(&self, service: &str) {
        let prometheus = Api(self.stage.info().prometheus.expect("Prometheus' address"));
        let up = format!("up{{service=\"{service}\"}} == 1");
        until("Prometheus to see that it runs", async || prometheus.series(&up).await == 1).await;
        let pid = async || self.stage.info().fleet["node-1"].services[service].pid;
        until("its pid", async || pid().await.is_some()).await;
        kill(pid().await.expect("it runs"));
    }

    /// Waits until Alertmanager says that so many alerts of that filter fire.
    pub(super) async fn fire(&self, filter: &str, so_many: usize) {
        let fires = async || self.alertmanager.alerts(filter).await.len() == so_many;
        until(&format!("{so_many} of {filter} to fire"), fires).await;
    }

    /// Waits until Alertmanager has sent so many notifications since it was started.
    pub(super) async fn notified(&self, times: f64) {
        let url = format!("{}/metrics", self.alertmanager.0);
        let sent = async || {
            let text = reqwest::get(&url).await.expect("an answer").text().await.expect("metrics");
            let of = |line: &str| {
                line.strip_prefix("alertmanager_notifications_total{integration=\"webhook\"} ")?.parse().ok()
            };
            text.lines().find_map(of).unwrap_or(0.0)
        };
        until("Alertmanager's notifications", async || sent().await >= times).await;
    }

    /// Kills programs and waits until all of them run again.
    pub(super) async fn kill(&self, programs: &[&str]) {
        let lab = self.stage.lab();
        let before: Vec<Option<u32>> = programs.iter().map(|name| lab.pid(name)).collect();
        for name in programs {
            lab.kill(name).expect("it runs");
        }
        for (name, before) in programs.iter().zip(before) {
            until(&format!("another {name}"), async || lab.pid(name).is_some_and(|pid| Some(pid) != before))
                .await;
        }
    }

    /// Waits until Alertmanager and R.A.L.F. answer again.
    pub(super) async fn all_answer(&self) {
        for url in [format!("{}/-/ready", self.alertmanager.0), format!("{}/readyz", self.stage.info().ralf)]
        {
            let answers = async || reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200);
            until(&url, answers).await;
        }
    }

    /// A file out of a message, as it lies on the homeserver.
    pub(super) async fn file(&self, event: &Event) -> Vec<u8> {
        let info = self.stage.info();
        let at = event.content()["url"].as_str().and_then(|url| url.strip_prefix("mxc://")).expect("a file");
        let url = format!("{}/_matrix/client/v1/media/download/{at}", info.homeserver);
        let asked = reqwest::Client::new().get(url).bearer_auth(&info.users["admin"].access_token).send();
        asked.await.expect("an answer").bytes().await.expect("a file").to_vec()
    }

    /// The silences that hold in Alertmanager.
    pub(super) fn silences(&self) -> Vec<Value> {
        let said = self.amtool(&["silence", "query", "-o", "json"]);
        serde_json::from_str(&said).expect("silences")
    }
}

/// Whether a message begins an incident.
fn is_root(event: &Event) -> bool {
    event.is_new_message()
        && !incident(event).is_empty()
        && event.thread().is_none()
        && event.answers().is_empty()
        && event.operation().is_none()
}
