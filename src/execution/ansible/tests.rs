//! Real Ansible against a real supervisord.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Ansible;
use crate::approval::Permit;
use crate::clock::{Clock, new_id};
use crate::execution::testing::Node;
use crate::execution::{Adopted, Executor as _, ExecutorError, Outcome, Progress};
use crate::plan::{Plan, Risk, Task};
use crate::secrets::Secrets;

fn executor(node: &Node) -> Ansible {
    Ansible::new(Node::settings(), node.source(), secrets(node), Clock::System)
}

pub(super) fn secrets(node: &Node) -> Arc<Secrets> {
    let key_file = Some(node.root().join("secrets.key"));
    Arc::new(Secrets::new(&crate::config::Secrets { key_file, ..Default::default() }))
}

pub(super) fn task(action: &str, service: Option<&str>) -> Task {
    Task {
        operation: new_id(),
        intent: format!("{action}_service"),
        action: action.to_owned(),
        service: service.map(str::to_owned),
        hosts: vec!["node-1".to_owned()],
        slots: BTreeMap::new(),
    }
}

pub(super) async fn planned(
    ansible: &Ansible,
    node: &Node,
    task: &Task,
) -> Result<(Plan, PathBuf), ExecutorError> {
    let folder = node.run(&task.operation);
    let began = Instant::now();
    let plan = ansible.plan(task, &folder, "p1").await?;
    eprintln!("plan of {}: {} ms", task.action, began.elapsed().as_millis());
    Ok((plan, folder))
}

pub(super) async fn applied(
    ansible: &Ansible,
    plan: &Plan,
    folder: &Path,
) -> Result<(Outcome, Vec<Progress>), ExecutorError> {
    let (sender, mut receiver) = mpsc::channel(1000);
    let began = Instant::now();
    let outcome = ansible.apply(plan, folder, Permit::for_test(plan.digest()), sender).await?;
    eprintln!("apply of {}: {} ms", plan.task.action, began.elapsed().as_millis());
    let mut progress = Vec::new();
    while let Ok(one) = receiver.try_recv() {
        progress.push(one);
    }
    Ok((outcome, progress))
}

/// Plans and applies, which has to go well.
async fn done(ansible: &Ansible, node: &Node, task: &Task) -> (Plan, Outcome) {
    let (plan, folder) = planned(ansible, node, task).await.expect("planned");
    let (outcome, _) = applied(ansible, &plan, &folder).await.expect("applied");
    assert!(outcome.success, "{:?}", outcome.facts);
    (plan, outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_from_its_deployment_to_its_removal() {
    let node = Node::start("");
    let ansible = executor(&node);

    let deploy = task("deploy", Some("web"));
    let (plan, folder) = planned(&ansible, &node, &deploy).await.expect("planned");
    assert!(plan.changes());
    assert_eq!((plan.risk, plan.targets.as_slice()), (Risk::Low, &["service:web@node-1".to_owned()][..]));
    assert!(plan.executor_version.starts_with("ansible-core 2."), "{}", plan.executor_version);
    assert!(plan.diff.contains("+[program:web]") && !plan.diff.contains("ansible-local"), "{}", plan.diff);
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.title.clone(), step.changes)).collect();
    assert!(steps.contains(&("Start web".to_owned(), true)), "{steps:?}");
    assert!(steps.contains(&("Wait until web answers".to_owned(), false)), "{steps:?}");
    assert!(!node.root().join("conf.d/web.conf").exists(), "planning changes nothing");
    assert_eq!(
        ansible.observe(&plan, &folder).await.expect("observed"),
        plan.observed,
        "nothing has changed"
    );

    let (outcome, progress) = applied(&ansible, &plan, &folder).await.expect("applied");
    assert!(outcome.success, "{:?}", outcome.facts);
    assert!(
        outcome.facts[0].starts_with("node-1: done: ") && outcome.facts[0].ends_with("Start web"),
        "{:?}",
        outcome.facts
    );
    assert!(node.listens());
    assert_eq!(node.journal("web"), [format!("deploy {}", deploy.operation)]);
    let last = progress.last().expect("there was progress");
    assert_eq!(last.done, last.total);
    assert!(progress.iter().any(|at| at.now == "Start web" && at.done < at.total), "{progress:?}");
    assert!(std::fs::read_to_string(&outcome.log).expect("a log").contains("changed  Start web"));
    assert_ne!(
        ansible.observe(&plan, &folder).await.expect("observed"),
        plan.observed,
        "now it is another state"
    );

    let (again, _) = planned(&ansible, &node, &task("deploy", Some("web"))).await.expect("planned");
    assert!(!again.changes(), "{:?}", again.steps);
    assert_eq!(again.diff, "");

    let restart = task("restart", Some("web"));
    let (plan, _) = done(&ansible, &node, &restart).await;
    assert!(plan.changes() && plan.risk == Risk::Medium);
    assert!(node.listens());
    assert_eq!(node.journal("web").last(), Some(&format!("restart {}", restart.operation)));

    let everything = task("restart", None);
    let (plan, _) = done(&ansible, &node, &everything).await;
    assert_eq!(plan.targets, ["host:node-1"]);
    assert_eq!(plan.steps[0].title, "Restart: web");
    assert_eq!(node.journal("web").last(), Some(&format!("restart {}", everything.operation)));

    let remove = task("remove", Some("web"));
    let (plan, _) = done(&ansible, &node, &remove).await;
    assert_eq!(plan.risk, Risk::High);
    assert!(!node.listens());
    assert!(!node.root().join("conf.d/web.conf").exists() && !node.root().join("data/web").exists());
    assert_eq!(node.journal("web").len(), 4);
    assert_eq!(node.journal("web").last(), Some(&format!("remove {}", remove.operation)));

    let (nothing, _) = planned(&ansible, &node, &task("remove", Some("web"))).await.expect("planned");
    assert!(!nothing.changes(), "{:?}", nothing.steps);
    let refused = planned(&ansible, &node, &task("restart", Some("web"))).await.expect_err("it is not there");
    assert_eq!(refused.to_string(), "node-1: web is not deployed here: deploy it first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_run_as_planned_and_once() {
    let node = Node::start("");
    let ansible = executor(&node);
    let deploy = task("deploy", Some("web"));
    let (plan, folder) = planned(&ansible, &node, &deploy).await.expect("planned");

    let mut other = plan.clone();
    other.task.slots.insert("version".to_owned(), "2".to_owned());
    let (sender, _receiver) = mpsc::channel(1);
    let wrong = ansible.apply(&plan, &folder, Permit::for_test(other.digest()), sender).await;
    assert!(matches!(wrong, Err(ExecutorError::WrongPermit)), "{wrong:?}");

    let extra = folder.join("input/group_vars");
    std::fs::create_dir(&extra).expect("made");
    std::fs::write(extra.join("all.yml"), "x: 1\n").expect("written");
    let tampered = applied(&ansible, &plan, &folder).await;
    assert!(matches!(tampered, Err(ExecutorError::Tampered(_))), "{tampered:?}");
    assert!(matches!(ansible.observe(&plan, &folder).await, Err(ExecutorError::Tampered(_))));
    std::fs::remove_dir_all(extra).expect("gone");
    assert_eq!(node.journal("web"), Vec::<String>::new());

    // The future is dropped in the middle of the run; the run goes on and is adopted.
    let (sender, mut receiver) = mpsc::channel(1000);
    let apply = ansible.apply(&plan, &folder, Permit::for_test(plan.digest()), sender);
    tokio::select! {
        ended = apply => panic!("it ended before it could be dropped: {ended:?}"),
        () = async { while receiver.recv().await.is_none_or(|at| at.done < 2) {} } => {}
    }
    let (sender, _receiver) = mpsc::channel(1000);
    let adopted = ansible.adopt(&plan, &folder, sender).await.expect("adopted");
    let Adopted::Ended(outcome) = adopted else { panic!("{adopted:?}") };
    assert!(outcome.success, "{:?}", outcome.facts);
    assert_eq!(node.journal("web"), [format!("deploy {}", deploy.operation)]);

    let again = applied(&ansible, &plan, &folder).await;
    assert!(matches!(again, Err(ExecutorError::Spent)), "{again:?}");
    assert_eq!(node.journal("web").len(), 1);

    let (plan, folder) = planned(&ansible, &node, &task("restart", Some("web"))).await.expect("planned");
    let (sender, _receiver) = mpsc::channel(1);
    assert_eq!(ansible.adopt(&plan, &folder, sender).await.expect("adopted"), Adopted::NeverBegan);
    assert!(matches!(applied(&ansible, &plan, &folder).await, Err(ExecutorError::Spent)));
    assert_eq!(node.journal("web").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_values_are_only_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let evil = folder.path().join("evil");
    let hostile = format!(
        "{{{{ lookup('pipe','touch {evil}') }}}}; touch {evil} # $(touch {evil}) %(here)s $HOME ~",
        evil = evil.display()
    );
    let service = format!(
        "version = {version}\ndescription = {version}\nport = 1\ncommand = {command}\n",
        version = toml::Value::String(hostile.clone()),
        command = toml::Value::String(
            "python3 {root}/service.py {root}/run/odd.json 0 {version} '{{ 7*7 }}'".into()
        ),
    );
    let node = Node::start(&format!("[services.odd]\n{service}"));
    let ansible = executor(&node);

    for version in
        ["{{ lookup('pipe','id') }}", "; rm -rf /", "1\n[program:x]", "1\u{202e}0", "", "-x", "a b"]
    {
        let mut task = task("deploy", Some("odd"));
        task.slots.insert("version".to_owned(), version.to_owned());
        let refused = planned(&ansible, &node, &task).await.expect_err("not a version").to_string();
        assert!(refused.contains("is no version") && !refused.contains('\u{202e}'), "{refused}");
    }
    for service in ["nothing", "{{ 1 }}", "../web"] {
        let refused =
            planned(&ansible, &node, &task("deploy", Some(service))).await.expect_err("unknown").to_string();
        assert!(refused.contains("there is no service"), "{refused}");
    }
    let mut elsewhere = task("deploy", Some("web"));
    elsewhere.hosts = vec!["all,!x".to_owned()];
    assert!(planned(&ansible, &node, &elsewhere).await.expect_err("unknown").to_string().contains("no host"));

    let (plan, _) = done(&ansible, &node, &task("deploy", Some("odd"))).await;
    assert!(plan.diff.contains("{{ lookup('pipe'"), "{}", plan.diff);
    let file = node.root().join("run/odd.json");
    for _ in 0..200 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let got: Vec<String> = serde_json::from_slice(&std::fs::read(file).expect("it ran")).expect("JSON");
    assert_eq!(got[2..], [hostile, "{{ 7*7 }}".to_owned()]);
    assert!(!evil.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_get_well_is_told_in_words() {
    let command = "sh -c 'echo token=abcdefgh hunter2hunter2; echo no such disk; exit 3'";
    let node = Node::start(&format!(
        "[services.ill]\nport = 1\ncommand = {}\nhealth = \"http://{{address}}:{{port}}/\"\n",
        toml::Value::String(command.to_owned())
    ));
    let mut ansible = executor(&node);
    ansible.health_tries = 2;
    let (plan, folder) = planned(&ansible, &node, &task("deploy", Some("ill"))).await.expect("planned");
    let (outcome, _) = applied(&ansible, &plan, &folder).await.expect("applied");
    assert!(!outcome.success);
    let said = outcome.facts.join("\n");
    assert!(said.starts_with("node-1: ill did not answer 200 on http://127.0.0.1:1/"), "{said}");
    assert!(said.contains("no such disk") && said.contains("EXITED"), "{said}");
    let log = std::fs::read_to_string(outcome.log).expect("a log");
    assert!(
        !said.contains("hunter2") && !said.contains("abcdefgh") && !log.contains("hunter2"),
        "{said}\n{log}"
    );
    let journal = node.journal("ill");
    assert_eq!(journal.len(), 2, "it was really started, and put back: {journal:?}");
    assert!(journal[1].starts_with("rollback "), "{journal:?}");

    // What was approved to run by itself did.
    let titles: Vec<&str> = plan.rescue.iter().map(|step| step.title.as_str()).collect();
    assert!(titles.contains(&"Delete the new program file"), "{titles:?}");
    assert!(outcome.rolled_back, "{said}");
    assert!(said.contains("then put back: Delete the new program file"), "{said}");
    assert!(!node.root().join("conf.d/ill.conf").exists() && !node.root().join("data/ill").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_puts_the_previous_form_back() {
    let node = Node::start("");
    let ansible = executor(&node);
    done(&ansible, &node, &task("deploy", Some("web"))).await;
    let file = node.root().join("conf.d/web.conf");
    let before = std::fs::read_to_string(&file).expect("it was written");

    // From now on its program ends at once.
    std::fs::write(node.root().join("service.py"), "raise SystemExit(3)").expect("written");
    let mut other = task("deploy", Some("web"));
    other.slots.insert("version".to_owned(), "2.0".to_owned());
    let mut quick = executor(&node);
    quick.health_tries = 2;
    let (plan, folder) = planned(&quick, &node, &other).await.expect("planned");
    assert!(plan.changes());
    assert!(
        quick.undo(&plan, &task("undo", Some("web")), &node.run("u1"), "p1").await.expect("asked").is_none()
    );
    let (outcome, _) = applied(&quick, &plan, &folder).await.expect("applied");
    assert!(!outcome.success && outcome.rolled_back, "{:?}", outcome.facts);
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), before);
    assert!(node.root().join("data/web").exists() || !before.contains("data/web"), "what was there stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_undone_by_a_removal_and_back() {
    let node = Node::start("");
    let ansible = executor(&node);
    let (plan, _) = done(&ansible, &node, &task("deploy", Some("web"))).await;
    let asked = task("undo", Some("web"));
    let folder = node.run(&asked.operation);
    let undo = ansible.undo(&plan, &asked, &folder, "p1").await.expect("planned").expect("it can be undone");
    assert_eq!((undo.task.action.as_str(), undo.risk), ("remove", Risk::High));
    assert_eq!(undo.task.operation, asked.operation);
    let (outcome, _) = applied(&ansible, &undo, &folder).await.expect("applied");
    assert!(outcome.success && !node.listens(), "{:?}", outcome.facts);
    let asked = task("undo", Some("web"));
    let redo = ansible.undo(&undo, &asked, &node.run(&asked.operation), "p1").await.expect("planned");
    assert_eq!(redo.expect("it can be undone").task.action, "deploy");
    let restart = Plan { task: task("restart", Some("web")), ..plan };
    assert!(ansible.undo(&restart, &asked, &node.run("u2"), "p1").await.expect("asked").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_to_stop_says_how_far_it_came() {
    let node = Node::start(
        "[services.slow]\nport = 1\ncommand = \"sleep 600\"\nhealth = \"http://{address}:{port}/\"\n",
    );
    let ansible = executor(&node);
    let (plan, folder) = planned(&ansible, &node, &task("deploy", Some("slow"))).await.expect("planned");
    assert!(!ansible.cancel(&plan, &folder).await.expect("asked"), "nothing runs yet");
    let (sender, mut receiver) = mpsc::channel::<Progress>(1000);
    let stop = async {
        while let Some(progress) = receiver.recv().await {
            if progress.now.contains("answers") {
                return ansible.cancel(&plan, &folder).await;
            }
        }
        Ok(false)
    };
    let apply = ansible.apply(&plan, &folder, Permit::for_test(plan.digest()), sender);
    let (outcome, stopped) = tokio::join!(apply, stop);
    assert!(stopped.expect("asked"));
    let outcome = outcome.expect("it ended");
    assert!(!outcome.success && outcome.facts[0] == "it was asked to stop", "{:?}", outcome.facts);
    assert!(outcome.facts.iter().any(|fact| fact.contains("done: ")), "{:?}", outcome.facts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    let node = Node::start("");
    let mut settings = Node::settings();
    settings.program = "/nowhere/ansible-playbook".into();
    let missing = Ansible::new(settings, node.source(), secrets(&node), Clock::System);
    let said =
        planned(&missing, &node, &task("deploy", Some("web"))).await.expect_err("no program").to_string();
    assert!(said.contains("/nowhere/ansible-playbook can't be started: install ansible-core"), "{said}");

    let mut both = task("deploy", Some("web"));
    both.hosts = vec!["far".to_owned(), "node-1".to_owned()];
    let said = planned(&executor(&node), &node, &both).await.expect_err("far is away").to_string();
    assert!(said.starts_with("far can't be reached: ") && said.contains("refused"), "{said}");
    let mut reboot = task("restart", None);
    reboot.hosts = vec!["far".to_owned()];
    let said = planned(&executor(&node), &node, &reboot).await.expect_err("far is away").to_string();
    assert!(said.starts_with("far can't be reached: "), "{said}");

    let socket = node.root().join("socket");
    std::fs::remove_file(socket).expect("gone");
    let said =
        planned(&executor(&node), &node, &task("deploy", Some("web"))).await.expect_err("away").to_string();
    assert!(said.starts_with("node-1: “See what runs” failed: ") && said.contains("no such file"), "{said}");
}
