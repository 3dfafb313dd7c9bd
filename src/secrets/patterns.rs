//! What looks like a secret, whoever's it is.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{Captures, Regex, RegexSet};

use super::HIDDEN;

/// Names that say that what follows is secret.
macro_rules! names {
    () => {
        "(?:password|passwd|passwort|kennwort|passphrase|token|secret|geheimnis|credential|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key)"
    };
}

/// Whether what stands where a secret would is one.
type Check = fn(&str) -> bool;

/// Each has a group `v`: the part that is hidden. No `v` may begin with `[`, so that hiding twice is hiding once. Word
/// boundaries are ASCII's: the others are slow as soon as there is an umlaut.
const PATTERNS: [(&str, Check); 10] = [
    // name = "a value", name: 'a value'
    (
        concat!("(?i)", names!(), r#"[A-Za-z0-9_-]*\\?["']?[ \t]*[:=][ \t]*\\?"(?P<v>[^"\\\n\[]{4,})"#),
        is_no_reference,
    ),
    (
        concat!("(?i)", names!(), r#"[A-Za-z0-9_-]*\\?["']?[ \t]*[:=][ \t]*'(?P<v>[^'\n\[]{4,})"#),
        is_no_reference,
    ),
    // name = value, name: value, "name": "value"
    (
        concat!(
            "(?i)",
            names!(),
            r#"[A-Za-z0-9_-]*\\?["']?[ \t]*[:=][ \t]*\\?["']?(?P<v>[^\s"',;\[]{3,}[^\s"',;\[\\])"#
        ),
        is_no_reference,
    ),
    // --name value
    (
        concat!(r"(?i)--[A-Za-z0-9_-]*(?:key|", names!(), r")[A-Za-z0-9_-]*[ \t]+(?P<v>[^\s\[-]\S{3,})"),
        is_no_reference,
    ),
    // the password of x is value
    (
        r#"(?i)(?:password|passwort|kennwort|passphrase|token|secret)[^\n:=\[]{0,40}?(?-u:\b)(?:is|ist|lautet)[ \t]+["'„“`]?(?P<v>[^\s\["'„“”`]{6,})"#,
        looks_random,
    ),
    (
        r"(?i)(?-u:\b)(?:authorization[^A-Za-z0-9_]{1,4}(?:bearer|basic)|bearer)\s+(?P<v>[A-Za-z0-9._~+/=-]{8,})",
        any,
    ),
    (r"(?s)(?P<v>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z))", any),
    (r"[a-z][a-z0-9+.-]*://[^\s/:@]*:(?P<v>[^\s/@\[][^\s/@]*)@", any),
    (r"(?-u:\b)(?P<v>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)", any),
    (
        r"(?-u:\b)(?P<v>(?:syt_|mat_|mct_|gh[opsur]_|github_pat_|glpat-|glsa_|hv[sb]\.|xox[abeprs]-|A[KS]IA|AIza|sk-|[sr]k_live_|npm_|pypi-|dckr_pat_|tskey-|AGE-SECRET-KEY-)[A-Za-z0-9_.-]{8,})",
        any,
    ),
];

/// One of these is in everything that fits a pattern; a text without them costs next to nothing.
const HINTS: [&str; 36] = [
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "token",
    "secret",
    "geheimnis",
    "credential",
    "key",
    "bearer",
    "authorization",
    "://",
    "eyj",
    "syt_",
    "mat_",
    "mct_",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glsa_",
    "glpat-",
    "hvs.",
    "hvb.",
    "xox",
    "akia",
    "asia",
    "aiza",
    "sk-",
    "k_live_",
    "npm_",
    "pypi-",
    "dckr_pat_",
];

struct Compiled {
    hints: AhoCorasick,
    set: RegexSet,
    each: Vec<(Regex, Check)>,
}

static COMPILED: LazyLock<Option<Compiled>> = LazyLock::new(|| {
    let set = RegexSet::new(PATTERNS.iter().map(|(pattern, _)| pattern)).ok()?;
    let hints = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(HINTS)
        .ok()?;
    let each = PATTERNS.iter().map(|(pattern, check)| Some((Regex::new(pattern).ok()?, *check)));
    Some(Compiled { hints, set, each: each.collect::<Option<_>>()? })
});

fn any(_: &str) -> bool {
    true
}

/// Where a secret comes from is no secret, and neither is a template.
pub(super) fn is_reference(value: &str) -> bool {
    ["vault://", "env:", "file:/", "{{"].iter().any(|start| value.starts_with(start))
}

fn is_no_reference(value: &str) -> bool {
    !is_reference(value)
}

/// Letters with digits: what people say behind "the password is" when they say the password.
fn looks_random(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit())
        && value.chars().any(char::is_alphabetic)
        && is_no_reference(value)
}

/// The text without what looks like a secret.
pub(super) fn hide(text: &str) -> Cow<'_, str> {
    // Too short for any of them.
    let Some(compiled) = COMPILED.as_ref().filter(|_| text.len() >= 8) else { return Cow::Borrowed(text) };
    if !compiled.hints.is_match(text) {
        return Cow::Borrowed(text);
    }
    let found = compiled.set.matches(text);
    if !found.matched_any() {
        return Cow::Borrowed(text);
    }
    let mut text = Cow::Borrowed(text);
    for n in &found {
        let (regex, check) = &compiled.each[n];
        let hidden = regex.replace_all(&text, |captures: &Captures<'_>| replaced(captures, *check));
        if let Cow::Owned(hidden) = hidden {
            text = Cow::Owned(hidden);
        }
    }
    text
}

fn replaced(captures: &Captures<'_>, check: Check) -> String {
    let whole = captures.get_match();
    match captures.name("v").filter(|value| check(value.as_str())) {
        Some(value) => {
            let (start, end) = (value.start() - whole.start(), value.end() - whole.start());
            format!("{}{HIDDEN}{}", &whole.as_str()[..start], &whole.as_str()[end..])
        }
        None => whole.as_str().to_owned(),
    }
}

#[cfg(test)]
#[path = "patterns_tests.rs"]
mod tests;
