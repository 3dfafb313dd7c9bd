//! `[rooms]`: where the bots live. What is left out is made.

use ruma::{OwnedRoomAliasId, OwnedRoomId, RoomAliasId, RoomId};
use serde::{Deserialize, Deserializer};

use super::Problem;

/// A room by alias (made when it does not exist) or by id (must exist).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomRef {
    /// `#alias:domain`
    Alias(OwnedRoomAliasId),
    /// `!id`
    Id(OwnedRoomId),
}

impl<'de> Deserialize<'de> for RoomRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(alias) = RoomAliasId::parse(&text) {
            return Ok(Self::Alias(alias));
        }
        RoomId::parse(&text).map(Self::Id).map_err(|_| {
            serde::de::Error::custom(format!("{text:?} is no room: write `#alias:domain` or `!id`"))
        })
    }
}

/// `[rooms]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rooms {
    /// Where people talk to ralf-core (default `#ralf-ops`).
    pub ops: Option<RoomRef>,
    /// Alerts and health (default `#ralf-health`).
    pub health: Option<RoomRef>,
    /// Deployments (default `#ralf-infra`).
    pub infra: Option<RoomRef>,
    /// Capacity and placement (default `#ralf-planner`).
    pub planner: Option<RoomRef>,
    /// Secrets and policy (default `#ralf-sec`).
    pub sec: Option<RoomRef>,
    /// The space around them (default `#ralf`).
    pub space: Option<RoomRef>,
    /// Who else may invite a bot: Matrix ids or whole servers (`:example.org`). People of `[people]` always may.
    pub allow_invites_from: Vec<String>,
    /// The version of rooms that we make; the homeserver's own default when left out.
    pub version: Option<String>,
}

impl Rooms {
    /// The room of a key: `ops`, `health`, `infra`, `planner`, `sec`, `space`.
    pub fn get(&self, key: &str) -> Option<&RoomRef> {
        match key {
            "ops" => self.ops.as_ref(),
            "health" => self.health.as_ref(),
            "infra" => self.infra.as_ref(),
            "planner" => self.planner.as_ref(),
            "sec" => self.sec.as_ref(),
            "space" => self.space.as_ref(),
            _ => None,
        }
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        for who in &self.allow_invites_from {
            if !(who.starts_with(':') || ruma::UserId::parse(who).is_ok()) {
                problems.push(Problem::at(
                    "rooms.allow_invites_from",
                    format!("{who:?} is neither `@user:server` nor `:server`"),
                ));
            }
        }
    }
}
