//! The folder of this run, and whoever cleans up behind it.
//!
//! The test program ends by `exit`, or by a signal: nothing of it can clean up then. So a small shell waits for the end
//! of its standard input, which is the end of this program however it comes, ends what still runs and removes the folder.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Labs are known by the mark that all their processes carry, PostgreSQL by its pid file.
const AFTERWARDS: &str = r#"
cat > /dev/null
for pass in 1 2; do
    for state in "$1"/*/state.json; do
        id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' "$state" 2> /dev/null)
        [ -n "$id" ] || continue
        for found in $(grep -lzsx "RALF_LAB_ID=$id" /proc/[0-9]*/environ); do
            pid=${found#/proc/}
            kill -KILL "${pid%/environ}" 2> /dev/null
        done
    done
done
for pid in "$1"/*/postmaster.pid; do
    [ -f "$pid" ] && kill -QUIT "$(head -n 1 "$pid")"
done
sleep 0.2
rm -rf "$1"
"#;

struct Run {
    folder: PathBuf,
    _afterwards: Child,
}

/// The folder of this run. It is gone a moment after the run's end.
pub(crate) fn folder() -> &'static PathBuf {
    static RUN: OnceLock<Run> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("ralf-it-").tempdir().expect("a folder").keep();
        // PostgreSQL runs as somebody else and must get through.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).expect("its permissions");
        let afterwards = Command::new("sh")
            .args(["-c", AFTERWARDS, "sh"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests, not for who cleans up after them.
            .process_group(0)
            .spawn()
            .expect("a shell");
        Run { folder, _afterwards: afterwards }
    });
    &run.folder
}

/// A name in it that nobody has yet.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    folder().join(format!("{name}-{}", COUNT.fetch_add(1, Ordering::SeqCst)))
}
