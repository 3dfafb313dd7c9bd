//! The files that a lab is made from. They travel in the program, so that it works without its source tree.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::{LabError, files};

static CONFIG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config");

/// The services that can be deployed on the nodes.
pub(super) const SERVICES: &str = include_str!("../../config/lab/services.toml");
/// The program behind them.
pub(super) const DEMO_SERVICE: &str = include_str!("../../config/lab/demo_service.py");

/// Puts the playbooks into `folder`, in place of what was there.
pub(super) fn write_playbooks(folder: &Path) -> Result<(), LabError> {
    files::remove(folder)?;
    files::make_folder(folder)?;
    match CONFIG.get_dir("playbooks") {
        Some(playbooks) => write(playbooks, playbooks.path(), folder),
        None => Ok(()),
    }
}

/// Puts the sample stacks into `folder`, those that are not there, each with the values that `vars` gives it.
pub(super) fn write_stacks(folder: &Path, vars: impl Fn(&str) -> String) -> Result<(), LabError> {
    for stack in CONFIG.get_dir("stacks").into_iter().flat_map(Dir::dirs) {
        let name = stack.path().file_name().unwrap_or_default().to_string_lossy();
        let own = folder.join(&*name);
        if own.exists() {
            continue;
        }
        files::make_folder(&own)?;
        write(stack, stack.path(), &own)?;
        files::write_private(&own.join("lab.auto.tfvars"), vars(&name))?;
    }
    Ok(())
}

fn write(dir: &Dir<'_>, base: &Path, folder: &Path) -> Result<(), LabError> {
    for inner in dir.dirs() {
        let path = inner.path().strip_prefix(base).unwrap_or(inner.path());
        files::make_folder(&folder.join(path))?;
        write(inner, base, folder)?;
    }
    for file in dir.files() {
        let path = folder.join(file.path().strip_prefix(base).unwrap_or(file.path()));
        std::fs::write(&path, file.contents()).map_err(LabError::file(&path, "can't be written"))?;
    }
    Ok(())
}
