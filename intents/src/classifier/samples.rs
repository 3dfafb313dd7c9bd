//! Sentences to learn from, as numbered features in one long list: little memory, and it goes back in one piece.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Sentences to learn from.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// The features' numbers, in the order they were first seen.
    ids: HashMap<u64, u32, BuildHasherDefault<Feature>>,
    /// How many sentences each feature stands in.
    counts: Vec<u32>,
    /// Number and value of each feature, sentence by sentence.
    features: Vec<(u32, f32)>,
    /// Class, weight and end in `features` of each sentence.
    ends: Vec<(u16, f32, usize)>,
}

/// One sentence to learn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    /// Number and value of its features.
    pub(crate) features: &'a [(u32, f32)],
    pub(crate) class: u16,
    pub(crate) weight: f32,
}

impl Samples {
    /// Adds a sentence; a class beyond the 65,535th counts as that one.
    pub(crate) fn push(&mut self, features: &[(u64, f32)], class: usize, weight: f32) {
        for (feature, value) in features {
            let next = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
            let id = *self.ids.entry(*feature).or_insert(next);
            if id == next {
                self.counts.push(0);
            }
            self.counts[id as usize] += 1;
            self.features.push((id, *value));
        }
        self.ends.push((u16::try_from(class).unwrap_or(u16::MAX), weight, self.features.len()));
    }

    /// The number of sentences.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, at: usize) -> Sample<'_> {
        let (class, weight, end) = self.ends[at];
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].2);
        Sample { features: &self.features[start..end], class, weight }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Sample<'_>> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// How many sentences each feature stands in, by its number.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The features and their numbers, sorted by feature.
    pub(crate) fn sorted(&self) -> Vec<(u64, u32)> {
        let mut sorted: Vec<(u64, u32)> = self.ids.iter().map(|(feature, id)| (*feature, *id)).collect();
        sorted.sort_unstable();
        sorted
    }
}

/// Features are hashes already, or small numbers.
#[derive(Default)]
struct Feature(u64);

impl Hasher for Feature {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u64(&mut self, feature: u64) {
        self.0 = feature.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
