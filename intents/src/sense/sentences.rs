//! The sentences that an embedding model is asked about: as they are said, with names taken out.

use crate::catalogue::Catalogue;
use crate::classifier::{stand_in, tagged};
use crate::names::{Lattice, Sort};
use crate::template::Rng;
use crate::text::Text;
use crate::{Lang, classifier};

/// How many examples of an intent and language are asked about, and how many that are none of our business.
const EXAMPLES: usize = 90;
const NONE: usize = 500;

/// Sentences of the catalogue and their classes; the class after the last intent is `none`.
pub(super) fn corpus(catalogue: &Catalogue) -> (Vec<String>, Vec<usize>) {
    let none = catalogue.intents().count();
    let mut rng = Rng::new(5);
    let mut all: Vec<(String, usize)> = Vec::new();
    for lang in Lang::ALL {
        for (class, spec) in catalogue.intents().enumerate() {
            let lines = spread(spec.examples.get(lang), EXAMPLES);
            all.extend(
                lines.map(|line| (in_words(&classifier::draw(spec, &line.node, lang, &mut rng)), class)),
            );
            all.extend(spec.counter_examples.get(lang).iter().map(|text| (in_words(&at_signs(text)), none)));
        }
        all.extend(
            spread(catalogue.none.examples.get(lang), NONE).map(|text| (in_words(&at_signs(text)), none)),
        );
    }
    all.into_iter().unzip()
}

/// So many of them, from all over the list.
fn spread<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let step = all.len().div_ceil(most).max(1);
    all.iter().step_by(step)
}

fn at_signs(text: &str) -> String {
    text.replace(['{', '}'], "@")
}

/// "@service" as a word that stands for any service.
fn in_words(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        match bare.strip_prefix('@') {
            Some(tag) => word.replace(bare, stand_in(tag.trim_end_matches('@'))),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A message as it is said, with its names replaced by words that stand for any.
pub(crate) fn spoken(text: &Text, lattice: &Lattice) -> String {
    let mut out = String::new();
    let (mut at, mut done) = (0, 0);
    while at < text.tokens.len() {
        let named = lattice.at(at).iter().filter(|e| e.sort <= Sort::Ambiguous);
        let edge =
            named.filter_map(|e| Some((tagged(e)?, e))).max_by_key(|(_, e)| (classifier::rank(e), e.len()));
        let Some((tag, edge)) = edge else {
            at += 1;
            continue;
        };
        let (from, to) = (text.tokens[at].at.start, text.tokens[edge.end - 1].at.end);
        out.push_str(text.raw.get(done..from).unwrap_or_default());
        out.push_str(stand_in(tag.trim_start_matches('@')));
        (at, done) = (edge.end, to);
    }
    out.push_str(text.raw.get(done..).unwrap_or_default());
    out.trim().to_owned()
}
