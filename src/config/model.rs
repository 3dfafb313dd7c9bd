//! `[model]`: the language model behind the grammar.

use jiff::SignedDuration;
use serde::Deserialize;
use url::Url;

use super::Problem;

/// What kind of server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Ollama's own API.
    Ollama,
    /// An OpenAI-compatible API: vLLM, exo, llama.cpp.
    Openai,
    /// No model: the grammar and the built-in classifier alone.
    #[default]
    None,
}

/// `[model]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Which API; `none` by default.
    pub provider: Provider,
    /// Its address.
    pub url: Url,
    /// The model's name there.
    pub name: String,
    /// A second model for embeddings, if any.
    pub embedding_name: Option<String>,
    /// How long one answer may take.
    pub timeout: SignedDuration,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            provider: Provider::None,
            url: Url::parse("http://127.0.0.1:11434").expect("a constant"),
            name: String::new(),
            embedding_name: None,
            timeout: SignedDuration::from_secs(30),
        }
    }
}

impl Model {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if self.provider != Provider::None && self.name.is_empty() {
            problems
                .push(Problem::at("model.name", "is missing: write the model's name, such as `qwen3:8b`"));
        }
        if !self.timeout.is_positive() {
            problems.push(Problem::at("model.timeout", "must be longer than nothing, such as `30s`"));
        }
    }
}
