//! OpenTofu: brings a *stack* – a folder of `[executors.tofu] stacks` – to what its configuration says, or destroys it.
//!
//! A plan copies the configuration into the run folder and is OpenTofu's own plan file made there; applying it runs
//! exactly this file. The state stays where it is, in the stack's folder: only OpenTofu touches it, under its lock.

mod diff;
mod render;
mod sensitive;
mod show;
mod stream;
#[cfg(test)]
mod tests;
mod tool;
mod words;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::show::Shown;
use self::stream::Run;
use self::tool::Tool;
use super::child::{self, Ending};
use super::{Adopted, Executor, ExecutorError, Outcome, Progress, folder, process};
use crate::approval::Permit;
use crate::clock::Clock;
use crate::config;
use crate::inventory::is_name;
use crate::plan::{Plan, Task};
use crate::secrets::Redactor;

const HINT: &str =
    "install OpenTofu and name its `tofu` in `[executors.tofu] program`; `ralf lab --with tofu` has one";
/// What [`Plan::targets`] begin with.
const TARGET: &str = "stack:";

/// The executor.
///
/// It has no `undo`: what a run replaced or destroyed is gone, and an older configuration applied again would be a new
/// plan made from files that we do not have. Whoever wants the old state back changes the configuration and asks again.
pub struct Tofu {
    settings: config::Tofu,
    clock: Clock,
}

impl Tofu {
    /// With these settings.
    pub fn new(settings: config::Tofu, clock: Clock) -> Self {
        Self { settings, clock }
    }

    /// How long a run may take.
    fn limit(&self) -> Duration {
        self.settings.timeout.unsigned_abs()
    }

    fn tool(&self) -> Result<Tool, ExecutorError> {
        Ok(Tool { program: process::find(&self.settings.program, HINT)?, limit: self.limit() })
    }

    fn has(&self, stack: &str) -> bool {
        is_name(stack) && self.settings.stacks.join(stack).is_dir()
    }

    /// Follows a claimed run and says how it ended.
    async fn follow(
        &self,
        plan: &Plan,
        folder: &Path,
        started: Option<tokio::process::Child>,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError> {
        // Without what was shown at planning nobody knows which values are secret: then the output is not repeated.
        let shown = std::fs::read(folder.join(render::SHOWN)).ok().and_then(|json| Shown::parse(&json).ok());
        let redactor = shown.as_ref().map_or_else(Redactor::default, sensitive::redactor);
        let total = words::operations(plan);
        let mut run = Run::new(&redactor, total, shown.is_some());
        let ending = child::follow(folder, started, self.limit(), &self.clock, |line| {
            if run.feed(line) {
                // A reader that is behind needs the newest state only; the end comes as an outcome.
                let _ = progress.try_send(run.progress());
            }
        })
        .await?;
        let stderr = words::complaints(folder, &redactor, shown.is_some());
        if let Err(error) = words::write_log(folder, &run, &stderr) {
            // How it ended does not depend on its log.
            tracing::error!(folder = %folder.display(), %error, "the log can't be written");
        }
        if ending == Ending::Lost {
            return Err(ExecutorError::Lost(words::evidence(&run)));
        }
        let limit = format!("{:#}", self.settings.timeout);
        Ok(words::outcome(plan, folder, &run, &ending, &limit, &stderr))
    }
}

#[async_trait]
impl Executor for Tofu {
    fn name(&self) -> &'static str {
        "tofu"
    }

    fn knows(&self, action: &str) -> bool {
        matches!(action, "deploy" | "remove")
    }

    fn handles(&self, task: &Task) -> bool {
        self.knows(&task.action)
            && task.hosts.is_empty()
            && task.service.as_ref().is_some_and(|stack| self.has(stack))
    }

    async fn plan(&self, task: &Task, folder: &Path, policy_version: &str) -> Result<Plan, ExecutorError> {
        let stack = task.service.as_deref().filter(|_| self.handles(task)).ok_or_else(|| {
            ExecutorError::Refused(format!("there is no stack on which OpenTofu could do `{}`", task.action))
        })?;
        let folder = &std::path::absolute(folder).map_err(ExecutorError::io("finding the run folder"))?;
        let tool = self.tool()?;
        render::render(&tool, &self.settings.stacks.join(stack), folder)?;
        // The state is looked at first: a change while the plan is made shows as a stale plan, never as a fresh one.
        tool.init(folder).await?;
        let observed = tool.state(folder).await?;
        let (shown, differs) = tool.plan(folder, task.action == "remove", true).await?;
        let artefact = folder::artefact(folder)?;
        let redactor = sensitive::redactor(&shown);
        Ok(Plan {
            executor: self.name().to_owned(),
            executor_version: format!("OpenTofu {}", shown.terraform_version),
            task: task.clone(),
            targets: vec![format!("{TARGET}{stack}")],
            risk: words::risk(&shown, differs),
            steps: words::steps(&shown, stack, differs),
            diff: diff::diff(&shown, &redactor),
            artefact,
            observed,
            policy_version: policy_version.to_owned(),
            effects: words::effects(&shown),
            secrets: Vec::new(),
            rescue: Vec::new(),
        })
    }

    async fn observe(&self, plan: &Plan, folder: &Path) -> Result<String, ExecutorError> {
        folder::verify(folder, &plan.artefact)?;
        self.tool()?.state(folder).await
    }

    async fn apply(
        &self,
        plan: &Plan,
        folder: &Path,
        permit: Permit,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError> {
        if !permit.covers(plan) {
            return Err(ExecutorError::WrongPermit);
        }
        folder::verify(folder, &plan.artefact)?;
        let started = child::start(folder, tool::environment(folder))?;
        self.follow(plan, folder, Some(started), &progress).await
    }

    async fn adopt(
        &self,
        plan: &Plan,
        folder: &Path,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Adopted, ExecutorError> {
        if child::spend(folder)? {
            return Ok(Adopted::NeverBegan);
        }
        match self.follow(plan, folder, None, &progress).await {
            Ok(outcome) => Ok(Adopted::Ended(outcome)),
            Err(ExecutorError::Lost(evidence)) => Ok(Adopted::Unknown(evidence)),
            Err(error) => Err(error),
        }
    }

    async fn cancel(&self, _plan: &Plan, folder: &Path) -> Result<bool, ExecutorError> {
        child::interrupt_soon(folder).await
    }

    async fn status(&self, target: &str) -> Result<Option<Vec<String>>, ExecutorError> {
        let Some(stack) = target.strip_prefix(TARGET).filter(|stack| self.has(stack)) else {
            return Ok(None);
        };
        let tool = self.tool()?;
        let scratch = render::Scratch::new();
        render::render(&tool, &self.settings.stacks.join(stack), &scratch.0)?;
        tool.init(&scratch.0).await?;
        // Nothing will be applied: no lock, so that a look waits for nobody and stops nobody.
        let (shown, differs) = tool.plan(&scratch.0, false, false).await?;
        Ok(Some(words::differences(&shown, differs, &sensitive::redactor(&shown))))
    }
}
