//! `ralf check` and `ralf migrate`

use std::process::ExitCode;

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
    println!("  people      {}", config.people.keys().cloned().collect::<Vec<_>>().join(", "));
    for rule in &config.policy.rules {
        let own = if rule.self_approval { "the asker counts" } else { "the asker does not count" };
        println!(
            "  approvals   {}: {} ({own})",
            rule.intents.iter().flatten().cloned().collect::<Vec<_>>().join(", "),
            rule.approvals
        );
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
