//! What is to be done, frozen: an executor makes a [`Plan`], people approve its [`Digest`], the same executor applies
//! it.

mod digest;

pub use digest::{Digest, canonical, hex};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How much can go wrong. It comes from the executor and the policy, never from a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing is changed.
    Read,
    /// Easily undone.
    Low,
    /// A service is interrupted.
    Medium,
    /// Something is lost or destroyed.
    High,
}

impl Risk {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What an executor is asked to plan: an intent with grounded slots and resolved targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The operation that this is for.
    pub operation: String,
    /// The intent's name, such as `deploy_service`.
    pub intent: String,
    /// What the executor shall do: `deploy`, `restart`, `remove` …
    pub action: String,
    /// The service by its inventory name, if the intent is about one.
    pub service: Option<String>,
    /// The hosts that it happens on, by inventory name, sorted.
    pub hosts: Vec<String>,
    /// The intent's slots, as they were understood.
    pub slots: BTreeMap<String, String>,
}

/// One step of a plan as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The executor's own name for it.
    pub title: String,
    /// The host that it happens on.
    pub host: String,
    /// Whether it changes something.
    pub changes: bool,
}

/// What will happen if it is approved. Everything in here is hashed; see [`Plan::digest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The executor's name.
    pub executor: String,
    /// The version of the program behind it.
    pub executor_version: String,
    /// What was asked.
    pub task: Task,
    /// Resolved target ids, sorted, such as `service:jellyfin@node-2` or `host:node-2`. Each is leased while it runs.
    pub targets: Vec<String>,
    /// How much can go wrong.
    pub risk: Risk,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The change as a unified diff; empty when the executor has none to show.
    pub diff: String,
    /// SHA-256 (hex) over everything that was rendered into the run folder: what will run, byte for byte.
    pub artefact: String,
    /// The state of the targets as it was seen; a different one at dispatch makes the plan stale.
    pub observed: String,
    /// The version of the policy it was made under.
    pub policy_version: String,
    /// How many things it creates, changes, replaces and destroys, where the executor counts them.
    #[serde(default)]
    pub effects: Effects,
    /// The secrets that will be used: by reference and version, never by value.
    #[serde(default)]
    pub secrets: Vec<SecretUse>,
    /// What runs by itself when it fails, approved together with it.
    #[serde(default)]
    pub rescue: Vec<Step>,
}

/// What a plan does to things, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// Made anew.
    pub create: u32,
    /// Changed in place.
    pub change: u32,
    /// Destroyed and made anew.
    pub replace: u32,
    /// Destroyed.
    pub destroy: u32,
}

/// A secret that a run will use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretUse {
    /// Where it comes from, such as `vault://kv/db#password`, `env:DB_PASSWORD`, `file:/etc/ralf/db`.
    pub reference: String,
    /// Its version, or a keyed hash of its value where there is none.
    pub version: String,
}

impl Plan {
    /// Whether something is lost: destroyed, or replaced by something new.
    pub fn destroys(&self) -> bool {
        self.effects.replace > 0 || self.effects.destroy > 0
    }

    /// Whether there is anything to do.
    pub fn changes(&self) -> bool {
        self.steps.iter().any(|step| step.changes)
    }

    /// The digest that an approval is bound to.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }
}
