//! The second reader: a linear classifier over words and letters, with names taken out, learnt from the catalogue.

mod corpus;
mod features;
mod train;

pub(crate) use corpus::{Sample, corpus};
pub(crate) use features::{delexicalise, features};

/// A trained classifier.
#[derive(Debug, Clone)]
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
    pub(crate) fn new(samples: &[Sample], classes: usize) -> Self {
        train::train(samples, classes)
    }

    /// The probability of each class for a delexicalised sentence, and the share of its features that are known.
    pub(crate) fn classify(&self, words: &[String]) -> (Scores, f32) {
        let features = features(words);
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
