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

/// The class of the nearest sentence, how near it is, and how near the best one of another class is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    pub(crate) class: usize,
    pub(crate) likeness: f32,
    pub(crate) rival: f32,
}

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
        let best = (0..likeness.len()).max_by(|a, b| likeness[*a].total_cmp(&likeness[*b]))?;
        let class = self.classes[best];
        let others = likeness.iter().zip(&self.classes).filter(|(_, c)| **c != class).map(|(l, _)| *l);
        Some(Near { class, likeness: likeness[best], rival: others.fold(0.0, f32::max) })
    }
}
