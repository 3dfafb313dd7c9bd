//! The nearest examples of the catalogue: a third voice beside cues and classifier.

use crate::classifier::{Sample, Samples, features};

/// Sentences of the catalogue, to be looked up by likeness.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nearest {
    /// Features, sorted.
    features: Vec<u64>,
    /// Where each feature's sentences begin in `sentences`, and at last where all end.
    starts: Vec<u32>,
    /// The sentences that a feature stands in, ascending, feature by feature.
    sentences: Vec<u32>,
    /// How much each feature weighs beside the heaviest of its sentence: the same in all sentences.
    weights: Vec<f32>,
    /// How much the heaviest feature of each sentence weighs.
    scales: Vec<f32>,
    /// The class of each sentence.
    classes: Vec<u16>,
}

/// What the sentences most like a message say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    /// The class that most of them have, each counted by how like the message it is.
    pub(crate) class: usize,
    /// The part of the votes that it has, from 0 to 1.
    pub(crate) share: f32,
    /// How like the message the nearest sentence of that class is, from 0 to 1.
    pub(crate) likeness: f32,
}

/// How many sentences vote.
const VOTERS: usize = 9;
/// How many sentences are gone through for the rare features of a message; its common ones find no new sentence.
const BUDGET: usize = 4_000;
/// How many of the sentences with its rare features are looked at more closely.
const CLOSER: usize = 32;

impl Nearest {
    pub(crate) fn new(samples: &Samples) -> Self {
        let largest = |sample: &Sample<'_>| sample.features.iter().map(|f| f.1).fold(f32::EPSILON, f32::max);
        let sorted = samples.sorted();
        let mut nearest = Self {
            features: sorted.iter().map(|(feature, _)| *feature).collect(),
            weights: vec![0.0; sorted.len()],
            starts: vec![0; sorted.len() + 1],
            sentences: vec![0; samples.counts().iter().map(|n| *n as usize).sum()],
            classes: samples.iter().map(|s| s.class).collect(),
            scales: samples.iter().map(|s| largest(&s)).collect(),
        };
        let mut places = vec![0; sorted.len()];
        for ((_, id), at) in sorted.iter().zip(0..) {
            places[*id as usize] = at;
            nearest.starts[at + 1] = nearest.starts[at] + samples.counts()[*id as usize];
        }
        let mut ends = nearest.starts.clone();
        for (sentence, sample) in (0..).zip(samples.iter()) {
            for (id, value) in sample.features {
                let at = places[*id as usize];
                nearest.weights[at] = value / nearest.scales[sentence as usize];
                nearest.sentences[ends[at] as usize] = sentence;
                ends[at] += 1;
            }
        }
        nearest
    }

    /// Looks up a delexicalised sentence.
    pub(crate) fn look_up(&self, words: &[String]) -> Option<Near> {
        let mut found: Vec<Found<'_>> =
            features(words).into_iter().filter_map(|(f, v)| self.find(f, v)).collect();
        found.sort_by_key(|f| f.sentences.len());
        let mut gone = 0;
        let rare = found.iter().take_while(|f| {
            gone += f.sentences.len();
            gone <= BUDGET
        });
        let rare = rare.count().max(1).min(found.len());
        let (rare, common) = found.split_at(rare);
        let mut like = Table::new(rare.iter().map(|f| f.sentences.len()).sum());
        for found in rare {
            found.sentences.iter().for_each(|id| like.add(*id, found.value));
        }
        let mut best = like.entries;
        best.iter_mut().for_each(|(id, likeness)| *likeness *= self.scales[*id as usize]);
        most(&mut best, CLOSER);
        for (id, likeness) in &mut best {
            let also = common.iter().filter(|f| f.sentences.binary_search(id).is_ok());
            *likeness += also.map(|f| f.value).sum::<f32>() * self.scales[*id as usize];
        }
        best.retain(|(_, likeness)| *likeness > 0.1);
        most(&mut best, VOTERS);
        self.vote(&best)
    }

    fn find(&self, feature: u64, value: f32) -> Option<Found<'_>> {
        let at = self.features.binary_search(&feature).ok()?;
        let sentences = &self.sentences[self.starts[at] as usize..self.starts[at + 1] as usize];
        Some(Found { value: value * self.weights[at], sentences })
    }

    fn vote(&self, voters: &[(u32, f32)]) -> Option<Near> {
        let class = |id: u32| usize::from(self.classes[id as usize]);
        let all: f32 = voters.iter().map(|(_, likeness)| likeness.powi(3)).sum();
        let of = |wanted: usize| voters.iter().filter(move |(id, _)| class(*id) == wanted).map(|v| v.1);
        let share = |class: usize| of(class).map(|l| l.powi(3)).sum::<f32>() / all.max(f32::EPSILON);
        let class = voters.iter().map(|(id, _)| class(*id)).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
        Some(Near { class, share: share(class), likeness: of(class).fold(0.0, f32::max) })
    }
}

/// A feature of a message, and the sentences it stands in.
struct Found<'a> {
    /// Its weight here times its weight there.
    value: f32,
    sentences: &'a [u32],
}

/// Keeps so many of the likeliest.
fn most(best: &mut Vec<(u32, f32)>, count: usize) {
    if best.len() > count {
        best.select_nth_unstable_by(count - 1, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(count);
    }
}

/// Likeness by sentence, for the few sentences that have any (open addressing).
struct Table {
    entries: Vec<(u32, f32)>,
    /// Where a sentence stands in `entries`, counted from 1; 0 is free.
    slots: Vec<u32>,
    shift: u32,
}

impl Table {
    /// Room for so many.
    fn new(most: usize) -> Self {
        let size = (most * 2).next_power_of_two().max(2);
        Self { entries: Vec::with_capacity(most), slots: vec![0; size], shift: 32 - size.trailing_zeros() }
    }

    fn add(&mut self, id: u32, likeness: f32) {
        // Fibonacci hashing: ids that follow one another are spread.
        let mut at = (id.wrapping_mul(0x9E37_79B9) >> self.shift) as usize;
        while let Some(found) = (self.slots[at] as usize).checked_sub(1) {
            let entry = &mut self.entries[found];
            if entry.0 == id {
                entry.1 += likeness;
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.entries.push((id, likeness));
        self.slots[at] = u32::try_from(self.entries.len()).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_lookup_finds_what_a_comparison_with_every_sentence_finds() {
        // More of one kind than a lookup goes through, so that its words are common ones.
        let mut sentences = vec!["starte @service neu"; BUDGET];
        sentences.extend(["boote @host neu", "zeig mir die logs von @service", "starte @host wieder"]);
        let mut samples = Samples::default();
        for (class, text) in sentences.iter().enumerate() {
            samples.push(&features(&words(text)), class.saturating_sub(BUDGET - 1), 1.0);
        }
        let nearest = Nearest::new(&samples);
        for (asked, want) in [
            ("boote @host bitte neu", Some(1)),
            ("zeig logs von @service neu", Some(2)),
            ("starte @host jetzt wieder", Some(3)),
            ("wie wird das wetter", None),
        ] {
            let found = nearest.look_up(&words(asked));
            assert_eq!(found.map(|near| near.class), want, "{asked}: {found:?}");
            if let (Some(near), Some(class)) = (found, want) {
                let (a, b) = (features(&words(asked)), features(&words(sentences[BUDGET - 1 + class])));
                let like: f32 =
                    a.iter().flat_map(|a| b.iter().filter(|b| b.0 == a.0).map(|b| a.1 * b.1)).sum();
                assert!((near.likeness - like).abs() < 1e-5, "{asked}: {near:?}, not {like}");
            }
        }
    }

    #[test]
    fn a_table_sums_what_belongs_together() {
        let mut table = Table::new(4);
        for id in [7, 7 + (1 << 16), 7, 1 << 20] {
            table.add(id, 0.5);
        }
        assert_eq!(table.entries, [(7, 1.0), (7 + (1 << 16), 0.5), (1 << 20, 0.5)]);
    }
}
