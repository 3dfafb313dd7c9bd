//! `--check --diff`: what would change, and what the state is now.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::run::Run;
use super::secrets::{InHand, hidden_lines};
use super::words;
use crate::execution::process::Process;
use crate::execution::{ExecutorError, folder};
use crate::secrets::Redactor;

/// What the check printed at planning; only its length is used later, to tell how far a run is.
pub(super) const CHECKED: &str = "check.jsonl";

/// Runs the planned command in check mode.
pub(super) async fn check<'r>(
    run: &'r Path,
    redactor: &'r Redactor,
    hand: &InHand,
    limit: Duration,
) -> Result<(Run<'r>, String), ExecutorError> {
    let argv = std::fs::read(run.join(folder::INPUT).join("argv.json"));
    let argv = argv.map_err(ExecutorError::io("reading the plan's command line"))?;
    let argv: Vec<String> = serde_json::from_slice(&argv)
        .map_err(|error| ExecutorError::Tampered(format!("argv.json is no list of words: {error}")))?;
    let Some((program, arguments)) = argv.split_first() else {
        return Err(ExecutorError::Tampered("argv.json is empty".into()));
    };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).arg("--check").current_dir(run);
    command.env_clear().envs(super::environment(run)).envs(hand.environment());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(|source| super::not_started(program, source))?;
    let process = Process::of(&child);
    let Ok(output) = tokio::time::timeout(limit, child.wait_with_output()).await else {
        if let Some(process) = process {
            process.end_tree().await;
        }
        return Err(ExecutorError::Refused(format!(
            "the check took longer than {} s and was stopped",
            limit.as_secs()
        )));
    };
    let output = output.map_err(ExecutorError::io("running the check"))?;
    let mut checked = Run::new(run, redactor, 0);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        checked.feed(line);
    }
    // A failure that was rescued leaves 0; no plan comes of it.
    if output.status.success() && !checked.failed() {
        let printed = hidden_lines(&output.stdout, redactor);
        return Ok((checked, printed));
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = redactor.hide(&stderr);
    Err(ExecutorError::Refused(words::failures(&checked, &stderr).join("\n")))
}
