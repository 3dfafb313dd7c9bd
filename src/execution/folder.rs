//! A run folder: `input/` is what was planned, byte for byte; what a run leaves lies beside it.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::ExecutorError;
use crate::plan::hex;

/// The part of a run folder that is hashed.
pub(super) const INPUT: &str = "input";
/// What hashing begins with.
const PREFIX: &[u8] = b"ralf-artefact-v1\n";
/// More than this is no playbook.
const LARGEST: u64 = 8 * 1024 * 1024;

/// The input part while it is made.
pub(super) struct Input {
    folder: PathBuf,
}

impl Input {
    /// In a run folder that has none yet.
    pub(super) fn create(run: &Path) -> Result<Self, ExecutorError> {
        let folder = run.join(INPUT);
        let made = private(run, true)
            .and_then(|()| std::fs::set_permissions(run, std::fs::Permissions::from_mode(0o700)))
            .and_then(|()| private(&folder, false));
        made.map_err(ExecutorError::io(format!("making the run folder {}", run.display())))?;
        Ok(Self { folder })
    }

    /// Writes a file that nobody changes any more.
    pub(super) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), ExecutorError> {
        use std::io::Write as _;
        let path = self.folder.join(name);
        let write = || {
            if let Some(parent) = path.parent() {
                private(parent, true)?;
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true).mode(0o400).open(&path)?.write_all(bytes.as_ref())
        };
        write().map_err(ExecutorError::io(format!("writing {}", path.display())))
    }

    /// Copies a folder's plain files; hidden ones and what Python compiled stay behind, and so does what is `left`.
    pub(super) fn copy(&self, from: &Path, left: &[&str]) -> Result<(), ExecutorError> {
        for (name, path) in files(from, true)? {
            if left.iter().all(|left| Path::new(left) != name) {
                let bytes =
                    std::fs::read(&path).map_err(ExecutorError::io(format!("reading {}", path.display())))?;
                self.write(name, bytes)?;
            }
        }
        Ok(())
    }
}

fn private(folder: &Path, parents: bool) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(parents).mode(0o700).create(folder)
}

/// SHA-256 over path, mode and bytes of everything in the input part, sorted by path.
pub(super) fn artefact(run: &Path) -> Result<String, ExecutorError> {
    let input = run.join(INPUT);
    let mut hash = Sha256::new();
    hash.update(PREFIX);
    for (name, path) in files(&input, false)? {
        let what = || ExecutorError::io(format!("reading {}", path.display()));
        let mode = std::fs::metadata(&path).map_err(what())?.permissions().mode() & 0o7777;
        let bytes = std::fs::read(&path).map_err(what())?;
        let name = name.to_string_lossy();
        hash.update(format!("{} {name} {mode:o} {}\n", name.len(), bytes.len()));
        hash.update(&bytes);
    }
    Ok(hex(&hash.finalize()))
}

/// Fails unless the input part is the one that was planned.
pub(super) fn verify(run: &Path, planned: &str) -> Result<(), ExecutorError> {
    let found = artefact(run)?;
    if found == planned {
        return Ok(());
    }
    let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
    Err(ExecutorError::Tampered(format!("planned {}, found {}", short(planned), short(&found))))
}

/// All files below a folder with their relative names, sorted. A link or device among them is refused: its bytes are
/// not in the folder.
fn files(folder: &Path, visible_only: bool) -> Result<Vec<(PathBuf, PathBuf)>, ExecutorError> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let here = folder.join(&inner);
        let what = || ExecutorError::io(format!("reading the folder {}", here.display()));
        for entry in std::fs::read_dir(&here).map_err(what())? {
            let entry = entry.map_err(what())?;
            let file = entry.file_name();
            let hidden = file.to_string_lossy().starts_with('.') || file == "__pycache__";
            if hidden && visible_only {
                continue;
            }
            let meta = entry.metadata().map_err(what())?;
            let name = inner.join(&file);
            if meta.is_dir() {
                open.push(name);
            } else if meta.is_file() && meta.len() <= LARGEST {
                found.push((name, entry.path()));
            } else {
                let odd = format!("{} is a link, a device or larger than 8 MiB", entry.path().display());
                return Err(ExecutorError::Tampered(odd));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_seen() {
        let run = tempfile::tempdir().expect("a folder");
        let input = Input::create(run.path()).expect("made");
        input.write("a/b.yml", "x").expect("written");
        let planned = artefact(run.path()).expect("hashed");
        verify(run.path(), &planned).expect("untouched");

        let file = run.path().join("input/a/b.yml");
        let change = |act: &dyn Fn()| {
            act();
            verify(run.path(), &planned).expect_err("changed").to_string()
        };
        change(&|| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("mode"));
        change(&|| std::fs::write(&file, "y").expect("bytes"));
        std::fs::write(&file, "x").expect("bytes");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).expect("mode");
        verify(run.path(), &planned).expect("as it was");
        change(&|| std::fs::write(run.path().join("input/.hidden"), "").expect("a new file"));
        std::fs::remove_file(run.path().join("input/.hidden")).expect("gone");
        let said = change(&|| {
            std::os::unix::fs::symlink("/etc/passwd", run.path().join("input/link")).expect("a link")
        });
        assert!(said.contains("link"), "{said}");
    }

    #[test]
    fn a_folder_is_made_once() {
        let run = tempfile::tempdir().expect("a folder");
        Input::create(run.path()).expect("made");
        assert!(Input::create(run.path()).is_err());
    }
}
