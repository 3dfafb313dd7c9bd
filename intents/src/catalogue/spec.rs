//! An intent as it is read from its file.

use crate::template::Node;
use crate::{Lang, names::Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The text in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::De => &self.de,
            Lang::En => &self.en,
        }
    }
}

/// Something in both languages, each of them possibly empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bilingual<T: Default> {
    /// German.
    pub de: T,
    /// English.
    pub en: T,
}

impl<T: Default> Bilingual<T> {
    /// What there is in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &T {
        match lang {
            Lang::De => &self.de,
            Lang::En => &self.en,
        }
    }
}

/// What can fill a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotType {
    /// A service of the inventory.
    Service,
    /// A host of the inventory.
    Host,
    /// A host, as the place where something goes.
    Node,
    /// A version: `1.30.1`.
    Version,
    /// A number.
    Count,
    /// A duration: `45m`.
    Duration,
    /// An alert of the inventory.
    Alert,
    /// A secret of the inventory.
    Secret,
    /// A compliance scope of the inventory.
    Scope,
    /// `critical`, `warning`, `info`.
    Severity,
    /// What a subscription is about: a severity, alert, service, host, or Alertmanager's own matchers.
    Matcher,
    /// How far back: a duration, a date, `yesterday`, `today`.
    Time,
    /// How far ahead: a duration.
    Horizon,
    /// A snapshot: its id, a date, `yesterday`, `latest`.
    Snapshot,
    /// A service or a host.
    Target,
    /// The number or id of an operation.
    Operation,
}

impl SlotType {
    /// The kinds of stretches that can fill it.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Service => &[Kind::Service],
            Self::Host | Self::Node => &[Kind::Host],
            Self::Version => &[Kind::Version],
            Self::Count => &[Kind::Count],
            Self::Duration | Self::Horizon => &[Kind::Duration],
            Self::Alert => &[Kind::Alert],
            Self::Secret => &[Kind::Secret],
            Self::Scope => &[Kind::Scope],
            Self::Severity => &[Kind::Severity],
            Self::Matcher => &[Kind::Matcher, Kind::Alert, Kind::Service, Kind::Host, Kind::Severity],
            Self::Time => &[Kind::Duration, Kind::Day],
            Self::Snapshot => &[Kind::Snapshot, Kind::Day],
            Self::Target => &[Kind::Service, Kind::Host],
            Self::Operation => &[Kind::Operation],
        }
    }
}

/// Where the risk of what an intent leads to comes from. It never comes from a sentence or a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskSource {
    /// A plan is made: its executor says how risky it is, the policy may raise that, and people approve it.
    Executor,
    /// There is none: it only looks.
    Read,
    /// There is no plan: it is done at once, and the rights of the person who asks decide.
    Rights,
}

/// A slot of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// What can fill it.
    pub kind: SlotType,
    /// Whether nothing can be done without it.
    pub required: bool,
    /// The value for "everything", when that can be said.
    pub everything: Option<String>,
    /// What to ask when it is missing.
    pub question: Option<Text>,
}

/// A parsed template, cue or example, with where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) node: Node,
    /// The line of the file, from 1.
    pub(crate) at: usize,
}

/// An intent of the catalogue.
#[derive(Debug, Clone)]
pub struct IntentSpec {
    /// Its name.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// The bot that answers it: `core`, `health`, `infra`, `planner` or `sec`.
    pub bot: String,
    /// Whether carrying it out changes the homelab.
    pub changes: bool,
    /// Where the risk of what it leads to comes from.
    pub risk: RiskSource,
    /// What is planned for it, by name: with Ansible, `stop` is the playbook `stop.yml`.
    pub plan: Option<String>,
    /// What it does.
    pub does: Text,
    /// Its slots.
    pub slots: Vec<Slot>,
    /// Slots of which one is required.
    pub one_of: Vec<String>,
    /// Sentences about other things that look like it.
    pub counter_examples: Bilingual<Vec<String>>,
    /// What is said about it, by occasion.
    pub replies: BTreeMap<String, Text>,
    pub(crate) templates: Bilingual<Vec<Line>>,
    pub(crate) cues: Bilingual<Vec<Line>>,
    pub(crate) examples: Bilingual<Vec<Line>>,
}

impl IntentSpec {
    /// A slot by its name.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|s| s.name == name)
    }
}
