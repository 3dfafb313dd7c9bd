//! The second reader: a linear classifier over words and letters, with names taken out, learnt from the catalogue.

mod corpus;
mod features;
mod train;

pub(crate) use corpus::{Sample, corpus, draw};
pub(crate) use features::{delexicalise, features, rank, stand_in, tag as tagged};

use serde::{Deserialize, Serialize};

/// How many times the catalogue's sentences are gone through.
pub(crate) const EPOCHS: usize = 5;

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Classifier {
    /// The known features, sorted; a feature's place is its row of weights.
    features: Vec<u64>,
    /// One row of class weights a feature; the last row is the bias.
    weights: Vec<f32>,
    classes: usize,
    /// Divides the scores, so that confidence means what it says.
    temperature: f32,
}

/// Probabilities by class; the class after the last intent is `none`.
pub(crate) type Scores = Vec<f32>;

impl Classifier {
    /// Learns from samples: the same samples give the same classifier.
    pub(crate) fn new(samples: &[Sample], classes: usize, epochs: usize) -> Self {
        train::train(samples, classes, epochs)
    }

    /// Whether it is whole, and made for so many features.
    pub(crate) fn fits(&self, features: usize) -> bool {
        self.features.len() <= features && self.weights.len() == (self.features.len() + 1) * self.classes
    }

    /// The probability of each class for a delexicalised sentence, and the share of its features that are known.
    pub(crate) fn classify(&self, words: &[String]) -> (Scores, f32) {
        self.score(&features(words))
    }

    /// The same for features.
    pub(crate) fn score(&self, features: &[(u64, f32)]) -> (Scores, f32) {
        let known: Vec<(u32, f32)> =
            features.iter().filter_map(|(f, v)| Some((train::row(&self.features, *f)?, *v))).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
        let share = known.len() as f32 / features.len().max(1) as f32;
        let mut scores = self.weights[self.weights.len() - self.classes..].to_vec();
        train::accumulate(&self.weights, self.classes, &known, &mut scores);
        scores.iter_mut().for_each(|s| *s /= self.temperature);
        train::softmax(&mut scores);
        (scores, share)
    }
}
