//! Our matchers in Alertmanager's own terms, for its API of silences.

use super::{ABOUT, Matcher, Matchers, Operator};
use crate::alerts::{Labels, Severity};

/// Why matchers can't be said in Alertmanager's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// `about` looks at several labels, one of which must match; Alertmanager wants all.
    #[error("Alertmanager knows no `about`: name the label, such as `instance=~\"pi4(:.*)?\"`")]
    About,
    /// Alertmanager silences nothing when every condition holds for an alert without labels.
    #[error("that would silence everything: name at least one label's value")]
    Everything,
}

impl Matchers {
    /// `(name, value, is_regex, is_equal)` for each condition. An order of severities becomes a regular expression over the known
    /// words; one that includes warnings leaves out the words outside it, because an unknown word counts as a warning.
    ///
    /// # Errors
    /// What Alertmanager can't be told or refuses.
    pub fn alertmanager(&self) -> Result<Vec<(String, String, bool, bool)>, Untranslatable> {
        let translated: Option<Vec<_>> = self.0.iter().map(Matcher::alertmanager).collect();
        let translated = translated.ok_or(Untranslatable::About)?;
        // A severity that is missing satisfies `severity<critical`, in their terms too.
        if self.matches(&Labels::new()) {
            return Err(Untranslatable::Everything);
        }
        Ok(translated)
    }
}

impl Matcher {
    /// `(name, value, is_regex, is_equal)`, except of one on `about`.
    pub fn alertmanager(&self) -> Option<(String, String, bool, bool)> {
        if self.name == ABOUT {
            return None;
        }
        let (value, is_regex, is_equal) = match self.operator {
            Operator::Equal => (self.value.clone(), false, true),
            Operator::NotEqual => (self.value.clone(), false, false),
            Operator::Regex => (self.value.clone(), true, true),
            Operator::NotRegex => (self.value.clone(), true, false),
            order => {
                let is_equal = !order.orders(Severity::rank_of(""), self.bound);
                let words = Severity::words(|rank| order.orders(rank, self.bound) == is_equal);
                let mut words: Vec<&str> = words.collect();
                if words.is_empty() {
                    // No text at all: nothing is above critical.
                    words.push(r"[^\s\S]");
                }
                (format!(r"(?i)\s*({})\s*", words.join("|")), true, is_equal)
            }
        };
        Some((self.name.clone(), value, is_regex, is_equal))
    }
}
