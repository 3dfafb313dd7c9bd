//! The program itself, run in a run folder for what only looks.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;

use super::show::Shown;
use super::stream::Run;
use super::{HINT, render};
use crate::execution::process::{self, Process};
use crate::execution::{ExecutorError, folder};
use crate::secrets::Redactor;

/// How long a plan waits for another run's lock: somebody waits for the proposal.
const PLAN_LOCK: &str = "-lock-timeout=10s";
/// There are changes (`-detailed-exitcode`).
const DIFFERS: i32 = 2;

/// The program.
pub(super) struct Tool {
    /// Its path, absolute.
    pub(super) program: PathBuf,
    /// How long one call may take.
    pub(super) limit: Duration,
}

/// The head of a state.
#[derive(Deserialize)]
struct State {
    lineage: String,
    serial: u64,
}

impl Tool {
    /// Fetches what the configuration needs.
    pub(super) async fn init(&self, run: &Path) -> Result<(), ExecutorError> {
        let output = self.run(run, &["init", "-input=false", "-json"]).await?;
        if output.status.success() { Ok(()) } else { Err(refusal(&output)) }
    }

    /// Which state there is: every change makes another one.
    pub(super) async fn state(&self, run: &Path) -> Result<String, ExecutorError> {
        let output = self.run(run, &["state", "pull"]).await?;
        if !output.status.success() {
            return Err(refusal(&output));
        }
        if output.stdout.trim_ascii().is_empty() {
            return Ok("no state".into());
        }
        let state: State = serde_json::from_slice(&output.stdout)
            .map_err(|error| ExecutorError::Refused(format!("the stack's state can't be read: {error}")))?;
        Ok(format!("state {} serial {}", state.lineage, state.serial))
    }

    /// Makes the plan file, and says what is in it and whether anything would change.
    pub(super) async fn plan(
        &self,
        run: &Path,
        destroy: bool,
        lock: bool,
    ) -> Result<(Shown, bool), ExecutorError> {
        let out = format!("-out={}", render::PLAN);
        let mut arguments = vec!["plan", "-input=false", "-detailed-exitcode", "-json", &out];
        arguments.push(if lock { PLAN_LOCK } else { "-lock=false" });
        if destroy {
            arguments.push("-destroy");
        }
        let output = self.run(run, &arguments).await?;
        let differs = match output.status.code() {
            Some(0) => false,
            Some(DIFFERS) => true,
            _ => return Err(refusal(&output)),
        };
        let output = self.run(run, &["show", "-json", render::PLAN]).await?;
        if !output.status.success() {
            return Err(refusal(&output));
        }
        let shown = Shown::parse(&output.stdout)?;
        render::seal(run, &output.stdout)?;
        Ok((shown, differs))
    }

    async fn run(&self, run: &Path, arguments: &[&str]) -> Result<std::process::Output, ExecutorError> {
        let mut command = tokio::process::Command::new(&self.program);
        command.arg(format!("-chdir={}", folder::INPUT)).args(arguments).current_dir(run);
        command.env_clear().envs(environment(run));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                ExecutorError::Missing { program: self.program.display().to_string(), hint: HINT.into() }
            }
            _ => ExecutorError::Io { what: format!("starting {}", self.program.display()), source },
        })?;
        let process = Process::of(&child);
        let Ok(output) = tokio::time::timeout(self.limit, child.wait_with_output()).await else {
            if let Some(process) = process {
                process.end_tree().await;
            }
            return Err(ExecutorError::Refused(format!(
                "`tofu {}` took longer than {} s and was stopped",
                arguments.first().unwrap_or(&""),
                self.limit.as_secs()
            )));
        };
        output.map_err(ExecutorError::io("running OpenTofu"))
    }
}

/// What the program may know of the world: see [`process::environment`], and how it shall behave. Providers find their
/// credentials below HOME, never in variables of ours.
pub(super) fn environment(run: &Path) -> Vec<(&'static str, String)> {
    let mut all = process::environment();
    // Providers and modules lie beside the input: they are large, linked, and pinned by `.terraform.lock.hcl` in it.
    all.push(("TF_DATA_DIR", run.join("data").to_string_lossy().into_owned()));
    for name in ["TF_IN_AUTOMATION", "CHECKPOINT_DISABLE"] {
        all.push((name, "1".to_owned()));
    }
    all.push(("TF_INPUT", "0".to_owned()));
    all
}

/// Why it said no. What is secret is not known yet here: OpenTofu hides what is marked, the patterns hide the rest.
fn refusal(output: &std::process::Output) -> ExecutorError {
    let redactor = Redactor::default();
    let mut run = Run::new(&redactor, 0, true);
    String::from_utf8_lossy(&output.stdout).lines().for_each(|line| {
        run.feed(line);
    });
    let said = run.errors();
    if said.is_empty() {
        let stderr = redactor.hide(String::from_utf8_lossy(&output.stderr).trim()).into_owned();
        let stderr = if stderr.is_empty() { "it ended without a word".into() } else { stderr };
        return ExecutorError::Refused(format!("OpenTofu: {stderr}"));
    }
    ExecutorError::Refused(said.join("\n"))
}
