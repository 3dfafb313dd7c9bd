//! Ollama's own API: `POST /api/chat` with a JSON schema as `format`, streamed.

use super::http::{Http, error_in, failed, parse, ran_on, runs_on};
use super::probe::{self, Capabilities};
use super::{Model, ModelAnswer, ModelError, ModelRequest};
use async_trait::async_trait;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, ChatMessageResponse};
use ollama_rs::generation::embeddings::GenerateEmbeddingsResponse;
use ollama_rs::generation::embeddings::request::GenerateEmbeddingsRequest;
use ollama_rs::generation::parameters::{FormatType, JsonStructure, KeepAlive, TimeUnit};
use ollama_rs::models::ModelOptions;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A model on an Ollama server.
#[derive(Debug, Clone)]
pub struct OllamaModel {
    http: Http,
    name: String,
}

impl OllamaModel {
    /// A model by its name on the server at a URL; `timeout` is for one whole answer, and a third of it for silence in the
    /// middle of one.
    #[must_use]
    pub fn new(url: Url, name: impl Into<String>, timeout: Duration) -> Self {
        Self { http: Http::new(url, timeout, None), name: name.into() }
    }

    /// The same behind a proxy that wants a bearer token.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { http: self.http.with_token(token), ..self }
    }

    /// The body of `POST /api/chat`.
    ///
    /// # Errors
    /// When the schema is none.
    pub fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let garbled = |e: serde_json::Error| ModelError::Garbled(e.to_string());
        let messages =
            vec![ChatMessage::system(request.system.clone()), ChatMessage::user(request.user.clone())];
        let tokens = i32::try_from(request.max_tokens).unwrap_or(i32::MAX);
        // A model that thinks by default would use up its few tokens on that.
        let mut chat = ChatMessageRequest::new(self.name.clone(), messages)
            .think(false)
            .keep_alive(KeepAlive::Until { time: 30, unit: TimeUnit::Minutes })
            .options(ModelOptions::default().temperature(0.0).seed(1).num_predict(tokens));
        if let Some(schema) = &request.schema {
            let schema: JsonStructure = serde_json::from_value(schema.clone()).map_err(garbled)?;
            chat = chat.format(FormatType::StructuredJson(Box::new(schema)));
        }
        let mut body = serde_json::to_value(chat).map_err(garbled)?;
        // The types leave these two to their own client.
        body["stream"] = true.into();
        for message in body["messages"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
        {
            message.retain(|_, value| !value.is_null());
        }
        Ok(body)
    }

    fn refused(&self, name: &str, error: ModelError) -> ModelError {
        match &error {
            ModelError::Server(said) | ModelError::Declined(said)
                if said.contains("not found") && said.contains("model") =>
            {
                self.missing(name)
            }
            _ => error,
        }
    }

    fn missing(&self, name: &str) -> ModelError {
        ModelError::Missing {
            model: name.to_owned(),
            server: self.http.server(),
            remedy: format!("run `ollama pull {name}`"),
        }
    }
}

#[async_trait]
impl Model for OllamaModel {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let mut reply = self.http.open("api/chat", Some(&self.body(&request)?)).await?;
        if reply.status != 200 {
            return Err(self.refused(&self.name, failed(reply.status, &reply.rest().await?)));
        }
        let answer =
            |text, tokens| ModelAnswer { text, model: self.name.clone(), tokens, passed_over: vec![] };
        let mut content = String::new();
        while let Some(line) = reply.line().await? {
            let event = parse(&line)?;
            // Under status 200, and in the middle of an answer.
            if let Some(said) = error_in(&event) {
                return Err(self.refused(&self.name, ModelError::Server(said)));
            }
            let cut = event["done_reason"] == "length";
            let count = |key| event.get(key).and_then(Value::as_u64);
            let tokens = count("eval_count").map(|n| n + count("prompt_eval_count").unwrap_or(0));
            let part: ChatMessageResponse =
                serde_json::from_value(event).map_err(|e| ModelError::Garbled(e.to_string()))?;
            content.push_str(&part.message.content);
            match part.done {
                true if cut => return Err(ModelError::Long),
                true => return Ok(answer(content, tokens)),
                false if runs_on(&content) => return Ok(answer(ran_on(content)?, None)),
                false => {}
            }
        }
        Err(ModelError::Cut)
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        let version = self.http.json("api/version", None).await?;
        let tags = self.http.json("api/tags", None).await?;
        let mut models = tags["models"].as_array().into_iter().flatten();
        let is_it = |name: &str| name == self.name || name.strip_suffix(":latest") == Some(&self.name);
        let model =
            models.find(|m| m["name"].as_str().is_some_and(is_it)).ok_or_else(|| self.missing(&self.name))?;
        // Ollama may hand a model's work on to a server elsewhere.
        let elsewhere = model["remote_host"].as_str().filter(|host| !host.is_empty()).map(str::to_owned);
        let show = self.http.json("api/show", Some(&json!({"model": self.name}))).await?;
        let facts = show["model_info"].as_object().into_iter().flatten();
        let context = facts.filter(|(key, _)| key.ends_with(".context_length")).find_map(|(_, v)| v.as_u64());
        Ok(Capabilities {
            server: format!("Ollama {}", version["version"].as_str().unwrap_or("?")),
            context,
            elsewhere,
        })
    }

    async fn embed(&self, embedding_name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let request = GenerateEmbeddingsRequest::new(embedding_name.to_owned(), texts.to_vec().into());
        let body = serde_json::to_value(request).map_err(|e| ModelError::Garbled(e.to_string()))?;
        let answer = self.http.json("api/embed", Some(&body)).await;
        let answer = answer.map_err(|error| self.refused(embedding_name, error))?;
        let answer: GenerateEmbeddingsResponse =
            serde_json::from_value(answer).map_err(|e| ModelError::Garbled(e.to_string()))?;
        probe::vectors(answer.embeddings, texts.len())
    }
}
