//! Which process has a lab's folder: `DIR/lock` is locked by it while it lives, and says which one it is.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;

use super::{LabError, process};

/// Takes the folder for this process, until the file is closed.
pub(super) fn take(dir: &Path) -> Result<File, LabError> {
    let path = dir.join("lock");
    let open = File::options().create(true).write(true).truncate(false).open(&path);
    let mut file = open.map_err(LabError::file(&path, "can't be opened"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LabError::Running(dir.to_owned())),
        Err(TryLockError::Error(source)) => {
            return Err(LabError::File { path, what: "can't be locked", source });
        }
    }
    let pid = std::process::id();
    let started = process::stat(pid).map(|stat| stat.started).unwrap_or_default();
    let written = file.set_len(0).and_then(|()| file.write_all(format!("{pid} {started}\n").as_bytes()));
    written.map_err(LabError::file(&path, "can't be written"))?;
    Ok(file)
}

/// Whether the process that has the folder is alive.
pub(super) fn is_taken(dir: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(dir.join("lock")) else { return false };
    let Some((pid, started)) = text.trim().split_once(' ') else { return false };
    let holder = pid.parse().ok().and_then(process::stat);
    holder.is_some_and(|holder| started.parse() == Ok(holder.started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_lab() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_taken(dir.path()));
        let claim = take(dir.path()).unwrap();
        assert!(is_taken(dir.path()));
        assert!(matches!(take(dir.path()), Err(LabError::Running(_))));
        assert!(is_taken(dir.path()));
        drop(claim);
        take(dir.path()).unwrap();
        // A lab that was killed, and whose number belongs to another process now.
        std::fs::write(dir.path().join("lock"), format!("{} 1\n", std::process::id())).unwrap();
        assert!(!is_taken(dir.path()));
    }
}
