//! `[policy]`: what needs whose consent. What it means for one request, [`crate::approval::Rules`] says.

mod check;
mod conditions;
mod fields;
mod rule;

pub(super) use check::validate;
pub use rule::{Raise, Rule};

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::{Pattern, Role};
use crate::plan::Risk;

/// `[policy]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How long a proposal waits, for all rules without their own.
    pub expiry: SignedDuration,
    /// The power level that an approver needs in the room, besides being one.
    pub power: i64,
    /// Why nothing is dispatched at the moment, if nothing is.
    pub freeze: Option<String>,
    /// How long an operation that somebody broke the glass for may wait for its start.
    pub break_glass_expiry: SignedDuration,
    /// The risk that a plan has at least when it destroys or replaces things.
    pub destroying: Risk,
    /// Roles by power level: in a room, everybody with at least this one has the role.
    pub roles: BTreeMap<Role, i64>,
    /// Matrix ids whose reactions and commands decide nothing, such as those of bridges.
    pub ignore: Vec<Pattern>,
    /// The homeservers whose people may decide; our own and those in `[people]` when it is empty.
    pub servers: Vec<String>,
    /// What is riskier here than its executor says.
    pub raise: Vec<Raise>,
    /// The first rule whose conditions hold decides; without one, [`Rule::default`] does.
    pub rules: Vec<Rule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            expiry: SignedDuration::from_mins(15),
            power: 0,
            freeze: None,
            break_glass_expiry: SignedDuration::from_mins(10),
            destroying: Risk::High,
            roles: BTreeMap::new(),
            // By convention the ids of appservices begin with an underscore.
            ignore: vec![Pattern::from("@_*")],
            servers: Vec::new(),
            raise: Vec::new(),
            rules: Vec::new(),
        }
    }
}
