//! A lab from its folder to a running whole, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::cache::Cache;
use super::fleet::Fleet;
use super::lab_json::LabJson;
use super::matrix::{Api, http_client};
use super::ports::Block;
use super::progress::Progress;
use super::publish::{Publisher, describe};
use super::ralf::{Parts, Served};
use super::ready::{SignOfLife, until};
use super::state::{NODES, State};
use super::supervise::Supervisor;
use super::sweep::Household;
use super::{LabError, claim, files, model, monitoring, people, process, ralf, synapse};

/// A further part of a lab, as `--with` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// OpenTofu, with a sample stack.
    Tofu,
    /// A language model behind Ollama.
    Model,
    /// Prometheus, Alertmanager and a node exporter, with rules for the fleet.
    Monitoring,
}

impl std::str::FromStr for Part {
    type Err = LabError;

    fn from_str(name: &str) -> Result<Self, LabError> {
        match name {
            "tofu" => Ok(Self::Tofu),
            "model" => Ok(Self::Model),
            "monitoring" => Ok(Self::Monitoring),
            other => Err(LabError::NoSuchPart(other.to_owned())),
        }
    }
}

/// What a lab is made from.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// Its folder.
    pub dir: PathBuf,
    /// Where the installations are.
    pub cache: Cache,
    /// The `ralf` program, which is run as `serve`.
    pub serve: PathBuf,
    /// Variables for `serve` besides this process's own.
    pub environment: Vec<(OsString, OsString)>,
    /// A further registration for Synapse.
    pub appservice: Option<PathBuf>,
    /// What it has besides Synapse, the fleet and R.A.L.F.
    pub parts: BTreeSet<Part>,
    /// A server for [`Part::Model`], written as the variable `OLLAMA_HOST` is: if it answers, the lab starts none.
    pub ollama_host: Option<String>,
    /// Where news go.
    pub progress: Progress,
}

impl LabOptions {
    /// A quiet lab in this folder, with this `ralf` program and the cache that the environment names.
    ///
    /// # Errors
    /// If the environment names no cache.
    pub fn new(dir: impl Into<PathBuf>, serve: impl Into<PathBuf>) -> Result<Self, LabError> {
        Ok(Self {
            dir: dir.into(),
            cache: Cache::from_environment()?,
            serve: serve.into(),
            environment: Vec::new(),
            appservice: None,
            parts: BTreeSet::new(),
            ollama_host: None,
            progress: Progress::quiet(),
        })
    }
}

/// A running lab. Dropped without [`Lab::stop`], it is killed.
pub struct Lab {
    dir: PathBuf,
    supervisor: Supervisor,
    failed: mpsc::UnboundedReceiver<LabError>,
    info: watch::Receiver<LabJson>,
    publisher: JoinHandle<()>,
    rest: Rest,
}

/// What goes last when a lab ends: the processes that are still there, then the locks.
struct Rest {
    household: Household,
    fleet: Fleet,
    _ports: Block,
    _folder: File,
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.household.kill();
        self.fleet.clear();
    }
}

impl Lab {
    /// Brings a lab up, and returns once all of it is ready and `lab.json` is written.
    ///
    /// # Errors
    /// What is missing or went wrong, and what to do about it. Nothing is left running.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        let dir = files::plain_folder(&options.dir, "--dir")?;
        let mut registrations = vec![ralf::registration_file(&dir)];
        if let Some(file) = &options.appservice {
            let file = files::absolute(file)?;
            registrations.push(if file.is_file() {
                file
            } else {
                return Err(LabError::NoRegistration(file));
            });
        }
        files::make_folder(&dir)?;
        let folder = claim::take(&dir)?;
        files::remove(&LabJson::path(&dir))?;
        let mut state = State::load(&dir)?;
        let household = Household::new(&state.id, &dir);
        let left = household.sweep(Duration::from_secs(5)).await;
        if left > 0 {
            options
                .progress
                .line(&format!("Ended {left} processes of a lab here that did not stop in good order"));
        }
        let installation = options.cache.installation(options.progress).await?;
        let parts = parts(&options).await?;

        let wanted = Some(state.first_port).filter(|port| *port > 0);
        let ports = Block::reserve(&options.cache.ports(), wanted)?;
        state.first_port = ports.first;
        state.save()?;
        let fleet = Fleet::new(&state);
        files::make_folder(&dir.join("logs"))?;
        files::put_long_logs_aside(&dir.join("logs"));
        fleet.write(&installation)?;
        let served = ralf::write(&state, &installation, &fleet, &parts, &options.environment)?;
        synapse::write(&state, &installation, &registrations)?;
        let is_watched = parts.monitoring.is_some();
        let targets = is_watched.then(|| monitoring::write(&state, &served, &fleet)).transpose()?;

        let (mut supervisor, mut failed) = Supervisor::new(&state.id);
        let rest = Rest { household, fleet, _ports: ports, _folder: folder };
        supervisor.start(synapse::program(&state, &installation));
        for node in rest.fleet.programs(&installation) {
            supervisor.start(node);
        }
        if let Some(ollama) = parts.model.as_ref().and_then(|model| model.program(&state)) {
            files::make_folder(&ollama.folder)?;
            supervisor.start(ollama);
        }
        for program in parts.monitoring.iter().flat_map(|monitoring| monitoring.programs(&state)) {
            supervisor.start(program);
        }
        let serve = ralf::program(&state, options.serve, options.environment);
        let others: Vec<SignOfLife> = parts.signs_of_life(&state).collect();
        let ollama = parts.model.map(|model| model.url(&state));
        let rooms = tokio::select! {
            Some(failure) = failed.recv() => Err(failure),
            rooms = come_up(&mut state, &served, &mut supervisor, &rest.fleet, serve, &others) => rooms,
        };
        let rooms = match rooms {
            Ok(rooms) => rooms,
            Err(error) => {
                stop(&mut supervisor, &rest.household).await;
                return Err(error);
            }
        };
        let mut first = describe(&state, &served, rooms);
        first.pids = supervisor.pids().borrow().clone();
        first.fleet = rest.fleet.look();
        first.ollama = ollama;
        if is_watched {
            first.prometheus = Some(monitoring::prometheus_url(&state));
            first.alertmanager = Some(monitoring::alertmanager_url(&state));
        }
        first.write(&dir)?;
        let (publish, info) = watch::channel(first);
        let publisher = Publisher {
            dir: dir.clone(),
            fleet: Fleet::new(&state),
            targets,
            pids: supervisor.pids(),
            publish,
        };
        let publisher = tokio::spawn(publisher.run());
        Ok(Self { dir, supervisor, failed, info, publisher, rest })
    }

    /// The lab's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What `lab.json` says now.
    pub fn info(&self) -> LabJson {
        self.info.borrow().clone()
    }

    /// What `lab.json` says, and news of it.
    pub fn watch(&self) -> watch::Receiver<LabJson> {
        self.info.clone()
    }

    /// Waits for a failure that starting a program again does not mend.
    pub async fn failed(&mut self) -> LabError {
        match self.failed.recv().await {
            Some(failure) => failure,
            // The supervisor in `self` holds a sender.
            None => std::future::pending().await,
        }
    }

    /// The process id of a program (`ralf`, `synapse`, `node-1` …) while it runs.
    pub fn pid(&self, program: &str) -> Option<u32> {
        self.supervisor.pids().borrow().get(program).copied()
    }

    /// Kills a program at once (SIGKILL); the lab starts it again.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&self, program: &str) -> std::io::Result<()> {
        self.signal(program, Signal::KILL)
    }

    /// Stops a program where it stands (SIGSTOP), until [`Lab::resume`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(&self, program: &str) -> std::io::Result<()> {
        self.signal(program, Signal::STOP)
    }

    /// Lets a paused program go on (SIGCONT).
    ///
    /// # Errors
    /// If it does not run.
    pub fn resume(&self, program: &str) -> std::io::Result<()> {
        self.signal(program, Signal::CONT)
    }

    fn signal(&self, program: &str, signal: Signal) -> std::io::Result<()> {
        process::signal(self.pid(program).ok_or(std::io::ErrorKind::NotFound)?, signal)
    }

    /// Ends a program in good order and leaves it down, until [`Lab::bring_up`].
    pub async fn take_down(&self, program: &str) {
        self.supervisor.hold(program, true).await;
    }

    /// Starts a program that was taken down; it is up, but not ready, on return.
    pub async fn bring_up(&self, program: &str) {
        self.supervisor.hold(program, false).await;
    }

    /// Ends everything in good order, the fleet's services included.
    pub async fn stop(mut self) {
        self.publisher.abort();
        let _ = (&mut self.publisher).await;
        let _ = files::remove(&LabJson::path(&self.dir));
        stop(&mut self.supervisor, &self.rest.household).await;
    }
}

/// What `--with` asks for, found or installed.
async fn parts(options: &LabOptions) -> Result<Parts, LabError> {
    let LabOptions { cache, progress, ollama_host, .. } = options;
    let mut parts = Parts::default();
    for part in &options.parts {
        match part {
            Part::Tofu => parts.tofu = Some(cache.tofu(*progress).await?),
            Part::Monitoring => parts.monitoring = Some(cache.monitoring(*progress).await?),
            Part::Model => parts.model = Some(model::find(cache, ollama_host.as_deref(), *progress).await?),
        }
    }
    Ok(parts)
}

/// R.A.L.F. first, because it talks to all the others.
async fn stop(supervisor: &mut Supervisor, household: &Household) {
    let mut others = vec!["synapse", model::NAME];
    others.extend(NODES);
    others.extend(monitoring::NAMES);
    supervisor.stop(&[&["ralf"], &others]).await;
    household.sweep(Duration::from_secs(3)).await;
}

/// From started processes to a lab that can be used. Returns the rooms' ids.
async fn come_up(
    state: &mut State,
    served: &Served,
    supervisor: &mut Supervisor,
    fleet: &Fleet,
    serve: super::supervise::Program,
    others: &[SignOfLife],
) -> Result<BTreeMap<String, String>, LabError> {
    let http = http_client()?;
    let api = Api::new(http.clone(), state.synapse_url());
    until("Synapse", &synapse::log(&state.folder), async || api.is_up().await).await?;
    supervisor.start(serve);
    people::make(&api, state).await?;
    let ready = format!("{}/readyz", served.url());
    SignOfLife { of: "R.A.L.F.", url: ready, log: ralf::log(&state.folder) }.wait(&http).await?;
    let rooms = people::settle(&api, state, served).await?;
    for other in others {
        other.wait(&http).await?;
    }
    until("the fleet", &state.folder.join("logs"), async || fleet.is_ready()).await?;
    Ok(rooms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_names() {
        assert_eq!("tofu".parse::<Part>().unwrap(), Part::Tofu);
        assert_eq!("model".parse::<Part>().unwrap(), Part::Model);
        assert_eq!("monitoring".parse::<Part>().unwrap(), Part::Monitoring);
        let said = "kitchen".parse::<Part>().unwrap_err();
        assert!(said.to_string().contains("--with kitchen") && said.to_string().contains("monitoring"));
        assert_eq!(said.exit_code(), 2);
    }
}
