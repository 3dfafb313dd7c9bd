//! `ralf lab`: the command line around a lab.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Cache, Lab, LabError, LabJson, LabOptions, Part, Progress, claim, conversation};

/// `ralf lab`
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Stay in the foreground without a conversation
    #[arg(long, conflicts_with = "say")]
    pub headless: bool,
    /// Where the lab lives
    #[arg(long, default_value = ".lab")]
    pub dir: PathBuf,
    /// Say one thing, print what comes back, and end
    #[arg(long, value_name = "TEXT")]
    pub say: Option<String>,
    /// Further parts, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub with: Vec<String>,
    /// A further registration for Synapse
    #[arg(long, value_name = "FILE")]
    pub appservice: Option<PathBuf>,
    /// Only install what a lab needs
    #[arg(long)]
    pub prepare: bool,
}

/// Runs the lab.
pub async fn main(options: Options) -> ExitCode {
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let progress = Progress::stderr();
            progress.line(&format!("ralf lab: {error}"));
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                progress.line(&format!("  because: {error}"));
                cause = error.source();
            }
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(options: Options) -> Result<(), LabError> {
    let parts = options.with.iter().filter(|part| !part.is_empty()).map(|part| part.parse());
    let parts: BTreeSet<Part> = parts.collect::<Result<_, _>>()?;
    let progress = Progress::stderr();
    let cache = Cache::from_environment()?;
    let ollama_host = std::env::var("OLLAMA_HOST").ok();
    let mut interrupts = Interrupts::new()?;
    if options.prepare {
        return tokio::select! {
            () = interrupts.next() => Err(LabError::Interrupted),
            prepared = cache.prepare(&parts, ollama_host.as_deref(), progress) => prepared.map(|()| progress.line("All that a lab needs is installed")),
        };
    }
    if claim::is_taken(&options.dir) && !options.headless {
        return join_in(&options, interrupts).await;
    }
    let begun = Instant::now();
    let lab = LabOptions {
        dir: options.dir.clone(),
        cache,
        serve: own_program()?,
        environment: Vec::new(),
        appservice: options.appservice.clone(),
        parts,
        ollama_host,
        progress,
    };
    let mut lab = tokio::select! {
        () = interrupts.next() => return Err(LabError::Interrupted),
        lab = Lab::start(lab) => lab?,
    };
    let info = lab.info();
    progress.line(&summary(&info, lab.dir(), begun));
    let ended = async {
        tokio::select! {
            () = interrupts.next() => Ok(()),
            failure = lab.failed() => Err(failure),
        }
    };
    let ended = talk(&options, &info, ended).await;
    progress.line("Stopping …");
    tokio::select! {
        () = lab.stop() => ended,
        // Asked twice: what is left is killed when the lab is dropped.
        () = interrupts.next() => Err(LabError::Interrupted),
    }
}

/// What is asked for of a running lab, until it is done or `ended` is over.
async fn talk(
    options: &Options,
    info: &LabJson,
    ended: impl Future<Output = Result<(), LabError>>,
) -> Result<(), LabError> {
    match &options.say {
        Some(text) => tokio::select! {
            ended = ended => ended,
            said = conversation::say(info, text) => said,
        },
        None if options.headless => ended.await,
        None => conversation::interactive(info, ended).await,
    }
}

/// Talks in a lab that another process runs, and leaves it running.
async fn join_in(options: &Options, mut interrupts: Interrupts) -> Result<(), LabError> {
    let info = tokio::select! {
        () = interrupts.next() => return Err(LabError::Interrupted),
        info = wait_for_lab(&options.dir) => info?,
    };
    let ended = async {
        while claim::is_taken(&options.dir) && LabJson::path(&options.dir).exists() {
            if tokio::time::timeout(Duration::from_millis(500), interrupts.next()).await.is_ok() {
                return Ok(());
            }
        }
        Progress::stderr().line("The lab has stopped");
        Ok(())
    };
    talk(options, &info, ended).await
}

/// The other process may still be bringing it up.
async fn wait_for_lab(dir: &Path) -> Result<LabJson, LabError> {
    const SECONDS: u64 = 120;
    for _ in 0..SECONDS * 10 {
        if let Some(info) = LabJson::read(dir)? {
            return Ok(info);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(LabError::Late { what: "the lab that starts here".into(), seconds: SECONDS, log: dir.join("logs") })
}

fn summary(info: &LabJson, dir: &Path, begun: Instant) -> String {
    format!(
        "The lab is up after {:.1} s: Synapse {}, R.A.L.F. {}, {} nodes; all about it is in {}",
        begun.elapsed().as_secs_f64(),
        info.homeserver,
        info.ralf,
        info.fleet.len(),
        LabJson::path(dir).display(),
    )
}

/// Ctrl-C, SIGTERM, and a terminal that goes away.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interrupts {
    fn new() -> Result<Self, LabError> {
        let listen = |kind| {
            signal(kind).map_err(|source| LabError::Spawn { program: "the signal handler".into(), source })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// This very program, also when a newer build took its place in the file system.
fn own_program() -> Result<PathBuf, LabError> {
    let path =
        std::env::current_exe().map_err(|source| LabError::Spawn { program: "ralf".into(), source })?;
    let text = path.to_string_lossy();
    match text.strip_suffix(" (deleted)").map(PathBuf::from) {
        Some(newer) if newer.exists() => Ok(newer),
        Some(_) => Ok("/proc/self/exe".into()),
        None => Ok(path),
    }
}
