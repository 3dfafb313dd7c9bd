//! OpenTofu for labs: the one on the PATH, else one that is built from its Go module into the cache.

use std::path::{Path, PathBuf};

use super::LabError;
use super::cache::{Cache, Failed, Making};
use super::go::{Module, on_path};
use super::progress::Progress;

const TOFU: Module = Module {
    name: "tofu",
    title: "OpenTofu",
    go_mod: include_str!("../../config/lab/tofu/go.mod"),
    go_sum: include_str!("../../config/lab/tofu/go.sum"),
    package: "github.com/opentofu/opentofu/cmd/tofu",
    // Smaller, and it calls itself a release: plan files hold the version.
    flags: "-s -w -X github.com/opentofu/opentofu/version.dev=no",
};

impl Cache {
    /// The `tofu` program, built if need be.
    ///
    /// # Errors
    /// What is missing on this machine, with what helps.
    pub async fn tofu(&self, progress: Progress) -> Result<PathBuf, LabError> {
        if let Some(found) = on_path(TOFU.name) {
            return Ok(found);
        }
        let title = "Building OpenTofu (once, several minutes)";
        let name = TOFU.folder_name("");
        let failure = |failed, log: &Path| TOFU.failure(failed, log);
        let folder = self.once(&name, TOFU.title, title, progress, build, failure).await?;
        Ok(folder.join(TOFU.name))
    }
}

async fn build(making: &mut Making) -> Result<(), Failed> {
    let go = TOFU.unpack(making).await?;
    TOFU.build(&go, &[], making).await
}
