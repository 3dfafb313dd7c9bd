//! A real OpenTofu on stacks that need no provider.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::Tofu;
use crate::approval::Permit;
use crate::clock::{Clock, new_id};
use crate::config;
use crate::execution::testing;
use crate::execution::{Adopted, Executor as _, ExecutorError, Outcome, Progress};
use crate::plan::{Effects, Plan, Risk, Task};

/// The sample stack in a folder of its own.
struct Stage {
    folder: tempfile::TempDir,
    tofu: Tofu,
}

const SAMPLE: &str = include_str!("../../../config/stacks/noticeboard/main.tf");
const PIN: &str = "pin-4711-sample";

impl Stage {
    fn new() -> Self {
        Self::with(SAMPLE)
    }

    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let stacks = folder.path().join("stacks");
        std::fs::create_dir_all(stacks.join("board")).expect("made");
        let vars = format!("journal = \"{}\"\n", folder.path().join("journal").display());
        std::fs::write(stacks.join("board/lab.auto.tfvars"), vars).expect("written");
        let timeout = jiff::SignedDuration::from_secs(60);
        let settings = config::Tofu { program: testing::tofu(), stacks, timeout };
        let stage = Self { folder, tofu: Tofu::new(settings, Clock::System) };
        stage.write(text);
        stage
    }

    fn stack(&self) -> PathBuf {
        self.folder.path().join("stacks/board")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.stack().join("main.tf"), text).expect("written");
    }

    /// What really happened, without times and ids.
    fn journal(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("journal")).unwrap_or_default();
        text.lines().map(|line| line.split(' ').nth(1).expect("a word").to_owned()).collect()
    }

    async fn planned(&self, action: &str) -> Result<(Plan, PathBuf), ExecutorError> {
        let task = task(action, "board");
        let folder = self.folder.path().join("runs").join(&task.operation);
        Ok((self.tofu.plan(&task, &folder, "p1").await?, folder))
    }

    async fn applied(&self, plan: &Plan, folder: &Path) -> Result<(Outcome, Vec<Progress>), ExecutorError> {
        let (sender, mut receiver) = mpsc::channel(1000);
        let outcome = self.tofu.apply(plan, folder, Permit::for_test(plan.digest()), sender).await?;
        let mut progress = Vec::new();
        while let Ok(one) = receiver.try_recv() {
            progress.push(one);
        }
        Ok((outcome, progress))
    }

    async fn done(&self, action: &str) -> Plan {
        let (plan, folder) = self.planned(action).await.expect("planned");
        let (outcome, _) = self.applied(&plan, &folder).await.expect("applied");
        assert!(outcome.success, "{:?}", outcome.facts);
        plan
    }
}

fn task(action: &str, stack: &str) -> Task {
    Task {
        operation: new_id(),
        intent: format!("{action}_service"),
        action: action.to_owned(),
        service: Some(stack.to_owned()),
        hosts: Vec::new(),
        slots: [("service".to_owned(), stack.to_owned())].into(),
    }
}

fn titles(plan: &Plan) -> Vec<(&str, bool)> {
    plan.steps.iter().map(|step| (step.title.as_str(), step.changes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_from_its_creation_to_its_end() {
    let stage = Stage::new();
    let (plan, folder) = stage.planned("deploy").await.expect("planned");
    assert_eq!(plan.targets, ["stack:board"]);
    assert_eq!((plan.risk, plan.effects), (Risk::Low, Effects { create: 1, ..Effects::default() }));
    assert_eq!(titles(&plan), [("Create terraform_data.board", true)]);
    assert_eq!(plan.steps[0].host, "board");
    assert!(plan.executor_version.starts_with("OpenTofu 1."), "{}", plan.executor_version);
    assert!(plan.diff.contains("+   input.pin = [hidden]\n+   input.text = \"Welcome"), "{}", plan.diff);
    assert_eq!(plan.observed, "no state");
    assert!(
        stage.journal().is_empty() && !stage.stack().join("terraform.tfstate").exists(),
        "planning only reads"
    );
    assert_eq!(stage.tofu.observe(&plan, &folder).await.expect("observed"), plan.observed);

    // What is changed after the plan is not what runs.
    stage.write(&SAMPLE.replace("Welcome to the lab", "Something else"));
    let (outcome, progress) = stage.applied(&plan, &folder).await.expect("applied");
    assert!(outcome.success, "{:?}", outcome.facts);
    assert_eq!(outcome.facts, ["done: Create terraform_data.board"]);
    assert_eq!(
        progress.last(),
        Some(&Progress { done: 1, total: 1, now: "Create terraform_data.board".into() })
    );
    assert_eq!(stage.journal(), ["create"]);
    let state = std::fs::read_to_string(stage.stack().join("terraform.tfstate")).expect("the state");
    assert!(state.contains("Welcome to the lab"));
    let observed = stage.tofu.observe(&plan, &folder).await.expect("observed");
    assert!(observed.ends_with("serial 1") && observed != plan.observed, "{observed}");
    let log = std::fs::read_to_string(&outcome.log).expect("a log");
    assert!(log.contains("terraform_data.board: Creation complete"), "{log}");

    let drift = stage.tofu.status("stack:board").await.expect("looked");
    assert_eq!(drift, Some(vec!["Change terraform_data.board".to_owned()]));
    let plan = stage.done("deploy").await;
    assert_eq!((plan.risk, plan.effects), (Risk::Medium, Effects { change: 1, ..Effects::default() }));
    assert!(
        plan.diff.contains("-   input.text = \"Welcome to the lab\"\n+   input.text = \"Something else\"\n"),
        "{}",
        plan.diff
    );
    assert!(!plan.diff.contains("input.pin"), "the same as before: {}", plan.diff);
    assert_eq!(stage.tofu.status("stack:board").await.expect("looked"), Some(Vec::new()), "no drift");
    assert_eq!(stage.tofu.status("stack:other").await.expect("looked"), None);
    assert_eq!(stage.tofu.status("host:board").await.expect("looked"), None);

    let (same, _) = stage.planned("deploy").await.expect("planned");
    assert!(!same.changes() && same.diff.is_empty(), "{same:?}");
    assert_eq!((titles(&same), same.risk), (vec![("Keep terraform_data.board", false)], Risk::Read));

    stage.write(&SAMPLE.replace("default     = 1", "default     = 2"));
    let plan = stage.done("deploy").await;
    assert!(plan.destroys());
    assert_eq!((plan.risk, plan.effects), (Risk::High, Effects { replace: 1, ..Effects::default() }));
    assert!(
        plan.diff.contains("replace: destroy and create anew, because of triggers_replace"),
        "{}",
        plan.diff
    );
    assert_eq!(stage.journal(), ["create", "destroy", "create"]);

    let plan = stage.done("remove").await;
    assert_eq!((plan.risk, plan.effects), (Risk::High, Effects { destroy: 1, ..Effects::default() }));
    assert_eq!(titles(&plan), [("Destroy terraform_data.board", true)]);
    assert_eq!(stage.journal(), ["create", "destroy", "create", "destroy"]);
    assert!(!stage.planned("remove").await.expect("planned").0.changes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_nowhere_that_people_look() {
    let leak = SAMPLE
        .replace("echo \\\"$(date +%s%3N) create $ID\\\"", "cat $FOLDER/secret >&2; false; echo \\\"1 create\\\"")
        .replace("environment = { ID = self.id,", "environment = { FOLDER = dirname(self.output.journal), ID = self.id,")
        .replace("output \"board\" {", "output \"pin\" {\n  value = terraform_data.board.input.pin\n  sensitive = true\n}\n\noutput \"board\" {");
    assert_ne!(leak, SAMPLE);
    let stage = Stage::with(&leak);
    std::fs::write(stage.folder.path().join("secret"), format!("it is {PIN}!\n")).expect("written");
    let (plan, folder) = stage.planned("deploy").await.expect("planned");
    assert!(plan.diff.contains("@@ output pin @@\n+   value = [hidden]\n"), "{}", plan.diff);
    let (outcome, progress) = stage.applied(&plan, &folder).await.expect("applied");
    let log = std::fs::read_to_string(&outcome.log).expect("a log");
    assert!(log.contains("it is [hidden]!"), "the provisioner printed it: {log}");
    let all = format!("{plan:?} {outcome:?} {progress:?} {log}");
    assert!(!all.contains(PIN) && !all.contains("4711"), "{all}");
    let drift = stage.tofu.status("stack:board").await.expect("looked");
    assert!(!format!("{drift:?}").contains(PIN), "{drift:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_runs_once_and_never_on_another_state() {
    let stage = Stage::new();
    let (first, first_folder) = stage.planned("deploy").await.expect("planned");
    let (second, second_folder) = stage.planned("deploy").await.expect("planned");
    stage.applied(&first, &first_folder).await.expect("applied");
    let again = stage.applied(&first, &first_folder).await;
    assert!(matches!(again, Err(ExecutorError::Spent)), "{again:?}");

    assert_ne!(stage.tofu.observe(&second, &second_folder).await.expect("observed"), second.observed);
    // Even if nobody had looked.
    let (outcome, _) = stage.applied(&second, &second_folder).await.expect("it ran");
    assert!(!outcome.success);
    assert!(outcome.facts[0].contains("refused it and did nothing"), "{:?}", outcome.facts);
    assert_eq!(outcome.facts[1], "nothing was changed");
    assert_eq!(stage.journal(), ["create"]);

    let adopted = stage.tofu.adopt(&first, &first_folder, mpsc::channel(9).0).await.expect("adopted");
    assert!(matches!(adopted, Adopted::Ended(outcome) if outcome.success));
    let (third, folder) = stage.planned("remove").await.expect("planned");
    let adopted = stage.tofu.adopt(&third, &folder, mpsc::channel(9).0).await.expect("adopted");
    assert_eq!(adopted, Adopted::NeverBegan);
    std::fs::write(folder.join("input/more.tf"), "").expect("written");
    let observed = stage.tofu.observe(&third, &folder).await;
    assert!(matches!(observed, Err(ExecutorError::Tampered(_))), "{observed:?}");
    let permit = Permit::for_test(first.digest());
    let wrong = stage.tofu.apply(&third, &folder, permit, mpsc::channel(9).0).await;
    assert!(matches!(wrong, Err(ExecutorError::WrongPermit)), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_or_left_alone_tells_how_far_it_came() {
    let slow = SAMPLE.replacen("command     = \"echo", "command     = \"sleep 30; echo", 1);
    let stage = Stage::with(&slow);
    let (plan, folder) = stage.planned("deploy").await.expect("planned");
    let (sender, mut receiver) = mpsc::channel(1000);
    {
        // We die while it runs.
        let apply = stage.tofu.apply(&plan, &folder, Permit::for_test(plan.digest()), sender);
        let began = receiver.recv();
        tokio::select! {
            ended = apply => panic!("it takes 30 s: {ended:?}"),
            began = began => assert_eq!(began.map(|p| p.now), Some("Create terraform_data.board".into())),
        }
    }
    // It holds the lock.
    let begun = std::time::Instant::now();
    assert!(stage.tofu.cancel(&plan, &folder).await.expect("asked"));
    let adopted = stage.tofu.adopt(&plan, &folder, mpsc::channel(99).0).await.expect("adopted");
    let Adopted::Ended(outcome) = adopted else { panic!("{adopted:?}") };
    assert!(!outcome.success && begun.elapsed() < Duration::from_secs(20));
    assert_eq!(outcome.facts[0], "stack:board: it was asked to stop");
    assert_eq!(outcome.facts.last().map(String::as_str), Some("nothing was changed"));
    assert!(!stage.tofu.cancel(&plan, &folder).await.expect("asked"), "it is over");
    // What was begun is in the state, and the next plan replaces it.
    stage.write(SAMPLE);
    assert!(stage.done("deploy").await.destroys());
    assert_eq!(stage.journal().last().map(String::as_str), Some("create"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_outside_is_drift() {
    let stage = Stage::new();
    stage.done("deploy").await;
    let path = stage.stack().join("terraform.tfstate");
    let state = std::fs::read_to_string(&path).expect("the state");
    std::fs::write(&path, state.replace("Welcome to the lab", "Scribbled")).expect("written");
    let drift = stage.tofu.status("stack:board").await.expect("looked").expect("a stack");
    assert!(drift.contains(&"Change terraform_data.board".to_owned()), "{drift:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_with_its_place() {
    let stage = Stage::with("resource \"terraform_data\" \"x\" {\n  inptu = 1\n}\n");
    let said = stage.planned("deploy").await.expect_err("it is wrong").to_string();
    assert!(said.contains("inptu") && said.contains("(main.tf:2)"), "{said}");
    let (missing, escape) = (task("deploy", "nothing"), task("deploy", "../stacks/board"));
    assert!(!stage.tofu.handles(&missing) && !stage.tofu.handles(&escape));
    let on_host = Task { hosts: vec!["node-1".into()], ..task("deploy", "board") };
    assert!(!stage.tofu.handles(&on_host) && !stage.tofu.handles(&task("restart", "board")));
    assert!(stage.tofu.handles(&task("remove", "board")));
    let mut nowhere = stage.tofu.settings.clone();
    nowhere.program = "/nowhere/tofu".into();
    let folder = stage.folder.path().join("runs/x");
    let said = Tofu::new(nowhere, Clock::System).plan(&task("deploy", "board"), &folder, "p1").await;
    assert!(said.expect_err("no program").to_string().contains("install OpenTofu"));
}
