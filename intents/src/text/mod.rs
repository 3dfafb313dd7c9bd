//! What a person wrote, as tokens: case, umlauts, ß and punctuation are folded, the places in the original are kept.

mod fold;
pub(crate) mod number;
mod quote;
mod words;

use std::ops::Range;

pub(crate) use fold::{fold_word, is_silent, squash, variants};
pub(crate) use words::is_skippable;

/// A message with more words is no command, and no more of it is looked at.
pub(crate) const MOST_WORDS: usize = 120;

/// The norm of the token that stands for quoted text or code.
pub(crate) const QUOTE: &str = "\u{1}quote";

/// One word of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The folded word.
    pub(crate) norm: String,
    /// Where it stands in the message.
    pub(crate) at: Range<usize>,
    /// Articles, politeness and the like: a template may pass over it.
    pub(crate) skip: bool,
    /// It hangs on the word before it by a hyphen or the like.
    pub(crate) joined: bool,
    /// A comma, full stop, line end or the like stands before it.
    pub(crate) breaks: Option<char>,
}

/// A message as tokens.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) raw: String,
    pub(crate) tokens: Vec<Token>,
    /// The last mark: `?`, `!`, `.` or nothing.
    pub(crate) mark: Option<char>,
}

impl Text {
    /// Reads a message; `keep` tells which quoted words are names, and so stay.
    pub(crate) fn new(raw: &str, keep: impl Fn(&str) -> bool) -> Self {
        let masked = quote::mask(raw, keep);
        let mut tokens = tokens(&masked);
        tokens.truncate(MOST_WORDS);
        let mark =
            masked.trim_end().chars().rev().find(|c| !c.is_whitespace()).filter(|c| "?!.".contains(*c));
        Self { raw: masked, tokens, mark }
    }

    /// The message's own text under these tokens.
    pub(crate) fn slice(&self, tokens: Range<usize>) -> &str {
        match (self.tokens.get(tokens.start), tokens.end.checked_sub(1).and_then(|i| self.tokens.get(i))) {
            (Some(a), Some(b)) if a.at.start <= b.at.end => &self.raw[a.at.start..b.at.end],
            _ => "",
        }
    }

    /// A part of the message as a text of its own.
    pub(crate) fn part(&self, tokens: Range<usize>) -> Self {
        let mark = self.tokens.get(tokens.end).map_or(self.mark, |t| t.breaks);
        Self { raw: self.raw.clone(), tokens: self.tokens[tokens].to_vec(), mark }
    }
}

/// Cuts a text into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut out: Vec<Token> = Vec::new();
    let (mut i, mut breaks, mut joined) = (0, None, false);
    while i < chars.len() {
        let (start, c) = chars[i];
        if c == '\u{1}' {
            let end = start + c.len_utf8();
            push(&mut out, QUOTE.to_owned(), start..end, false, breaks.take());
            i += 1;
        } else if c == '&' {
            push(&mut out, "and".to_owned(), start..start + 1, false, breaks.take());
            i += 1;
        } else if c.is_alphanumeric() {
            let mut j = i + 1;
            while j < chars.len() && inner(&chars, j) {
                j += 1;
            }
            let end = chars.get(j).map_or(text.len(), |c| c.0);
            push(&mut out, fold_word(&text[start..end]), start..end, joined, breaks.take());
            i = j;
            joined = chars.get(i).is_some_and(|c| "-_/.".contains(c.1))
                && chars.get(i + 1).is_some_and(|c| c.1.is_alphanumeric());
            continue;
        } else {
            let dash = c == '-'
                && start > 0
                && chars[i - 1].1 == ' '
                && chars.get(i + 1).is_some_and(|c| c.1 == ' ');
            let arrow = c == '→' || (c == '>' && start > 0 && matches!(chars[i - 1].1, '-' | '='));
            if dash
                || arrow
                || matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '\n' | '–' | '—' | '(' | ')' | '…')
                    && !joined
            {
                breaks = stronger(breaks, c);
            }
            i += 1;
            if !joined || chars.get(i).is_none_or(|c| !c.1.is_alphanumeric()) {
                joined = false;
            }
            continue;
        }
        joined = false;
    }
    out
}

/// Whether the character at `j` still belongs to the word before it.
fn inner(chars: &[(usize, char)], j: usize) -> bool {
    let c = chars[j].1;
    if c.is_alphanumeric() || fold::is_silent(c) {
        return true;
    }
    let before = chars[j - 1].1;
    let Some(&(_, after)) = chars.get(j + 1) else { return false };
    match c {
        '\'' | '’' | '`' | '´' => before.is_alphabetic() && after.is_alphabetic(),
        '.' | ':' => before.is_ascii_digit() && after.is_ascii_digit(),
        '-' => before.is_ascii_digit() && after.is_ascii_digit(),
        ',' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

fn stronger(old: Option<char>, new: char) -> Option<char> {
    let rank = |c: char| match c {
        '\n' | '.' | '!' | '?' | ';' => 2,
        _ => 1,
    };
    old.filter(|o| rank(*o) >= rank(new)).or(Some(new))
}

fn push(out: &mut Vec<Token>, norm: String, at: Range<usize>, joined: bool, breaks: Option<char>) {
    if !norm.is_empty() {
        let skip = is_skippable(&norm);
        out.push(Token { norm, at, skip, joined, breaks });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| t.norm).collect()
    }

    #[test]
    fn words_are_folded_and_names_come_apart() {
        assert_eq!(
            norms("Könntest du Uptime-Kuma neu STARTEN?"),
            ["koenntest", "du", "uptime", "kuma", "neu", "starten"]
        );
        assert_eq!(
            norms("auf v2.10.4, am 2024-10-01 um 14:30"),
            ["auf", "v2.10.4", "am", "2024-10-01", "um", "14:30"]
        );
        assert_eq!(norms("don't, what's"), ["dont", "whats"]);
        assert_eq!(norms("node-2"), ["node", "2"]);
        assert!(tokens("node-2")[1].joined);
    }

    #[test]
    fn breaks_are_kept() {
        assert_eq!(tokens("it hangs, restart it")[2].breaks, Some(','));
        assert_eq!(Text::new("geht das?", |_| false).mark, Some('?'));
    }
}
