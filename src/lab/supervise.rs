//! Keeps the lab's programs up, as systemd would: whatever dies is started again at once, with a pause only after it
//! died of itself several times in a row.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::process::{self, MARK};
use super::{LabError, files};

/// A life shorter than this is a quick death.
const QUICK: Duration = Duration::from_secs(10);
/// So many quick deaths in a row are forgiven.
const FORGIVEN: u32 = 3;

/// The numbers of the processes that run, by the programs' names.
pub(super) type Pids = BTreeMap<String, u32>;

/// Something to keep up.
pub(super) struct Program {
    /// Its name in `pids`.
    pub(super) name: String,
    /// What is run.
    pub(super) program: PathBuf,
    /// With these arguments.
    pub(super) arguments: Vec<OsString>,
    /// And these variables besides the lab's own environment.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// In this folder.
    pub(super) folder: PathBuf,
    /// Where its output goes.
    pub(super) log: PathBuf,
    /// The exit code after which another start would not help.
    pub(super) final_code: Option<i32>,
    /// What of its own children may outlive it, to be ended before it is started again.
    pub(super) orphans: Orphans,
    /// How long it may take to end in good order.
    pub(super) grace: Duration,
}

/// Children that outlive a program that died.
pub(super) enum Orphans {
    /// It has none.
    None,
    /// They have pid files in this folder.
    PidFiles(PathBuf),
    /// They stay in its process group.
    Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Up,
    Held,
    Stopped,
}

/// Keeps programs up until it is stopped.
pub(super) struct Supervisor {
    id: String,
    programs: BTreeMap<String, (watch::Sender<Wanted>, JoinHandle<()>)>,
    pids: watch::Sender<Pids>,
    failures: mpsc::UnboundedSender<LabError>,
}

impl Supervisor {
    /// For the lab with this mark. What can't be mended comes out of the receiver.
    pub(super) fn new(id: &str) -> (Self, mpsc::UnboundedReceiver<LabError>) {
        let (failures, failed) = mpsc::unbounded_channel();
        let pids = watch::Sender::new(Pids::new());
        (Self { id: id.to_owned(), programs: BTreeMap::new(), pids, failures }, failed)
    }

    /// The processes as they are, and news of them.
    pub(super) fn pids(&self) -> watch::Receiver<Pids> {
        self.pids.subscribe()
    }

    /// Starts a program and keeps it up.
    pub(super) fn start(&mut self, program: Program) {
        let (wanted, orders) = watch::channel(Wanted::Up);
        let name = program.name.clone();
        let keeper = Keeper {
            program,
            id: self.id.clone(),
            pids: self.pids.clone(),
            failures: self.failures.clone(),
            orders,
        };
        self.programs.insert(name, (wanted, tokio::spawn(keeper.keep())));
    }

    /// Ends a program in good order and leaves it down, or starts it again. Returns once it is so.
    pub(super) async fn hold(&self, name: &str, down: bool) {
        let Some((wanted, _)) = self.programs.get(name) else { return };
        let mut pids = self.pids.subscribe();
        wanted.send_replace(if down { Wanted::Held } else { Wanted::Up });
        // The sender lives in `self`.
        let _ = pids.wait_for(|pids| pids.contains_key(name) != down).await;
    }

    /// Ends programs, in good order where they can, one group of names after the other.
    pub(super) async fn stop(&mut self, order: &[&[&str]]) {
        for names in order {
            let mut ending = Vec::new();
            for name in *names {
                if let Some((wanted, task)) = self.programs.remove(*name) {
                    wanted.send_replace(Wanted::Stopped);
                    ending.push(task);
                }
            }
            for task in ending {
                let _ = task.await;
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        for (wanted, task) in self.programs.values() {
            wanted.send_replace(Wanted::Stopped);
            task.abort();
        }
    }
}

struct Keeper {
    program: Program,
    id: String,
    pids: watch::Sender<Pids>,
    failures: mpsc::UnboundedSender<LabError>,
    orders: watch::Receiver<Wanted>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut quick = 0;
        let mut has_lived = false;
        loop {
            // A closed channel is a supervisor that is gone.
            let Ok(wanted) =
                self.orders.wait_for(|wanted| *wanted != Wanted::Held).await.map(|wanted| *wanted)
            else {
                return;
            };
            if wanted == Wanted::Stopped {
                return;
            }
            let offset = std::fs::metadata(&self.program.log).map_or(0, |log| log.len());
            let born = Instant::now();
            let mut leader = None;
            let status = match self.spawn() {
                Ok(child) => {
                    leader = child.id();
                    self.live(child).await
                }
                Err(error) if quick + 1 == FORGIVEN && !has_lived => {
                    let _ = self.failures.send(error);
                    return;
                }
                // The program may just be replaced by a newer build.
                Err(_) => Some(ExitStatus::from_raw(127 << 8)),
            };
            let Some(status) = status else { continue };
            quick = if of_itself(status) && born.elapsed() < QUICK { quick + 1 } else { 0 };
            has_lived |= born.elapsed() >= QUICK;
            let is_final = status.code().is_some() && status.code() == self.program.final_code;
            if is_final || quick == FORGIVEN && !has_lived {
                self.forget();
                let _ = self.failures.send(self.gave_up(status, offset));
                return;
            }
            if let Some(pause) = pause(quick) {
                self.forget();
                let _ = tokio::time::timeout(pause, self.orders.changed()).await;
            }
            self.clear_orphans(leader).await;
        }
    }

    /// Follows a child to its end; `None` if the end was wanted.
    async fn live(&mut self, mut child: Child) -> Option<ExitStatus> {
        let pid = child.id()?;
        self.pids.send_modify(|pids| {
            pids.insert(self.program.name.clone(), pid);
        });
        let ended = tokio::select! {
            status = child.wait() => Some(status),
            _ = self.orders.wait_for(|wanted| *wanted != Wanted::Up) => None,
        };
        if let Some(status) = ended {
            return Some(status.unwrap_or_default());
        }
        let _ = process::signal(pid, Signal::TERM);
        // One that was paused would never hear it.
        let _ = process::signal(pid, Signal::CONT);
        if tokio::time::timeout(self.program.grace, child.wait()).await.is_err() {
            let _ = process::signal_group(pid, Signal::KILL);
            let _ = child.wait().await;
        }
        self.forget();
        None
    }

    fn spawn(&self) -> Result<Child, LabError> {
        let Program { program, arguments, environment, folder, log, .. } = &self.program;
        let output = || {
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(log)
                .map_err(LabError::file(log, "can't be opened"))
        };
        Command::new(program)
            .args(arguments)
            .env_remove("PYTHONPATH")
            .env_remove("PYTHONHOME")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env(MARK, &self.id)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output()?)
            .stderr(output()?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| LabError::Spawn { program: program.display().to_string(), source })
    }

    fn forget(&self) {
        self.pids.send_if_modified(|pids| pids.remove(&self.program.name).is_some());
    }

    fn gave_up(&self, status: ExitStatus, offset: u64) -> LabError {
        LabError::GaveUp {
            program: self.program.name.clone(),
            code: status.code().unwrap_or_default(),
            said: files::tail(&self.program.log, offset, 12),
            log: self.program.log.clone(),
        }
    }

    async fn clear_orphans(&self, leader: Option<u32>) {
        let folder = match (&self.program.orphans, leader) {
            (Orphans::PidFiles(folder), _) => folder,
            (Orphans::Group, Some(leader)) => {
                // An empty group is what is wanted.
                let _ = process::signal_group(leader, Signal::KILL);
                return;
            }
            _ => return,
        };
        let orphans =
            pid_files(folder).into_iter().filter_map(|file| process::from_pid_file(&file, &self.id));
        let orphans: Vec<u32> = orphans.collect();
        for pid in &orphans {
            let _ = process::signal(*pid, Signal::TERM);
        }
        let until = Instant::now() + Duration::from_millis(500);
        while orphans.iter().any(|pid| process::alive(*pid)) && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The pid files in a folder.
pub(super) fn pid_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "pid"))
        .collect()
}

/// Whether a program ended because of what it found, not because somebody ended it.
fn of_itself(status: ExitStatus) -> bool {
    let from_outside = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];
    status.signal().is_none_or(|signal| !from_outside.iter().any(|other| other.as_raw() == signal))
}

fn pause(quick: u32) -> Option<Duration> {
    let beyond = quick.checked_sub(FORGIVEN)?;
    Some(Duration::from_millis(500) * 2_u32.pow(beyond.min(4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, script: &str) -> Program {
        Program {
            name: "it".into(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            folder: folder.to_owned(),
            log: folder.join("log"),
            final_code: Some(2),
            orphans: Orphans::None,
            grace: Duration::from_secs(5),
        }
    }

    #[tokio::test]
    async fn restarts_what_is_killed_and_holds_and_stops() {
        let folder = tempfile::tempdir().unwrap();
        let (mut supervisor, _failed) = Supervisor::new("supervise-test");
        supervisor.start(program(folder.path(), "exec sleep 60"));
        let mut pids = supervisor.pids();
        let first = pids.wait_for(|pids| pids.contains_key("it")).await.unwrap()["it"];
        process::signal(first, Signal::KILL).unwrap();
        let second = pids.wait_for(|pids| pids["it"] != first).await.unwrap()["it"];
        supervisor.hold("it", true).await;
        assert!(!process::alive(second));
        supervisor.hold("it", false).await;
        let third = pids.borrow()["it"];
        assert!(process::alive(third));
        supervisor.stop(&[&["it"]]).await;
        assert!(!process::alive(third));
        assert!(pids.borrow().is_empty());
    }

    #[tokio::test]
    async fn what_a_dead_program_left_in_its_group_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut supervisor, _failed) = Supervisor::new("supervise-test");
        let script = "sleep 60 & echo $! > child.new; mv child.new child; wait";
        supervisor.start(Program { orphans: Orphans::Group, ..program(folder.path(), script) });
        let mut pids = supervisor.pids();
        let first = pids.wait_for(|pids| pids.contains_key("it")).await.unwrap()["it"];
        let child = loop {
            if let Ok(text) = std::fs::read_to_string(folder.path().join("child")) {
                break text.trim().parse().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        process::signal(first, Signal::KILL).unwrap();
        pids.wait_for(|pids| pids.get("it").is_some_and(|pid| *pid != first)).await.unwrap();
        // A signal is not the end yet.
        while process::alive(child) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        supervisor.stop(&[&["it"]]).await;
    }

    #[tokio::test]
    async fn a_final_code_is_told_with_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let (mut supervisor, mut failed) = Supervisor::new("supervise-test");
        supervisor.start(program(folder.path(), "echo this is wrong >&2; exit 2"));
        let failure = failed.recv().await.unwrap().to_string();
        assert!(failure.contains("exit code 2") && failure.contains("this is wrong"), "{failure}");
    }

    #[tokio::test]
    async fn what_never_comes_up_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (mut supervisor, mut failed) = Supervisor::new("supervise-test");
        supervisor.start(program(folder.path(), "echo no luck; exit 3"));
        let failure = failed.recv().await.unwrap().to_string();
        assert!(failure.contains("exit code 3") && failure.contains("no luck"), "{failure}");
    }

    #[tokio::test]
    async fn a_dropped_supervisor_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut supervisor, _failed) = Supervisor::new("supervise-test");
        supervisor.start(program(folder.path(), "exec sleep 60"));
        let pid = supervisor.pids().wait_for(|pids| pids.contains_key("it")).await.unwrap()["it"];
        drop(supervisor);
        while process::alive(pid) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn pauses_only_after_several_deaths() {
        assert_eq!(
            [0, 2, 3, 4].map(pause).map(|p| p.map(|p| p.as_millis())),
            [None, None, Some(500), Some(1000)]
        );
        assert!(!of_itself(ExitStatus::from_raw(9)));
        assert!(of_itself(ExitStatus::from_raw(11)) && of_itself(ExitStatus::from_raw(1 << 8)));
    }
}
