//! The second reader: a linear classifier over words and letters, with names taken out, learnt from the catalogue.

mod corpus;
mod features;
mod rows;
mod samples;
mod train;

pub(crate) use corpus::{corpus, draw};
pub(crate) use features::{delexicalise, features, rank, stand_in, tag as tagged};
pub(crate) use samples::{Sample, Samples};

use rows::Rows;
use serde::{Deserialize, Serialize};

/// How many times the catalogue's sentences are gone through.
pub(crate) const EPOCHS: usize = 5;

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Classifier {
    /// The known features, sorted; a feature's place is its row of weights.
    features: Vec<u64>,
    rows: Rows,
    /// What speaks for each class before anything is said.
    bias: Vec<f32>,
    /// Divides the scores, so that confidence means what it says.
    temperature: f32,
}

/// Probabilities by class; the class after the last intent is `none`.
pub(crate) type Scores = Vec<f32>;

impl Classifier {
    /// Learns from samples: the same samples give the same classifier.
    pub(crate) fn new(samples: &Samples, classes: usize, epochs: usize) -> Self {
        train::train(samples, classes, epochs)
    }

    /// Whether it is whole, and made for so many features.
    pub(crate) fn fits(&self, features: usize) -> bool {
        self.features.len() <= features
            && self.features.is_sorted_by(|a, b| a < b)
            && self.rows.fits(self.features.len(), self.bias.len())
            && self.bias.iter().all(|b| b.is_finite())
            && self.temperature.is_finite()
            && self.temperature > 0.0
    }

    /// The probability of each class for a delexicalised sentence, and the share of its features that are known.
    pub(crate) fn classify(&self, words: &[String]) -> (Scores, f32) {
        self.score(&features(words))
    }

    /// The same for features.
    pub(crate) fn score(&self, features: &[(u64, f32)]) -> (Scores, f32) {
        let known: Vec<(u32, f32)> =
            features.iter().filter_map(|(f, v)| Some((self.find(*f)?, *v))).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
        let share = known.len() as f32 / features.len().max(1) as f32;
        let mut scores = self.bias.clone();
        self.rows.accumulate(&known, &mut scores);
        scores.iter_mut().for_each(|s| *s /= self.temperature);
        train::softmax(&mut scores);
        (scores, share)
    }

    /// The row of a feature.
    fn find(&self, feature: u64) -> Option<u32> {
        self.features.binary_search(&feature).ok().and_then(|at| u32::try_from(at).ok())
    }
}
