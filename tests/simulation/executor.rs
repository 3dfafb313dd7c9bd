//! An executor and its machines: runs go on when the process that began them is gone.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ralf::approval::Permit;
use ralf::execution::{Adopted, Executor, ExecutorError, Outcome, Progress};
use ralf::plan::{Effects, Plan, Risk, Step, Task};
use tokio::sync::mpsc;

use crate::judge;
use crate::memory::pause;
use crate::people::SECRET;
use crate::truth::{Folder, Run, Shared, Truth};

/// The kinds of wishes: intent, action, targets, risk as the executor sees it, whether it destroys something.
pub(crate) const WISHES: [(&str, &str, &[&str], Risk, bool); 6] = [
    ("restart_service", "restart", &["service:a@n1"], Risk::Low, false),
    ("deploy_service", "deploy", &["service:b@n1"], Risk::Low, false),
    ("remove_service", "remove", &["service:a@n1", "service:b@n1"], Risk::Medium, false),
    ("restart_service", "reboot", &["host:n1"], Risk::Medium, false),
    ("deploy_service", "apply", &["stack:s"], Risk::Low, true),
    ("update_service", "update", &["service:c@n2"], Risk::Low, false),
];

/// The executor as one process sees it.
pub(crate) struct Machines(pub(crate) Shared);

fn key(folder: &Path) -> String {
    folder.display().to_string()
}

fn failed(what: &str) -> ExecutorError {
    ExecutorError::Io { what: what.to_owned(), source: std::io::Error::other("simulated") }
}

/// The state of targets.
fn observed(truth: &Truth, targets: &[String]) -> String {
    let version = |target: &String| truth.lab.versions.get(target).copied().unwrap_or(0).to_string();
    targets.iter().map(version).collect::<Vec<_>>().join("-")
}

#[async_trait]
impl Executor for Machines {
    fn name(&self) -> &'static str {
        "machines"
    }

    fn handles(&self, _: &Task) -> bool {
        true
    }

    async fn plan(&self, task: &Task, folder: &Path, policy_version: &str) -> Result<Plan, ExecutorError> {
        pause().await;
        let mut truth = self.0.lock();
        if !truth.settling && truth.rng.one_in(40) {
            return Err(failed("no plan today"));
        }
        let wish = WISHES.iter().find(|(_, action, ..)| *action == task.action).unwrap_or(&WISHES[0]);
        let (_, _, targets, risk, destroys) = *wish;
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        let step = |title: String| Step { title, host: "n1".into(), changes: true };
        let mut steps = vec![step(format!("{} it", task.action))];
        if task.action == "update" {
            // What would hide or turn text, and more than fits.
            steps.push(step("ok \u{202e}lla eteled\u{200b}".into()));
            steps.push(step("much has to be shown. ".repeat(300)));
        }
        let artefact = truth.fresh("bytes");
        if truth
            .lab
            .folders
            .get(&key(folder))
            .is_some_and(|folder| folder.run != Run::Fresh || !folder.artefact.is_empty())
        {
            truth.violates(2, format!("{} was rendered again after it was frozen", key(folder)));
        }
        truth.lab.folders.insert(key(folder), Folder { artefact: artefact.clone(), run: Run::Fresh });
        Ok(Plan {
            executor: "machines".into(),
            executor_version: "1".into(),
            task: task.clone(),
            observed: observed(&truth, &targets),
            targets,
            risk,
            steps,
            diff: String::new(),
            artefact,
            policy_version: policy_version.to_owned(),
            effects: Effects { destroy: u32::from(destroys), ..Effects::default() },
            secrets: Vec::new(),
            rescue: Vec::new(),
        })
    }

    async fn observe(&self, plan: &Plan, _: &Path) -> Result<String, ExecutorError> {
        pause().await;
        let mut truth = self.0.lock();
        if !truth.settling && truth.rng.one_in(40) {
            return Err(failed("can't look"));
        }
        let seen = observed(&truth, &plan.targets);
        judge::observed(&mut truth, plan, &seen);
        Ok(seen)
    }

    async fn apply(
        &self,
        plan: &Plan,
        folder: &Path,
        permit: Permit,
        _: mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError> {
        pause().await;
        {
            let mut truth = self.0.lock();
            judge::applied(&mut truth, plan, folder);
            if !permit.covers(plan) {
                return Err(ExecutorError::WrongPermit);
            }
            let steps = 1 + u32::try_from(truth.rng.below(3)).unwrap_or(0);
            let Some(place) = truth.lab.folders.get_mut(&key(folder)) else {
                return Err(ExecutorError::Tampered("gone".into()));
            };
            if place.run != Run::Fresh {
                return Err(ExecutorError::Spent);
            }
            place.run = Run::Going {
                operation: plan.task.operation.clone(),
                targets: plan.targets.clone(),
                left: steps,
                stop: false,
            };
        }
        self.follow(folder).await
    }

    async fn adopt(
        &self,
        _: &Plan,
        folder: &Path,
        _: mpsc::Sender<Progress>,
    ) -> Result<Adopted, ExecutorError> {
        pause().await;
        {
            let mut truth = self.0.lock();
            if !truth.settling && truth.rng.one_in(20) {
                return Err(failed("can't read the folder"));
            }
            let Some(place) = truth.lab.folders.get_mut(&key(folder)) else {
                return Ok(Adopted::Unknown(vec!["the folder is gone".into()]));
            };
            match place.run {
                Run::Fresh => {
                    place.run = Run::Ended { success: false, rolled_back: false };
                    return Ok(Adopted::NeverBegan);
                }
                Run::CutOff => return Ok(Adopted::Unknown(vec![format!("cut off, {SECRET}")])),
                _ => {}
            }
        }
        match self.follow(folder).await {
            Err(ExecutorError::Lost(evidence)) => Ok(Adopted::Unknown(evidence)),
            other => other.map(Adopted::Ended),
        }
    }

    async fn cancel(&self, _: &Plan, folder: &Path) -> Result<bool, ExecutorError> {
        pause().await;
        let mut truth = self.0.lock();
        match truth.lab.folders.get_mut(&key(folder)).map(|folder| &mut folder.run) {
            Some(Run::Going { stop, .. }) => {
                *stop = true;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

impl Machines {
    /// Waits for the end of a run.
    async fn follow(&self, folder: &Path) -> Result<Outcome, ExecutorError> {
        loop {
            {
                let truth = self.0.lock();
                match truth.lab.folders.get(&key(folder)).map(|folder| &folder.run) {
                    Some(Run::Ended { success, rolled_back }) => {
                        return Ok(Outcome {
                            success: *success,
                            rolled_back: *rolled_back,
                            facts: vec![format!("it said {SECRET}")],
                            log: PathBuf::new(),
                        });
                    }
                    Some(Run::Going { .. }) => {}
                    _ => return Err(ExecutorError::Lost(vec!["cut off".into()])),
                }
            }
            pause().await;
        }
    }
}

/// One step on a machine that works, or the end of it.
pub(crate) fn work(truth: &mut Truth) {
    let going: Vec<String> = truth
        .lab
        .folders
        .iter()
        .filter(|(_, folder)| matches!(folder.run, Run::Going { .. }))
        .map(|(key, _)| key.clone())
        .collect();
    if going.is_empty() {
        return;
    }
    let key = truth.rng.pick(&going).clone();
    let (cut, fails, back) = (truth.rng.one_in(30), truth.rng.one_in(6), truth.rng.one_in(2));
    let (settling, steps) = (truth.settling, truth.steps);
    let Some(folder) = truth.lab.folders.get_mut(&key) else { return };
    let Run::Going { operation, targets, left, stop } = &mut folder.run else { return };
    if *stop {
        folder.run = Run::Ended { success: false, rolled_back: false };
        return;
    }
    if cut && !settling {
        folder.run = Run::CutOff;
        return;
    }
    *left = left.saturating_sub(1);
    if *left > 0 {
        return;
    }
    let (operation, targets) = (operation.clone(), targets.clone());
    folder.run = Run::Ended { success: !fails, rolled_back: fails && back };
    for target in targets {
        *truth.lab.versions.entry(target).or_insert(0) += 1;
    }
    truth.lab.journal.push((operation, steps));
}
