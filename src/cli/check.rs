//! `ralf check` and `ralf migrate`

use std::process::ExitCode;

use ruma::ServerName;

use super::ConfigArg;
use crate::clock::Clock;
use crate::store::Store;

/// Says whether the configuration is right, and what it means.
pub(super) fn main(arg: &ConfigArg) -> ExitCode {
    let config = match super::load(arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    println!("{}: all right", arg.config.display());
    println!("  homeserver  {} ({})", config.homeserver.url, config.homeserver.domain);
    println!(
        "  listens on  {}, registered as {}",
        config.appservice.listen,
        config.appservice.registered_url()
    );
    if let Ok(server) = ServerName::parse(&config.homeserver.domain) {
        print!("{}", super::explain::policy(&config, &server));
    }
    ExitCode::SUCCESS
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
