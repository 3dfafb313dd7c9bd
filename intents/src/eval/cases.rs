//! Sentences whose meaning is known, one JSON object a line.

use crate::Lang;
use crate::reading::Slots;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A sentence and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The sentence.
    pub text: String,
    /// Its intent, or `none`.
    pub intent: String,
    /// Its slots, in canonical form.
    #[serde(default)]
    pub slots: Slots,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// What sort of sentence it is: `report`, `foreign` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A line that is no case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct CaseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// All lines that are no cases; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseErrors(pub Vec<CaseError>);

impl fmt::Display for CaseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for CaseErrors {}

/// Reads cases, one JSON object a line; empty lines are passed over.
///
/// # Errors
/// When lines are no cases: all of them.
pub fn cases(lines: &str) -> Result<Vec<Case>, CaseErrors> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    // An editor may have put a mark at the beginning.
    for (line, text) in (1..).zip(lines.trim_start_matches('\u{feff}').lines()) {
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(text) {
            Ok(case) => good.push(case),
            // The parser counts lines, too; here there is only one.
            Err(error) => {
                bad.push(CaseError { line, message: error.to_string().replace("line 1 column", "column") })
            }
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(CaseErrors(bad)) }
}
