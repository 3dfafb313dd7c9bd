//! What the homeserver has to know of us.

use ralf_appservice::Registration;
use ralf_appservice::registration::{Namespace, user_regex};
use ruma::ServerName;

use crate::bots::{Bot, SENDER_LOCALPART};

/// Our registration with fresh tokens: the five bots, and the aliases of the rooms that we make.
///
/// Synapse lets an application service make only aliases that it has reserved. They are not exclusive: a person may make
/// such a room too, and we adopt it.
pub fn registration(id: &str, url: &str, server: &ServerName) -> Registration {
    let bots = Bot::ALL.map(Bot::localpart);
    let mut registration = Registration::generate(id, url, SENDER_LOCALPART, server, &bots);
    let rooms = Bot::ALL.map(|bot| alias_localpart(bot.room_key()));
    let aliases: Vec<&str> = rooms.iter().map(String::as_str).chain(["ralf"]).collect();
    let regex = user_regex(server, &aliases).replacen('@', "#", 1);
    registration.namespaces.aliases = vec![Namespace { exclusive: false, regex }];
    registration
}

/// The alias of a room that we make: `#ralf-ops`, and `#ralf` for the space.
pub fn alias_localpart(key: &str) -> String {
    if key == "space" { "ralf".into() } else { format!("ralf-{key}") }
}
