//! The lab that a story plays in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ralf::lab::{Lab, LabJson, LabOptions, Part};
use ralf::store::Store;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex as Lock, MutexGuard, OnceCell, Semaphore, SemaphorePermit};

use super::{Person, fresh_folder};

/// The `ralf` program of this build.
pub(crate) const RALF: &str = env!("CARGO_BIN_EXE_ralf");

/// A lab with a story in it. One kept for the story alone ends with it.
pub(crate) struct Stage {
    pub(crate) dir: PathBuf,
    lab: Kept,
    _turn: SemaphorePermit<'static>,
}

/// For whom a lab is kept.
enum Kept {
    /// For all stories at once.
    Shared,
    /// For this story alone.
    Own(Box<Lab>),
    /// For one story after the other.
    Lent { lab: &'static Lab, _alone: MutexGuard<'static, ()> },
}

/// Labs outlive the runtime of the test that needed them first.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    })
}

/// Stories play beside each other as far as the machine has room for: Ansible keeps a core busy.
async fn turn() -> SemaphorePermit<'static> {
    static TURNS: OnceLock<Semaphore> = OnceLock::new();
    let turns = TURNS
        .get_or_init(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from).max(2)));
    turns.acquire().await.expect("it is never closed")
}

async fn start(name: &str, environment: &[(&str, &str)], parts: &[Part]) -> Lab {
    let mut options = LabOptions::new(fresh_folder(name), RALF).expect("a cache");
    options.environment = environment.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect();
    options.parts = parts.iter().copied().collect();
    let started = runtime().spawn(Lab::start(options)).await.expect("no panic");
    started.unwrap_or_else(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        panic!("the lab {name} does not come up: {error} {cause}")
    })
}

impl Stage {
    /// In the lab that all stories share.
    pub(crate) async fn shared() -> Self {
        static SHARED: OnceCell<Lab> = OnceCell::const_new();
        let turn = turn().await;
        let lab = SHARED.get_or_init(|| start("shared", &[], &[])).await;
        Self { dir: lab.dir().to_owned(), lab: Kept::Shared, _turn: turn }
    }

    /// In a lab of its own, with these variables for `serve`.
    pub(crate) async fn own(name: &str, environment: &[(&str, &str)]) -> Self {
        Self::furnished(name, environment, &[]).await
    }

    /// In a lab of its own, with further parts.
    pub(crate) async fn furnished(name: &str, environment: &[(&str, &str)], parts: &[Part]) -> Self {
        let turn = turn().await;
        let lab = start(name, environment, parts).await;
        Self { dir: lab.dir().to_owned(), lab: Kept::Own(Box::new(lab)), _turn: turn }
    }

    /// In the one lab whose stories are about alerts. What all of them need of the configuration is set there once.
    pub(crate) async fn with_alerts(environment: &[(&str, &str)]) -> Self {
        static LAB: OnceCell<Lab> = OnceCell::const_new();
        let turn = turn().await;
        let lab = LAB.get_or_init(|| start("alerts", environment, &[])).await;
        Self { dir: lab.dir().to_owned(), lab: Kept::Shared, _turn: turn }
    }

    /// In the one lab with a language model, one story after the other: the model serves one at a time, and some stories
    /// take it away.
    pub(crate) async fn with_model() -> Self {
        static LAB: OnceCell<Lab> = OnceCell::const_new();
        static ALONE: Lock<()> = Lock::const_new(());
        let alone = ALONE.lock().await;
        let turn = turn().await;
        let lab = LAB.get_or_init(|| start("model", &[], &[Part::Model])).await;
        Self { dir: lab.dir().to_owned(), lab: Kept::Lent { lab, _alone: alone }, _turn: turn }
    }

    /// What can kill and pause things; only where nobody else is disturbed.
    pub(crate) fn lab(&self) -> &Lab {
        match &self.lab {
            Kept::Own(lab) => lab,
            Kept::Lent { lab, .. } => lab,
            Kept::Shared => panic!("others play in this lab, too"),
        }
    }

    /// `lab.json` as it is now.
    pub(crate) fn info(&self) -> LabJson {
        LabJson::read(&self.dir).expect("lab.json").expect("lab.json is there")
    }

    /// The room's id.
    pub(crate) fn room(&self, key: &str) -> String {
        self.info().rooms[key].clone()
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let info = self.info();
        Person::sit_down(&info.homeserver, &info.users[name]).await
    }

    /// Takes a service on a node for this story alone.
    ///
    /// # Panics
    /// When another story has it.
    pub(crate) fn take(&self, service: &'static str, node: &'static str) -> Service {
        static TAKEN: Mutex<BTreeSet<(PathBuf, &str, &str)>> = Mutex::new(BTreeSet::new());
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            taken.insert((self.dir.clone(), service, node)),
            "{service} on {node} plays in another story already"
        );
        let info = self.info();
        let found = &info.fleet[node].services[service];
        Service { health: found.health.clone(), journal: found.journal.clone() }
    }

    /// R.A.L.F.'s database, for looking into.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.info().database, ralf::clock::Clock::System).await.expect("the database").0
    }

    /// R.A.L.F.'s log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("logs/ralf.log")).unwrap_or_default()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!(
                "The end of {}:\n{}",
                self.dir.display(),
                lines[lines.len().saturating_sub(40)..].join("\n")
            );
        }
    }
}

/// A service on a node.
pub(crate) struct Service {
    pub(crate) health: String,
    journal: PathBuf,
}

impl Service {
    /// What executors did to it: `<unix ms> <what> <operation>` each.
    pub(crate) fn journal(&self) -> Vec<String> {
        lines(&self.journal)
    }

    /// Whether it answers.
    pub(crate) async fn runs(&self) -> bool {
        let asked = reqwest::Client::new().get(&self.health).timeout(Duration::from_secs(5)).send().await;
        asked.is_ok_and(|answer| answer.status() == 200)
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
