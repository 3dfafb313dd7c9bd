//! The nearest examples of the catalogue: a third voice beside cues and classifier, and the examples for the model's prompt.

use crate::classifier::{Sample, features};

/// Sentences of the catalogue, to be looked up by likeness.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nearest {
    /// Features, sorted.
    features: Vec<u64>,
    /// Where each feature's sentences begin in `sentences`, and at last where all end.
    starts: Vec<usize>,
    /// Sentence and weight, feature by feature.
    sentences: Vec<(u32, f32)>,
    classes: Vec<usize>,
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

impl Nearest {
    pub(crate) fn new(samples: &[Sample]) -> Self {
        let mut all: Vec<(u64, u32, f32)> =
            Vec::with_capacity(samples.iter().map(|s| s.features.len()).sum());
        for (id, sample) in (0_u32..).zip(samples) {
            all.extend(sample.features.iter().map(|(feature, value)| (*feature, id, *value)));
        }
        all.sort_unstable_by_key(|(feature, id, _)| (*feature, *id));
        let mut nearest = Self { classes: samples.iter().map(|s| s.class).collect(), ..Self::default() };
        nearest.sentences.reserve_exact(all.len());
        for (feature, id, value) in all {
            if nearest.features.last() != Some(&feature) {
                nearest.features.push(feature);
                nearest.starts.push(nearest.sentences.len());
            }
            nearest.sentences.push((id, value));
        }
        nearest.starts.push(nearest.sentences.len());
        nearest
    }

    /// Looks up a delexicalised sentence.
    pub(crate) fn look_up(&self, words: &[String]) -> Option<Near> {
        let mut likeness = vec![0.0_f32; self.classes.len()];
        for (feature, value) in features(words) {
            let Ok(at) = self.features.binary_search(&feature) else { continue };
            for (id, other) in &self.sentences[self.starts[at]..self.starts[at + 1]] {
                likeness[*id as usize] += value * other;
            }
        }
        let mut best: Vec<usize> = (0..likeness.len()).filter(|i| likeness[*i] > 0.1).collect();
        let by_likeness = |a: &usize, b: &usize| likeness[*b].total_cmp(&likeness[*a]).then(a.cmp(b));
        if best.len() > VOTERS {
            best.select_nth_unstable_by(VOTERS - 1, by_likeness);
            best.truncate(VOTERS);
        }
        let weight = |i: &usize| likeness[*i].powi(3);
        let all: f32 = best.iter().map(weight).sum();
        let share = |class: usize| {
            best.iter().filter(|i| self.classes[**i] == class).map(weight).sum::<f32>()
                / all.max(f32::EPSILON)
        };
        let class = best.iter().map(|i| self.classes[*i]).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
        let nearest = best.iter().filter(|i| self.classes[**i] == class).map(|i| likeness[*i]);
        Some(Near { class, share: share(class), likeness: nearest.fold(0.0, f32::max) })
    }
}
