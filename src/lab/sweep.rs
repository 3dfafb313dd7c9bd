//! Ending all that belongs to a lab, and nothing else.
//!
//! Every child of a lab carries the lab's id in its environment ([`MARK`](super::process::MARK)), and so do the fleet's
//! services. An executor's run does not, because it gets a clean environment and outlives `serve` on purpose: its run
//! folder says which process it is, and since when. What these started belongs to the lab too. By that a lab finds
//! all of its own again, even what outlived a killed lab, and never takes a stranger's process for its own. Signals go
//! through a pidfd, so that a number that is used again hits nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::process::{Stat, alive, marked, signal, stat};

/// All processes of one lab.
#[derive(Debug, Clone)]
pub(super) struct Household {
    id: String,
    runs: PathBuf,
}

/// One of them.
struct Member {
    pid: u32,
    handle: Option<OwnedFd>,
}

impl Member {
    fn signal(&self, sent: Signal) {
        // It may be gone by now, which is what is wanted.
        let _ = match &self.handle {
            Some(handle) => pidfd_send_signal(handle, sent).map_err(Into::into),
            // A kernel before 5.3.
            None => signal(self.pid, sent),
        };
    }
}

impl Household {
    /// Of the lab with this mark in this folder.
    pub(super) fn new(id: &str, dir: &Path) -> Self {
        Self { id: id.to_owned(), runs: dir.join("runs") }
    }

    /// Ends them: asks first, and insists after `grace`. Returns how many there were.
    pub(super) async fn sweep(&self, grace: Duration) -> usize {
        let asked = self.members();
        asked.iter().for_each(|member| member.signal(Signal::TERM));
        let until = tokio::time::Instant::now() + grace;
        while asked.iter().any(|member| alive(member.pid)) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        asked.iter().for_each(|member| member.signal(Signal::KILL));
        // What came up meanwhile.
        for _ in 0..50 {
            let left = self.members();
            if left.is_empty() {
                break;
            }
            left.iter().for_each(|member| member.signal(Signal::KILL));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        asked.len()
    }

    /// Kills them without asking and without waiting, for a lab that is dropped.
    pub(super) fn kill(&self) {
        self.members().iter().for_each(|member| member.signal(Signal::KILL));
    }

    fn members(&self) -> Vec<Member> {
        // Handles are opened before anything is looked at: what is looked at afterwards is what a signal reaches.
        let mut handles: BTreeMap<u32, Option<OwnedFd>> = processes().map(|pid| (pid, handle(pid))).collect();
        let stats: BTreeMap<u32, Stat> = handles.keys().filter_map(|pid| Some((*pid, stat(*pid)?))).collect();
        let runs = self.runs();
        let is_root =
            |(pid, stat): &(&u32, &Stat)| runs.contains(&(**pid, stat.started)) || marked(**pid, &self.id);
        let mut members: BTreeSet<u32> = stats.iter().filter(is_root).map(|(pid, _)| *pid).collect();
        loop {
            let started =
                stats.iter().filter(|(_, stat)| members.contains(&stat.parent)).map(|(pid, _)| *pid);
            let more: Vec<u32> = started.filter(|pid| !members.contains(pid)).collect();
            if more.is_empty() {
                break;
            }
            members.extend(more);
        }
        members.remove(&std::process::id());
        members.into_iter().map(|pid| Member { pid, handle: handles.remove(&pid).flatten() }).collect()
    }

    /// The runs' processes by number and start, as their folders say.
    fn runs(&self) -> BTreeSet<(u32, u64)> {
        let Ok(folders) = std::fs::read_dir(&self.runs) else { return BTreeSet::new() };
        let read = |folder: std::fs::DirEntry| {
            let text = std::fs::read_to_string(folder.path().join("pid")).ok()?;
            let (pid, started) = text.trim().split_once(' ')?;
            Some((pid.parse().ok()?, started.parse().ok()?))
        };
        folders.flatten().filter_map(read).collect()
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn handle(pid: u32) -> Option<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

#[cfg(test)]
mod tests {
    use tokio::process::{Child, Command};

    use super::super::process::MARK;
    use super::*;

    fn shell(script: &str, mark: &str) -> Child {
        Command::new("/bin/sh").args(["-c", script]).env(MARK, mark).spawn().unwrap()
    }

    async fn until(is_so: impl Fn() -> bool) {
        for _ in 0..500 {
            if is_so() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came to be");
    }

    #[tokio::test]
    async fn sweeps_its_own_and_no_strangers() {
        let dir = tempfile::tempdir().unwrap();
        let household = Household::new("sweep-test-a", dir.path());
        let mut own = shell("trap '' TERM; env -u RALF_LAB_ID sleep 61 & wait; wait", "sweep-test-a");
        let mut other = shell("exec sleep 62", "sweep-test-b");
        let mut run = shell("exec sleep 63", "sweep-test-none");
        let (own_pid, other_pid, run_pid) = (own.id().unwrap(), other.id().unwrap(), run.id().unwrap());
        until(|| marked(own_pid, "sweep-test-a") && household.members().len() == 2).await;

        let folder = dir.path().join("runs/one");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("pid"), format!("{run_pid} {}\n", stat(run_pid).unwrap().started))
            .unwrap();
        // The number of a stranger that was used again.
        let folder = dir.path().join("runs/two");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("pid"), format!("{other_pid} 1\n")).unwrap();

        let waited = async { tokio::join!(own.wait(), run.wait()) };
        let (swept, _) = tokio::join!(household.sweep(Duration::from_millis(300)), waited);
        assert_eq!(swept, 3);
        assert!(household.members().is_empty() && alive(other_pid));
        other.kill().await.unwrap();
    }
}
