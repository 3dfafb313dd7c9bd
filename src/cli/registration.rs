//! `ralf registration`

use std::process::ExitCode;

use ralf_appservice::Registration;
use ruma::ServerName;

use super::ConfigArg;
use crate::config::Config;
use crate::registration;

/// Prints the registration file that belongs to the configuration.
pub(super) fn main(arg: &ConfigArg) -> ExitCode {
    let config = match super::load(arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match of(&config).map(|registration| registration.to_yaml()) {
        Some(Ok(yaml)) => {
            print!("{yaml}");
            ExitCode::SUCCESS
        }
        Some(Err(error)) => {
            super::complain(&error);
            ExitCode::FAILURE
        }
        None => {
            eprintln!("ralf: `[homeserver] domain` is no server name");
            ExitCode::from(2)
        }
    }
}

/// The registration that a configuration means; nothing when its domain is no server name.
fn of(config: &Config) -> Option<Registration> {
    let server = ServerName::parse(&config.homeserver.domain).ok()?;
    let mut registration = registration::registration(
        &config.appservice.id,
        &config.appservice.registered_url(),
        &server,
        &config.rooms,
    );
    registration.as_token = config.appservice.as_token.clone().unwrap_or_default();
    registration.hs_token = config.appservice.hs_token.clone().unwrap_or_default();
    Some(registration)
}
