//! `ralf check` and `ralf migrate`

use std::fmt::Write as _;
use std::process::ExitCode;

use ralf_intents::{Catalogue, Understanding};
use ruma::ServerName;

use super::ConfigArg;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Store;

/// Says whether the configuration is right, and what it means.
pub(super) fn main(arg: &ConfigArg) -> ExitCode {
    let config = match super::load(arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let catalogue = match config.intents.catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    println!("{}: all right", arg.config.display());
    println!("  homeserver  {} ({})", config.homeserver.url, config.homeserver.domain);
    println!(
        "  listens on  {}, registered as {}",
        config.appservice.listen,
        config.appservice.registered_url()
    );
    print!("{}", intents(&config, catalogue));
    if let Ok(server) = ServerName::parse(&config.homeserver.domain) {
        print!("{}", super::explain::policy(&config, &server));
    }
    ExitCode::SUCCESS
}

/// What can be understood, and what is odd about the files of one's own.
fn intents(config: &Config, catalogue: Catalogue) -> String {
    let Some(folder) = &config.intents.folder else {
        return format!("  intents     {}, all built in\n", catalogue.intents().count());
    };
    let own: Vec<&str> = catalogue.own().map(|(spec, _)| spec.name.as_str()).collect();
    let list = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
    let mut text =
        format!("  intents     {}; from {}: {list}\n", catalogue.intents().count(), folder.display());
    for remark in Understanding::new(catalogue).remarks() {
        let _ = writeln!(text, "  note: {remark}");
    }
    text
}

/// Brings the database up to date.
pub(super) async fn migrate(arg: ConfigArg) -> ExitCode {
    let config = match super::load(&arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match Store::open(&config.database.url, Clock::System).await {
        Ok(_) => {
            println!("the database is up to date");
            ExitCode::SUCCESS
        }
        Err(error) => {
            super::complain(&error);
            ExitCode::from(3)
        }
    }
}
