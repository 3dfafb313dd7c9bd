//! Reaction keys.

use super::mutants::{self, Mutant};

/// What a vote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No; it is final.
    Deny,
}

impl Verdict {
    /// Its name in the database and the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// The verdict that a reaction stands for: ✅ or 👍, ❌ or 👎, whatever the variation selector or skin tone.
pub fn verdict(key: &str) -> Option<Verdict> {
    let bare: String = key
        .trim()
        .chars()
        .filter(|c| {
            mutants::is(Mutant::KeyUnnormalised)
                || !matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
        })
        .collect();
    match bare.as_str() {
        "✅" | "👍" => Some(Verdict::Approve),
        "❌" | "👎" => Some(Verdict::Deny),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_a_key_are_the_same() {
        for key in ["✅", "✅\u{fe0f}", "👍", "👍🏽", "👍\u{fe0f}"] {
            assert_eq!(verdict(key), Some(Verdict::Approve), "{key}");
        }
        for key in ["❌", "❌\u{fe0f}", "👎🏿"] {
            assert_eq!(verdict(key), Some(Verdict::Deny), "{key}");
        }
        for key in ["", "✔", "👀", "✅✅", "yes", "👍👎", "🤙"] {
            assert_eq!(verdict(key), None, "{key}");
        }
    }
}
