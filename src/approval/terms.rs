//! Terms: what it takes to approve one request. They are copied from the policy when the request is made.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Someone who may approve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Everybody in `[people]` with this role, such as `approver`.
    Role(String),
    /// One person of `[people]`.
    Person(String),
    /// Everybody in the room with at least this power level; the creators of a version 12 room have every one.
    Power(i64),
}

impl fmt::Display for Who {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(name) => f.write_str(name),
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Power(level) => write!(f, "power:{level}"),
        }
    }
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is nobody: write a role such as \"approver\", \"person:NAME\" with a name from [people], or \"power:50\""
            )
        };
        match text.split_once(':') {
            None if text.is_empty() => Err(wrong()),
            None => Ok(Self::Role(text.to_owned())),
            Some(("role", name)) if !name.is_empty() => Ok(Self::Role(name.to_owned())),
            Some(("person", name)) if !name.is_empty() => Ok(Self::Person(name.to_owned())),
            Some(("power", level)) => level.parse().map(Self::Power).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }
}

/// What it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The rule that decided, as `ralf check` and `!ralf policy` name it.
    pub rule: String,
    /// How many different people must approve; 0 only for work that changes nothing.
    pub approvals: u32,
    /// Who may. Anyone of them, and the asker, may deny.
    pub approvers: Vec<Who>,
    /// Circles that an approver must be in as well: those of a policy that was changed since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Circle>,
    /// The power level that an approver needs in the room, besides being one.
    pub power: i64,
    /// Whether the asker may be one of them.
    pub self_approval: bool,
    /// How long the request waits, in milliseconds.
    pub expiry_ms: i64,
    /// How long after the request was made nothing is dispatched yet, in milliseconds.
    pub wait_ms: i64,
    /// Whether the second factor is demanded.
    pub second_factor: bool,
    /// Who is called when nobody has decided in time.
    pub escalation: Option<Escalation>,
}

/// Who may approve under another policy than the one that the request was made under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circle {
    /// Who may.
    pub approvers: Vec<Who>,
    /// Who may, too, when it has been escalated.
    pub escalated: Vec<Who>,
}

/// A second group that is called, and may then approve, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// How long after the request was made, in milliseconds.
    pub after_ms: i64,
    /// Who.
    pub to: Vec<Who>,
}

/// Who is in a room, and with which power: as the homeserver says it now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Joined users with their power levels; `i64::MAX` for the creators of a version 12 room.
    pub members: BTreeMap<String, i64>,
    /// The room was replaced by another one, or we are not in it any more.
    pub upgraded: bool,
}
