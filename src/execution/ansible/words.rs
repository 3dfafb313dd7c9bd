//! A run in words: what was changed, what failed where and why, and the whole log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::run::{Kind, Record, Run};
use super::secrets::Sight;
use crate::execution::child::Ending;
use crate::execution::{Outcome, child};
use crate::secrets::Redactor;

/// How many lines of a program's output belong into a message.
const LINES: usize = 6;
/// The log's name in the run folder.
const LOG: &str = "log.txt";

/// How it ended, for a person.
pub(super) fn outcome(run: &Run<'_>, ending: &Ending, limit: &str, log: PathBuf, stderr: &str) -> Outcome {
    let back = way_back(run);
    // Ansible ends with 0 when every failure was rescued; for us that is no success.
    let success = *ending == Ending::Exit(0) && back.is_empty();
    let rolled_back =
        *ending == Ending::Exit(0) && back.values().any(|done| !done.is_empty()) && only_back(run, &back);
    let mut facts = Vec::new();
    if *ending == Ending::TimedOut {
        facts.push(format!("it was stopped after {limit}, its time limit, at: {}", run.progress().now));
    }
    if !success {
        facts.extend(failures(run, stderr));
    }
    facts.extend(changes(run, &back));
    Outcome { success, rolled_back, facts, log }
}

/// What was done on each host after something failed there: its playbook's way back.
type Back<'r> = BTreeMap<&'r str, Vec<String>>;

fn way_back<'r>(run: &'r Run<'_>) -> Back<'r> {
    let mut back = Back::new();
    // In the order in which it happened.
    for record in &run.records {
        let host = record.said.host.as_str();
        match record.kind {
            Kind::Failed if !record.said.ignored => drop(back.entry(host).or_default()),
            Kind::Changed => {
                if let Some(done) = back.get_mut(host) {
                    done.push(record.title());
                }
            }
            _ => {}
        }
    }
    back
}

/// Whether every host that was touched went all the way back.
fn only_back(run: &Run<'_>, back: &Back<'_>) -> bool {
    run.records
        .iter()
        .all(|record| record.kind != Kind::Changed || back.contains_key(record.said.host.as_str()))
}

/// What failed, one line a host; when nothing says so, what the program complained.
pub(super) fn failures(run: &Run<'_>, stderr: &str) -> Vec<String> {
    let mut by_host: BTreeMap<&str, String> = BTreeMap::new();
    for record in run.sorted() {
        match record.kind {
            Kind::Failed if !record.said.ignored => by_host.insert(&record.said.host, failure(record)),
            Kind::Unreachable => by_host.insert(&record.said.host, unreachable(record)),
            _ => None,
        };
    }
    let mut said: Vec<String> = by_host.into_values().collect();
    if said.is_empty() {
        let tail = last_lines(stderr);
        let tail = tail.strip_prefix("ERROR! ").or_else(|| tail.strip_prefix("[ERROR]: ")).unwrap_or(&tail);
        said.push(if tail.is_empty() {
            "Ansible ended without a word".into()
        } else {
            format!("Ansible: {tail}")
        });
    }
    said
}

fn failure(record: &Record) -> String {
    let said = &record.said;
    if said.action.ends_with("fail") || said.action.ends_with("assert") {
        return format!("{}: {}", said.host, said.msg);
    }
    let message = said.msg.strip_prefix("Task failed: ").unwrap_or(&said.msg);
    let printed = [&said.stderr, &said.stdout].into_iter().find(|text| !text.trim().is_empty());
    let reason = match (said.rc, printed) {
        (Some(rc), Some(printed)) if rc != 0 => format!("{} (exit code {rc})", last_lines(printed)),
        (Some(rc), None) if rc != 0 => format!("{message} (exit code {rc})"),
        _ => message.to_owned(),
    };
    format!("{}: “{}” failed: {reason}", said.host, record.title())
}

fn unreachable(record: &Record) -> String {
    let message = last_lines(&record.said.msg);
    let hint = if message.contains("Host key verification failed") {
        "; log in once by hand as the user that runs ralf, so that the host's key is known"
    } else if message.contains("Permission denied") {
        "; give the user that runs ralf an ssh key that the host accepts"
    } else {
        ""
    };
    format!("{} can't be reached: {message}{hint}", record.said.host)
}

/// What was changed, one line a host, and what was put back, one more.
fn changes(run: &Run<'_>, back: &Back<'_>) -> Vec<String> {
    let mut by_host: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for record in run.sorted() {
        let changed = by_host.entry(&record.said.host).or_default();
        if record.kind == Kind::Changed {
            changed.push(record.title());
        }
    }
    let line = |(host, mut changed): (&str, Vec<String>)| {
        let undone = back.get(host).map_or(&[][..], Vec::as_slice);
        changed.retain(|title| !undone.contains(title));
        let done = match changed.as_slice() {
            [] => format!("{host}: nothing was changed"),
            changed => format!("{host}: done: {}", changed.join(", ")),
        };
        let undone = (!undone.is_empty()).then(|| format!("{host}: then put back: {}", undone.join(", ")));
        [Some(done), undone]
    };
    by_host.into_iter().flat_map(line).flatten().collect()
}

/// What is known of a run that was cut off.
pub(super) fn evidence(run: &Run<'_>) -> Vec<String> {
    let mut said = vec!["its process is gone and left no exit code".to_owned()];
    said.extend(changes(run, &way_back(run)));
    let progress = run.progress();
    if !progress.now.is_empty() {
        said.push(format!("the last thing it began: {}", progress.now));
    }
    said
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Where the log lies.
pub(super) fn log_path(folder: &Path) -> PathBuf {
    folder.join(LOG)
}

/// What the program complained, without secrets.
pub(super) fn complaints(folder: &Path, redactor: &Redactor) -> String {
    let bytes = std::fs::read(folder.join(child::ERRORS)).unwrap_or_default();
    redactor.hide(&String::from_utf8_lossy(&bytes)).into_owned()
}

/// What people are told instead of a log that can't be shown.
pub(super) fn hidden_log(sight: &Sight) -> Option<String> {
    match sight {
        Sight::Clear => None,
        Sight::Blind { why, .. } => {
            Some(format!("what it printed can't be shown, because {why}; no log is attached"))
        }
    }
}

/// Sees to it that there is no log to attach.
pub(super) fn no_log(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(log_path(folder)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes the log that people read.
pub(super) fn write_log(folder: &Path, run: &Run<'_>, stderr: &str) -> std::io::Result<()> {
    use std::fmt::Write as _;
    let mut log = String::new();
    for record in &run.records {
        let said = &record.said;
        let time = jiff::Timestamp::from_millisecond(said.ms).map(|at| at.strftime("%FT%TZ").to_string());
        let kind = match record.kind {
            Kind::Same => "same",
            Kind::Changed => "changed",
            Kind::Skipped | Kind::Later => "skipped",
            Kind::Failed => "FAILED",
            Kind::Unreachable => "UNREACHABLE",
        };
        let _ = writeln!(log, "{} {:12} {kind:8} {}", time.unwrap_or_default(), said.host, record.title());
        for text in [&said.msg, &said.stdout, &said.stderr, &said.diff] {
            text.lines().for_each(|line| {
                let _ = writeln!(log, "    {line}");
            });
        }
    }
    if !stderr.trim().is_empty() {
        let _ = writeln!(log, "\nAnsible complained:\n{}", stderr.trim_end());
    }
    let new = folder.join("log.new");
    std::fs::write(&new, log)?;
    std::fs::rename(new, log_path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of<'r>(redactor: &'r Redactor, lines: &[serde_json::Value]) -> Run<'r> {
        let mut run = Run::new(Path::new("/run"), redactor, 0);
        lines.iter().for_each(|line| {
            run.feed(&line.to_string());
        });
        run
    }

    #[test]
    fn failures_name_host_step_and_reason() {
        let redactor = Redactor::default();
        let lines = [
            serde_json::json!({"event": "ok", "host": "n1", "task": "Write it", "uuid": "1", "changed": true}),
            serde_json::json!({"event": "failed", "host": "n1", "task": "Start it", "uuid": "2", "action": "command",
                "rc": 7, "msg": "non-zero return code", "stdout": "a: ERROR (spawn error)"}),
            serde_json::json!({"event": "unreachable", "host": "n2", "task": "Write it", "uuid": "1",
                "msg": "Failed to connect: Permission denied (publickey)."}),
        ];
        let run = run_of(&redactor, &lines);
        let outcome = outcome(&run, &Ending::Exit(2), "30m", "log".into(), "");
        assert!(!outcome.success);
        assert_eq!(outcome.facts[0], "n1: “Start it” failed: a: ERROR (spawn error) (exit code 7)");
        assert!(
            outcome.facts[1].starts_with("n2 can't be reached: Failed to connect"),
            "{}",
            outcome.facts[1]
        );
        assert_eq!(outcome.facts[2], "n1: done: Write it");
    }

    #[test]
    fn a_failure_that_was_put_back_is_told_as_that() {
        let redactor = Redactor::default();
        let mut lines = vec![
            serde_json::json!({"event": "ok", "host": "n1", "task": "Write it", "uuid": "1", "changed": true}),
            serde_json::json!({"event": "failed", "host": "n1", "task": "Start it", "uuid": "2", "action": "command", "rc": 7,
                "msg": "x", "stdout": "spawn error"}),
            serde_json::json!({"event": "ok", "host": "n1", "task": "Delete it", "uuid": "3", "changed": true}),
        ];
        let run = run_of(&redactor, &lines);
        let back = outcome(&run, &Ending::Exit(0), "30m", "log".into(), "");
        assert!(!back.success && back.rolled_back);
        assert_eq!(back.facts[1..], ["n1: done: Write it", "n1: then put back: Delete it"]);
        let half = outcome(&run, &Ending::Exit(2), "30m", "log".into(), "");
        assert!(!half.success && !half.rolled_back, "the way back failed, too");
        // Another host went on: then not everything is as it was.
        lines.push(serde_json::json!({"event": "ok", "host": "n2", "task": "Write it", "uuid": "1", "changed": true}));
        let mixed = outcome(&run_of(&redactor, &lines), &Ending::Exit(0), "30m", "log".into(), "");
        assert!(!mixed.success && !mixed.rolled_back);
    }

    #[test]
    fn without_a_result_stderr_speaks() {
        let redactor = Redactor::default();
        let said = failures(&run_of(&redactor, &[]), "[ERROR]: the playbook could not be found\n");
        assert_eq!(said, ["Ansible: the playbook could not be found"]);
    }
}
