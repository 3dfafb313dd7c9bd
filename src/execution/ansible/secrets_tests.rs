//! Secrets through real Ansible: the service gets them, and nobody else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::Ansible;
use super::tests::{applied, planned, secrets, task};
use crate::approval::Permit;
use crate::clock::Clock;
use crate::execution::testing::Node;
use crate::execution::{Adopted, Executor as _};

/// Long enough for what looks at texts to cut it, and full of what encoders change.
const VALUE: &str = "file-\"Zwölf\"-<Box>-'kämpfer'-7781";
/// Of every test program, and said by nobody else.
const VARIABLE: &str = "CARGO_PKG_DESCRIPTION";

/// A playbook that chatters: in a title, in a loop's item, in a message, in its output, in a diff, in a failure.
const CHATTER: &str = r#"
- name: "Write its secrets"
  ansible.builtin.copy:
    content: "{{ lookup('env', 'DB_PASSWORD') }}\n{{ lookup('env', 'API_TOKEN') }}"
    dest: "{{ svc.folders[0] }}/secrets"
    mode: "0600"

- name: "Say {{ lookup('env', 'DB_PASSWORD') }}"
  ansible.builtin.debug:
    msg: "it is {{ lookup('env', 'DB_PASSWORD') }} and {{ {'x': lookup('env', 'API_TOKEN')} | to_json }}"

- name: "Print it"
  ansible.builtin.command:
    argv: ["sh", "-c", "printf '%s\n' \"$DB_PASSWORD\"; printf '%s\n' \"$API_TOKEN\" >&2; sleep 1", "{{ item }}"]
    expand_argument_vars: false
    removes: /
  loop: ["{{ lookup('env', 'DB_PASSWORD') }}"]

- name: "Fail with it"
  ansible.builtin.command:
    argv: ["sh", "-c", "echo \"no such user: $DB_PASSWORD\"; exit 3"]
    expand_argument_vars: false
  ignore_errors: "{{ svc.version != '6.6' }}"
  changed_when: false
"#;

struct Stage {
    node: Node,
    file: PathBuf,
    playbooks: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let playbooks = tempfile::tempdir().expect("a folder");
        let file = playbooks.path().join("db-password");
        std::fs::write(&file, format!("{VALUE}\n")).expect("written");
        let shipped = Node::settings().playbooks;
        let copied = std::process::Command::new("cp").arg("-r").arg(shipped).arg(playbooks.path()).status();
        assert!(copied.expect("cp runs").success());
        let tasks = playbooks.path().join("playbooks/tasks/deploy-supervisord.yml");
        let shipped = std::fs::read_to_string(&tasks).expect("the shipped one");
        let (before, after) = shipped.split_once("\n# `removes: /`").expect("where it starts");
        std::fs::write(&tasks, format!("{before}{CHATTER}\n# `removes: /`{after}")).expect("written");
        let node = Node::start(&format!(
            "[services.db]\nversion = \"1.0\"\ncommand = \"sh -c 'cat {{data}}/secrets >{{root}}/run/got; exec sleep 600'\"\n\
             [services.db.secrets]\nDB_PASSWORD = \"file:{}\"\nAPI_TOKEN = \"env:{VARIABLE}\"\n",
            file.display()
        ));
        Self { node, file, playbooks }
    }

    /// An executor that has just started.
    fn executor(&self) -> Ansible {
        let mut settings = Node::settings();
        settings.playbooks = self.playbooks.path().join("playbooks");
        Ansible::new(settings, self.node.source(), secrets(&self.node), Clock::System)
    }
}

fn assert_clean(what: &str, text: &str) {
    for part in ["Zwölf", "Zw\\u00f6lf", "kämpfer", "7781", env!("CARGO_PKG_DESCRIPTION")] {
        assert!(!text.contains(part), "{what} has {part}: {text}");
    }
}

/// Every file in a run folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gets_its_secrets_and_nobody_else_does() {
    let stage = Stage::new();
    let ansible = stage.executor();
    let (plan, folder) = planned(&ansible, &stage.node, &task("deploy", Some("db"))).await.expect("planned");
    let uses: Vec<_> =
        plan.secrets.iter().map(|used| (used.reference.as_str(), used.version.len())).collect();
    assert_eq!(uses, [(&*format!("env:{VARIABLE}"), 16), (&*format!("file:{}", stage.file.display()), 16)]);
    assert!(plan.diff.contains("+[hidden]"), "{}", plan.diff);
    assert_clean("the plan", &serde_json::to_string(&plan).expect("JSON"));
    for file in files(&folder) {
        assert_clean(
            &file.display().to_string(),
            &String::from_utf8_lossy(&std::fs::read(&file).expect("read")),
        );
    }
    assert_eq!(ansible.observe(&plan, &folder).await.expect("observed"), plan.observed);

    let (outcome, progress) = applied(&ansible, &plan, &folder).await.expect("applied");
    assert!(outcome.success, "{:?}", outcome.facts);
    assert_clean("the outcome", &serde_json::to_string(&outcome).expect("JSON"));
    assert_clean("the progress", &format!("{progress:?}"));
    let log = std::fs::read_to_string(&outcome.log).expect("a log");
    assert!(log.contains("it is [hidden] and") && log.contains("no such user: [hidden]"), "{log}");
    for file in files(&folder) {
        assert_clean(
            &file.display().to_string(),
            &String::from_utf8_lossy(&std::fs::read(&file).expect("read")),
        );
    }
    let got = stage.node.root().join("run/got");
    for _ in 0..200 {
        if std::fs::read_to_string(&got).is_ok_and(|text| text.len() > VALUE.len()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let got = std::fs::read_to_string(got).expect("the service runs");
    assert_eq!(got, format!("{VALUE}\n{}", env!("CARGO_PKG_DESCRIPTION")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_makes_the_plan_stale_and_a_failure_does_not_tell_it() {
    let stage = Stage::new();
    let ansible = stage.executor();
    let mut deploy = task("deploy", Some("db"));
    deploy.slots.insert("version".into(), "6.6".into());
    let (plan, folder) = planned(&ansible, &stage.node, &deploy).await.expect("planned");
    std::fs::write(&stage.file, "rotated-kämpfer-7781\n").expect("written");
    assert_ne!(ansible.observe(&plan, &folder).await.expect("observed"), plan.observed);
    let refused = applied(&ansible, &plan, &folder).await.expect_err("another secret").to_string();
    assert!(
        refused.contains("was changed since it was planned") && refused.contains("db-password"),
        "{refused}"
    );
    assert!(!folder.join("claim").exists(), "nothing was started");

    std::fs::write(&stage.file, VALUE).expect("written");
    let (outcome, _) = applied(&ansible, &plan, &folder).await.expect("applied");
    assert!(!outcome.success);
    assert_eq!(outcome.facts[0], "node-1: “Fail with it” failed: no such user: [hidden] (exit code 3)");

    std::fs::remove_file(&stage.file).expect("gone");
    let gone =
        planned(&ansible, &stage.node, &task("deploy", Some("db"))).await.expect_err("no secret").to_string();
    assert!(gone.contains("is not there: there is no such file"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_values_are_read_again_and_without_them_nothing_is_shown() {
    let stage = Stage::new();
    for rotated in [false, true] {
        std::fs::write(&stage.file, VALUE).expect("written");
        let mut deploy = task("deploy", Some("db"));
        deploy.slots.insert("version".into(), if rotated { "6.6" } else { "1.1" }.into());
        let ansible = stage.executor();
        let (plan, folder) = planned(&ansible, &stage.node, &deploy).await.expect("planned");
        let (sender, mut receiver) = mpsc::channel(1000);
        tokio::select! {
            ended = ansible.apply(&plan, &folder, Permit::for_test(plan.digest()), sender) => panic!("too soon: {ended:?}"),
            () = async { while receiver.recv().await.is_none_or(|at| at.now != "Print it") {} } => {}
        }
        drop(ansible);
        if rotated {
            std::fs::write(&stage.file, "another-value-now").expect("written");
        }
        let (sender, _receiver) = mpsc::channel(1000);
        let adopted = stage.executor().adopt(&plan, &folder, sender).await.expect("adopted");
        let Adopted::Ended(outcome) = adopted else { panic!("{adopted:?}") };
        assert_clean("the outcome", &format!("{outcome:?}"));
        assert_eq!(outcome.log.exists(), !rotated);
        let told = outcome.facts.iter().any(|fact| fact.contains("no log is attached"));
        assert_eq!((outcome.success, told), (!rotated, rotated), "{:?}", outcome.facts);
        if rotated {
            assert_eq!(outcome.facts[0], "node-1: “Fail with it” failed: [hidden] (exit code 3)");
        }
    }
}
