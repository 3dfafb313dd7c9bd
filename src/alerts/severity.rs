//! How bad it is: a word from a label, and its place in an order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A severity as the label says it. Words of several systems are ordered together; a word that is unknown, or none, counts as a
/// warning: better told than lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(String);

impl Severity {
    /// From the label; `None` for a missing one.
    pub fn of(label: Option<&str>) -> Self {
        Self(label.unwrap_or_default().trim().to_lowercase())
    }

    /// The word; empty when there was none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its place: 0 none, 1 info, 2 warning, 3 error, 4 critical.
    pub fn rank(&self) -> u8 {
        match self.0.as_str() {
            "none" | "ok" | "debug" => 0,
            "info" | "information" | "informational" | "notice" | "low" | "minor" => 1,
            "error" | "err" | "high" | "major" | "average" => 3,
            "critical" | "crit" | "page" | "fatal" | "emergency" | "emerg" | "disaster" | "p1" | "alert" => 4,
            _ => 2,
        }
    }
}

impl PartialOrd for Severity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Severity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| self.0.cmp(&other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_systems_are_ordered_and_unknown_ones_are_told() {
        let rank = |word: &str| Severity::of(Some(word)).rank();
        assert!(rank("info") < rank("warning") && rank("warning") < rank("high") && rank("high") < rank("PAGE"));
        assert_eq!(rank("odd"), rank("warning"));
        assert_eq!(Severity::of(None).rank(), rank("warning"));
    }
}
