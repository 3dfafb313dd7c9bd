//! What a message was understood as.

use crate::Lang;
use crate::catalogue::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Slots by name, with canonical values.
pub type Slots = BTreeMap<String, String>;

/// What a message was understood as, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The language it was read in.
    pub lang: Lang,
    /// What it asks for.
    pub outcome: Outcome,
    /// What else it asks for, when one sentence asks for several things.
    pub more: Vec<Outcome>,
    /// The intents that were considered, best first.
    pub candidates: Vec<Candidate>,
    /// What each reader said, in order.
    pub trace: Vec<Trace>,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An intent of the catalogue with all that it needs.
    Intent(Intent),
    /// Something is missing or in doubt: ask the person.
    Ask(Ask),
    /// Nothing for us.
    None(NoneReason),
}

/// Something to do or to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name in the catalogue.
    pub name: String,
    /// What was said, in canonical form.
    pub slots: Slots,
    /// Whether it changes the homelab.
    pub changes: bool,
}

/// A question to the person; it can be stored and filled later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The best candidate.
    pub intent: String,
    /// What is known already.
    pub slots: Slots,
    /// The slot that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Answers to choose from, at most nine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// The question itself.
    pub question: Question,
}

/// A question in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

impl Question {
    /// The question in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::De => &self.de,
            Lang::En => &self.en,
        }
    }
}

impl From<&Text> for Question {
    fn from(text: &Text) -> Self {
        Self { de: text.de.clone(), en: text.en.clone() }
    }
}

/// One answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the person reads (a name, or what an intent does in the language of the talk).
    pub label: String,
    /// The intent that it means; nothing for "none of these".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The slots that it fills.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: Slots,
}

/// Why a message is nothing for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoneReason {
    /// It is about something else.
    NotOurs,
    /// It says that something shall not be done.
    Negated,
    /// It tells that something was done.
    Report,
    /// It asks how or whether something should be done.
    HowTo,
    /// It speaks of a condition or a later time.
    Later,
    /// It holds no words (besides quoted ones).
    Empty,
}

impl fmt::Display for NoneReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOurs => "not ours",
            Self::Negated => "negated",
            Self::Report => "a report",
            Self::HowTo => "a question about doing it",
            Self::Later => "a condition or a later time",
            Self::Empty => "no words",
        })
    }
}

/// An intent and how sure we are of it, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The intent, or `none`.
    pub intent: String,
    /// How sure.
    pub confidence: f64,
}

/// What one reader said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// `grammar`, `cues`, `classifier`, `model`, `grounding`, `modality` or `agreement`.
    pub reader: String,
    /// What it said.
    pub said: String,
}

impl Reading {
    /// The intent, if it is one that is complete.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        match &self.outcome {
            Outcome::Intent(intent) => Some(intent),
            _ => None,
        }
    }

    /// The question, if there is one.
    #[must_use]
    pub fn ask(&self) -> Option<&Ask> {
        match &self.outcome {
            Outcome::Ask(ask) => Some(ask),
            _ => None,
        }
    }
}
