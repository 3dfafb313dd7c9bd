//! A whole lab on one machine.

use std::path::PathBuf;
use std::process::ExitCode;

/// `ralf lab`
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Stay in the foreground without a conversation
    #[arg(long)]
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
pub async fn main(_options: Options) -> ExitCode {
    ExitCode::SUCCESS
}
