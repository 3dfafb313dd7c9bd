//! The OpenAI-compatible API: vLLM, exo, llama.cpp, and Ollama's `/v1`.

use super::http::{Http, error_in};
use super::{Model, ModelError, ModelRequest};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A model behind an OpenAI-compatible API.
#[derive(Debug, Clone)]
pub struct OpenAiModel {
    http: Http,
    name: String,
    prefix: &'static str,
}

impl OpenAiModel {
    /// A model by its name; the URL may end in `/v1` or not.
    #[must_use]
    pub fn new(url: Url, name: impl Into<String>, timeout: Duration, token: Option<String>) -> Self {
        let prefix = if url.path().trim_end_matches('/').ends_with("/v1") { "" } else { "v1/" };
        Self { http: Http::new(url, timeout, token), name: name.into(), prefix }
    }

    fn refused(&self, status: u16, said: String) -> ModelError {
        let missing = said.contains("not found") || said.contains("does not exist");
        if missing && (status == 404 || said.contains("model")) {
            return ModelError::Missing {
                model: self.name.clone(),
                server: self.http.base.to_string(),
                remedy: "choose one that `/v1/models` lists".into(),
            };
        }
        ModelError::Server(said)
    }
}

#[async_trait]
impl Model for OpenAiModel {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: ModelRequest) -> Result<String, ModelError> {
        let body = json!({
            "model": self.name,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
            "temperature": 0,
            "seed": 1,
            "max_tokens": request.max_tokens,
            "stream": false,
            "response_format": {"type": "json_schema", "json_schema": {"name": "reading", "strict": true, "schema": request.schema}},
        });
        let (status, text) = self.http.send(&format!("{}chat/completions", self.prefix), Some(&body)).await?;
        let Ok(answer) = serde_json::from_str::<Value>(&text) else {
            return Err(if status == 200 {
                ModelError::Cut
            } else {
                self.refused(status, text.chars().take(200).collect())
            });
        };
        if let Some(said) = error_in(&answer) {
            return Err(self.refused(status, said));
        }
        let choice = &answer["choices"][0];
        if choice["finish_reason"] == "length" {
            return Err(ModelError::Cut);
        }
        let content = choice["message"]["content"].as_str();
        content.map(str::to_owned).ok_or_else(|| ModelError::Garbled("it has no content".into()))
    }

    async fn check(&self) -> Result<(), ModelError> {
        let (status, text) = self.http.send(&format!("{}models", self.prefix), None).await?;
        let models: Value =
            serde_json::from_str(&text).map_err(|_| ModelError::Server(format!("status {status}")))?;
        let mut names = models["data"].as_array().into_iter().flatten().filter_map(|m| m["id"].as_str());
        if names.any(|id| id == self.name) {
            Ok(())
        } else {
            Err(self.refused(404, "model not found".into()))
        }
    }
}
