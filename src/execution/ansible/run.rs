//! A run put together from its lines: what it did, how far it is, why it failed.

use std::collections::BTreeMap;
use std::path::Path;

use super::jsonl::{Event, Said, parse};
use super::secrets::Sight;
use crate::execution::Progress;
use crate::execution::normal::{normal, visible};
use crate::plan::{Step, canonical, hex};
use crate::secrets::{HIDDEN, Redactor};

/// What a task came to on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Nothing to change.
    Same,
    /// Changed, or would change.
    Changed,
    /// Not to be done.
    Skipped,
    /// Check mode can't say, but it will be done.
    Later,
    /// Failed.
    Failed,
    /// The host could not be reached.
    Unreachable,
}

/// One task (or one item of its loop) on one host.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// What it came to.
    pub(super) kind: Kind,
    /// All that was said of it.
    pub(super) said: Said,
    /// The place of its task in the run.
    order: usize,
}

/// A run, as far as it has been read.
pub(super) struct Run<'r> {
    /// Ansible's version, once it said so.
    pub(super) version: String,
    /// What was done, in the order of the lines.
    pub(super) records: Vec<Record>,
    tasks: BTreeMap<String, usize>,
    now: String,
    done: u32,
    total: u32,
    folder: &'r Path,
    redactor: &'r Redactor,
    sight: &'r Sight,
}

impl Record {
    /// Whether people should see it as a step. By convention a task named `See …` only looks, `Judge …` only decides.
    fn is_step(&self) -> bool {
        let quiet = self.said.task.starts_with("See ") || self.said.task.starts_with("Judge ");
        !quiet && !matches!(self.kind, Kind::Skipped | Kind::Unreachable)
    }

    /// Its name with the loop's item.
    pub(super) fn title(&self) -> String {
        match &self.said.item {
            Some(item) => format!("{}: {item}", self.said.task),
            None => self.said.task.clone(),
        }
    }
}

impl<'r> Run<'r> {
    /// Of a folder; `total` is how many results an earlier check had, or 0.
    pub(super) fn new(folder: &'r Path, redactor: &'r Redactor, total: u32) -> Self {
        let (version, now) = Default::default();
        Self {
            version,
            records: Vec::new(),
            tasks: BTreeMap::new(),
            now,
            done: 0,
            total,
            folder,
            redactor,
            sight: &Sight::Clear,
        }
    }

    /// With this sight of what it says.
    pub(super) fn seen_with(mut self, sight: &'r Sight) -> Self {
        self.sight = sight;
        self
    }

    /// Takes one line; true when the progress changed.
    pub(super) fn feed(&mut self, line: &str) -> bool {
        let Some(event) = parse(line) else { return false };
        let (kind, said) = match event {
            Event::Start { version } => {
                self.version = version;
                return false;
            }
            Event::Task { task, uuid, action } => {
                let next = self.tasks.len();
                self.tasks.entry(uuid).or_insert(next);
                if is_include(&action) {
                    return false;
                }
                self.now = self.title(&task);
                return true;
            }
            Event::Retry { host, task, attempt } => {
                self.now = format!("{} on {}, try {}", self.title(&task), visible(&host), attempt + 1);
                return true;
            }
            Event::Play { .. } | Event::NoHosts | Event::Stats { .. } => return false,
            Event::Ok(said) if said.changed => (Kind::Changed, said),
            Event::Ok(said) => (Kind::Same, said),
            Event::Skipped(said) if said.conditional => (Kind::Skipped, said),
            Event::Skipped(said) => (Kind::Later, said),
            Event::Failed(said) => (Kind::Failed, said),
            Event::Unreachable(said) => (Kind::Unreachable, said),
        };
        if is_include(&said.action) && matches!(kind, Kind::Same | Kind::Skipped) {
            return false;
        }
        if said.item.is_none() {
            self.done += 1;
        }
        if !said.sum {
            let order = self.tasks.get(&said.uuid).copied().unwrap_or(usize::MAX);
            let said = self.cleaned(said);
            self.records.push(Record { kind, said, order });
        }
        true
    }

    fn clean(&self, text: &str) -> String {
        match self.sight {
            // Before it is made readable, which may change a secret, and after, which may put one together.
            Sight::Clear => self.redactor.hide(&normal(&self.redactor.hide(text), self.folder)).into_owned(),
            Sight::Blind { .. } if text.is_empty() => String::new(),
            Sight::Blind { .. } => HIDDEN.to_owned(),
        }
    }

    /// A task's name; one that was approved can be said in any case.
    fn title(&self, text: &str) -> String {
        match self.sight {
            Sight::Blind { titles, .. } if titles.contains(text) => text.to_owned(),
            _ => self.clean(text),
        }
    }

    fn cleaned(&self, said: Said) -> Said {
        Said {
            task: self.title(&said.task),
            item: said.item.map(|item| self.clean(&item)),
            msg: self.clean(&said.msg),
            stdout: self.clean(&said.stdout),
            stderr: self.clean(&said.stderr),
            diff: self.clean(&said.diff),
            ..said
        }
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        Progress { done: self.done, total: self.total.max(self.done), now: self.now.clone() }
    }

    /// Whether anything failed and the playbook did not mean to go on.
    pub(super) fn failed(&self) -> bool {
        self.records.iter().any(|record| record.kind == Kind::Failed && !record.said.ignored)
    }

    /// How many results there were.
    pub(super) fn results(&self) -> u32 {
        self.done
    }

    /// Its records by task, then host, then item: the same for the same state.
    pub(super) fn sorted(&self) -> Vec<&Record> {
        let mut records: Vec<&Record> = self.records.iter().collect();
        records.sort_by(|a, b| (a.order, &a.said.host).cmp(&(b.order, &b.said.host)));
        records
    }

    /// The steps as people read them.
    pub(super) fn steps(&self) -> Vec<Step> {
        let steps = self.sorted().into_iter().filter(|record| record.is_step());
        steps
            .map(|record| Step {
                title: record.title(),
                host: visible(&record.said.host),
                changes: record.kind == Kind::Changed,
            })
            .collect()
    }

    /// All diffs in the order of the steps, each behind a line that says where.
    pub(super) fn diff(&self) -> String {
        let mut out = String::new();
        for record in self.sorted().into_iter().filter(|record| !record.said.diff.is_empty()) {
            out.push_str(&format!("# {}: {}\n{}", record.said.host, record.title(), record.said.diff));
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
        out
    }

    /// SHA-256 of what a check saw: version, every result, every diff, and what the looking tasks said.
    pub(super) fn observed(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let seen = self.sorted().into_iter().map(|record| {
            let looked = if record.said.task.starts_with("See ") { record.said.stdout.as_str() } else { "" };
            (&record.said.host, record.title(), record.kind, &record.said.diff, looked)
        });
        let seen = (&self.version, seen.collect::<Vec<_>>());
        hex(&Sha256::digest([b"ralf-observed-v1\n".as_slice(), &canonical(&seen)].concat()))
    }
}

fn is_include(action: &str) -> bool {
    let name = action.rsplit('.').next().unwrap_or(action);
    matches!(name, "include_tasks" | "import_tasks" | "include_role" | "import_role" | "meta")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(redactor: &Redactor, lines: &[serde_json::Value]) -> (Vec<Step>, String, String) {
        let mut run = Run::new(Path::new("/run"), redactor, 0);
        lines.iter().for_each(|line| {
            run.feed(&line.to_string());
        });
        (run.steps(), run.diff(), run.observed())
    }

    fn result(event: &str, host: &str, task: &str, changed: bool) -> serde_json::Value {
        serde_json::json!({"event": event, "host": host, "task": task, "uuid": task, "changed": changed,
            "diff": if changed { "+password: hunter2hunter2\n" } else { "" }})
    }

    #[test]
    fn the_order_of_hosts_does_not_matter() {
        let redactor = Redactor::default();
        let task = serde_json::json!({"event": "task", "task": "Write", "uuid": "Write"});
        let (a, b) = (result("ok", "a", "Write", true), result("ok", "b", "Write", true));
        let one = fed(&redactor, &[task.clone(), a.clone(), b.clone()]);
        assert_eq!(one, fed(&redactor, &[task.clone(), b.clone(), a.clone()]));
        assert_eq!(one.1, "# a: Write\n+password: [hidden]\n# b: Write\n+password: [hidden]\n");
        assert_ne!(one.2, fed(&redactor, &[task, a]).2);
    }

    #[test]
    fn looking_and_skipping_are_no_steps() {
        let mut skipped = result("skipped", "a", "Start", false);
        skipped["conditional"] = true.into();
        let mut later = result("skipped", "a", "Wait", false);
        later["msg"] = "does not support check mode".into();
        let lines =
            [result("ok", "a", "See what runs", false), skipped, later, result("ok", "a", "Write", false)];
        let (steps, _, _) = fed(&Redactor::default(), &lines);
        let steps: Vec<_> = steps.iter().map(|step| (step.title.as_str(), step.changes)).collect();
        assert_eq!(steps, [("Wait", false), ("Write", false)]);
    }
}
