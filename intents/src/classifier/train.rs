//! Multinomial logistic regression, by adaptive gradient descent; the order of the samples is fixed.

use super::Classifier;
use super::corpus::Sample;
use crate::template::Rng;

const RATE: f32 = 0.6;
/// A sentence whose class has all but this probability is passed over.
const SETTLED: f32 = 0.02;
const DECAY: f32 = 2e-6;
/// Found on the development set.
const TEMPERATURE: f32 = 1.0;

/// Known features, class and weight of a sample.
type Row = (Vec<(u32, f32)>, usize, f32);

pub(super) fn train(samples: &[Sample], classes: usize, epochs: usize) -> Classifier {
    let mut known: Vec<u64> = samples.iter().flat_map(|s| s.features.iter().map(|(f, _)| *f)).collect();
    known.sort_unstable();
    // What stands in one sentence alone teaches little and costs as much as the rest.
    known = known.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same[0]).collect();
    let compiled: Vec<Row> = samples
        .iter()
        .map(|s| {
            let features = s.features.iter().filter_map(|(f, v)| Some((row(&known, *f)?, *v)));
            (features.collect(), s.class, s.weight)
        })
        .collect();
    let size = (known.len() + 1) * classes;
    let (mut weights, mut squares) = (vec![0.0_f32; size], vec![1e-3_f32; size]);
    let bias = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let mut order: Vec<usize> = (0..compiled.len()).collect();
    let mut rng = Rng::new(11);
    let mut scores = vec![0.0_f32; classes];
    for _ in 0..epochs {
        for i in (1..order.len()).rev() {
            order.swap(i, rng.below(i + 1));
        }
        for &i in &order {
            let (features, class, weight) = &compiled[i];
            scores.copy_from_slice(&weights[size - classes..]);
            accumulate(&weights, classes, features, &mut scores);
            softmax(&mut scores);
            scores[*class] -= 1.0;
            // What is right already teaches nothing more.
            if scores[*class] > -SETTLED {
                continue;
            }
            scores.iter_mut().for_each(|s| *s *= weight);
            for (row, value) in features.iter().copied().chain([(bias, 0.1)]) {
                let at = row as usize * classes;
                let rows = weights[at..at + classes].iter_mut().zip(&mut squares[at..at + classes]);
                for ((w, square), error) in rows.zip(&scores) {
                    let gradient = error * value + DECAY * *w;
                    *square += gradient * gradient;
                    *w -= RATE * gradient / square.sqrt();
                }
            }
        }
    }
    Classifier { features: known, weights, classes, temperature: TEMPERATURE }
}

/// The row of a feature.
pub(super) fn row(known: &[u64], feature: u64) -> Option<u32> {
    known.binary_search(&feature).ok().and_then(|at| u32::try_from(at).ok())
}

pub(super) fn accumulate(weights: &[f32], classes: usize, features: &[(u32, f32)], scores: &mut [f32]) {
    for (row, value) in features {
        let at = *row as usize * classes;
        for (score, weight) in scores.iter_mut().zip(&weights[at..at + classes]) {
            *score += weight * value;
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
