//! A program that outlives us: it runs in a session of its own, writes into its run folder, and is followed by reading
//! there. `mkdir claim` is what makes a folder run at most once: whoever makes it owns the one run.
//!
//! In the folder: `claim/`, `pid` (pid and start time), `output.jsonl`, `stderr.log`, `exit` (its code, in the end).

use std::ffi::OsStr;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::process::Process;
use super::{ExecutorError, folder, words};
use crate::clock::Clock;

/// The script's name in the input part.
pub(super) const SCRIPT: &str = "run.sh";
/// What the program prints.
pub(super) const OUTPUT: &str = "output.jsonl";
/// What it complains.
pub(super) const ERRORS: &str = "stderr.log";
/// Is there when the run was asked to stop.
const INTERRUPTED: &str = "interrupted";
/// How often the output is looked at: the one place that polls, because a file has no channel.
const LOOK: Duration = Duration::from_millis(100);
/// How long the script may take from its claim to its pid.
const BEGIN: Duration = Duration::from_secs(2);
/// The script found the folder claimed.
const CLAIMED: i32 = 75;
/// The code that stands for "stopped at its time limit".
const TIMED_OUT: i32 = 124;

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this code.
    Exit(i32),
    /// It was stopped at its time limit.
    TimedOut,
    /// Nobody knows: its process is gone and no code was written.
    Lost,
}

/// The script that runs `argv` once.
pub(super) fn script(argv: &[String]) -> String {
    let command = argv.iter().map(|word| words::for_shell(word)).collect::<Vec<_>>().join(" ");
    format!(
        r#"#!/bin/sh
# Runs what was approved, at most once: the folder is claimed first, and only one can do that.
cd "${{0%/*}}/.." || exit 74
mkdir claim 2>/dev/null || exit {CLAIMED}
stat=$(cat "/proc/$$/stat")
set -- ${{stat##*) }}
printf '%s %s\n' "$$" "${{20}}" >pid.new && mv pid.new pid || exit 74
{command} </dev/null >{OUTPUT} 2>{ERRORS}
code=$?
printf '%s\n' "$code" >exit.new && mv exit.new exit
"#
    )
}

/// Starts the script of a run folder.
pub(super) fn start(
    run: &Path,
    environment: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
) -> Result<tokio::process::Child, ExecutorError> {
    let mut command = tokio::process::Command::new("setsid");
    command.arg("/bin/sh").arg(run.join(folder::INPUT).join(SCRIPT)).current_dir(run);
    command.env_clear().envs(environment);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(false);
    command.spawn().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            ExecutorError::Missing { program: "setsid".into(), hint: "install util-linux".into() }
        }
        _ => ExecutorError::Io { what: "starting the run".into(), source },
    })
}

/// Claims a folder so that it never runs. False when a run has claimed it.
pub(super) fn spend(run: &Path) -> Result<bool, ExecutorError> {
    match std::fs::create_dir(run.join("claim")) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(source) => Err(ExecutorError::Io { what: format!("claiming {}", run.display()), source }),
    }
}

/// Asks a run to stop as Ctrl-C would, once: a second time would tell OpenTofu to drop everything. False when nothing runs.
pub(super) fn interrupt(run: &Path) -> Result<bool, ExecutorError> {
    let process = std::fs::read_to_string(run.join("pid")).ok().and_then(|text| Process::parse(&text));
    let Some(process) = process.filter(|process| process.is_alive() && process.has_children()) else {
        return Ok(false);
    };
    match std::fs::File::options().write(true).create_new(true).open(run.join(INTERRUPTED)) {
        Ok(_) => process.interrupt_below(),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(source) => {
            return Err(ExecutorError::Io { what: "noting that the run shall stop".into(), source });
        }
    }
    Ok(true)
}

/// Asks a run to stop that may be beginning in this moment: waits a little for its process.
pub(super) async fn interrupt_soon(run: &Path) -> Result<bool, ExecutorError> {
    for _ in 0..30 {
        if interrupt(run)? {
            return Ok(true);
        }
        if run.join("exit").exists() {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}

/// Whether a run was asked to stop.
pub(super) fn was_interrupted(run: &Path) -> bool {
    run.join(INTERRUPTED).exists()
}

/// Follows a claimed run to its end, line by line of its output. `started` is the script's process when it is ours.
pub(super) async fn follow(
    run: &Path,
    mut started: Option<tokio::process::Child>,
    limit: Duration,
    clock: &Clock,
    mut line: impl FnMut(&str),
) -> Result<Ending, ExecutorError> {
    let mut output = Tail::default();
    let mut waited = Duration::ZERO;
    loop {
        // In this order: what is written before the end is read after the end is seen.
        let ours = match &mut started {
            Some(child) => child.try_wait().map_err(ExecutorError::io("waiting for the run"))?,
            None => None,
        };
        if ours.is_some_and(|status| status.code() == Some(CLAIMED)) {
            return Err(ExecutorError::Spent);
        }
        let process = std::fs::read_to_string(run.join("pid")).ok().and_then(|text| Process::parse(&text));
        let gone = match process {
            Some(process) => !process.is_alive(),
            None => ours.is_some() || (started.is_none() && waited >= BEGIN),
        };
        let exit = exit_code(run);
        output.read(&run.join(OUTPUT), &mut line).map_err(ExecutorError::io("reading the run's output"))?;
        let ending = match exit {
            Some(TIMED_OUT) => Some(Ending::TimedOut),
            Some(code) => Some(Ending::Exit(code)),
            None if gone && exit_code(run).is_none() => Some(Ending::Lost),
            None => None,
        };
        if let Some(ending) = ending {
            if started.is_some() && ours.is_none() {
                // Our script is about to end too, and may yet say that this was another one's run.
                tokio::time::sleep(LOOK / 10).await;
                continue;
            }
            return Ok(ending);
        }
        if let Some(process) = process.filter(|process| process.is_alive())
            && age(run, clock) > limit
        {
            process.end_tree().await;
            if exit_code(run).is_none() {
                write_exit(run, TIMED_OUT).map_err(ExecutorError::io("noting the run's end"))?;
            }
            continue;
        }
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
}

fn exit_code(run: &Path) -> Option<i32> {
    std::fs::read_to_string(run.join("exit")).ok()?.trim().parse().ok()
}

fn write_exit(run: &Path, code: i32) -> std::io::Result<()> {
    std::fs::write(run.join("exit.new"), format!("{code}\n"))?;
    std::fs::rename(run.join("exit.new"), run.join("exit"))
}

/// How long ago the folder was claimed.
fn age(run: &Path, clock: &Clock) -> Duration {
    use std::os::unix::fs::MetadataExt as _;
    let claimed = std::fs::metadata(run.join("claim")).map_or(i64::MAX, |meta| meta.mtime() * 1000);
    Duration::from_millis(u64::try_from(clock.now_ms().saturating_sub(claimed)).unwrap_or(0))
}

/// The end of a growing file.
#[derive(Default)]
struct Tail {
    offset: u64,
    partial: Vec<u8>,
}

impl Tail {
    fn read(&mut self, path: &Path, line: &mut impl FnMut(&str)) -> std::io::Result<()> {
        let mut file = match std::fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        file.seek(SeekFrom::Start(self.offset))?;
        self.offset += file.read_to_end(&mut self.partial)? as u64;
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(end + 1);
            line(String::from_utf8_lossy(&self.partial).trim_end());
            self.partial = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(command: &str) -> tempfile::TempDir {
        let run = tempfile::tempdir().expect("a folder");
        let input = folder::Input::create(run.path()).expect("made");
        let argv = ["/bin/sh", "-c", command].map(str::to_owned);
        input.write(SCRIPT, script(&argv)).expect("written");
        run
    }

    fn begin(run: &Path) -> tokio::process::Child {
        start(run, crate::execution::environment()).expect("started")
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_run_is_followed_to_its_end() {
        let run = prepared("echo one; echo 'it'\"'\"'s two'; sleep 0.3; echo three; exit 3");
        let mut lines = Vec::new();
        let ending = follow(run.path(), Some(begin(run.path())), LONG, &Clock::System, |line| {
            lines.push(line.to_owned())
        })
        .await;
        assert_eq!(ending.expect("followed"), Ending::Exit(3));
        assert_eq!(lines, ["one", "it's two", "three"]);
    }

    #[tokio::test]
    async fn a_run_that_is_asked_to_stop_still_tells_how_it_ended() {
        // A shell may miss a signal in the moment in which it starts a command; Python does not.
        let run = prepared(concat!(
            "exec python3 -c 'import signal, sys, time\n",
            "def stop(*_):\n    print(\"stopping\", flush=True); time.sleep(1); sys.exit(9)\n",
            "signal.signal(signal.SIGINT, stop)\nprint(\"ready\", flush=True)\nsignal.pause()'",
        ));
        assert!(!interrupt(run.path()).expect("asked"), "nothing runs yet");
        let started = begin(run.path());
        let mut lines = Vec::new();
        let ending = follow(run.path(), Some(started), LONG, &Clock::System, |line| {
            lines.push(line.to_owned());
            if line == "ready" {
                assert!(interrupt(run.path()).expect("asked"));
                assert!(interrupt(run.path()).expect("asked twice, signalled once"));
            }
        })
        .await;
        assert_eq!(ending.expect("followed"), Ending::Exit(9));
        assert_eq!(lines, ["ready", "stopping"]);
        assert!(was_interrupted(run.path()) && !interrupt(run.path()).expect("asked"), "it is over");
    }

    #[tokio::test]
    async fn a_folder_runs_once() {
        let run = prepared("echo x >>ran");
        follow(run.path(), Some(begin(run.path())), LONG, &Clock::System, |_| ()).await.expect("followed");
        let again = follow(run.path(), Some(begin(run.path())), LONG, &Clock::System, |_| ()).await;
        assert!(matches!(again, Err(ExecutorError::Spent)), "{again:?}");
        assert_eq!(std::fs::read_to_string(run.path().join("ran")).expect("it ran"), "x\n");
        assert!(!spend(run.path()).expect("looked"));
    }

    #[tokio::test]
    async fn a_spent_folder_never_runs() {
        let run = prepared("echo x >>ran");
        assert!(spend(run.path()).expect("claimed"));
        let ending = follow(run.path(), Some(begin(run.path())), LONG, &Clock::System, |_| ()).await;
        assert!(matches!(ending, Err(ExecutorError::Spent)), "{ending:?}");
        assert!(!run.path().join("ran").exists());
    }

    #[tokio::test]
    async fn the_time_limit_ends_everything() {
        let run = prepared("echo begun; setsid sleep 600; echo never");
        let mut child = begin(run.path());
        while !run.path().join(OUTPUT).exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let clock = Clock::manual(Clock::System.now_ms() + 120_000);
        let ending = follow(run.path(), None, LONG, &clock, |_| ()).await.expect("followed");
        assert_eq!(ending, Ending::TimedOut);
        child.wait().await.expect("it ended");
        let again = follow(run.path(), None, LONG, &clock, |_| ()).await.expect("followed");
        assert_eq!(again, Ending::TimedOut, "it is known afterwards too");
    }

    #[tokio::test]
    async fn a_killed_run_is_lost() {
        let run = prepared("echo begun; sleep 600");
        let mut child = begin(run.path());
        let pid = run.path().join("pid");
        let has_begun = || std::fs::read(run.path().join(OUTPUT)).is_ok_and(|output| output.ends_with(b"\n"));
        while !has_begun() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let process = Process::parse(&std::fs::read_to_string(pid).expect("a pid")).expect("well formed");
        process.end_tree().await;
        child.wait().await.expect("it ended");
        let mut lines = 0;
        let ending = follow(run.path(), None, LONG, &Clock::System, |_| lines += 1).await.expect("followed");
        assert_eq!((ending, lines), (Ending::Lost, 1));
    }
}
