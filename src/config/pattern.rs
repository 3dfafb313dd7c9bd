//! Patterns over names: `*` stands for any run of characters, everything else for itself.

use std::fmt;

use serde::Deserialize;

/// Such as `service:*@node-1` or `@telegram_*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text`, from its beginning to its end, is what this stands for.
    pub fn matches(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(head) else { return false };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        // The leftmost place of each part leaves the most for those behind it.
        for part in middle.split('*') {
            let Some(at) = text.find(part) else { return false };
            text = &text[at + part.len()..];
        }
        text.ends_with(tail)
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("host:node-1", "host:node-1", true),
            ("host:node-1", "host:node-10", false),
            ("host:*", "host:node-1", true),
            ("host:*", "service:x@node-1", false),
            ("service:*@node-1", "service:jellyfin@node-1", true),
            ("service:*@node-1", "service:jellyfin@node-12", false),
            ("service:*@node-1", "service:@node-1", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "ab", false),
            ("*ab*ab", "abab", true),
            ("a**b", "ab", true),
            ("a*b*c", "a-c-b", false),
            ("ü*ß", "über den Fluß", true),
        ] {
            assert_eq!(Pattern::from(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }
}
