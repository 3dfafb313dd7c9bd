//! Ollama's own API: `POST /api/chat` with a JSON schema as `format`.

use super::http::{Http, error_in};
use super::{Model, ModelError, ModelRequest};
use async_trait::async_trait;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, ChatMessageResponse};
use ollama_rs::generation::parameters::{FormatType, JsonStructure, KeepAlive, TimeUnit};
use ollama_rs::models::ModelOptions;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// A model on an Ollama server.
#[derive(Debug, Clone)]
pub struct OllamaModel {
    http: Http,
    name: String,
}

impl OllamaModel {
    /// A model by its name on the server at a URL.
    #[must_use]
    pub fn new(url: Url, name: impl Into<String>, timeout: Duration) -> Self {
        Self { http: Http::new(url, timeout, None), name: name.into() }
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let garbled = |e: serde_json::Error| ModelError::Garbled(e.to_string());
        let schema: JsonStructure = serde_json::from_value(request.schema.clone()).map_err(garbled)?;
        let messages =
            vec![ChatMessage::system(request.system.clone()), ChatMessage::user(request.user.clone())];
        let tokens = i32::try_from(request.max_tokens).unwrap_or(i32::MAX);
        let chat = ChatMessageRequest::new(self.name.clone(), messages)
            .format(FormatType::StructuredJson(Box::new(schema)))
            .keep_alive(KeepAlive::Until { time: 30, unit: TimeUnit::Minutes })
            .options(ModelOptions::default().temperature(0.0).seed(1).num_predict(tokens));
        serde_json::to_value(chat).map_err(garbled)
    }

    fn refused(&self, said: String) -> ModelError {
        if said.contains("not found") && said.contains("model") {
            return self.missing();
        }
        ModelError::Server(said)
    }

    fn missing(&self) -> ModelError {
        ModelError::Missing {
            model: self.name.clone(),
            server: self.http.base.to_string(),
            remedy: format!("run `ollama pull {}`", self.name),
        }
    }
}

#[async_trait]
impl Model for OllamaModel {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: ModelRequest) -> Result<String, ModelError> {
        let (status, text) = self.http.send("api/chat", Some(&self.body(&request)?)).await?;
        let mut content = String::new();
        let mut done = false;
        // One object; or, from a server that streams nevertheless, one a line. An error may stand in any of them, under status 200.
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let Ok(answer) = serde_json::from_str::<Value>(line) else {
                let said = line.chars().take(200).collect::<String>();
                return Err(if status == 200 { ModelError::Cut } else { ModelError::Server(said) });
            };
            if let Some(said) = error_in(&answer) {
                return Err(self.refused(said));
            }
            let part: ChatMessageResponse =
                serde_json::from_value(answer).map_err(|e| ModelError::Garbled(e.to_string()))?;
            content.push_str(&part.message.content);
            done |= part.done;
        }
        match (status, done) {
            (200, true) => Ok(content),
            (200, false) => Err(ModelError::Cut),
            (404, _) => Err(self.missing()),
            _ => Err(ModelError::Server(format!("status {status}"))),
        }
    }

    async fn check(&self) -> Result<(), ModelError> {
        let (status, text) = self.http.send("api/tags", None).await?;
        let tags: Value =
            serde_json::from_str(&text).map_err(|_| ModelError::Server(format!("status {status}")))?;
        let names = tags.get("models").and_then(Value::as_array).into_iter().flatten();
        let has = names
            .filter_map(|m| m.get("name").and_then(Value::as_str))
            .any(|name| name == self.name || name.strip_suffix(":latest") == Some(&self.name));
        if has { Ok(()) } else { Err(self.missing()) }
    }
}
