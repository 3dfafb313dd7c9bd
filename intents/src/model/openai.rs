//! The OpenAI-compatible API: vLLM, exo, llama.cpp, and Ollama's `/v1`; streamed as server-sent events.

use super::http::{Http, error_in, failed, parse, ran_on, runs_on};
use super::probe::{self, Capabilities};
use super::{Model, ModelAnswer, ModelError, ModelRequest};
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
    /// A model by its name; the URL may end in `/v1` or not. `timeout` is for one whole answer, and a third of it for
    /// silence in the middle of one.
    #[must_use]
    pub fn new(url: Url, name: impl Into<String>, timeout: Duration, token: Option<String>) -> Self {
        let prefix = if url.path().trim_end_matches('/').ends_with("/v1") { "" } else { "v1/" };
        Self { http: Http::new(url, timeout, token), name: name.into(), prefix }
    }

    /// The body of `POST /v1/chat/completions`.
    #[must_use]
    pub fn body(&self, request: &ModelRequest) -> Value {
        let mut body = json!({
            "model": self.name,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
            "temperature": 0,
            "seed": 1,
            "max_tokens": request.max_tokens,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        if let Some(schema) = &request.schema {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "reading", "strict": true, "schema": schema},
            });
        }
        body
    }

    fn refused(&self, name: &str, error: ModelError) -> ModelError {
        let (ModelError::Server(said) | ModelError::Declined(said)) = &error else { return error };
        let missing = said.contains("not found") || said.contains("does not exist");
        if missing && said.contains("model") { self.missing(name) } else { error }
    }

    fn missing(&self, name: &str) -> ModelError {
        ModelError::Missing {
            model: name.to_owned(),
            server: self.http.server(),
            remedy: "choose one that `/v1/models` lists".into(),
        }
    }
}

/// An answer so far.
#[derive(Debug, Default)]
struct Partial {
    content: String,
    tokens: Option<u64>,
    finished: bool,
}

impl Partial {
    /// Takes a piece of a streamed answer, or a whole one.
    fn take(&mut self, event: &Value) -> Result<(), ModelError> {
        self.tokens = event["usage"]["total_tokens"].as_u64().or(self.tokens);
        let Some(choice) = event["choices"].get(0) else { return Ok(()) };
        let message = choice.get("delta").or_else(|| choice.get("message"));
        self.content.push_str(message.and_then(|m| m["content"].as_str()).unwrap_or_default());
        match choice["finish_reason"].as_str() {
            Some("length") => return Err(ModelError::Long),
            Some(_) => self.finished = true,
            None => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Model for OpenAiModel {
    fn name(&self) -> &str {
        &self.name
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let path = format!("{}chat/completions", self.prefix);
        let mut reply = self.http.open(&path, Some(&self.body(&request))).await?;
        if reply.status != 200 {
            return Err(self.refused(&self.name, failed(reply.status, &reply.rest().await?)));
        }
        let answer =
            |text, tokens| ModelAnswer { text, model: self.name.clone(), tokens, passed_over: vec![] };
        let mut partial = Partial::default();
        // A server that can't stream answers in one piece.
        if !reply.is_event_stream() {
            let whole = parse(&reply.rest().await?)?;
            if let Some(said) = error_in(&whole) {
                return Err(self.refused(&self.name, ModelError::Server(said)));
            }
            partial.take(&whole)?;
        }
        while let Some(line) = reply.line().await? {
            // Until September 2025 llama.cpp had a field of its own for errors.
            if let Some(error) = line.strip_prefix("error:") {
                let error = json!({"error": parse(error.trim())?});
                return Err(
                    self.refused(&self.name, ModelError::Server(error_in(&error).unwrap_or_default()))
                );
            }
            // The rest are comments, which keep the connection open, and names of events.
            let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|data| !data.is_empty()) else {
                continue;
            };
            if data == "[DONE]" {
                break;
            }
            let event = parse(data)?;
            if let Some(said) = error_in(&event) {
                return Err(self.refused(&self.name, ModelError::Server(said)));
            }
            partial.take(&event)?;
            if runs_on(&partial.content) {
                return Ok(answer(ran_on(partial.content)?, partial.tokens));
            }
        }
        match partial {
            Partial { finished: false, .. } => Err(ModelError::Cut),
            Partial { content, .. } if content.is_empty() => {
                Err(ModelError::Garbled("it has no content".into()))
            }
            Partial { content, tokens, .. } => Ok(answer(content, tokens)),
        }
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        let models = self.http.json(&format!("{}models", self.prefix), None).await?;
        let mut listed = models["data"].as_array().into_iter().flatten();
        let model = listed.find(|m| m["id"] == self.name.as_str()).ok_or_else(|| self.missing(&self.name))?;
        // vLLM's and llama.cpp's own words; others say neither.
        let context = model["max_model_len"].as_u64().or_else(|| model["meta"]["n_ctx_train"].as_u64());
        Ok(Capabilities {
            server: model["owned_by"].as_str().unwrap_or("OpenAI-compatible").to_owned(),
            context,
            elsewhere: None,
        })
    }

    async fn embed(&self, embedding_name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let body = json!({"model": embedding_name, "input": texts});
        let answer = self.http.json(&format!("{}embeddings", self.prefix), Some(&body)).await;
        let answer = answer.map_err(|error| self.refused(embedding_name, error))?;
        let mut rows: Vec<Embedding> =
            serde_json::from_value(answer["data"].clone()).map_err(|e| ModelError::Garbled(e.to_string()))?;
        rows.sort_by_key(|row| row.index);
        probe::vectors(rows.into_iter().map(|row| row.embedding).collect(), texts.len())
    }
}

/// One vector of an answer, and the text that it belongs to.
#[derive(serde::Deserialize)]
struct Embedding {
    #[serde(default)]
    index: usize,
    embedding: Vec<f32>,
}
