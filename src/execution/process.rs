//! Processes as Linux shows them: who is alive, who belongs to whom, and how to end all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::ExecutorError;

/// How long a process may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What every child of an executor gets: enough for Ansible and ssh, nothing of ours.
pub fn environment() -> Vec<(&'static str, String)> {
    let mut all = vec![("LANG", "C.UTF-8".to_owned()), ("PYTHONDONTWRITEBYTECODE", "1".to_owned())];
    for name in ["PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TZ"] {
        if let Ok(value) = std::env::var(name) {
            all.push((name, value));
        }
    }
    all
}

/// A program by path, or by name on the PATH.
pub(super) fn find(program: &Path, hint: &str) -> Result<PathBuf, ExecutorError> {
    let found = if program.components().count() > 1 {
        program.is_file().then(|| program.to_owned())
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
    };
    let found = found.and_then(|file| std::path::absolute(file).ok());
    found.ok_or_else(|| ExecutorError::Missing {
        program: program.display().to_string(),
        hint: hint.to_owned(),
    })
}

/// One process, safe against a pid that is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Process {
    /// Its pid.
    pub(super) pid: i32,
    /// Its start time in clock ticks since boot.
    pub(super) started: u64,
}

impl Process {
    /// A child of ours that has not been waited for.
    pub(super) fn of(child: &tokio::process::Child) -> Option<Self> {
        let pid = i32::try_from(child.id()?).ok()?;
        Some(Self { pid, started: stat(pid)?.started })
    }

    /// As the script wrote it: `<pid> <start time>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (pid, started) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.trim().parse().ok()? })
    }

    /// Whether it still runs (a dead one that nobody waited for doesn't).
    pub(super) fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    /// Whether it has started anything that is still there.
    pub(super) fn has_children(self) -> bool {
        below(self).len() > 1
    }

    /// Does to everything below it, not to itself, what Ctrl-C does.
    pub(super) fn interrupt_below(self) {
        let mut tree = below(self);
        tree.remove(&self);
        signal(&tree, Signal::INT);
    }

    /// Ends it and everything below it: asked first, then killed.
    pub(super) async fn end_tree(self) {
        if !self.is_alive() {
            return;
        }
        let mut tree = below(self);
        signal(&tree, Signal::TERM);
        for _ in 0..GRACE.as_millis() / 100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tree.extend(tree.clone().into_iter().filter(|p| p.is_alive()).flat_map(below));
            if !tree.iter().any(|process| process.is_alive()) {
                return;
            }
        }
        signal(&tree, Signal::KILL);
    }
}

fn signal(tree: &BTreeSet<Process>, signal: Signal) {
    for process in tree.iter().filter(|process| process.is_alive()) {
        if let Some(pid) = Pid::from_raw(process.pid) {
            // It may have ended in between; that is what we want.
            let _ = kill_process(pid, signal);
        }
    }
}

struct Stat {
    state: char,
    parent: i32,
    started: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; what follows the last bracket is numbers. The state is field 3.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// A process and all its descendants.
fn below(top: Process) -> BTreeSet<Process> {
    let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push(Process { pid, started: stat.started });
        }
    }
    let mut found = BTreeSet::from([top]);
    let mut open = vec![top];
    while let Some(process) = open.pop() {
        let new = children.get(&process.pid).into_iter().flatten().filter(|child| found.insert(**child));
        open.extend(new);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_alive_and_a_reused_pid_is_not_us() {
        let pid = i32::try_from(std::process::id()).expect("a pid");
        let started = stat(pid).expect("we are there").started;
        assert!(Process { pid, started }.is_alive());
        assert!(!Process { pid, started: started + 1 }.is_alive());
        assert_eq!(Process::parse("12 345\n"), Some(Process { pid: 12, started: 345 }));
        assert_eq!(Process::parse("12"), None);
    }

    #[test]
    fn children_get_no_token_of_ours() {
        assert!(environment().iter().all(|(name, _)| !name.starts_with("RALF_")));
    }

    #[tokio::test]
    async fn a_tree_ends_with_its_top() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "trap '' TERM; setsid sh -c 'sleep 600' & sleep 600; sleep 600"])
            .spawn()
            .expect("sh runs");
        let top = Process::of(&child).expect("it runs");
        while below(top).len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let tree = below(top);
        top.end_tree().await;
        child.wait().await.expect("it ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(tree.iter().all(|process| !process.is_alive()));
    }
}
