//! Whether the programs behind executors are there.

use std::path::Path;
use std::time::Duration;

use crate::config::Executors;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each configured executor by its name, and the version that its program tells, or what is wrong and what to do.
pub async fn programs(config: &Executors) -> Vec<(&'static str, Result<String, String>)> {
    let mut found = Vec::new();
    if let Some(ansible) = &config.ansible {
        let hint = "install it with `pip install ansible-core` or set `[executors.ansible] program`";
        found.push(("ansible", version(&ansible.program, hint).await));
    }
    if let Some(tofu) = &config.tofu {
        let hint = "install OpenTofu or set `[executors.tofu] program`";
        found.push(("tofu", version(&tofu.program, hint).await));
    }
    found
}

async fn version(program: &Path, hint: &str) -> Result<String, String> {
    let mut command = tokio::process::Command::new(program);
    // As executors run it.
    command.arg("--version").env_clear().envs(super::environment()).kill_on_drop(true);
    match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
        }
        Ok(Ok(output)) => Err(format!(
            "{} --version failed: {}",
            program.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Ok(Err(error)) => Err(format!("{}: {error}; {hint}", program.display())),
        Err(_) => Err(format!("{} --version gave no answer in {} s", program.display(), PATIENCE.as_secs())),
    }
}
