//! What people do with a stack.

use super::{SAMPLE, Stage, titles};
use crate::execution::{Executor as _, Progress};
use crate::plan::{Effects, Risk};

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
async fn what_changed_outside_is_drift() {
    let stage = Stage::new();
    stage.done("deploy").await;
    let path = stage.stack().join("terraform.tfstate");
    let state = std::fs::read_to_string(&path).expect("the state");
    std::fs::write(&path, state.replace("Welcome to the lab", "Scribbled")).expect("written");
    let drift = stage.tofu.status("stack:board").await.expect("looked").expect("a stack");
    assert!(drift.contains(&"Change terraform_data.board".to_owned()), "{drift:?}");
}
