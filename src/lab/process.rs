//! Processes as Linux shows them: who is alive, and who belongs to a lab.
//!
//! Every child of a lab carries the lab's id in its environment ([`MARK`]), and so does whatever it starts in turn: the
//! fleet's services, a playbook's run. By that mark a lab finds all of its own again, even what outlived a killed lab,
//! and never takes a stranger's process for its own. Signals go through a pidfd, so that a reused number hits nobody.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The environment variable by which a lab knows its own.
pub(super) const MARK: &str = "RALF_LAB_ID";

/// Whether a process with this number runs (a zombie does not).
pub(super) fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| !rest.starts_with(['Z', 'X'])))
        .unwrap_or(false)
}

/// Whether a process carries the lab's mark.
fn marked(pid: u32, id: &str) -> bool {
    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    let wanted = format!("{MARK}={id}");
    environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
}

/// The number in a pid file, if the process is alive, belongs to the lab, and was started with that very file.
pub(super) fn from_pid_file(file: &Path, id: &str) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let named = file.as_os_str().as_encoded_bytes();
    let started_with_it = command.split(|byte| *byte == 0).any(|argument| argument == named);
    (started_with_it && marked(pid, id) && alive(pid)).then_some(pid)
}

/// A signal to one process.
pub(super) fn signal(pid: u32, signal: Signal) -> std::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process(pid, signal)?)
}

/// A signal to a child and the group that it leads.
pub(super) fn signal_group(pid: u32, signal: Signal) -> std::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process_group(pid, signal)?)
}

/// A process that carries the lab's mark.
struct Own {
    pid: u32,
    handle: Option<OwnedFd>,
}

impl Own {
    fn signal(&self, sent: Signal) {
        // It may be gone by now, which is what is wanted.
        let _ = match &self.handle {
            Some(handle) => pidfd_send_signal(handle, sent).map_err(Into::into),
            None => signal(self.pid, sent),
        };
    }
}

/// All processes that carry the lab's mark, but for this one.
fn ours(id: &str) -> Vec<Own> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Some(raw) = Pid::from_raw(number) else { continue };
        let pid = number.unsigned_abs();
        // Opened before it is looked at: what is looked at afterwards is what the signal reaches. (Kernels before 5.3
        // have no pidfd.)
        let handle = pidfd_open(raw, PidfdFlags::empty()).ok();
        if pid != std::process::id() && marked(pid, id) && alive(pid) {
            found.push(Own { pid, handle });
        }
    }
    found
}

/// Ends everything that carries the lab's mark: asks first, and insists after `grace`. Returns how many there were.
pub(super) async fn sweep(id: &str, grace: Duration) -> usize {
    let asked = ours(id);
    asked.iter().for_each(|own| own.signal(Signal::TERM));
    let until = tokio::time::Instant::now() + grace;
    while asked.iter().any(|own| alive(own.pid)) && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What is left, and what came up meanwhile.
    for _ in 0..50 {
        let left = ours(id);
        if left.is_empty() {
            break;
        }
        left.iter().for_each(|own| own.signal(Signal::KILL));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    asked.len()
}

/// Like [`sweep`] without asking and without waiting, for a lab that is dropped.
pub(super) fn kill_all(id: &str) {
    ours(id).iter().for_each(|own| own.signal(Signal::KILL));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sweeps_its_own_and_no_strangers() {
        let mut own = tokio::process::Command::new("sleep").arg("60").env(MARK, "lab-a").spawn().unwrap();
        let mut other = tokio::process::Command::new("sleep").arg("60").env(MARK, "lab-b").spawn().unwrap();
        // The mark is there once the program has been started.
        for _ in 0..100 {
            if marked(own.id().unwrap(), "lab-a") && marked(other.id().unwrap(), "lab-b") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let sweeping = tokio::spawn(async { sweep("lab-a", Duration::from_secs(5)).await });
        assert!(!own.wait().await.unwrap().success());
        assert_eq!(sweeping.await.unwrap(), 1);
        assert!(alive(other.id().unwrap()));
        other.kill().await.unwrap();
    }

    #[test]
    fn a_pid_file_of_a_stranger_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jellyfin.pid");
        assert_eq!(from_pid_file(&file, "x"), None);
        std::fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert!(alive(std::process::id()));
        assert_eq!(from_pid_file(&file, "x"), None);
    }
}
