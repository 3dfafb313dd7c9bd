//! How bad it is: a word from a label, and its place in an order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A severity as the label says it. Words of several systems are ordered together; a word that is unknown, or none, counts as a
/// warning: better told than lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(String);

/// The words that are known, each with its place.
const WORDS: [(&str, u8); 30] = [
    ("none", 0),
    ("ok", 0),
    ("debug", 0),
    ("info", 1),
    ("information", 1),
    ("informational", 1),
    ("notice", 1),
    ("low", 1),
    ("minor", 1),
    ("warning", UNKNOWN),
    ("warn", UNKNOWN),
    ("medium", UNKNOWN),
    ("error", 3),
    ("err", 3),
    ("high", 3),
    ("major", 3),
    ("average", 3),
    ("critical", 4),
    ("crit", 4),
    ("page", 4),
    ("fatal", 4),
    ("emergency", 4),
    ("emerg", 4),
    ("disaster", 4),
    ("p1", 4),
    ("alert", 4),
    // German words that people say; no system writes them.
    ("kritisch", 4),
    ("fehler", 3),
    ("warnung", UNKNOWN),
    ("hinweis", 1),
];

const UNKNOWN: u8 = 2;

impl Severity {
    /// From the label; `None` for a missing one.
    pub fn of(label: Option<&str>) -> Self {
        Self(label.unwrap_or_default().trim().to_lowercase())
    }

    /// The severity that a person names, also in the plural, with `severity>=` in front; nothing when it is none.
    pub fn said(words: &str) -> Option<Self> {
        let low = words.trim().to_lowercase();
        let word = low.trim_start_matches("severity").trim_start_matches(['>', '=']).trim_matches('"');
        ["", "s", "en", "e", "er"].iter().find_map(|ending| Self::known(word.strip_suffix(ending)?))
    }

    /// The severity of that word, if it is one that is known.
    pub fn known(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        WORDS.iter().any(|(known, _)| *known == word).then_some(Self(word))
    }

    /// The word; empty when there was none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its place: 0 none, 1 info, 2 warning, 3 error, 4 critical.
    pub fn rank(&self) -> u8 {
        Self::rank_of(&self.0)
    }

    /// The place of a label's value, without keeping it.
    pub fn rank_of(label: &str) -> u8 {
        let label = label.trim();
        // Asked for every alert and subscription: most words differ in the first letter.
        let first = label.bytes().next().map(|b| b.to_ascii_lowercase());
        let is = |word: &str| word.bytes().next() == first && label.eq_ignore_ascii_case(word);
        let known = WORDS.iter().find(|(word, _)| is(word));
        known.map_or(UNKNOWN, |(_, rank)| *rank)
    }

    /// All words that are known and whose place is `wanted`.
    pub(super) fn words(wanted: impl Fn(u8) -> bool) -> impl Iterator<Item = &'static str> {
        WORDS.iter().filter(move |(_, rank)| wanted(*rank)).map(|(word, _)| *word)
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
        assert!(
            rank("info") < rank("warning") && rank("warning") < rank("high") && rank("high") < rank("PAGE")
        );
        assert_eq!(rank("odd"), rank("warning"));
        assert_eq!(Severity::of(None).rank(), rank("warning"));
        assert_eq!(Severity::known("Critical").map(|severity| severity.rank()), Some(4));
        assert_eq!(Severity::known("odd"), None);
    }
}
