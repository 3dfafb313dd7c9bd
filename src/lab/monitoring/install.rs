//! Prometheus, Alertmanager and the node exporter for labs: those on the PATH, else Debian's packages, unpacked into the
//! cache.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::Monitoring;
use crate::lab::cache::{self, Cache, Failed, Making};
use crate::lab::go::on_path;
use crate::lab::progress::Progress;
use crate::lab::{LabError, files};

/// By their own names and by Debian's.
const PROMETHEUS: &[&str] = &["prometheus"];
const ALERTMANAGER: &[&str] = &["alertmanager", "prometheus-alertmanager"];
const NODE_EXPORTER: &[&str] = &["node_exporter", "prometheus-node-exporter"];

/// Nothing of the system's is written. Its lists of packages are used if there are any; those of a fresh machine are
/// empty, and only root could fill them. Debian's Alertmanager does not start without a template in `/usr/share`, and no
/// option names another place: the copy in the cache gets a path of the same length, seen from its own folder.
const SCRIPT: &str = r#"set -e
mkdir -p lists/partial cache/archives/partial
packages="prometheus prometheus-alertmanager prometheus-node-exporter"
apt() {
    apt-get -q -o APT::Sandbox::User=root -o Dir::Cache="$PWD/cache" "$@" 2>&1
}
apt download $packages || {
    apt -o Dir::State::Lists="$PWD/lists" update
    apt -o Dir::State::Lists="$PWD/lists" download $packages
}
for package in *.deb; do dpkg-deb -x "$package" root; done
mv root/usr/bin ..
mv root/usr/share/prometheus ../share
cd ../bin
LC_ALL=C sed -i 's|/usr/share/prometheus/alertmanager|..//////////////share/alertmanager|g' prometheus-alertmanager
for program in prometheus prometheus-alertmanager prometheus-node-exporter amtool promtool; do
    ./$program --version 2>&1
done
"#;

impl Cache {
    /// The programs of [`Part::Monitoring`](crate::lab::Part::Monitoring), unpacked if need be.
    ///
    /// # Errors
    /// What is missing on this machine, with what helps.
    pub async fn monitoring(&self, progress: Progress) -> Result<Monitoring, LabError> {
        let found = |names: &[&str]| names.iter().find_map(|name| on_path(name));
        let found = (found(PROMETHEUS), found(ALERTMANAGER), found(NODE_EXPORTER));
        if let (Some(prometheus), Some(alertmanager), Some(node_exporter)) = found {
            return Ok(Monitoring { prometheus, alertmanager, node_exporter });
        }
        let name = format!("monitoring-{}", crate::plan::hex(&Sha256::digest(SCRIPT)[..6]));
        let title = "Unpacking Prometheus, Alertmanager and node exporter (once, some seconds)";
        let folder = self.once(&name, "Prometheus", title, progress, unpack, failure).await?;
        Ok(Monitoring::in_folder(&folder.join("bin")))
    }
}

impl Monitoring {
    /// Debian's, in this folder.
    fn in_folder(folder: &Path) -> Self {
        Self {
            prometheus: folder.join("prometheus"),
            alertmanager: folder.join("prometheus-alertmanager"),
            node_exporter: folder.join("prometheus-node-exporter"),
        }
    }

    /// `amtool`, which comes with Alertmanager and lies beside it.
    pub fn amtool(&self) -> PathBuf {
        self.alertmanager.with_file_name("amtool")
    }

    /// `promtool`, which comes with Prometheus and lies beside it.
    pub fn promtool(&self) -> PathBuf {
        self.prometheus.with_file_name("promtool")
    }
}

async fn unpack(making: &mut Making) -> Result<(), Failed> {
    if let Some(tool) = ["apt-get", "dpkg-deb"].into_iter().find(|tool| on_path(tool).is_none()) {
        let why = format!("without `{tool}` they can't be unpacked from Debian's packages");
        return Err(LabError::NoMonitoring { why }.into());
    }
    let work = making.folder.join("apt");
    files::make_folder(&work)?;
    let mut fetch = Command::new("sh");
    fetch.args(["-c", SCRIPT]).current_dir(&work);
    making.run(fetch).await?;
    Ok(files::remove(&work)?)
}

fn failure(failed: Failed, log: &Path) -> LabError {
    match failed {
        Failed::Lab(error) => error,
        Failed::Step => {
            let said = cache::said(log).unwrap_or_else(|| "the package archive is out of reach".into());
            LabError::NoMonitoring {
                why: format!("Debian's packages can't be unpacked: {said} (all of it: {})", log.display()),
            }
        }
    }
}
