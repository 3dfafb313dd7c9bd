//! A plan and a run in words.

use std::path::Path;

use super::diff;
use super::show::{Action, Resource, Shown};
use super::stream::Run;
use crate::execution::Outcome;
use crate::execution::child::{self, Ending};
use crate::execution::normal::visible;
use crate::plan::{Effects, Plan, Risk, Step};
use crate::secrets::Redactor;

/// The log's name in the run folder.
const LOG: &str = "log.txt";

/// A step for each resource; without changes where nothing becomes of it.
pub(super) fn steps(shown: &Shown, stack: &str, differs: bool) -> Vec<Step> {
    let step = |title: String, changes| Step { title: visible(&title), host: stack.to_owned(), changes };
    let mut steps: Vec<Step> = shown
        .resource_changes
        .iter()
        .map(|resource| step(title(resource), !matches!(resource.action(), Action::Keep | Action::Read)))
        .collect();
    if differs && !steps.iter().any(|step| step.changes) {
        let outputs = shown.output_changes.iter().filter(|(_, change)| !change.is_none());
        let outputs: Vec<&str> = outputs.map(|(name, _)| name.as_str()).collect();
        steps.push(match outputs.as_slice() {
            [] => step("Bring the state up to date".into(), true),
            outputs => step(format!("Set outputs: {}", outputs.join(", ")), true),
        });
    }
    steps
}

fn title(resource: &Resource) -> String {
    let verb = match resource.action() {
        Action::Keep => "Keep",
        Action::Read => "Read",
        Action::Create => "Create",
        Action::Change => "Change",
        Action::Replace => "Replace",
        Action::Destroy => "Destroy",
        Action::Forget => "Forget",
        Action::Move => "Move",
        Action::Import => "Import",
    };
    format!("{verb} {}", resource.address)
}

/// What the plan does to resources.
pub(super) fn effects(shown: &Shown) -> Effects {
    let mut effects = Effects::default();
    for resource in &shown.resource_changes {
        match resource.action() {
            Action::Keep | Action::Read => {}
            Action::Create => effects.create += 1,
            Action::Change | Action::Forget | Action::Move | Action::Import => effects.change += 1,
            Action::Replace => effects.replace += 1,
            Action::Destroy => effects.destroy += 1,
        }
    }
    effects
}

/// How much can go wrong.
pub(super) fn risk(shown: &Shown, differs: bool) -> Risk {
    match effects(shown) {
        effects if effects.replace + effects.destroy > 0 => Risk::High,
        effects if effects.change > 0 => Risk::Medium,
        _ if differs => Risk::Low,
        _ => Risk::Read,
    }
}

/// How many things a run will report as done: a replacement is two.
pub(super) fn operations(plan: &Plan) -> u32 {
    let Effects { create, change, replace, destroy } = plan.effects;
    create + change + 2 * replace + destroy
}

/// How a stack differs from its configuration; empty when it does not.
pub(super) fn differences(shown: &Shown, differs: bool, redactor: &Redactor) -> Vec<String> {
    let outside =
        shown.resource_drift.iter().filter(|resource| resource.action() != Action::Move).map(|resource| {
            if resource.action() == Action::Destroy {
                return format!("Destroyed outside of OpenTofu: {}", resource.address);
            }
            let paths = diff::changed(&resource.change).join(", ");
            format!("Changed outside of OpenTofu: {} ({paths})", resource.address)
        });
    let steps = steps(shown, "", differs);
    let wanted = steps.into_iter().filter(|step| step.changes).map(|step| step.title);
    outside.chain(wanted).map(|line| redactor.hide(&visible(&line)).into_owned()).collect()
}

/// How it ended, for a person.
pub(super) fn outcome(
    plan: &Plan,
    folder: &Path,
    run: &Run<'_>,
    ending: &Ending,
    limit: &str,
    stderr: &str,
) -> Outcome {
    let success = *ending == Ending::Exit(0);
    let stack = plan.targets.join(", ");
    let mut facts = Vec::new();
    if !success && child::was_interrupted(folder) {
        facts.push(format!("{stack}: it was asked to stop"));
    }
    if *ending == Ending::TimedOut {
        facts.push(format!("it was stopped after {limit}, its time limit, at: {}", run.now()));
    }
    if run.stale && !success {
        facts.push(format!(
            "{stack} has changed since this plan was made, or this plan ran before: OpenTofu refused it and did nothing; \
             ask again for a new plan"
        ));
    } else if !success {
        if run.locked {
            facts.push(format!("another run holds the lock of {stack}'s state; nothing was done"));
        }
        let errors = run.errors();
        if errors.is_empty() && facts.is_empty() {
            let said = if stderr.trim().is_empty() { "it ended without a word" } else { stderr.trim() };
            facts.push(format!("OpenTofu: {said}"));
        }
        facts.extend(errors);
    }
    facts.push(changes(run));
    Outcome { success, rolled_back: false, facts, log: folder.join(LOG) }
}

fn changes(run: &Run<'_>) -> String {
    match run.done.as_slice() {
        [] => "nothing was changed".to_owned(),
        done => format!("done: {}", done.join(", ")),
    }
}

/// What is known of a run that was cut off.
pub(super) fn evidence(run: &Run<'_>) -> Vec<String> {
    let mut said = vec!["its process is gone and left no exit code".to_owned()];
    if !run.done.is_empty() {
        said.push(changes(run));
    }
    if !run.now().is_empty() {
        said.push(format!("the last thing it began: {}", run.now()));
    }
    said
}

/// What the program complained, without secrets.
pub(super) fn complaints(folder: &Path, redactor: &Redactor, repeats: bool) -> String {
    let bytes = std::fs::read(folder.join(child::ERRORS)).unwrap_or_default();
    if repeats {
        redactor.hide(&visible(&String::from_utf8_lossy(&bytes))).into_owned()
    } else {
        String::new()
    }
}

/// Writes the log that people read.
pub(super) fn write_log(folder: &Path, run: &Run<'_>, stderr: &str) -> std::io::Result<()> {
    let mut log = run.log.join("\n");
    log.push('\n');
    if !stderr.trim().is_empty() {
        log.push_str(&format!("\nOpenTofu complained:\n{}\n", stderr.trim_end()));
    }
    let new = folder.join("log.new");
    std::fs::write(&new, log)?;
    std::fs::rename(new, folder.join(LOG))
}
