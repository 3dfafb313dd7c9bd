//! The command line: one file per subcommand.

mod audit;
mod check;
mod doctor;
mod explain;
mod intents;
mod registration;
mod serve;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::lab;

/// R.A.L.F. – run a homelab by conversation and approval.
#[derive(Parser)]
#[command(name = "ralf", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring up a whole lab on this machine: Synapse, a demo fleet, R.A.L.F. and a conversation
    Lab(lab::Options),
    /// Run the application service
    Serve(ConfigArg),
    /// Check the configuration; exit 2 when it is wrong
    Check(ConfigArg),
    /// Try everything live, both ways; exit 1 when something fails
    Doctor(ConfigArg),
    /// Print the registration file for the homeserver
    Registration(ConfigArg),
    /// What sentences become
    #[command(subcommand)]
    Intents(intents::Command),
    /// The record of what happened
    #[command(subcommand)]
    Audit(audit::Command),
    /// Bring the database up to date
    Migrate(ConfigArg),
}

/// Where the configuration is.
#[derive(clap::Args)]
struct ConfigArg {
    /// The configuration file
    #[arg(short = 'c', long = "config", default_value = "ralf.toml")]
    config: PathBuf,
}

/// Parses the command line and runs what it says.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Lab(options) => run(lab::main(options)),
        Command::Serve(arg) => run_on_one_thread(serve::main(arg)),
        Command::Check(arg) => check::main(&arg),
        Command::Doctor(arg) => run(doctor::main(arg)),
        Command::Registration(arg) => registration::main(&arg),
        Command::Intents(command) => run(intents::main(command)),
        Command::Audit(command) => run(audit::main(command)),
        Command::Migrate(arg) => run(check::migrate(arg)),
    }
}

fn run(work: impl Future<Output = ExitCode>) -> ExitCode {
    on(tokio::runtime::Builder::new_multi_thread().worker_threads(2), work)
}

/// The house waits far more than it works: without threads that wake each other a message costs half as much.
fn run_on_one_thread(work: impl Future<Output = ExitCode>) -> ExitCode {
    on(&mut tokio::runtime::Builder::new_current_thread(), work)
}

fn on(builder: &mut tokio::runtime::Builder, work: impl Future<Output = ExitCode>) -> ExitCode {
    match builder.enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            eprintln!("ralf: no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Loads the configuration, or says what is wrong with it and gives the exit code.
fn load(arg: &ConfigArg) -> Result<Config, ExitCode> {
    Config::load(&arg.config).map_err(|error| {
        match &error {
            ConfigError::Wrong(problems) => problems.iter().for_each(|problem| eprintln!("{problem}")),
            other => complain(other),
        }
        ExitCode::from(2)
    })
}

/// An error with everything behind it, for a person.
fn complain(error: &dyn Error) {
    eprintln!("ralf: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
