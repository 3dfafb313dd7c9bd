//! `ralf serve`

use std::io::IsTerminal as _;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use super::ConfigArg;
use crate::config::{Config, Log, LogFormat};
use crate::{secrets, serve};

/// Runs the application service until it is stopped.
pub(super) async fn main(arg: ConfigArg) -> ExitCode {
    let config = match super::load(&arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    // Before anything can be logged.
    secrets::redactor().learn(config.confidential());
    start_log(&config);
    match serve::run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "stopped");
            ExitCode::from(error.code())
        }
    }
}

fn start_log(config: &Config) {
    let Log { format, level } = &config.log;
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(secrets::HidingStderr { json: *format == LogFormat::Json })
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Json => log.json().init(),
        LogFormat::Pretty => log.init(),
    }
}
