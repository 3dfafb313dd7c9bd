//! A further reader: what a sentence means, by an embedding model; a linear classifier over its vectors, learnt from the catalogue.
//!
//! The vectors of the catalogue's sentences take a minute or two to make, so what was learnt is kept under the hash of
//! the catalogue and the model's name ([`Sense::key`]), together with the vector of one text: by that other weights under
//! the same name are noticed.

mod sentences;
#[cfg(test)]
mod tests;

use crate::catalogue::Catalogue;
use crate::classifier::{Classifier, Samples, Scores};
use crate::model::{Model, ModelError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;

pub(crate) use sentences::spoken;

/// How many sentences are sent at once.
const BATCH: usize = 32;

/// How many times the sentences are gone through: vectors are learnt from more slowly than words.
const EPOCHS: usize = 4;

/// How long the vectors are made that the classifier learns from.
const LENGTH: f32 = 0.7;

/// The most characters of a message that an embedding model is asked about: more than a request has, and less than any
/// model takes.
const MOST: usize = 1_000;

/// The text by whose vector a model is known again, and how like it (the cosine) it must be: machines and versions of a
/// server compute a little differently.
const PROBE: &str = "Starte den Dienst neu, please.";
const LIKE: f32 = 0.999;

/// An embedding model and what was learnt from its vectors. Clones share what was learnt.
#[derive(Clone)]
pub struct Sense {
    model: Arc<dyn Model>,
    name: String,
    learnt: Arc<RwLock<Arc<Learnt>>>,
    outdated: Arc<Notify>,
}

/// What was learnt, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Learnt {
    key: String,
    name: String,
    probe: Vec<f32>,
    mean: Vec<f32>,
    classifier: Classifier,
}

impl fmt::Debug for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sense").field("key", &self.learnt().key).finish_non_exhaustive()
    }
}

impl Sense {
    /// What a sense is kept under: it is of no use for another catalogue or another model.
    #[must_use]
    pub fn key(catalogue: &Catalogue, embedding_name: &str) -> String {
        format!("{}-{embedding_name}-2", catalogue.hash())
    }

    /// What an embedding model is asked in order to learn, for whoever has to reckon what that costs.
    #[must_use]
    pub fn questions(catalogue: &Catalogue, embedding_name: &str) -> Vec<String> {
        let (texts, _) = sentences::corpus(catalogue);
        texts.iter().map(|text| asked(embedding_name, text)).collect()
    }

    fn new(model: Arc<dyn Model>, learnt: Learnt) -> Self {
        let name = learnt.name.clone();
        Self { model, name, learnt: Arc::new(RwLock::new(Arc::new(learnt))), outdated: Arc::default() }
    }

    /// Asks an embedding model for the vectors of the catalogue's sentences, and learns from them.
    ///
    /// # Errors
    /// When the model does not answer.
    pub async fn learn(
        catalogue: &Catalogue,
        model: Arc<dyn Model>,
        embedding_name: &str,
    ) -> Result<Self, ModelError> {
        let (texts, classes) = sentences::corpus(catalogue);
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let batch: Vec<String> = batch.iter().map(|text| asked(embedding_name, text)).collect();
            vectors.extend(model.embed(embedding_name, &batch).await?);
        }
        let probe = probe(model.as_ref(), embedding_name).await?;
        let (key, name) = (Self::key(catalogue, embedding_name), embedding_name.to_owned());
        let mean = mean(&vectors)?;
        let none = catalogue.intents().count();
        let learning = tokio::task::spawn_blocking(move || {
            let samples = samples(&vectors, &classes, &mean, none);
            let classifier = Classifier::new(&samples, none + 1, EPOCHS);
            Learnt { key, name, probe, mean, classifier }
        });
        let learnt =
            learning.await.map_err(|_| ModelError::Garbled("its vectors can't be learnt from".into()))?;
        Ok(Self::new(model, learnt))
    }

    /// What was learnt earlier, if it belongs to this catalogue and model; the model is asked for one vector to see that it is
    /// still the same.
    ///
    /// # Errors
    /// When the model does not answer.
    pub async fn from_json(kept: &str, key: &str, model: Arc<dyn Model>) -> Result<Option<Self>, ModelError> {
        let learnt = serde_json::from_str::<Learnt>(kept).ok();
        let Some(learnt) = learnt.filter(|l| l.key == key && l.classifier.fits(l.mean.len())) else {
            return Ok(None);
        };
        let now = probe(model.as_ref(), &learnt.name).await?;
        Ok((likeness(&now, &learnt.probe) > LIKE).then(|| Self::new(model, learnt)))
    }

    /// Waits until the model turns out to be another one than what was learnt from.
    pub async fn outdated(&self) {
        self.outdated.notified().await;
    }

    /// Takes what another one learnt, for all clones of this one.
    pub fn replace(&self, by: &Self) {
        *self.learnt.write().unwrap_or_else(PoisonError::into_inner) = by.learnt();
    }

    fn learnt(&self) -> Arc<Learnt> {
        Arc::clone(&self.learnt.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was learnt, to be kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers and strings only: it can't fail.
        serde_json::to_string(&*self.learnt()).unwrap_or_default()
    }

    /// The embedding model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The probability of each class for a sentence whose names were taken out.
    pub(crate) async fn classify(&self, sentence: &str) -> Result<Scores, ModelError> {
        let short: String = sentence.chars().take(MOST).collect();
        let vectors = self.model.embed(self.name(), &[asked(self.name(), &short)]).await?;
        let learnt = self.learnt();
        let Some(vector) = vectors.first().filter(|v| v.len() == learnt.mean.len()) else {
            self.outdated.notify_one();
            return Err(ModelError::Garbled("its vectors are of another length now".into()));
        };
        Ok(learnt.classifier.score(&features(vector, &learnt.mean)).0)
    }
}

/// The vector by which a model is known again.
async fn probe(model: &dyn Model, embedding_name: &str) -> Result<Vec<f32>, ModelError> {
    let vectors = model.embed(embedding_name, &[asked(embedding_name, PROBE)]).await?;
    vectors.into_iter().next().ok_or_else(|| ModelError::Garbled("there is no vector in it".into()))
}

/// The cosine of two vectors; those of several lengths are not alike at all.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return -1.0;
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::EPSILON)
}

/// A text as its model wants it: E5 and Nomic were trained with a word before each.
fn asked(embedding_name: &str, text: &str) -> String {
    let name = embedding_name.to_lowercase();
    match () {
        () if name.contains("e5") => format!("query: {text}"),
        () if name.contains("nomic") => format!("classification: {text}"),
        () => text.to_owned(),
    }
}

fn mean(vectors: &[Vec<f32>]) -> Result<Vec<f32>, ModelError> {
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|v| v.len() != length) {
        return Err(ModelError::Garbled("its vectors are of several lengths".into()));
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of sentences")]
    let count = vectors.len().max(1) as f32;
    Ok((0..length).map(|i| vectors.iter().map(|v| v[i]).sum::<f32>() / count).collect())
}

/// All vectors of a model lie close together: what tells them apart is how they differ from their mean.
fn features(vector: &[f32], mean: &[f32]) -> Vec<(u64, f32)> {
    let apart: Vec<f32> = vector.iter().zip(mean).map(|(v, m)| v - m).collect();
    let length = apart.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::EPSILON) / LENGTH;
    (0..).zip(apart.into_iter().map(|v| v / length)).collect()
}

/// Each intent weighs the same, however many sentences it has; `none` weighs as several of them.
fn samples(vectors: &[Vec<f32>], classes: &[usize], mean: &[f32], none: usize) -> Samples {
    #[expect(clippy::cast_precision_loss, reason = "thousands of sentences")]
    let count = |class: usize| classes.iter().filter(|c| **c == class).count().max(1) as f32;
    let weights: Vec<f32> = (0..=none).map(|c| if c == none { 900.0 } else { 150.0 } / count(c)).collect();
    let mut samples = Samples::default();
    for (vector, class) in vectors.iter().zip(classes) {
        samples.push(&features(vector, mean), *class, weights[*class]);
    }
    samples
}
