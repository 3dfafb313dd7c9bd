//! What can go wrong, and what must never be seen.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{SAMPLE, Stage, task};
use crate::approval::Permit;
use crate::clock::Clock;
use crate::execution::tofu::Tofu;
use crate::execution::{Adopted, Executor as _, ExecutorError};
use crate::plan::Task;

const PIN: &str = "pin-4711-sample";

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
