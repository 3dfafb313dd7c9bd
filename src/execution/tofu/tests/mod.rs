//! A real OpenTofu on stacks that need no provider.

mod diff;
mod life;
mod stream;
mod trouble;
mod words;

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::Tofu;
use crate::approval::Permit;
use crate::clock::{Clock, new_id};
use crate::config;
use crate::execution::testing;
use crate::execution::{Executor as _, ExecutorError, Outcome, Progress};
use crate::plan::{Plan, Task};

/// The sample stack in a folder of its own.
struct Stage {
    folder: tempfile::TempDir,
    tofu: Tofu,
}

const SAMPLE: &str = include_str!("../../../../config/stacks/noticeboard/main.tf");

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
