//! The nearest examples of the catalogue: a third voice beside cues and classifier, and the examples for the model's prompt.

use crate::classifier::{Sample, features};
use std::collections::HashMap;

/// Sentences of the catalogue, to be looked up by likeness.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nearest {
    index: HashMap<u64, Vec<(u32, f32)>>,
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
        let mut nearest = Self::default();
        for sample in samples {
            let id = u32::try_from(nearest.classes.len()).unwrap_or(u32::MAX);
            nearest.classes.push(sample.class);
            for (feature, value) in &sample.features {
                nearest.index.entry(*feature).or_default().push((id, *value));
            }
        }
        nearest
    }

    /// Looks up a delexicalised sentence.
    pub(crate) fn look_up(&self, words: &[String]) -> Option<Near> {
        let mut likeness = vec![0.0_f32; self.classes.len()];
        for (feature, value) in features(words) {
            for (id, other) in self.index.get(&feature).into_iter().flatten() {
                likeness[*id as usize] += value * other;
            }
        }
        let best = (0..likeness.len()).max_by(|a, b| likeness[*a].total_cmp(&likeness[*b]))?;
        let class = self.classes[best];
        let others = likeness.iter().zip(&self.classes).filter(|(_, c)| **c != class).map(|(l, _)| *l);
        Some(Near { class, likeness: likeness[best], rival: others.fold(0.0, f32::max) })
    }
}
