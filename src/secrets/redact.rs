//! Takes secrets out of everything that leaves.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde_json::Value;

use super::names::{gather, is_password, is_secret};
use super::{HIDDEN, patterns, variants};

/// Shorter values are no secrets, and hiding them would hide everything.
const SHORTEST: usize = 4;
/// Up to so many bytes of values are searched in the fastest way, with some two megabytes of tables.
const DENSE: usize = 8 * 1024;
/// Markup is made of texts that were hidden before: a pattern in it would take tags for values.
const MARKUP: &str = "formatted_body";

/// Hides known values, in all the ways they can be written, and what looks like a token.
#[derive(Debug, Default)]
pub struct Redactor {
    known: RwLock<Arc<Known>>,
}

#[derive(Default, Clone)]
struct Known {
    values: BTreeSet<String>,
    finder: Option<AhoCorasick>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} values", self.values.len())
    }
}

impl Redactor {
    /// One that knows these values.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let redactor = Self::default();
        redactor.learn(values);
        redactor
    }

    /// Another one that knows as much, and can learn more by itself.
    pub fn fork(&self) -> Self {
        Self { known: RwLock::new(self.known()) }
    }

    /// Hides these values from now on.
    pub fn learn(&self, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut new = BTreeSet::new();
        for value in values {
            let value = value.as_ref();
            if value.len() >= SHORTEST && !self.known().values.contains(value) {
                // A part of what stands in a secret's place would be replaced for ever.
                new.extend(
                    variants::of(value)
                        .into_iter()
                        .filter(|v| v.len() >= SHORTEST && !HIDDEN.contains(v.as_str())),
                );
            }
        }
        if new.is_empty() {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut values = known.values.clone();
        values.extend(new);
        // The fastest kind takes room with every letter.
        let kind = (values.iter().map(String::len).sum::<usize>() < DENSE).then_some(AhoCorasickKind::DFA);
        // The longest first, so that no part of one stays.
        let finder = AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostLongest).build(&values);
        match finder {
            Ok(finder) => *known = Arc::new(Known { values, finder: Some(finder) }),
            // Only for more than four thousand million states.
            Err(error) => tracing::error!(%error, "secrets can't be learned"),
        }
    }

    /// Hides the values of all variables whose names say that they are secret, at any depth.
    pub fn learn_vars<'v>(&self, vars: impl IntoIterator<Item = (&'v String, &'v Value)>) {
        let mut found = Vec::new();
        for (name, value) in vars {
            gather(value, is_secret(name), &mut found);
        }
        self.learn(found);
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text without secrets.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // What a replacement leaves can only by malice make up another value; then it is looked at again.
        let mut text = Cow::Borrowed(text);
        for _ in 0..8 {
            let next = match self.hide_known(&text) {
                Cow::Owned(hidden) => Some(patterns::hide(&hidden).into_owned()),
                Cow::Borrowed(same) => match patterns::hide(same) {
                    Cow::Owned(hidden) => Some(hidden),
                    Cow::Borrowed(_) => None,
                },
            };
            match next {
                Some(next) if next != *text => text = Cow::Owned(next),
                _ => break,
            }
        }
        text
    }

    /// The text without known values; what only looks like a secret stays.
    fn hide_known<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        let Some(finder) = known.finder.as_ref().filter(|finder| finder.is_match(text)) else {
            return Cow::Borrowed(text);
        };
        let mut out = String::with_capacity(text.len());
        finder.replace_all_with(text, &mut out, |_, _, out| {
            out.push_str(HIDDEN);
            true
        });
        Cow::Owned(out)
    }

    /// A JSON value without secrets in its texts; its structure stays.
    pub fn hide_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hide(text) {
                    *text = hidden;
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|inner| self.hide_json(inner)),
            Value::Object(all) => {
                let named: Vec<String> = all
                    .keys()
                    .filter(|name| matches!(self.hide_known(name), Cow::Owned(_)))
                    .cloned()
                    .collect();
                for name in named {
                    if let Some(inner) = all.remove(&name) {
                        all.insert(self.hide_known(&name).into_owned(), inner);
                    }
                }
                for (name, inner) in all {
                    match inner {
                        Value::String(markup) if name == MARKUP => {
                            *markup = self.hide_known(markup).into_owned()
                        }
                        // `{"password": "…"}` says in its name what a pattern sees only in one text.
                        Value::String(text) if is_password(name) && !patterns::is_reference(text) => {
                            *text = HIDDEN.to_owned();
                        }
                        other => self.hide_json(other),
                    }
                }
            }
            _ => {}
        }
    }

    /// A text that may be JSON, and then still is.
    pub fn hide_json_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.starts_with(['{', '['])
            && let Ok(mut value) = serde_json::from_str::<Value>(text)
        {
            let before = value.clone();
            self.hide_json(&mut value);
            return if value == before { Cow::Borrowed(text) } else { Cow::Owned(value.to_string()) };
        }
        self.hide(text)
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
