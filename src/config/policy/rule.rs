//! `[[policy.rules]]` and `[[policy.raise]]`.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use crate::approval::Who;
use crate::config::{Pattern, Role};
use crate::plan::Risk;

/// One `[[policy.rules]]`: when all conditions that are given hold, its terms do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// What it is called where it is explained; by its place when it has no name.
    pub name: Option<String>,
    /// Condition: the risk is one of these.
    pub risk: Option<Vec<Risk>>,
    /// Condition: the intent is one of these.
    pub intents: Option<Vec<String>>,
    /// Condition: one of these stands for at least one of the plan's targets.
    pub targets: Option<Vec<Pattern>>,
    /// Condition: the intent belongs to one of these bots.
    pub bots: Option<Vec<String>>,
    /// How many different people must approve.
    pub approvals: u32,
    /// Who may.
    #[serde(deserialize_with = "whos")]
    pub approvers: Vec<Who>,
    /// Whether the asker may be one of them.
    pub self_approval: bool,
    /// How long the proposal waits.
    pub expiry: Option<SignedDuration>,
    /// How long nothing starts, even when it is approved.
    pub wait: SignedDuration,
    /// Whether a second factor is demanded.
    pub second_factor: bool,
    /// When others are called, if nobody has decided.
    pub escalate_after: Option<SignedDuration>,
    /// The others, who may approve from then on.
    #[serde(deserialize_with = "whos")]
    pub escalate_to: Vec<Who>,
    /// Nobody is asked. Only for what changes nothing.
    pub auto_approve: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            name: None,
            risk: None,
            intents: None,
            targets: None,
            bots: None,
            approvals: 1,
            approvers: vec![Who::Role(Role::Approver.as_str().to_owned())],
            self_approval: true,
            expiry: None,
            wait: SignedDuration::ZERO,
            second_factor: false,
            escalate_after: None,
            escalate_to: Vec::new(),
            auto_approve: false,
        }
    }
}

impl Rule {
    /// What it is called: its name, else its place among the rules.
    pub fn title(&self, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("rule {}", index + 1))
    }

    /// Whether it has no condition and so leaves nothing to what comes after it.
    pub fn is_about_everything(&self) -> bool {
        self.risk.is_none() && self.intents.is_none() && self.targets.is_none() && self.bots.is_none()
    }
}

/// One `[[policy.raise]]`: when all conditions that are given hold, the risk is at least `to`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// Condition: the plan is one of these executors'.
    pub executors: Option<Vec<String>>,
    /// Condition: what the executor does is one of these, such as `restart`.
    pub actions: Option<Vec<String>>,
    /// Condition: the intent is one of these.
    pub intents: Option<Vec<String>>,
    /// Condition: one of these stands for at least one of the plan's targets.
    pub targets: Option<Vec<Pattern>>,
    /// The risk that it has at least.
    pub to: Risk,
}

fn whos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Who>, D::Error> {
    let parse = |text: &String| text.parse().map_err(serde::de::Error::custom);
    Vec::<String>::deserialize(deserializer)?.iter().map(parse).collect()
}
