//! Terms: what it takes to approve one request. They are copied from the policy when the request is made.

use std::collections::BTreeMap;

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

/// What it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The rule that decided, as `ralf check` and `!ralf policy` name it.
    pub rule: String,
    /// How many different people must approve; 0 only for work that changes nothing.
    pub approvals: u32,
    /// Who may. Anyone of them, and the asker, may deny.
    pub approvers: Vec<Who>,
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
    /// The room was replaced by another one.
    pub upgraded: bool,
}
