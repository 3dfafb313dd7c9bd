//! Takes secrets out of everything that leaves an executor.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What stands in a secret's place.
const HIDDEN: &str = "[hidden]";
/// Shorter values are no secrets, and hiding them would hide everything.
const SHORTEST: usize = 4;

/// Hides known values and what looks like a token.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    known: Vec<String>,
}

impl Redactor {
    /// One that knows these values.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut known: Vec<String> = values.into_iter().filter(|value| value.len() >= SHORTEST).collect();
        // The longest first, so that no part of one stays.
        known.sort_by_key(|value| std::cmp::Reverse(value.len()));
        known.dedup();
        Self { known }
    }

    /// One that knows the values of all variables whose names say that they are secret, at any depth.
    pub fn of_vars<'v>(vars: impl IntoIterator<Item = (&'v String, &'v Value)>) -> Self {
        let mut known = Vec::new();
        for (name, value) in vars {
            gather(value, is_secret(name), &mut known);
        }
        Self::new(known)
    }

    /// The text without secrets.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.known {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), HIDDEN);
            }
        }
        for (pattern, with) in PATTERNS.iter() {
            if let std::borrow::Cow::Owned(hidden) = pattern.replace_all(&text, *with) {
                text = hidden;
            }
        }
        text
    }
}

/// All texts in a value that are secret, by their own name or one around them.
fn gather(value: &Value, secret: bool, known: &mut Vec<String>) {
    match value {
        Value::String(text) if secret => known.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|inner| gather(inner, secret, known)),
        Value::Object(all) => {
            all.iter().for_each(|(name, inner)| gather(inner, secret || is_secret(name), known))
        }
        _ => {}
    }
}

/// Whether a variable's name says that its value is secret. A path to one is not.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let says = ["password", "passwd", "passphrase", "_pass", "token", "secret", "key"]
        .iter()
        .any(|s| name.contains(s));
    says && !name.ends_with("_file") && !name.ends_with("_path")
}

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        // name = value, name: value, "name": "value"
        (
            r#"(?i)((?:password|passwd|passphrase|token|secret|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]*["']?\s*[:=]\s*["']?)[^\s"',;\[]{4,}"#,
            "${1}[hidden]",
        ),
        // --name value
        (r"(?i)(--[\w-]*(?:password|passwd|passphrase|token|secret|key)[\w-]*\s+)[^\s\[-]\S{3,}", "${1}[hidden]"),
        (r"(?i)\b(authorization\W{1,4}(?:bearer|basic)|bearer)\s+[A-Za-z0-9._~+/=-]{8,}", "${1} [hidden]"),
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", HIDDEN),
        (r"([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", "${1}[hidden]@"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", HIDDEN),
        (r"\b(?:syt_|mat_|mct_|ghp_|gho_|ghs_|github_pat_|glpat-|hvs\.|xox[abp]-|AKIA|sk-)[A-Za-z0-9_-]{8,}", HIDDEN),
    ]
    .into_iter()
    .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 7);
    }

    #[test]
    fn secrets_are_hidden() {
        let redactor = Redactor::new(["hunter2hunter2".to_owned(), "abc".to_owned()]);
        for (text, hidden) in [
            ("it was hunter2hunter2!", "it was [hidden]!"),
            ("+db_password: s3cr3tvalue", "+db_password: [hidden]"),
            ("--token abcdefgh --x", "--token [hidden] --x"),
            ("{\"api_key\": \"abcd1234\"}", "{\"api_key\": \"[hidden]\"}"),
            ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer [hidden]"),
            ("the token expires, basic authentication", "the token expires, basic authentication"),
            ("DB_PASSWORD_2=abcdefgh", "DB_PASSWORD_2=[hidden]"),
            ("postgres://ralf:pw@db/x", "postgres://ralf:[hidden]@db/x"),
            ("syt_YWRtaW4_abcdefgh_123", "[hidden]"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "[hidden]"),
            ("abc stays, and so does the version 1.2.3", "abc stays, and so does the version 1.2.3"),
        ] {
            assert_eq!(redactor.hide(text), hidden);
        }
    }

    #[test]
    fn names_tell_which_variables_are_secret() {
        let vars = serde_json::json!({
            "ansible_become_password": "correct horse", "ansible_ssh_private_key_file": "/root/.ssh/id", "region": "north",
            "database": {"password": "deep water", "name": "ralf"}
        });
        let redactor = Redactor::of_vars(vars.as_object().expect("a map"));
        assert_eq!(
            redactor.hide("correct horse /root/.ssh/id north deep water ralf"),
            "[hidden] /root/.ssh/id north [hidden] ralf"
        );
    }
}
