//! A message in parts: "vaultwarden hängt, starte es neu", "starte grafana neu und zeig mir die logs".

use crate::text::Text;
use std::ops::Range;

/// The most parts a message is looked at in.
const MOST: usize = 8;

/// Where the clauses of a message are: cut at punctuation and, if asked, at "und", "and", "dann", "then".
pub(crate) fn clauses(text: &Text, at_words: bool) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for (i, token) in text.tokens.iter().enumerate().skip(1) {
        let mark = token.breaks.is_some_and(|c| c != ':');
        let word = at_words
            && matches!(
                token.norm.as_str(),
                "und" | "and" | "dann" | "then" | "danach" | "anschliessend" | "sondern" | "but" | "aber"
            );
        if (mark || word) && i > start {
            out.push(start..i);
            start = i;
        }
    }
    out.push(start..text.tokens.len());
    // "und dann" is one cut, not two.
    out.dedup_by(|next, last| {
        let only_link = text.tokens[last.clone()]
            .iter()
            .all(|t| t.skip || matches!(t.norm.as_str(), "und" | "and" | "dann" | "then" | "danach"));
        if only_link {
            last.end = next.end;
        }
        only_link
    });
    out.truncate(MOST);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_punctuation_and_links() {
        let text = Text::new("grafana hängt, starte es neu und dann zeig die logs", |_| false);
        assert_eq!(clauses(&text, false), [0..2, 2..10]);
        assert_eq!(clauses(&text, true), [0..2, 2..5, 5..10]);
    }
}
