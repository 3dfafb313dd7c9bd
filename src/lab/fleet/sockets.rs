//! Where the nodes' unix sockets lie: their paths may have 107 bytes and no more.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::lab::{LabError, files};

/// supervisord binds a longer name first (`….<pid>`), hence some room.
const LONGEST: usize = 107 - 12;

/// In the node's folder if the path is short enough, else in a short folder of the lab's own.
pub(super) fn place(root: &Path, id: &str, node: &str) -> PathBuf {
    let inside = root.join("supervisor.sock");
    if inside.as_os_str().len() <= LONGEST {
        return inside;
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime =
        runtime.filter(|folder| folder.is_absolute() && folder.is_dir() && folder.as_os_str().len() < 40);
    let base = runtime.unwrap_or_else(|| PathBuf::from("/tmp"));
    base.join(format!("ralf-lab-{}", id.to_lowercase())).join(format!("{node}.sock"))
}

/// Makes its folder, which must be nobody else's.
pub(super) fn prepare(socket: &Path) -> Result<(), LabError> {
    let Some(folder) = socket.parent() else { return Ok(()) };
    files::make_folder(folder)?;
    let found = std::fs::symlink_metadata(folder).map_err(LabError::file(folder, "can't be read"))?;
    if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let source = std::io::ErrorKind::PermissionDenied.into();
    Err(LabError::File { path: folder.to_owned(), what: "belongs to somebody else: remove it", source })
}

/// Removes a folder outside of the lab's own.
pub(super) fn clear(socket: &Path, root: &Path) {
    if !socket.starts_with(root)
        && let Some(folder) = socket.parent()
    {
        let _ = std::fs::remove_file(socket);
        let _ = std::fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_folders_get_a_short_socket() {
        assert_eq!(place(Path::new("/l/node-1"), "X", "node-1"), Path::new("/l/node-1/supervisor.sock"));
        let long = PathBuf::from(format!("/{}", "x".repeat(120)));
        assert!(place(&long, &crate::clock::new_id(), "node-1").as_os_str().len() <= LONGEST);
    }
}
