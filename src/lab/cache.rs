//! What labs share: Synapse, Ansible and supervisord, installed once under `$RALF_LAB_CACHE`; `tofu.rs`, `ollama.rs`
//! and `monitoring/` add further programs.
//!
//! An installation lies in a folder named by the hash of what it consists of. It counts once its `complete` file is
//! there; whatever lacks it is a leftover and is made again. A file lock lets several labs start at once: one installs,
//! the others wait.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::progress::{Progress, Task};
use super::{LabError, Part, files, model, python, synapse};

/// What is installed. ansible-core 2.19 wants Python 3.11; 2.17 is the last one for 3.10.
const REQUIREMENTS: &str = "\
matrix-synapse==1.163.2
ansible-core==2.19.*; python_version >= '3.11'
ansible-core==2.17.*; python_version < '3.11'
supervisor==4.3.0
";

/// The folder that labs share.
#[derive(Debug, Clone)]
pub struct Cache {
    pub(super) root: PathBuf,
}

/// What marks a folder as made to its end.
const COMPLETE: &str = "complete";

/// A folder that is being made: what is in it counts once all of it is there. Nobody else makes it meanwhile.
pub(super) struct Making {
    /// The folder, empty at first.
    pub(super) folder: PathBuf,
    /// Where the steps' output goes.
    pub(super) log: PathBuf,
    /// Says how far it is.
    pub(super) task: Task,
}

impl Making {
    /// Runs a step, as [`run`].
    pub(super) async fn run(&mut self, step: Command) -> Result<(), Failed> {
        run(step, &self.log, &mut self.task).await
    }
}

/// A complete installation.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    folder: PathBuf,
}

impl Installation {
    #[cfg(test)]
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A program of the virtual environment.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("python/bin").join(name)
    }

    /// A freshly migrated, empty database of Synapse's.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("synapse.db")
    }

    fn is_complete(&self) -> bool {
        // The interpreter is a link to the system's: it breaks when that one goes.
        self.folder.join(COMPLETE).exists() && self.program("python").exists()
    }
}

impl Cache {
    /// A cache in this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// `$RALF_LAB_CACHE`, else `$XDG_CACHE_HOME/ralf-lab`, else `~/.cache/ralf-lab`.
    ///
    /// # Errors
    /// If none of the variables is set.
    pub fn from_environment() -> Result<Self, LabError> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = folder("RALF_LAB_CACHE")
            .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("ralf-lab")))
            .or_else(|| Some(folder("HOME")?.join(".cache/ralf-lab")))
            .ok_or(LabError::NoCacheFolder)?;
        Ok(Self { root: files::plain_folder(&root, "RALF_LAB_CACHE")? })
    }

    /// Where labs say which ports they use.
    pub(super) fn ports(&self) -> PathBuf {
        self.root.join("ports")
    }

    /// Installs what a lab needs, if it is not there already. `ollama_host` is as in
    /// [`LabOptions`](super::LabOptions::ollama_host).
    ///
    /// # Errors
    /// What is missing on this machine, with the command that helps.
    pub async fn prepare(
        &self,
        parts: &BTreeSet<Part>,
        ollama_host: Option<&str>,
        progress: Progress,
    ) -> Result<(), LabError> {
        self.installation(progress).await?;
        if parts.contains(&Part::Tofu) {
            self.tofu(progress).await?;
        }
        if parts.contains(&Part::Model) {
            model::find(self, ollama_host, progress).await?;
        }
        if parts.contains(&Part::Monitoring) {
            self.monitoring(progress).await?;
        }
        Ok(())
    }

    /// The folder with the programs – ansible-playbook, supervisord, supervisorctl –, installed if need be.
    ///
    /// # Errors
    /// As [`Cache::prepare`].
    pub async fn programs(&self, progress: Progress) -> Result<PathBuf, LabError> {
        Ok(self.installation(progress).await?.folder.join("python/bin"))
    }

    pub(super) async fn installation(&self, progress: Progress) -> Result<Installation, LabError> {
        let hash = crate::plan::hex(&Sha256::digest(REQUIREMENTS)[..6]);
        let installation = Installation { folder: self.root.join(format!("python-{hash}")) };
        if installation.is_complete() {
            return Ok(installation);
        }
        files::make_folder(&self.root)?;
        let _lock = self.lock(&format!("python-{hash}"), "Synapse and Ansible", progress).await?;
        if installation.is_complete() {
            return Ok(installation);
        }
        let mut task =
            progress.task("Installing Synapse, Ansible and supervisord (once, about half a minute)");
        let log = self.root.join(format!("python-{hash}.log"));
        install(&installation, &log, &mut task).await?;
        task.now("making Synapse's empty database");
        synapse::make_template(&installation).await;
        let complete = installation.folder.join(COMPLETE);
        std::fs::write(&complete, REQUIREMENTS).map_err(LabError::file(&complete, "can't be written"))?;
        task.done();
        Ok(installation)
    }

    /// A folder of this name, which `make` makes once. `what` is in it, `title` is what making it is called; `failed`
    /// gets the log.
    pub(super) async fn once(
        &self,
        name: &str,
        what: &str,
        title: &'static str,
        progress: Progress,
        make: impl AsyncFnOnce(&mut Making) -> Result<(), Failed>,
        failed: impl FnOnce(Failed, &Path) -> LabError,
    ) -> Result<PathBuf, LabError> {
        let folder = self.root.join(name);
        let complete = folder.join(COMPLETE);
        if complete.exists() {
            return Ok(folder);
        }
        files::make_folder(&self.root)?;
        let _lock = self.lock(name, what, progress).await?;
        if complete.exists() {
            return Ok(folder);
        }
        files::remove(&folder)?;
        files::make_folder(&folder)?;
        let log = self.root.join(format!("{name}.log"));
        std::fs::write(&log, "").map_err(LabError::file(&log, "can't be written"))?;
        let mut making = Making { folder, log, task: progress.task(title) };
        if let Err(failure) = make(&mut making).await {
            return Err(failed(failure, &making.log));
        }
        std::fs::write(&complete, "").map_err(LabError::file(&complete, "can't be written"))?;
        making.task.done();
        Ok(making.folder)
    }

    /// Until the file is dropped nobody else installs what has this name.
    pub(super) async fn lock(&self, name: &str, what: &str, progress: Progress) -> Result<File, LabError> {
        let path = self.root.join(format!("{name}.lock"));
        let lock = File::create(&path).map_err(LabError::file(&path, "can't be opened"))?;
        if lock.try_lock().is_err() {
            progress.line(&format!("Waiting for another lab that installs {what} …"));
            while lock.try_lock().is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(lock)
    }
}

async fn install(installation: &Installation, log: &Path, task: &mut Task) -> Result<(), LabError> {
    files::remove(&installation.folder)?;
    files::make_folder(&installation.folder)?;
    std::fs::write(log, "").map_err(LabError::file(log, "can't be written"))?;
    environment(&installation.folder, REQUIREMENTS, log, task).await.map_err(|failed| failed.of(log))
}

/// Makes a virtual environment in `folder/python` with these packages.
pub(super) async fn environment(
    folder: &Path,
    packages: &str,
    log: &Path,
    task: &mut Task,
) -> Result<(), Failed> {
    let python = python::find().await?;
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, packages).map_err(LabError::file(&requirements, "can't be written"))?;

    task.now(&format!("making a virtual environment with {python}"));
    let mut venv = Command::new(&python);
    venv.args(["-I", "-m", "venv", "--clear"]).arg(folder.join("python"));
    run(venv, log, task).await?;

    let mut pip = Command::new(folder.join("python/bin/python"));
    pip.args([
        "-I",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]);
    pip.args(["--retries", "2", "--requirement"]).arg(&requirements);
    run(pip, log, task).await
}

/// A step of an installation that went wrong.
pub(super) enum Failed {
    /// The program said no; why stands in the log.
    Step,
    /// It could not even be asked.
    Lab(LabError),
}

impl From<LabError> for Failed {
    fn from(error: LabError) -> Self {
        Self::Lab(error)
    }
}

impl Failed {
    /// For Synapse and Ansible.
    fn of(self, log: &Path) -> LabError {
        match self {
            Self::Lab(error) => error,
            Self::Step => failure(log),
        }
    }
}

/// Runs a step of an installation; its lines go to the log and, one at a time, to the person.
pub(super) async fn run(mut command: Command, log: &Path, task: &mut Task) -> Result<(), Failed> {
    let open = || File::options().append(true).open(log).map_err(LabError::file(log, "can't be opened"));
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").kill_on_drop(true);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(open()?)
        .spawn()
        .map_err(|source| LabError::Spawn { program: program.clone(), source })?;
    let mut copy = open()?;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = std::io::Write::write_all(&mut copy, format!("{line}\n").as_bytes());
            task.now(line.trim());
        }
    }
    let status = child.wait().await.map_err(|source| LabError::Spawn { program, source })?;
    if status.success() { Ok(()) } else { Err(Failed::Step) }
}

fn failure(log: &Path) -> LabError {
    match said(log) {
        Some(said) => LabError::Install { said, log: log.to_owned() },
        None => LabError::NoNetwork { log: log.to_owned() },
    }
}

/// What an installation's log says went wrong; nothing when it could reach nobody.
pub(super) fn said(log: &Path) -> Option<String> {
    const NO_NETWORK: [&str; 11] = [
        "Failed to resolve",
        "(from versions: none)",
        "Failed to establish a new connection",
        "Temporary failure in name resolution",
        "Temporary failure resolving",
        "Name or service not known",
        "Network is unreachable",
        "Connection refused",
        "timed out",
        "no such host",
        "i/o timeout",
    ];
    let text = std::fs::read_to_string(log).unwrap_or_default();
    if NO_NETWORK.iter().any(|said| text.contains(said)) {
        return None;
    }
    let said = text.lines().rev().find(|line| line.contains("ERROR") || line.contains("Error"));
    Some(said.or(text.lines().last()).unwrap_or("it said nothing").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_no_network_from_other_failures() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "WARNING: Retrying: Temporary failure in name resolution\nERROR: No matching\n")
            .unwrap();
        assert!(matches!(failure(&log), LabError::NoNetwork { .. }));
        std::fs::write(&log, "Collecting x\nERROR: No space left on device\n\n").unwrap();
        assert!(failure(&log).to_string().contains("No space left"));
    }
}
