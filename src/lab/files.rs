//! Files of a lab: always whole, and private where they hold a secret.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::LabError;

/// Replaces a file in one step. Only its owner can read it.
pub(super) fn write_private(path: &Path, content: impl AsRef<[u8]>) -> Result<(), LabError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(content.as_ref()))
        .and_then(|()| std::fs::rename(&new, path));
    written.map_err(LabError::file(path, "can't be written"))
}

/// Makes a folder and those above it; a new one is for its owner alone.
pub(super) fn make_folder(path: &Path) -> Result<(), LabError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(LabError::file(path, "can't be made"))
}

/// The absolute form of a folder's path, if it can stand in a node's program file.
pub(super) fn plain_folder(path: &Path, option: &'static str) -> Result<PathBuf, LabError> {
    let path = absolute(path)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+@:=,~-".contains(c);
    if path.to_str().is_some_and(|text| text.chars().all(plain)) {
        Ok(path)
    } else {
        Err(LabError::Path { path, option })
    }
}

/// The absolute form of a path.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, LabError> {
    std::path::absolute(path).map_err(LabError::file(path, "is no usable path"))
}

/// Removes a file or folder if it is there.
pub(super) fn remove(path: &Path) -> Result<(), LabError> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LabError::File { path: path.to_owned(), what: "can't be removed", source: error })
        }
        _ => Ok(()),
    }
}

/// Renames logs that have become long; a lab is started often and its logs are appended to.
pub(super) fn put_long_logs_aside(folder: &Path) {
    const LONG: u64 = 10_000_000;
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
    {
        if std::fs::metadata(&path).is_ok_and(|log| log.len() > LONG) {
            // An old log is worth no failure.
            let _ = std::fs::rename(&path, path.with_extension("log.old"));
        }
    }
}

/// What stands at the end of a log from `offset` on, at most `lines` lines.
pub(super) fn tail(path: &Path, offset: u64, lines: usize) -> String {
    let all = std::fs::read(path).unwrap_or_default();
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
    let text = String::from_utf8_lossy(&all[from..]);
    let last: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(lines).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_are_plain() {
        assert!(plain_folder(Path::new("/a/.lab-1"), "--dir").is_ok());
        assert!(plain_folder(Path::new("/a b"), "--dir").unwrap_err().to_string().contains("--dir"));
    }

    #[test]
    fn writes_private_files_and_reads_tails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "old").unwrap();
        write_private(&path, "one\ntwo\n\nthree\n").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(tail(&path, 0, 2), "two\nthree");
        assert_eq!(tail(&path, 9, 5), "three");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(tail(&path, 0, 2), "");
    }
}
