//! Prometheus, Alertmanager and node exporter, as a lab has them, and what people see of what they say.

mod mending;
mod restarts;
mod silencing;
mod watch;

use std::path::Path;
use std::process::Command;

use ralf::lab::{Cache, Monitoring, Part, Progress};
use serde_json::Value;

use crate::harness::{Stage, fresh_folder, until};

/// Where one of them answers.
struct Api(String);

impl Api {
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}{path}", self.0);
        let answer = reqwest::Client::new().get(&url).query(query).send().await.expect(&url);
        answer.json().await.expect(&url)
    }

    /// How many series an expression of Prometheus' finds.
    async fn series(&self, expression: &str) -> usize {
        let answer = self.get("/api/v1/query", &[("query", expression)]).await;
        answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{expression}: {answer}")).len()
    }

    /// The labels of what Alertmanager says fires, by a filter of its own.
    async fn alerts(&self, filter: &str) -> Vec<Value> {
        let answer = self.get("/api/v2/alerts", &[("filter", filter)]).await;
        let all = answer.as_array().unwrap_or_else(|| panic!("{answer}"));
        all.iter().map(|alert| alert["labels"].clone()).collect()
    }
}

pub(crate) async fn programs() -> Monitoring {
    Cache::from_environment().expect("a cache").monitoring(Progress::quiet()).await.expect("Prometheus")
}

fn check(tool: &Path, arguments: &[&str], file: &Path) {
    let output = Command::new(tool).args(arguments).arg(file).output().expect("the tool runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn the_labs_rules_say_what_they_should() {
    let folder = fresh_folder("rules");
    let rules = folder.join("lab.rules.yml");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(&rules, include_str!("../../../config/lab/monitoring/lab.rules.yml")).expect("written");
    let tests = folder.join("lab.rules.test.yml");
    std::fs::write(&tests, include_str!("lab.rules.test.yml")).expect("written");
    let promtool = programs().await.promtool();
    check(&promtool, &["check", "rules"], &rules);
    check(&promtool, &["test", "rules"], &tests);
}

#[tokio::test]
async fn what_should_run_and_does_not_is_alerted() {
    let stage = Stage::furnished("monitoring", &[], &[Part::Monitoring]).await;
    let (info, ops) = (stage.info(), stage.room("ops"));
    let prometheus = Api(info.prometheus.clone().expect("Prometheus' address"));
    let alertmanager = Api(info.alertmanager.clone().expect("Alertmanager's address"));
    for Api(url) in [&prometheus, &alertmanager] {
        let answer = reqwest::get(format!("{url}/-/ready")).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{url}");
    }
    let programs = programs().await;
    check(&programs.promtool(), &["check", "config"], &stage.dir.join("prometheus/prometheus.yml"));
    check(&programs.amtool(), &["check-config"], &stage.dir.join("alertmanager/alertmanager.yml"));

    let admin = stage.person("admin").await;
    let approver = stage.person("approver").await;
    for (service, node) in [("jellyfin", "node-2"), ("grafana", "node-1")] {
        let proposal = admin.proposal(&ops, &format!("Installiere {service} auf {node}")).await;
        admin.react(&ops, proposal.id(), "✅").await;
        admin.report(proposal.operation_id(), "succeeded").await;
    }
    until("both services to be looked at", async || prometheus.series("up{job=\"fleet\"} == 1").await == 2)
        .await;
    let jellyfin = async || alertmanager.alerts("service=\"jellyfin\"").await;
    assert!(jellyfin().await.is_empty(), "it runs");

    // Nobody stopped it by a sentence: it should run.
    let pid = stage.info().fleet["node-2"].services["jellyfin"].pid.expect("it runs");
    kill(pid);
    until("the alert", async || !jellyfin().await.is_empty()).await;
    let labels = &jellyfin().await[0];
    for (name, value) in [
        ("alertname", "ServiceDown"),
        ("severity", "critical"),
        ("service", "jellyfin"),
        ("node", "node-2"),
        ("instance", "jellyfin@node-2"),
    ] {
        assert_eq!(labels[name], value, "{labels}");
    }

    // What is removed should not run any more.
    let remove = admin.proposal(&ops, "Entferne Grafana von node-1").await;
    for person in [&admin, &approver] {
        person.react(&ops, remove.id(), "✅").await;
    }
    admin.report(remove.operation_id(), "succeeded").await;
    until("Prometheus to forget it", async || prometheus.series("up{service=\"grafana\"}").await == 0).await;
    let ever =
        prometheus.series("max_over_time(ALERTS{service=\"grafana\",alertstate=\"firing\"}[1h])").await;
    assert_eq!(ever, 0, "its removal is no failure");

    // A program of the lab's own is started again, and missed where it is not.
    let first = stage.lab().pid("node-exporter").expect("it runs");
    stage.lab().kill("node-exporter").expect("it runs");
    until("another node exporter", async || {
        let now = stage.info().pids.get("node-exporter").copied();
        now.is_some_and(|pid| pid != first) && now == stage.lab().pid("node-exporter")
    })
    .await;
    let down = async || alertmanager.alerts("alertname=\"TargetDown\"").await;
    stage.lab().take_down("node-exporter").await;
    until("the missing exporter to be told", async || down().await.iter().any(|l| l["job"] == "node")).await;
    assert!(!stage.info().pids.contains_key("node-exporter"));
    stage.lab().bring_up("node-exporter").await;
    until("the alert's end", async || down().await.is_empty()).await;
    assert_eq!(alertmanager.alerts("alertname=\"Watchdog\"").await.len(), 1, "it fires always");
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
}
