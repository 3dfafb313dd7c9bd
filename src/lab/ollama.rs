//! Ollama for labs: the one on the PATH, else one that is built from its Go module into the cache.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::cache::{Cache, Failed, Making};
use super::go::{Go, Module, on_path};
use super::progress::Progress;
use super::{LabError, files};

const OLLAMA: Module = Module {
    name: "ollama",
    title: "Ollama",
    go_mod: include_str!("../../config/lab/ollama/go.mod"),
    go_sum: include_str!("../../config/lab/ollama/go.sum"),
    package: "github.com/ollama/ollama",
    flags: "-s -w -X github.com/ollama/ollama/version.Version=0.17.4",
};
/// Carries the one header that no package of Debian has.
const MINIAUDIO: &str = "github.com/gen2brain/malgo";
/// Headers that Ollama has in a vendor folder, which Go leaves out of modules, with Debian's packages.
const HEADERS: [(&str, &str); 2] =
    [("nlohmann/json.hpp", "nlohmann-json3-dev"), ("stb/stb_image.h", "libstb-dev")];

impl Cache {
    /// The `ollama` program, built if need be.
    ///
    /// # Errors
    /// What is missing on this machine, with what helps.
    pub(super) async fn ollama(&self, progress: Progress) -> Result<PathBuf, LabError> {
        if let Some(found) = on_path(OLLAMA.name) {
            return Ok(found);
        }
        let title = "Building Ollama (once, several minutes)";
        let name = OLLAMA.folder_name(optimised());
        let failure = |failed, log: &Path| OLLAMA.failure(failed, log);
        let folder = self.once(&name, OLLAMA.title, title, progress, build, failure).await?;
        Ok(folder.join(OLLAMA.name))
    }
}

async fn build(making: &mut Making) -> Result<(), Failed> {
    for (variable, usual) in [("CC", "gcc"), ("CXX", "g++")] {
        let compiler = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
        if on_path(compiler.split_whitespace().next().unwrap_or(usual)).is_none() {
            return Err(LabError::NoCompiler { compiler }.into());
        }
    }
    let include = making.folder.join("include");
    files::make_folder(&include)?;
    debian_headers(&include, making).await?;
    let go = OLLAMA.unpack(making).await?;
    miniaudio(&include, &go, making).await?;
    let flags = format!("{} -I{}", optimised(), include.display());
    OLLAMA.build(&go, &[("CGO_CFLAGS", flags.clone()), ("CGO_CXXFLAGS", flags)], making).await
}

/// A CPU with AVX2 and what came with it is three times as fast when it may use it.
fn optimised() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("f16c")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("lzcnt")
    {
        return "-O3 -march=x86-64-v3";
    }
    "-O3"
}

/// Puts the headers that the system lacks into `include`, out of Debian's packages, without installing these. The lists
/// of packages are the cache's own: those of a fresh machine are empty, and only root could fill them.
async fn debian_headers(include: &Path, making: &mut Making) -> Result<(), Failed> {
    let missing: Vec<&str> = HEADERS
        .iter()
        .filter(|(header, _)| !Path::new("/usr/include").join(header).exists())
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    making.task.now("fetching headers");
    let apt = making.folder.join("apt");
    for folder in ["lists/partial", "cache/archives/partial", "root"] {
        files::make_folder(&apt.join(folder))?;
    }
    let script = r#"set -e
include=$1
shift
apt() {
    apt-get -q -o APT::Sandbox::User=root -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache" "$@" 2>&1
}
apt update
apt download "$@"
for package in *.deb; do dpkg-deb -x "$package" root; done
cp -R root/usr/include/. "$include"
"#;
    let mut fetch = Command::new("sh");
    fetch.args(["-c", script, "sh"]).arg(include).args(missing).current_dir(&apt);
    making.run(fetch).await.map_err(|failed| match failed {
        Failed::Step => LabError::NoHeaders { log: making.log.clone() }.into(),
        Failed::Lab(error) => Failed::Lab(error),
    })?;
    Ok(files::remove(&apt)?)
}

/// Puts `miniaudio/miniaudio.h` into `include`.
async fn miniaudio(include: &Path, go: &Go, making: &mut Making) -> Result<(), Failed> {
    making.run(go.loudly(&["mod", "download", MINIAUDIO])).await?;
    let listed = go.command(&["list", "-m", "-f", "{{.Dir}}", MINIAUDIO]).output().await;
    let listed = listed.map_err(|source| LabError::Spawn { program: "go".into(), source })?.stdout;
    let header = Path::new(String::from_utf8_lossy(&listed).trim()).join("miniaudio.h");
    let folder = include.join("miniaudio");
    files::make_folder(&folder)?;
    std::fs::copy(&header, folder.join("miniaudio.h")).map_err(LabError::file(&header, "can't be copied"))?;
    Ok(())
}
