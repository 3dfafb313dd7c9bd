//! `ralf audit verify` and `ralf audit export`

use std::process::ExitCode;

use clap::Subcommand;

use super::ConfigArg;
use crate::audit::{self, Verdict};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// What to do with the record.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Check the whole hash chain; exit 1 when it is broken
    Verify(ConfigArg),
    /// Write it to standard output, one JSON object a line
    Export(ConfigArg),
}

/// Runs it.
pub(super) async fn main(command: Command) -> ExitCode {
    let (arg, export) = match command {
        Command::Verify(arg) => (arg, false),
        Command::Export(arg) => (arg, true),
    };
    let config = match super::load(&arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = async {
        let (store, _) = Store::open(&config.database.url, Clock::System).await?;
        if export { write(&store).await.map(|()| ExitCode::SUCCESS) } else { check(&store).await }
    };
    done.await.unwrap_or_else(|error: StoreError| {
        super::complain(&error);
        ExitCode::from(3)
    })
}

async fn check(store: &Store) -> Result<ExitCode, StoreError> {
    Ok(match audit::verify(store).await? {
        Verdict::Whole(entries, head) => {
            println!("{entries} entries, unbroken; head {head}");
            ExitCode::SUCCESS
        }
        Verdict::Broken(what) => {
            println!("broken: {what}");
            ExitCode::FAILURE
        }
    })
}

async fn write(store: &Store) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let entries = store.audit_entries(after, 1_000).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.seq;
        for entry in &entries {
            println!("{}", serde_json::to_string(entry).unwrap_or_default());
        }
    }
}
