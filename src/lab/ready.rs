//! Waiting for what comes up.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::LabError;

const PATIENCE: Duration = Duration::from_secs(60);

/// How it shows that a program is ready.
pub(super) struct SignOfLife {
    /// What people call the program.
    pub(super) of: &'static str,
    /// What answers with success then.
    pub(super) url: String,
    /// Where it says why not.
    pub(super) log: PathBuf,
}

impl SignOfLife {
    /// Waits for it.
    pub(super) async fn wait(&self, http: &reqwest::Client) -> Result<(), LabError> {
        let answers = async || {
            let asked = http.get(&self.url).timeout(Duration::from_secs(5)).send().await;
            asked.is_ok_and(|answer| answer.status().is_success())
        };
        until(self.of, &self.log, answers).await
    }
}

/// Waits until something is so, but not for ever.
pub(super) async fn until<F: Future<Output = bool>>(
    what: &str,
    log: &Path,
    is_so: impl Fn() -> F,
) -> Result<(), LabError> {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        if Instant::now() > end {
            return Err(LabError::Late {
                what: what.to_owned(),
                seconds: PATIENCE.as_secs(),
                log: log.to_owned(),
            });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
