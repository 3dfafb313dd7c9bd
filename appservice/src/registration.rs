//! The registration: the file by which a homeserver knows an application service.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#registration>

use ruma::ServerName;
use serde::{Deserialize, Serialize};

use crate::Secret;

mod differences;
mod file;
mod pattern;
mod validate;

pub use differences::Difference;
pub use file::RegistrationError;
pub use pattern::user_regex;
pub use validate::Problem;

/// One registration. Keys that are not named here are ignored when a file is read.
///
/// `Debug` shows no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The name of this application service at the homeserver. It must never change.
    pub id: String,
    /// Where the homeserver pushes transactions; `null` if it shall push nothing.
    pub url: Option<String>,
    /// The token by which the application service speaks to the homeserver.
    pub as_token: Secret,
    /// The token by which the homeserver speaks to the application service.
    pub hs_token: Secret,
    /// The localpart of the application service's own user. Make it one that nobody talks to
    /// (`_ralf`), because Synapse refuses `/sync` to it; the bots belong into the namespaces.
    pub sender_localpart: String,
    /// The users, aliases and rooms that the application service is interested in.
    #[serde(default)]
    pub namespaces: Namespaces,
    /// Whether masqueraded requests are rate limited. The homeserver's default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limited: Option<bool>,
    /// Whether typing, receipts and presence are pushed (Matrix 1.13).
    #[serde(default)]
    pub receive_ephemeral: bool,
    /// The older name of `receive_ephemeral`, which older homeservers read.
    #[serde(default, rename = "de.sorunome.msc2409.push_ephemeral", skip_serializing_if = "Option::is_none")]
    pub push_ephemeral: Option<bool>,
    /// Whether key counts and device-list changes come with transactions (MSC3202).
    #[serde(default, rename = "org.matrix.msc3202", skip_serializing_if = "Option::is_none")]
    pub msc3202: Option<bool>,
    /// Whether devices are made by `PUT /devices/{id}` instead of a login (MSC4190).
    #[serde(default, rename = "io.element.msc4190", skip_serializing_if = "Option::is_none")]
    pub msc4190: Option<bool>,
    /// The third-party protocols that are bridged.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_empty")]
    pub protocols: Vec<String>,
}

/// The three lists of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespaces {
    /// User ids.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub users: Vec<Namespace>,
    /// Room aliases.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub aliases: Vec<Namespace>,
    /// Room ids.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub rooms: Vec<Namespace>,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Whether nobody else may make such users, aliases or rooms.
    pub exclusive: bool,
    /// The regular expression. Synapse matches it from the start, but not to the end: anchor it.
    pub regex: String,
}

impl Registration {
    /// Makes a registration with two fresh, independent tokens.
    ///
    /// `localparts` are the bots; they become one anchored, escaped and exclusive regex.
    /// Not rate limited, with ephemeral data.
    pub fn generate(
        id: &str,
        url: &str,
        sender_localpart: &str,
        server_name: &ServerName,
        localparts: &[&str],
    ) -> Self {
        let users = if localparts.is_empty() {
            Vec::new()
        } else {
            vec![Namespace { exclusive: true, regex: user_regex(server_name, localparts) }]
        };
        Self {
            id: id.to_owned(),
            url: Some(url.to_owned()),
            as_token: Secret::generate(),
            hs_token: Secret::generate(),
            sender_localpart: sender_localpart.to_owned(),
            namespaces: Namespaces { users, ..Namespaces::default() },
            rate_limited: Some(false),
            receive_ephemeral: true,
            push_ephemeral: None,
            msc3202: None,
            msc4190: None,
            protocols: Vec::new(),
        }
    }
}

/// Files written by hand say `aliases:` with nothing behind it.
fn null_as_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
