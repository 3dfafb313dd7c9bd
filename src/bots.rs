//! The five bots: who they are. What they do is decided elsewhere.

use ruma::{OwnedUserId, ServerName, UserId};

/// A bot, by the short name that stands in `lab.json`, messages and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bot {
    /// Talks and orchestrates.
    Core,
    /// Deploys and repairs.
    Infra,
    /// Alerts and health.
    Health,
    /// Capacity and placement.
    Planner,
    /// Secrets and policy.
    Sec,
}

/// The namespace's user that we never act as: Synapse's `sender_localpart` can't sync.
pub const SENDER_LOCALPART: &str = "_ralf";

impl Bot {
    /// All five; ralf-core first.
    pub const ALL: [Self; 5] = [Self::Core, Self::Infra, Self::Health, Self::Planner, Self::Sec];

    /// `core`, `infra` …
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Infra => "infra",
            Self::Health => "health",
            Self::Planner => "planner",
            Self::Sec => "sec",
        }
    }

    /// The bot of that short name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bot| bot.name() == name)
    }

    /// `ralf-core` …
    pub fn localpart(self) -> &'static str {
        match self {
            Self::Core => "ralf-core",
            Self::Infra => "ralf-infra",
            Self::Health => "ralf-health",
            Self::Planner => "ralf-planner",
            Self::Sec => "ralf-sec",
        }
    }

    /// Its Matrix id on `server`.
    pub fn user_id(self, server: &ServerName) -> OwnedUserId {
        UserId::parse(format!("@{}:{server}", self.localpart())).expect("a valid localpart and a server name")
    }

    /// The bot behind a Matrix id.
    pub fn of(user: &UserId, server: &ServerName) -> Option<Self> {
        (user.server_name() == server)
            .then(|| Self::ALL.into_iter().find(|b| b.localpart() == user.localpart()))?
    }

    /// The name that people see.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Core => "Ralf",
            Self::Infra => "Ralf Infra",
            Self::Health => "Ralf Health",
            Self::Planner => "Ralf Planner",
            Self::Sec => "Ralf Sec",
        }
    }

    /// The key of the room that is its own, as in `[rooms]`.
    pub fn room_key(self) -> &'static str {
        match self {
            Self::Core => "ops",
            other => other.name(),
        }
    }

    /// The name and the topic of its room.
    pub fn room_profile(self) -> (&'static str, &'static str) {
        match self {
            Self::Core => {
                ("Ralf · Ops", "Say what you want done, in German or English. Nothing happens before ✅.")
            }
            Self::Infra => ("Ralf · Infra", "Deployments and repairs"),
            Self::Health => ("Ralf · Health", "Alerts and the lab's health"),
            Self::Planner => ("Ralf · Planner", "Capacity and placement"),
            Self::Sec => ("Ralf · Security", "Secrets and policy"),
        }
    }
}
