//! Processes as Linux shows them: who is alive, and who carries a lab's mark.

use std::path::Path;

use rustix::process::{Pid, Signal};

/// The environment variable by which a lab knows its own.
pub(super) const MARK: &str = "RALF_LAB_ID";

/// What `/proc/<pid>/stat` says.
pub(super) struct Stat {
    /// Its parent's number.
    pub(super) parent: u32,
    /// When it was started, in ticks since the machine's start: with the number it names one process for ever.
    pub(super) started: u64,
}

/// Looks a process up; a zombie is none.
pub(super) fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it, in parentheses, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_whitespace().collect();
    let lives = !["Z", "X"].contains(fields.first()?);
    let found = Stat { parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? };
    lives.then_some(found)
}

/// Whether a process with this number runs (a zombie does not).
pub(super) fn alive(pid: u32) -> bool {
    stat(pid).is_some()
}

/// Whether a process carries the lab's mark.
pub(super) fn marked(pid: u32, id: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
