//! What the homeserver has to know of us.

use ralf_appservice::Registration;
use ralf_appservice::registration::{Namespace, user_regex};
use ruma::ServerName;

use crate::bots::{Bot, SENDER_LOCALPART};
use crate::config::{RoomRef, Rooms};

/// Our registration with fresh tokens: the five bots, and the aliases of the rooms that we make.
///
/// Synapse lets an application service make only aliases that it has reserved. They are not exclusive: a person may make
/// such a room too, and we adopt it.
pub fn registration(id: &str, url: &str, server: &ServerName, rooms: &Rooms) -> Registration {
    let bots = Bot::ALL.map(Bot::localpart);
    let mut registration = Registration::generate(id, url, SENDER_LOCALPART, server, &bots);
    let keys = Bot::ALL.map(Bot::room_key).into_iter().chain(["space"]);
    let aliases: Vec<String> = keys
        .filter_map(|key| match rooms.get(key) {
            None => Some(alias_localpart(key)),
            Some(RoomRef::Alias(alias)) if alias.server_name() == server => Some(alias.alias().to_owned()),
            Some(_) => None,
        })
        .collect();
    if aliases.is_empty() {
        return registration;
    }
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let regex = user_regex(server, &aliases).replacen('@', "#", 1);
    registration.namespaces.aliases = vec![Namespace { exclusive: false, regex }];
    registration
}

/// The alias of a room that we make: `#ralf-ops`, and `#ralf` for the space.
pub fn alias_localpart(key: &str) -> String {
    if key == "space" { "ralf".into() } else { format!("ralf-{key}") }
}
