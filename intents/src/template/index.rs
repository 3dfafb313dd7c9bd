//! Which programs a message can fit at all, by the words that they need.

use super::Program;
use crate::text::Text;
use std::collections::HashMap;

/// Programs by the words of which one has to be in a message; programs that need none are not in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    words: HashMap<String, Vec<u32>>,
    beginnings: HashMap<String, Vec<u32>>,
}

impl Index {
    /// Adds a program under its number.
    pub(crate) fn add(&mut self, program: &Program, id: usize) {
        let id = u32::try_from(id).unwrap_or(u32::MAX);
        for (word, open) in &program.needs {
            let words = if *open { &mut self.beginnings } else { &mut self.words };
            words.entry(word.clone()).or_default().push(id);
        }
    }

    /// The numbers of the programs that find a word they need in a message, ascending.
    pub(crate) fn candidates(&self, text: &Text) -> Vec<usize> {
        let mut ids: Vec<u32> = Vec::new();
        for token in &text.tokens {
            ids.extend(self.words.get(&token.norm).into_iter().flatten());
            ids.extend(beginnings(&token.norm).filter_map(|b| self.beginnings.get(b)).flatten());
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| id as usize).collect()
    }
}

/// No word of a template is longer, in characters.
const LONGEST: usize = 48;

/// All beginnings of a word, and the word.
pub(crate) fn beginnings(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().take(LONGEST).map(|(at, c)| &word[..at + c.len_utf8()])
}

#[cfg(test)]
mod tests {
    use super::super::{Rules, parse};
    use super::*;

    #[test]
    fn a_program_is_found_by_a_word_and_by_a_beginning() {
        let mut index = Index::default();
        for (id, template) in ["(starte|boote) {service}", "prüf* {host}", "{service}"].iter().enumerate() {
            index.add(&Program::new(&parse(template, &Rules::new()).unwrap()), id);
        }
        let found = |text: &str| index.candidates(&Text::new(text, |_| false));
        assert_eq!(found("bitte boote nas"), [0]);
        assert!(found("Überprüfung").is_empty());
        assert_eq!(found("prüfung: starte nas, prüfe pi4"), [0, 1]);
        assert!(found("bootet nas").is_empty());
    }

    #[test]
    fn a_word_has_as_many_beginnings_as_letters() {
        assert_eq!(beginnings("zür").collect::<Vec<_>>(), ["z", "zü", "zür"]);
    }
}
