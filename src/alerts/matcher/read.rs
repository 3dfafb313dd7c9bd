//! Reading matchers, and the words between them.

use super::{Matcher, MatcherError, MatcherFault, Operator};

/// How much text is read at all.
const MOST: usize = 4_096;

/// What opens and ends a value: the last ones are what telephones make of it.
const QUOTES: [char; 5] = ['"', '“', '”', '„', '‟'];

/// Longer ones first.
const OPERATORS: [(&str, Operator); 11] = [
    ("=~", Operator::Regex),
    ("!~", Operator::NotRegex),
    ("!=", Operator::NotEqual),
    ("≠", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("≥", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("≤", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Equal),
];

/// What people write instead.
const MISTAKEN: [(&str, &str); 3] = [("==", "="), ("=>", ">="), ("=<", "<=")];

/// A list of matchers, with or without braces around it.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let trimmed = text.trim_end();
    let open = trimmed.trim_start().starts_with('{');
    let inside = if open { trimmed.strip_suffix('}').unwrap_or(trimmed) } else { trimmed };
    let mut cursor = Cursor::new(inside)?;
    cursor.skip_blanks();
    if open {
        cursor.at += 1;
    }
    let mut all = Vec::new();
    cursor.skip_separators();
    while !cursor.is_at_end() {
        all.push(cursor.matcher()?);
        cursor.skip_separators();
    }
    Ok(all)
}

/// How much of `text` is a label's name: `[a-zA-Z_][a-zA-Z0-9_]*`.
fn name_length(text: &str) -> usize {
    let is_part = |(n, c): (usize, char)| c == '_' || c.is_ascii_alphabetic() || n > 0 && c.is_ascii_digit();
    text.chars().enumerate().take_while(|part| is_part(*part)).count()
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

fn operator(text: &str) -> Option<(&'static str, Operator)> {
    OPERATORS.into_iter().find(|(written, _)| text.starts_with(written))
}

/// A place in a text.
#[derive(Debug, Clone)]
pub(in crate::alerts) struct Cursor<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::alerts) fn new(text: &'a str) -> Result<Self, MatcherError> {
        let cursor = Self { text, at: 0 };
        if text.len() > MOST {
            return Err(cursor.wrong(0, MatcherFault::TooLong { most: MOST }));
        }
        Ok(cursor)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, at: usize, fault: MatcherFault) -> MatcherError {
        MatcherError::new(self.text[..at].chars().count(), fault)
    }

    /// Where this is, in characters from the beginning.
    pub(in crate::alerts) fn place(&self) -> usize {
        self.text[..self.at].chars().count()
    }

    pub(in crate::alerts) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    fn skip_while(&mut self, skipped: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !skipped(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip_blanks(&mut self) {
        self.skip_while(char::is_whitespace);
    }

    pub(in crate::alerts) fn skip_separators(&mut self) {
        self.skip_while(is_separator);
    }

    /// Whether a matcher begins here: a name and a comparison.
    pub(in crate::alerts) fn is_at_matcher(&self) -> bool {
        let rest = self.rest();
        let name = name_length(rest);
        name > 0 && operator(rest[name..].trim_start()).is_some()
    }

    /// Everything up to the next separator, which may be a quoted text; a quoted text comes without its quotes, and with `true`.
    pub(in crate::alerts) fn word(&mut self) -> Result<(String, bool), MatcherError> {
        if self.rest().starts_with(QUOTES) {
            return Ok((self.quoted()?, true));
        }
        Ok((self.skip_while(|c| !is_separator(c)).to_owned(), false))
    }

    /// A list of matchers in braces, if one begins here.
    pub(in crate::alerts) fn braced(&mut self) -> Result<Option<Vec<Matcher>>, MatcherError> {
        if !self.rest().starts_with('{') {
            return Ok(None);
        }
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        let end = self.rest().char_indices().find_map(|(n, c)| {
            match c {
                '\\' => {
                    escaped = !escaped;
                    return None;
                }
                c if QUOTES.contains(&c) && !escaped => quoted = !quoted,
                '{' if !quoted => depth += 1,
                '}' if !quoted => depth -= 1,
                _ => {}
            }
            escaped = false;
            (depth == 0).then_some(n + 1)
        });
        let inside = &self.rest()[..end.unwrap_or(self.rest().len())];
        let place = self.place();
        let all = matchers(inside).map_err(|error| MatcherError { at: error.at + place, ..error })?;
        self.at += inside.len();
        Ok(Some(all))
    }

    pub(in crate::alerts) fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let start = self.at;
        let name = &self.rest()[..name_length(self.rest())];
        if name.is_empty() {
            return Err(self.wrong(start, MatcherFault::NoName));
        }
        self.at += name.len();
        self.skip_blanks();
        if let Some((written, instead)) = MISTAKEN.into_iter().find(|(it, _)| self.rest().starts_with(it)) {
            return Err(self.wrong(self.at, MatcherFault::WrongOperator { written, instead }));
        }
        let Some((written, operator)) = operator(self.rest()) else {
            // `job-name=x`: not the comparison is missing, the name is none.
            let is_name = self.rest().is_empty()
                || self.rest().starts_with(is_separator)
                || start + name.len() < self.at;
            let fault = if is_name {
                MatcherFault::NoOperator { name: name.to_owned() }
            } else {
                MatcherFault::NoName
            };
            return Err(self.wrong(self.at, fault));
        };
        self.at += written.len();
        let value_at = self.at;
        self.skip_blanks();
        let far = self.at > value_at;
        if far && self.is_at_matcher() {
            let value = self.clone().skip_while(|c| !is_separator(c)).to_owned();
            return Err(self.wrong(self.at, MatcherFault::LooksLikeMatcher { name: name.to_owned(), value }));
        }
        let value_at = self.at;
        let value = if self.rest().starts_with(QUOTES) { self.quoted()? } else { self.bare()? };
        Matcher::new(name, operator, &value).map_err(|fault| self.wrong(value_at, fault))
    }

    fn bare(&mut self) -> Result<String, MatcherError> {
        let start = self.at;
        let raw = self.skip_while(|c| !is_separator(c));
        let mut value = String::with_capacity(raw.len());
        let mut chars = raw.char_indices();
        while let Some((n, c)) = chars.next() {
            match c {
                '\\' => value.push_str(unescaped(chars.next().map(|(_, c)| c)).as_str()),
                c if QUOTES.contains(&c) => return Err(self.wrong(start + n, MatcherFault::QuoteInside)),
                c => value.push(c),
            }
        }
        Ok(value)
    }

    /// A value in quotes. What began with `"` ends with it, so that other quotes can be inside; what began with another ends with any.
    fn quoted(&mut self) -> Result<String, MatcherError> {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.rest().char_indices();
        let plain = chars.next().is_some_and(|(_, c)| c == '"');
        while let Some((n, c)) = chars.next() {
            match c {
                '\\' => value.push_str(unescaped(chars.next().map(|(_, c)| c)).as_str()),
                c if c == '"' || !plain && QUOTES.contains(&c) => {
                    self.at += n + c.len_utf8();
                    if !self.rest().is_empty() && !self.rest().starts_with(is_separator) {
                        return Err(self.wrong(start, MatcherFault::QuoteInside));
                    }
                    return Ok(value);
                }
                c => value.push(c),
            }
        }
        Err(self.wrong(start, MatcherFault::NoEnd))
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// What a backslash before `c` means: Alertmanager knows three escapes and leaves every other backslash as it is, so that `\d` need
/// not be written `\\d`.
fn unescaped(c: Option<char>) -> String {
    match c {
        Some('n') => "\n".to_owned(),
        Some(c @ ('"' | '\\')) => c.to_string(),
        Some(c) => format!("\\{c}"),
        None => "\\".to_owned(),
    }
}
