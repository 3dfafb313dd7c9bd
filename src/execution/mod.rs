//! Executors: the only things that touch the lab. A new one is a file or folder in here plus one line where the
//! [`Registry`] is made. What they share: a run [`folder`] whose input is hashed, and a [`child`] that outlives us.

pub mod ansible;
mod child;
mod folder;
mod normal;
mod process;
mod programs;
#[cfg(test)]
pub(crate) mod testing;
pub mod tofu;
mod words;

pub use ansible::Ansible;
pub use process::environment;
pub use programs::programs;
pub use tofu::Tofu;

pub mod runner;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::approval::Permit;
use crate::plan::{Plan, Task};

/// A program that can change the lab.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Its name, as in `[executors.<name>]`.
    fn name(&self) -> &'static str;

    /// Whether it could carry out an action at all, on whatever. Asked before a person is asked where.
    fn knows(&self, _action: &str) -> bool {
        true
    }

    /// Whether it is the one for this action on this service. A task without hosts is about a stack: something that is
    /// on none.
    fn handles(&self, task: &Task) -> bool;

    /// Renders everything that would run into `folder` (fresh and empty) and says what it would change. Reads only.
    async fn plan(&self, task: &Task, folder: &Path, policy_version: &str) -> Result<Plan, ExecutorError>;

    /// The state of the plan's targets now, comparable with [`Plan::observed`]. Reads only. Fails with
    /// [`ExecutorError::Tampered`] when the folder's content is not the artefact any more.
    async fn observe(&self, plan: &Plan, folder: &Path) -> Result<String, ExecutorError>;

    /// Does it: exactly the bytes in `folder`, at most once per folder ([`ExecutorError::Spent`] after that), and follows
    /// it to the end. When the future is dropped the run goes on; [`Executor::adopt`] finds it again. A run that was cut
    /// off is [`ExecutorError::Lost`]: what it did is unknown.
    async fn apply(
        &self,
        plan: &Plan,
        folder: &Path,
        permit: Permit,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError>;

    /// After a crash: follows a run that goes on, or tells how an ended one ended. Never starts anything.
    async fn adopt(
        &self,
        plan: &Plan,
        folder: &Path,
        progress: mpsc::Sender<Progress>,
    ) -> Result<Adopted, ExecutorError>;

    /// Asks a run to stop where it is; whether there was one that could be asked. It then ends like any other run, as a
    /// failure that says how far it came.
    async fn cancel(&self, _plan: &Plan, _folder: &Path) -> Result<bool, ExecutorError> {
        Ok(false)
    }

    /// A plan that would undo what `done` did, rendered into `folder` (fresh and empty) for the operation in `task`;
    /// nothing when it can't be undone. Reads only: what it returns is put to the vote like any other plan.
    async fn undo(
        &self,
        _done: &Plan,
        _task: &Task,
        _folder: &Path,
        _policy_version: &str,
    ) -> Result<Option<Plan>, ExecutorError> {
        Ok(None)
    }

    /// How a target (an id as in [`Plan::targets`]) differs from what its configuration says, in words; empty when it
    /// does not. Nothing when the target is not one of this executor's. Reads only.
    async fn status(&self, _target: &str) -> Result<Option<Vec<String>>, ExecutorError> {
        Ok(None)
    }
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Steps that are done.
    pub done: u32,
    /// Steps that there are.
    pub total: u32,
    /// The step that runs, in the executor's words.
    pub now: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// Whether all went well.
    pub success: bool,
    /// Whether it failed and [`Plan::rescue`] put things back.
    #[serde(default)]
    pub rolled_back: bool,
    /// Facts in words: what was changed, or the step, host and message that failed; one a line.
    pub facts: Vec<String>,
    /// Where the whole log lies.
    pub log: PathBuf,
}

/// What became of a run while we were away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopted {
    /// It came to an end, now or before.
    Ended(Outcome),
    /// It never began, and can't begin any more: the folder is spent.
    NeverBegan,
    /// It was cut off: nobody can say how far it came. The evidence, in words.
    Unknown(Vec<String>),
}

/// Why an executor could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The program is not there.
    #[error("{program} can't be started: {hint}")]
    Missing {
        /// What was to be started.
        program: String,
        /// What to do about it.
        hint: String,
    },
    /// The plan could not be made; the text is the program's own reason, fit for a person.
    #[error("{0}")]
    Refused(String),
    /// The run folder is not what was planned.
    #[error("the run folder is not what was approved: {0}")]
    Tampered(String),
    /// The run folder was used before: what is in it has run, runs, or never will.
    #[error("this has been started before; a run folder is used once")]
    Spent,
    /// The run was cut off: nobody can say how far it came. The evidence, in words.
    #[error("the run was cut off: {}", .0.join("; "))]
    Lost(Vec<String>),
    /// The permit is for another plan.
    #[error("the permit is for another plan")]
    WrongPermit,
    /// Files or processes failed us.
    #[error("{what}")]
    Io {
        /// What we were doing.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl ExecutorError {
    /// For `map_err`: what we were doing when a file or process failed us.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// All executors of a configuration, by name.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Executor>>);

impl Registry {
    /// Adds one.
    pub fn with(mut self, executor: Arc<dyn Executor>) -> Self {
        self.0.insert(executor.name(), executor);
        self
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Executor>> {
        self.0.get(name)
    }

    /// Whether any of them could carry out an action at all.
    pub fn knows(&self, action: &str) -> bool {
        self.0.values().any(|executor| executor.knows(action))
    }

    /// The first that handles the task.
    pub fn for_task(&self, task: &Task) -> Option<&Arc<dyn Executor>> {
        self.0.values().find(|executor| executor.handles(task))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        self.0.values()
    }
}
