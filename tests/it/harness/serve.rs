//! `ralf serve` as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::fresh_folder;
use super::stage::RALF;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running `ralf serve`. Dropped, it is killed.
pub(crate) struct Serve {
    child: Child,
    log: PathBuf,
}

impl Serve {
    pub(crate) fn start(config: &Path, environment: &[(&str, &str)]) -> Self {
        let log = fresh_folder("serve.log");
        let file = std::fs::File::create(&log).expect("a log");
        let child = Command::new(RALF)
            .args(["serve", "-c"])
            .arg(config)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .expect("ralf runs");
        Self { child, log }
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until its log says so.
    pub(crate) async fn says(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(Instant::now() < end, "it never says {text:?}, only:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("killed");
    }

    /// SIGTERM, and how it ends.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        let pid = self
            .child
            .id()
            .and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()))
            .expect("it runs");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
        self.ends().await
    }

    /// Waits for its end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("its status")
    }
}
