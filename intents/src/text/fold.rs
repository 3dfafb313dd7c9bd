//! Folding of letters: what people type in different ways becomes one spelling.

use unicode_normalization::UnicodeNormalization;

/// Marks and invisible characters that leave no trace in a folded word.
pub(crate) fn is_silent(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{300}'..='\u{36f}' | '\u{20e3}')
}

/// Lower case, `ä` → `ae`, `ß` → `ss`, other accents dropped, apostrophes dropped.
pub(crate) fn fold_word(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfkc().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'a'..='z' | '0'..='9' | '.' | ':' | '-' | ',' => out.push(c),
            _ if c.is_ascii() || is_silent(c) => {}
            _ => out.extend(c.nfd().filter(|c| c.is_alphanumeric())),
        }
    }
    out
}

/// Letters and digits alone: `Uptime-Kuma`, `uptime kuma` and `uptimekuma` are one.
pub(crate) fn squash(text: &str) -> String {
    fold_word(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The folded spellings of a word of a template: with `ae` and, as sloppy people type, with `a`.
pub(crate) fn variants(word: &str) -> Vec<String> {
    let full = fold_word(word);
    let plain = fold_word(&word.to_lowercase().replace('ä', "a").replace('ö', "o").replace('ü', "u"));
    if plain == full { vec![full] } else { vec![full, plain] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        assert_eq!(fold_word("Zurück"), "zurueck");
        assert_eq!(fold_word("gro\u{df}"), "gross");
        assert_eq!(fold_word("u\u{308}ber"), "ueber");
        assert_eq!(fold_word("gra\u{200b}fana"), "grafana");
        assert_eq!(squash("Uptime-Kuma"), "uptimekuma");
        assert_eq!(variants("zurück"), ["zurueck", "zuruck"]);
    }
}
