//! The form of an intent's file.

use super::{CatalogueError, Shared};
use crate::template::{Node, parse};
use crate::{Lang, names::Kind};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

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
    /// Words of the message as they stand.
    Text,
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
            Self::Text => &[],
        }
    }
}

/// A slot of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// What can fill it.
    #[serde(rename = "type")]
    pub kind: SlotType,
    /// Whether nothing can be done without it.
    #[serde(default)]
    pub required: bool,
    /// The value for "everything", when that can be said.
    #[serde(default)]
    pub everything: Option<String>,
    /// What to ask when it is missing.
    #[serde(default)]
    pub question: Option<Text>,
}

/// A parsed template or cue, with where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) node: Node,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    bot: String,
    changes: bool,
    #[serde(default)]
    plan: Option<String>,
    does: Text,
    #[serde(default)]
    slots: Vec<Slot>,
    #[serde(default)]
    one_of: Vec<String>,
    #[serde(default)]
    templates: Bilingual<Vec<Spanned<String>>>,
    #[serde(default)]
    cues: Bilingual<Vec<Spanned<String>>>,
    #[serde(default)]
    examples: Bilingual<Vec<Spanned<String>>>,
    #[serde(default)]
    counter_examples: Bilingual<Vec<String>>,
    #[serde(default)]
    replies: BTreeMap<String, Text>,
}

/// An intent of the catalogue.
#[derive(Debug, Clone)]
pub struct IntentSpec {
    /// Its name.
    pub name: String,
    /// The bot that answers it: `core`, `health`, `infra`, `planner` or `sec`.
    pub bot: String,
    /// Whether carrying it out changes the homelab.
    pub changes: bool,
    /// What the program plans for it, by name.
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
    pub(crate) fn parse(file: &str, text: &str, shared: &Shared) -> Result<Self, CatalogueError> {
        let raw: File = toml::from_str(text).map_err(|e| CatalogueError::toml(file, text, &e))?;
        let name = raw.name.get_ref().clone();
        let here = |offset: usize, message: String| CatalogueError::at(file, text, offset, message);
        if !["core", "health", "infra", "planner", "sec"].contains(&raw.bot.as_str()) {
            return Err(here(raw.name.span().start, format!("there is no bot `{}`", raw.bot)));
        }
        let plain = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !plain || name == "none" {
            return Err(here(raw.name.span().start, format!("`{name}` cannot be the name of an intent")));
        }
        for slot in &raw.one_of {
            if !raw.slots.iter().any(|s| &s.name == slot) {
                return Err(here(
                    raw.name.span().start,
                    format!("`one_of` names `{slot}`, which is no slot"),
                ));
            }
        }
        let lines = |all: &Bilingual<Vec<Spanned<String>>>| -> Result<Bilingual<Vec<Line>>, CatalogueError> {
            let mut out = Bilingual { de: Vec::new(), en: Vec::new() };
            for (lang, into) in [(Lang::De, &mut out.de), (Lang::En, &mut out.en)] {
                for line in all.get(lang) {
                    let fail = |message| here(line.span().start, message);
                    let node = parse(line.get_ref(), shared.rules(lang)).map_err(fail)?;
                    slots_exist(&node, &raw.slots).map_err(fail)?;
                    into.push(Line { text: line.get_ref().clone(), node });
                }
            }
            Ok(out)
        };
        Ok(Self {
            templates: lines(&raw.templates)?,
            cues: lines(&raw.cues)?,
            examples: lines(&raw.examples)?,
            name,
            bot: raw.bot,
            changes: raw.changes,
            plan: raw.plan,
            does: raw.does,
            slots: raw.slots,
            one_of: raw.one_of,
            counter_examples: raw.counter_examples,
            replies: raw.replies,
        })
    }

    /// A slot by its name.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|s| s.name == name)
    }
}

fn slots_exist(node: &Node, slots: &[Slot]) -> Result<(), String> {
    match node {
        Node::Word(..) | Node::Gap => Ok(()),
        Node::Slot(names) => match names.iter().find(|n| !slots.iter().any(|s| &s.name == *n)) {
            Some(name) => Err(format!("the intent has no slot `{name}`")),
            None => Ok(()),
        },
        Node::Seq(parts) | Node::Alt(parts) => parts.iter().try_for_each(|p| slots_exist(p, slots)),
        Node::Opt(inner) => slots_exist(inner, slots),
    }
}
