//! The last reader: a language model, asked only when the others leave doubt, and never believed unchecked.

mod chat;
mod http;
mod ollama;
mod openai;
mod prompt;
mod reader;
mod scripted;

use async_trait::async_trait;
use serde_json::Value;
use thiserror::Error;

pub use chat::chat;
pub use ollama::OllamaModel;
pub use openai::OpenAiModel;
pub use prompt::{prompt_hash, prompt_version};
pub use scripted::ScriptedModel;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    /// What it shall do.
    pub system: String,
    /// The message of the person, fenced as data.
    pub user: String,
    /// The JSON schema of the answer.
    pub schema: Value,
    /// The most tokens of the answer: a constrained model may run on in white space.
    pub max_tokens: u32,
}

/// Why a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The server has no such model.
    #[error("{server} has no model `{model}`: {remedy}")]
    Missing {
        /// The model.
        model: String,
        /// The server.
        server: String,
        /// What to do.
        remedy: String,
    },
    /// Nobody answers.
    #[error("no model server answers at {0}")]
    Gone(String),
    /// It took too long.
    #[error("the model took longer than {0} s")]
    Timeout(u64),
    /// The server says that it failed.
    #[error("the model server reports: {0}")]
    Server(String),
    /// The answer broke off.
    #[error("the model's answer broke off")]
    Cut,
    /// The answer is not what was asked for.
    #[error("the model's answer cannot be read: {0}")]
    Garbled(String),
}

/// A language model that answers in JSON.
#[async_trait]
pub trait Model: Send + Sync {
    /// Its name, for the record of decisions.
    fn name(&self) -> &str;

    /// One answer; dropping the future cancels the request.
    async fn complete(&self, request: ModelRequest) -> Result<String, ModelError>;

    /// Whether it could answer: the server is there and has the model.
    async fn check(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
