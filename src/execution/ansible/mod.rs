//! Ansible: deploys, restarts and removes services with the playbooks of `config/playbooks`.
//!
//! A plan renders everything into the run folder and is a `--check --diff` of exactly that; applying it runs the same
//! files without `--check`. Nothing is looked up or rendered in between.

mod check;
mod jsonl;
mod render;
mod rescue;
mod run;
mod secrets;
#[cfg(test)]
mod secrets_tests;
#[cfg(test)]
mod tests;
mod undo;
mod values;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::run::Run;
use self::secrets::{InHand, Sight};
use super::child::{self, Ending};
use super::{Adopted, Executor, ExecutorError, Outcome, Progress, folder, process};
use crate::approval::Permit;
use crate::clock::Clock;
use crate::config;
use crate::inventory::{Inventory, Source};
use crate::plan::{Plan, Risk, Task};
use crate::secrets::{Redactor, Secrets, redactor};

const HINT: &str = "install ansible-core (`pip install ansible-core`) and name its `ansible-playbook` in \
                    `[executors.ansible] program`";

/// The executor.
pub struct Ansible {
    settings: config::Ansible,
    inventory: Arc<Source>,
    secrets: Arc<Secrets>,
    clock: Clock,
    health_tries: u32,
}

impl Ansible {
    /// With these settings, for this inventory, and with what resolves its secrets.
    pub fn new(
        settings: config::Ansible,
        inventory: Arc<Source>,
        secrets: Arc<Secrets>,
        clock: Clock,
    ) -> Self {
        Self { settings, inventory, secrets, clock, health_tries: 40 }
    }

    /// How long a run may take.
    fn limit(&self) -> Duration {
        self.settings.timeout.unsigned_abs()
    }

    async fn inventory(&self) -> Result<Arc<Inventory>, ExecutorError> {
        self.inventory.current().await.map_err(|error| {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            ExecutorError::Refused(format!("{error}{cause}"))
        })
    }

    /// Hides what was resolved by now, and what the inventory says is secret. An inventory that can't be read hides
    /// nothing by value: the patterns remain.
    async fn redactor(&self) -> Redactor {
        let redactor = redactor().fork();
        if let Ok(inventory) = self.inventory.current().await {
            redactor.learn_vars(inventory.hosts.values().flat_map(|host| &host.vars));
        }
        redactor
    }

    /// Follows a claimed run and says how it ended.
    async fn follow(
        &self,
        (plan, folder): (&Plan, &Path),
        started: Option<tokio::process::Child>,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError> {
        let sight = Sight::of(plan, &self.secrets).await;
        let redactor = self.redactor().await;
        let mut run = Run::new(folder, &redactor, planned_results(folder, &redactor)).seen_with(&sight);
        let ending = child::follow(folder, started, self.limit(), &self.clock, |line| {
            if run.feed(line) {
                // A reader that is behind needs the newest state only; the end comes as an outcome.
                let _ = progress.try_send(run.progress());
            }
        })
        .await?;
        let stderr = match &sight {
            Sight::Clear => words::complaints(folder, &redactor),
            Sight::Blind { .. } => String::new(),
        };
        let written = match &sight {
            Sight::Clear => words::write_log(folder, &run, &stderr),
            Sight::Blind { .. } => words::no_log(folder),
        };
        let scrubbed = match &sight {
            Sight::Clear if !plan.secrets.is_empty() => secrets::scrub(folder, &redactor),
            _ => Ok(()),
        };
        if let Err(error) = written.and(scrubbed) {
            // How it ended does not depend on its log.
            tracing::error!(folder = %folder.display(), %error, "the log can't be written");
        }
        let hidden = words::hidden_log(&sight);
        if ending == Ending::Lost {
            return Err(ExecutorError::Lost(words::evidence(&run).into_iter().chain(hidden).collect()));
        }
        let limit = format!("{:#}", self.settings.timeout);
        let mut outcome = words::outcome(&run, &ending, &limit, words::log_path(folder), &stderr);
        outcome.facts.extend(hidden);
        if !outcome.success && child::was_interrupted(folder) {
            outcome.facts.insert(0, "it was asked to stop".into());
        }
        Ok(outcome)
    }
}

#[async_trait]
impl Executor for Ansible {
    fn name(&self) -> &'static str {
        "ansible"
    }

    /// An action is a playbook of that name.
    fn knows(&self, action: &str) -> bool {
        let plain = action.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        plain && self.settings.playbooks.join(render::playbook(action)).is_file()
    }

    fn handles(&self, task: &Task) -> bool {
        match task.action.as_str() {
            "deploy" | "remove" => task.service.is_some() && !task.hosts.is_empty(),
            "restart" => !task.hosts.is_empty(),
            action => !task.hosts.is_empty() && self.knows(action),
        }
    }

    async fn plan(&self, task: &Task, folder: &Path, policy_version: &str) -> Result<Plan, ExecutorError> {
        if task.hosts.is_empty() {
            return Err(ExecutorError::Refused("no host is named for it".into()));
        }
        if !self.handles(task) {
            return Err(ExecutorError::Refused(format!("Ansible has no playbook for `{}`", task.action)));
        }
        let folder = &std::path::absolute(folder).map_err(ExecutorError::io("finding the run folder"))?;
        let inventory = self.inventory().await?;
        let program = process::find(&self.settings.program, HINT)?;
        let recipe = render::Recipe {
            program: &program,
            playbooks: &self.settings.playbooks,
            python: self.settings.python.as_deref(),
            health_tries: self.health_tries,
        };
        render::render(&recipe, task, &inventory, folder)?;
        let artefact = folder::artefact(folder)?;
        let hand = InHand::of(folder, &self.secrets).await?;
        let redactor = self.redactor().await;
        let (checked, output) = check::check(folder, &redactor, &hand, self.limit()).await?;
        std::fs::write(folder.join(check::CHECKED), output)
            .map_err(ExecutorError::io("keeping the check"))?;
        Ok(Plan {
            executor: self.name().to_owned(),
            executor_version: format!("ansible-core {}", checked.version),
            task: task.clone(),
            targets: targets(task),
            risk: risk(&task.action),
            steps: checked.steps(),
            diff: checked.diff(),
            artefact,
            observed: hand.observed(checked.observed()),
            policy_version: policy_version.to_owned(),
            effects: Default::default(),
            secrets: hand.uses,
            rescue: rescue::steps(folder, task)?,
        })
    }

    /// A deployment that created the service is undone by removing it; a removal by deploying it anew. Nothing else has
    /// a way back: what a change replaced is not kept, and a restart leaves nothing to put back.
    async fn undo(
        &self,
        done: &Plan,
        task: &Task,
        folder: &Path,
        policy_version: &str,
    ) -> Result<Option<Plan>, ExecutorError> {
        let action = match done.task.action.as_str() {
            "deploy" if undo::created(done) => "remove",
            "remove" => "deploy",
            _ => return Ok(None),
        };
        let mut slots = task.slots.clone();
        // The version that was named when it was set up, if it was.
        if let Some(version) = done.task.slots.get("version") {
            slots.insert("version".into(), version.clone());
        }
        let task = Task {
            action: action.into(),
            service: done.task.service.clone(),
            hosts: done.task.hosts.clone(),
            slots,
            ..task.clone()
        };
        self.plan(&task, folder, policy_version).await.map(Some)
    }

    async fn observe(&self, plan: &Plan, folder: &Path) -> Result<String, ExecutorError> {
        folder::verify(folder, &plan.artefact)?;
        let hand = InHand::of(folder, &self.secrets).await?;
        let redactor = self.redactor().await;
        let (checked, _) = check::check(folder, &redactor, &hand, self.limit()).await?;
        Ok(hand.observed(checked.observed()))
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
        let hand = InHand::of(folder, &self.secrets).await?;
        hand.verify(plan)?;
        let environment = environment(folder).into_iter().map(|(name, value)| (name.to_owned(), value));
        let started = child::start(folder, environment.chain(hand.environment()))?;
        self.follow((plan, folder), Some(started), &progress).await
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
        match self.follow((plan, folder), None, &progress).await {
            Ok(outcome) => Ok(Adopted::Ended(outcome)),
            Err(ExecutorError::Lost(evidence)) => Ok(Adopted::Unknown(evidence)),
            Err(error) => Err(error),
        }
    }

    async fn cancel(&self, _plan: &Plan, folder: &Path) -> Result<bool, ExecutorError> {
        child::interrupt_soon(folder).await
    }
}

/// What a run may know of the world: see [`process::environment`], and its own settings.
fn environment(folder: &Path) -> Vec<(&'static str, String)> {
    let mut all = process::environment();
    let settings = folder.join(folder::INPUT).join("ansible.cfg");
    all.push(("ANSIBLE_CONFIG", settings.to_string_lossy().into_owned()));
    all
}

fn not_started(program: &str, source: std::io::Error) -> ExecutorError {
    match source.kind() {
        std::io::ErrorKind::NotFound => ExecutorError::Missing { program: program.into(), hint: HINT.into() },
        _ => ExecutorError::Io { what: format!("starting {program}"), source },
    }
}

/// How many results the check had.
fn planned_results(folder: &Path, redactor: &Redactor) -> u32 {
    let lines = std::fs::read_to_string(folder.join(check::CHECKED)).unwrap_or_default();
    let mut run = Run::new(folder, redactor, 0);
    for line in lines.lines() {
        run.feed(line);
    }
    run.results()
}

fn targets(task: &Task) -> Vec<String> {
    let target = |host: &String| match &task.service {
        Some(service) => format!("service:{service}@{host}"),
        None => format!("host:{host}"),
    };
    let mut targets: Vec<String> = task.hosts.iter().map(target).collect();
    targets.sort();
    targets.dedup();
    targets
}

/// Nobody knows what a playbook of one's own may lose, so it counts as what loses something.
fn risk(action: &str) -> Risk {
    match action {
        "deploy" => Risk::Low,
        "restart" => Risk::Medium,
        _ => Risk::High,
    }
}

/// Where the program lies, for whoever needs its neighbours: found on the PATH when it is a bare name.
pub fn program(settings: &config::Ansible) -> PathBuf {
    process::find(&settings.program, HINT).unwrap_or_else(|_| settings.program.clone())
}
