//! Alertmanager's matchers, and `severity>=warning` besides.

use serde::Deserialize;

use super::Labels;

/// Conditions on labels, all of which must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Matchers(Vec<Matcher>);

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// What is compared with.
    pub value: String,
}

/// Why a text is no list of matchers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MatcherError {
    /// Where, in bytes.
    pub at: usize,
    /// What is wrong, in English, and what to write instead.
    pub message: String,
}

impl Matchers {
    /// Whether all hold; a label that is missing is empty.
    pub fn matches(&self, _labels: &Labels) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Matchers {
    type Error = MatcherError;

    fn try_from(text: String) -> Result<Self, MatcherError> {
        Err(MatcherError { at: 0, message: text })
    }
}
