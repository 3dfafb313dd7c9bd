//! A resolved secret.

use std::fmt;

/// The value of a secret. It never shows itself, and it can't be serialised: it has one way, into the environment of an
/// executor's process.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// Wraps one.
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself. Keep it out of files, command lines, logs and messages.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::HIDDEN)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::HIDDEN)
    }
}
