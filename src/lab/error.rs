//! Why there is no lab, and what to do about it.

use std::path::{Path, PathBuf};

/// A lab that could not be brought up, or could not go on. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A part was asked for that can't be had.
    #[error("--with {0}: there is no such part; there are model, monitoring and tofu")]
    NoSuchPart(String),
    /// No Python that fits.
    #[error(
        "no Python from 3.10 on was found (looked for {looked_for}); \
         on Debian: apt-get install python3 python3-venv"
    )]
    NoPython {
        /// The names that were tried.
        looked_for: String,
    },
    /// Python is there, its venv module is not.
    #[error("{python} can't make a virtual environment; on Debian: apt-get install {package}")]
    NoVenv {
        /// The interpreter.
        python: String,
        /// Debian's package.
        package: String,
    },
    /// The package registry can't be reached.
    #[error(
        "Synapse and Ansible can't be downloaded: the package registry is out of reach; connect this machine, or set \
         PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a folder of wheels (what was tried: {})", .log.display()
    )]
    NoNetwork {
        /// What pip said.
        log: PathBuf,
    },
    /// The installation failed for another reason.
    #[error("installing Synapse and Ansible failed: {said} (all of it: {})", .log.display())]
    Install {
        /// The last thing that pip said.
        said: String,
        /// Where the rest stands.
        log: PathBuf,
    },
    /// A program can't be built for want of Go.
    #[error(
        "{0} is not on the PATH, and there is neither Go from 1.21 on nor Python to build it with: install {0}, or Go \
         (https://go.dev/doc/install; a distribution's may be too old), or Python 3 with venv"
    )]
    NoGo(&'static str),
    /// Building a program failed.
    #[error(
        "{title} could not be built: {said} (all of it: {}); a `{name}` on the PATH is used as it is, and GOPROXY names \
         another module proxy", .log.display()
    )]
    Build {
        /// What is built.
        title: &'static str,
        /// The program's name.
        name: &'static str,
        /// The last thing that was said.
        said: String,
        /// Where the rest stands.
        log: PathBuf,
    },
    /// Ollama can't be built for want of a C++ compiler.
    #[error(
        "Ollama is not on the PATH, and can't be built without {compiler}: install Ollama, or the compiler (on Debian: \
         apt-get install g++)"
    )]
    NoCompiler {
        /// The compiler that was looked for.
        compiler: String,
    },
    /// Ollama can't be built for want of two header files.
    #[error(
        "Ollama can't be built without the headers of nlohmann-json and stb, and they can't be downloaded; on Debian: \
         apt-get install nlohmann-json3-dev libstb-dev (what was tried: {})", .log.display()
    )]
    NoHeaders {
        /// What apt-get said.
        log: PathBuf,
    },
    /// The lab's models can't be had.
    #[error(
        "the lab's language models can't be made: {said} (all of it: {}); OLLAMA_HOST can name a server that has models, \
         and PIP_INDEX_URL a mirror of the package registry", .log.display()
    )]
    Models {
        /// The last thing that was said.
        said: String,
        /// Where the rest stands.
        log: PathBuf,
    },
    /// The server that is to be used has no model.
    #[error(
        "the Ollama server at {0} has no model to talk to: run `ollama pull qwen3:8b` there, or unset OLLAMA_HOST, and \
         the lab starts a server of its own"
    )]
    NoModel(String),
    /// Prometheus and its companions can't be had.
    #[error(
        "Prometheus, Alertmanager and node exporter are not all on the PATH, and {why}; on Debian: apt-get install \
         prometheus prometheus-alertmanager prometheus-node-exporter; elsewhere install them from \
         https://prometheus.io/download"
    )]
    NoMonitoring {
        /// Why they can't be unpacked into the cache.
        why: String,
    },
    /// There is no place for the cache.
    #[error("there is no folder for the cache: set RALF_LAB_CACHE to one, or HOME")]
    NoCacheFolder,
    /// A file or folder does not do what it should.
    #[error("{} {what}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried, and what to do.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of ours has another content than ours.
    #[error("{} can't be read any more: delete {} and start again", .path.display(), .delete.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What to delete.
        delete: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A path that can't stand in a program file.
    #[error(
        "{} can't be used: the nodes' program files take only letters, digits and /._+@:=,~- in a path; give another \
         folder with {option}", .path.display()
    )]
    Path {
        /// The folder.
        path: PathBuf,
        /// How another one is given.
        option: &'static str,
    },
    /// Another lab has this folder.
    #[error("a lab runs in {} already: stop it first, or give this one another folder with --dir", .0.display())]
    Running(PathBuf),
    /// `--appservice` names a file that is not there.
    #[error("--appservice {}: there is no such file", .0.display())]
    NoRegistration(PathBuf),
    /// No ports are free.
    #[error("no free block of ports between {from} and {to}: stop other labs or programs on this machine")]
    NoPorts {
        /// The first port that was looked at.
        from: u16,
        /// The last one.
        to: u16,
    },
    /// The environment's settings do not make a configuration.
    #[error("R.A.L.F. can't be started with these settings: {0}")]
    Settings(String),
    /// A program can't be started.
    #[error("{program} can't be started")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program ended for a reason that starting it again does not mend.
    #[error("{program} gave up with exit code {code} (log: {}):\n{said}", .log.display())]
    GaveUp {
        /// The program.
        program: String,
        /// Its exit code.
        code: i32,
        /// What it said last.
        said: String,
        /// Where it says things.
        log: PathBuf,
    },
    /// Something did not come up in time.
    #[error("{what} was not there after {seconds} s; look into {} for the reason", .log.display())]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        seconds: u64,
        /// Where its reasons are.
        log: PathBuf,
    },
    /// Synapse said no.
    #[error("Synapse refused {what}: {said}")]
    Refused {
        /// What was asked of it.
        what: String,
        /// Its answer.
        said: String,
    },
    /// Synapse or R.A.L.F. could not be asked.
    #[error("{what} could not be asked")]
    Unreachable {
        /// Who.
        what: String,
        /// Why not.
        source: reqwest::Error,
    },
    /// The registration file could not be made.
    #[error("the registration could not be written")]
    Registration(#[from] ralf_appservice::registration::RegistrationError),
    /// The person's client failed.
    #[error("the conversation's Matrix client failed: {0}")]
    Conversation(String),
    /// Ctrl-C or SIGTERM came before the lab was ready.
    #[error("interrupted")]
    Interrupted,
}

impl LabError {
    /// For `map_err` on file operations.
    pub(super) fn file(path: &Path, what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, what, source }
    }

    /// The exit code of `ralf lab`: 2 for what the command line asks for in vain, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchPart(_) | Self::NoRegistration(_) | Self::Path { .. } | Self::Settings(_) => 2,
            Self::Interrupted => 130,
            _ => 1,
        }
    }
}
