//! The last reader: a language model, asked only when the others leave doubt, and never believed unchecked.

mod chat;
mod fence;
mod http;
mod ollama;
mod openai;
mod probe;
mod prompt;
mod reader;
mod request;
mod scripted;

use async_trait::async_trait;
use thiserror::Error;

pub use chat::{Said, chat};
pub use fence::fence;
pub use ollama::OllamaModel;
pub use openai::OpenAiModel;
pub use probe::{Capabilities, keeps_to_schema};
pub use prompt::{prompt_hash, prompt_version};
pub use reader::Aids;
pub use request::{Class, ModelAnswer, ModelRequest};
pub use scripted::ScriptedModel;

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
    /// The server wants a key, or another one.
    #[error("{0} refuses us: it wants a key, or another one")]
    Refused(String),
    /// Nobody answers there: the address, and why as far as that is known.
    #[error("no model server answers at {0}")]
    Gone(String),
    /// It took too long, in seconds.
    #[error("the model took longer than {0} s")]
    Timeout(u64),
    /// It began to answer and said nothing more for so many seconds.
    #[error("the model fell silent for {0} s in the middle of its answer")]
    Silent(u64),
    /// The server says that it failed.
    #[error("the model server reports: {0}")]
    Server(String),
    /// The server does not take this request, as when it is too long; the next one may be well.
    #[error("the model server does not take this request: {0}")]
    Declined(String),
    /// The answer broke off.
    #[error("the model's answer broke off")]
    Cut,
    /// The answer reached the most tokens that it may have.
    #[error("the model's answer reached its most tokens")]
    Long,
    /// The answer is not what was asked for.
    #[error("the model's answer cannot be read: {0}")]
    Garbled(String),
    /// There are several models, and none of them could be asked or gave an answer.
    #[error("no model answers: {0}")]
    Nobody(String),
}

/// A language model.
#[async_trait]
pub trait Model: Send + Sync {
    /// Its name, for the record of decisions.
    fn name(&self) -> &str;

    /// One answer; dropping the future closes the connection, and the server stops.
    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError>;

    /// Looks at what the server is; the model itself is asked nothing.
    async fn probe(&self) -> Result<Capabilities, ModelError> {
        Ok(Capabilities::default())
    }

    /// Texts as vectors, one each, by an embedding model on the same server.
    async fn embed(&self, _embedding_name: &str, _texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Err(ModelError::Server("it has no embeddings".into()))
    }

    /// How long these vectors are.
    async fn dimensions(&self, embedding_name: &str) -> Result<usize, ModelError> {
        let vectors = self.embed(embedding_name, &[probe::TEXT.to_owned()]).await?;
        probe::length(vectors.first().map(Vec::len))
    }
}

#[async_trait]
impl<M: Model + ?Sized> Model for std::sync::Arc<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        (**self).complete(request).await
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        (**self).probe().await
    }

    async fn embed(&self, embedding_name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        (**self).embed(embedding_name, texts).await
    }

    async fn dimensions(&self, embedding_name: &str) -> Result<usize, ModelError> {
        (**self).dimensions(embedding_name).await
    }
}
