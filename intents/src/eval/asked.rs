//! How a model did as a server: how often it was asked, how long it took, how often it failed.

use super::Latency;
use crate::model::{Capabilities, Model, ModelAnswer, ModelError, ModelRequest};
use async_trait::async_trait;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a run saw of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// How often it was asked: only where the other readers were in doubt.
    pub times: usize,
    /// How often it gave no answer; then the other readers decided.
    pub failed: usize,
    /// Why it failed the first time.
    pub first_failure: Option<String>,
    /// Time for an answer.
    pub latency: Latency,
}

/// A model that is looked at while it works.
pub(super) struct Watched<'a> {
    model: &'a dyn Model,
    seen: Mutex<(Vec<Duration>, Vec<ModelError>)>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(model: &'a dyn Model) -> Self {
        Self { model, seen: Mutex::default() }
    }

    pub(super) fn done(self) -> Asked {
        let (times, failures) = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        Asked {
            name: self.model.name().to_owned(),
            times: times.len(),
            failed: failures.len(),
            first_failure: failures.first().map(ToString::to_string),
            latency: Latency::new(times),
        }
    }
}

#[async_trait]
impl Model for Watched<'_> {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let start = Instant::now();
        let answer = self.model.complete(request).await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.push(start.elapsed());
        seen.1.extend(answer.as_ref().err().cloned());
        answer
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        self.model.probe().await
    }

    async fn embed(&self, embedding_name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.model.embed(embedding_name, texts).await
    }
}
