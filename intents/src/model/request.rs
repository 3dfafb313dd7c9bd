//! What a model is asked, and what it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A kind of private text. A request says which kinds it holds; a server may see some of them or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What a person wrote.
    Talk,
    /// Names and states of the lab.
    Lab,
    /// Alerts and log lines.
    Logs,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Talk => "talk",
            Self::Lab => "lab",
            Self::Logs => "logs",
        })
    }
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    /// All kinds of private text in it; only a server that may see every one of them is asked.
    pub holds: &'static [Class],
    /// What it shall do.
    pub system: String,
    /// What it is about; text from elsewhere is fenced as data, see [`crate::fence`].
    pub user: String,
    /// The JSON schema of the answer; without one it is free text.
    pub schema: Option<Value>,
    /// The most tokens of the answer: a constrained model may run on in white space.
    pub max_tokens: u32,
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAnswer {
    /// Its words; JSON where the request had a schema, as far as the server keeps to it.
    pub text: String,
    /// The model that answered.
    pub model: String,
    /// Tokens of question and answer together, as the server counts them; nothing when it does not say.
    pub tokens: Option<u64>,
    /// The models that should have answered before this one, each with the reason why it did not.
    pub passed_over: Vec<String>,
}
