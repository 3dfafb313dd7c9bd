//! A model that says what a test wants.

use super::{Model, ModelAnswer, ModelError, ModelRequest};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Answers in the order in which they were given, and keeps what it was asked.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    answers: Mutex<VecDeque<Result<String, ModelError>>>,
    asked: Mutex<Vec<ModelRequest>>,
}

impl ScriptedModel {
    /// A model with these answers.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = Result<String, ModelError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<ModelRequest> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Model for ScriptedModel {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let text = answer.unwrap_or_else(|| Err(ModelError::Gone("the end of the script".into())))?;
        Ok(ModelAnswer { text, model: self.name().into(), tokens: None, passed_over: Vec::new() })
    }
}
