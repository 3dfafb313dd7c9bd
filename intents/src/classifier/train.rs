//! Multinomial logistic regression, by adaptive gradient descent; the order of the samples is fixed.
//!
//! A feature has a weight for the classes that it was seen with, and for those that were taken for one of them: time and
//! memory follow the number of sentences, and not features times classes.

use super::Classifier;
use super::rows::Rows;
use super::samples::{Sample, Samples};
use crate::template::Rng;

const RATE: f32 = 0.6;
/// A sentence whose class has all but this probability is passed over.
const SETTLED: f32 = 0.02;
/// A class this likely by mistake gets a weight for each feature of the sentence.
const RIVAL: f32 = 0.05;
/// An error too small to learn from.
const SMALL: f32 = 5e-3;
/// How often a sentence is learnt from, all sentences together: many sentences repeat one another.
const PASSES: usize = 400_000;
const FEWEST: usize = 2;
const DECAY: f32 = 2e-6;
/// How many classes a feature has weights for: one of more than these says little of any.
const ROOM: usize = 32;
/// Unless features are few, as those of an embedding, of which each says something of every class.
const WEIGHTS: usize = 4_000_000;
/// A weight that moves no score: it is dropped after training.
const LIGHT: f32 = 0.1;
/// Found on the development set.
const TEMPERATURE: f32 = 1.0;

/// What a feature says of a class, and how fast it still learns.
#[derive(Debug, Clone, Copy)]
struct Weight {
    class: u16,
    weight: f32,
    squares: f32,
}

impl Weight {
    fn new(class: u16) -> Self {
        Self { class, weight: 0.0, squares: 1e-3 }
    }

    fn step(&mut self, error: f32, value: f32) {
        let gradient = error * value + DECAY * self.weight;
        self.squares += gradient * gradient;
        self.weight -= RATE * gradient / self.squares.sqrt();
    }
}

/// The weights in the making.
struct Training<'a> {
    samples: &'a Samples,
    /// By number of the feature, each sorted by class.
    rows: Vec<Vec<Weight>>,
    bias: Vec<Weight>,
    scores: Vec<f32>,
    room: usize,
}

pub(super) fn train(samples: &Samples, classes: usize, epochs: usize) -> Classifier {
    let mut training = Training {
        samples,
        rows: vec![Vec::new(); samples.counts().len()],
        bias: (0_u16..).take(classes).map(Weight::new).collect(),
        scores: vec![0.0; classes],
        room: ROOM.max(WEIGHTS / samples.counts().len().max(1)),
    };
    let epochs = epochs.min(PASSES / samples.len().max(1)).max(FEWEST);
    let mut order: Vec<usize> = (0..samples.len()).collect();
    let mut rng = Rng::new(11);
    for _ in 0..epochs {
        for i in (1..order.len()).rev() {
            order.swap(i, rng.below(i + 1));
        }
        order.iter().for_each(|at| training.learn(&samples.get(*at)));
    }
    training.finish()
}

impl Training<'_> {
    fn learn(&mut self, sample: &Sample<'_>) {
        let scores = &mut self.scores;
        for (score, bias) in scores.iter_mut().zip(&self.bias) {
            *score = bias.weight;
        }
        for (feature, value) in sample.features {
            for w in &self.rows[*feature as usize] {
                scores[usize::from(w.class)] += w.weight * value;
            }
        }
        softmax(scores);
        scores[usize::from(sample.class)] -= 1.0;
        // What is right already teaches nothing more.
        if scores[usize::from(sample.class)] > -SETTLED {
            return;
        }
        let wrong = (0_u16..).zip(scores.iter());
        let new: Vec<u16> = wrong.filter(|(_, e)| e.abs() > RIVAL).map(|(class, _)| class).collect();
        for error in scores.iter_mut() {
            *error = if error.abs() < SMALL { 0.0 } else { *error * sample.weight };
        }
        for (feature, value) in sample.features {
            // What stands in one sentence alone teaches little and costs as much as the rest.
            if self.samples.counts()[*feature as usize] < 2 {
                continue;
            }
            let row = &mut self.rows[*feature as usize];
            for class in new.iter().copied().chain([sample.class]) {
                if row.len() < self.room
                    && let Err(at) = row.binary_search_by_key(&class, |w| w.class)
                {
                    row.insert(at, Weight::new(class));
                }
            }
            step(row, scores, *value);
        }
        step(&mut self.bias, scores, 0.1);
    }

    /// Keeps what moves a score, sorted by feature.
    fn finish(self) -> Classifier {
        let counts = self.samples.counts();
        let (mut features, mut rows) = (Vec::new(), Rows::default());
        for (feature, id) in self.samples.sorted() {
            if counts[id as usize] > 1 {
                features.push(feature);
                let row = self.rows[id as usize].iter().map(|w| (w.class, w.weight));
                rows.push(row.filter(|(_, weight)| weight.abs() > LIGHT));
            }
        }
        rows.shrink();
        features.shrink_to_fit();
        let bias = self.bias.into_iter().map(|w| w.weight).collect();
        Classifier { features, rows, bias, temperature: TEMPERATURE }
    }
}

fn step(row: &mut [Weight], errors: &[f32], value: f32) {
    for w in row {
        let error = errors[usize::from(w.class)];
        if error != 0.0 {
            w.step(error, value);
        }
    }
}

pub(super) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|s| *s /= sum);
}
