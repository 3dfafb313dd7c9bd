//! Databases for the store: a file of SQLite's, or one on a real PostgreSQL server.
//!
//! The server is the machine's own program if there is one, else a package's; there is always one, so no test is left
//! out. It never runs as root.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use ralf::clock::Clock;
use ralf::store::{OutboxRow, Store};
use sqlx::AnyPool;
use tokio::sync::{OnceCell, mpsc};
use tokio::time::Instant;

use super::{folder, fresh_folder};

const PATIENCE: Duration = Duration::from_secs(60);

/// Which database a test runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// An empty database.
pub(crate) struct Database {
    pub(crate) url: String,
}

impl Database {
    pub(crate) async fn fresh(kind: Kind) -> Self {
        let url = match kind {
            Kind::Sqlite => {
                let folder = fresh_folder("sqlite");
                std::fs::create_dir(&folder).expect("a folder");
                format!("sqlite:{}", folder.join("ralf.db").display())
            }
            Kind::Postgres => {
                let name =
                    fresh_folder("db").file_name().expect("a name").to_string_lossy().replace('-', "_");
                let admin = connect(&server().await.url("postgres")).await;
                sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
                    .execute(&admin)
                    .await
                    .expect("made");
                admin.close().await;
                server().await.url(&name)
            }
        };
        Self { url }
    }

    /// A store on it, as a process opens one; without a lease.
    pub(crate) async fn open(&self, clock: &Clock) -> (Store, mpsc::UnboundedReceiver<OutboxRow>) {
        Store::open(&self.url, clock.clone()).await.expect("the database opens")
    }

    /// For looking into and for tampering.
    pub(crate) async fn pool(&self) -> AnyPool {
        connect(&self.url).await
    }
}

async fn connect(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPool::connect(url).await.expect("the database can be reached")
}

struct Server {
    port: u16,
    _process: Child,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER.get_or_init(start).await
}

/// `initdb`, and a server on a free port. It ends with the run: see [`super::folder`].
async fn start() -> Server {
    let programs = programs();
    let data = folder().join("postgres");
    std::fs::create_dir(&data).expect("a folder");
    let user = other_user();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&data, Some(uid), Some(gid)).expect("given away");
    }
    let run = |program: &str| {
        let program = programs.join(program);
        let mut command = match user {
            Some((uid, gid)) => {
                let mut command = Command::new("setpriv");
                command
                    .args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()])
                    .arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(&data).env("LC_ALL", "C.UTF-8").env("HOME", &data).stdin(Stdio::null());
        command
    };
    let made = run("initdb")
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "-D"])
        .arg(&data)
        .output();
    let made = made.expect("initdb runs");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let log = std::fs::File::create(folder().join("postgres.log")).expect("a log");
    let process = run("postgres")
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&data)
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
            "-F",
        ])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("postgres runs");
    let server = Server { port, _process: process };
    sqlx::any::install_default_drivers();
    let end = Instant::now() + PATIENCE;
    while let Err(error) = AnyPool::connect(&server.url("postgres")).await {
        let log = std::fs::read_to_string(folder().join("postgres.log")).unwrap_or_default();
        assert!(Instant::now() < end, "PostgreSQL does not come up: {error}\n{log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

/// Root gives its rights away: user and group of `nobody`.
fn other_user() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").expect("ourselves").uid();
    let number = |flag: &str| {
        let said = Command::new("id").args([flag, "nobody"]).output().expect("id runs");
        String::from_utf8_lossy(&said.stdout).trim().parse().expect("a number")
    };
    (own == 0).then(|| (number("-u"), number("-g")))
}

/// The folder of the server's programs.
fn programs() -> &'static PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| of_the_machine().unwrap_or_else(of_a_package))
}

fn of_the_machine() -> Option<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().collect();
    versions.sort_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    versions.into_iter().rev().map(|entry| entry.path().join("bin")).find(|bin| bin.join("initdb").exists())
}

/// A server from PyPI, kept in the cache of the labs, and copied to where others than root can reach it.
fn of_a_package() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("RALF_LAB_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("ralf-lab")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/ralf-lab")))
        .expect("a cache");
    let package = cache.join("pgserver-0.1.4");
    if !package.join("complete").exists() {
        let run = |program: &Path, arguments: &[&str]| {
            let ran = Command::new(program).args(arguments).output().expect("python runs");
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(
                ran.status.success(),
                "there is no PostgreSQL here, and none could be installed from PyPI: {said}"
            );
        };
        run(Path::new("python3"), &["-m", "venv", "--clear", &package.to_string_lossy()]);
        run(&package.join("bin/python"), &["-m", "pip", "install", "--quiet", "pgserver==0.1.4"]);
        std::fs::write(package.join("complete"), "").expect("noted");
    }
    // The programs find their libraries in the folder beside their own.
    let copy = folder().join("pgserver");
    std::fs::create_dir(&copy).expect("a folder");
    let packages = found_below(&package.join("lib"), "site-packages").expect("the venv's packages");
    let copied = Command::new("cp")
        .arg("-a")
        .args([packages.join("pgserver"), packages.join("pgserver.libs")])
        .arg(&copy)
        .status();
    assert!(copied.expect("cp runs").success(), "pgserver's server can't be copied");
    copy.join("pgserver/pginstall/bin")
}

/// `folder/*/rest`
fn found_below(folder: &Path, rest: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path().join(rest)).find(|path| path.is_dir())
}
