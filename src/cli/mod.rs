//! The command line: one file per subcommand.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

/// Where the configuration is.
#[derive(clap::Args)]
pub(crate) struct ConfigArg {
    /// The configuration file
    #[arg(short = 'c', long = "config", default_value = "ralf.toml")]
    pub(crate) config: PathBuf,
}

/// Parses the command line and runs what it says.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Lab(options) => run(lab::main(options)),
    }
}

fn run(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            eprintln!("ralf: no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}
