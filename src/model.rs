//! The language model of `[model]`, with its time measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ralf_intents::{Capabilities, Model, ModelAnswer, ModelError, ModelRequest, OllamaModel, OpenAiModel};

use crate::config::{self, Provider};
use crate::metrics::Metrics;
use crate::secrets;

/// The model that the configuration names, if it names one.
pub fn configured(config: &config::Model, metrics: &Metrics) -> Option<Arc<dyn Model>> {
    let timeout = Duration::try_from(config.timeout).unwrap_or(Duration::from_secs(30));
    let inner: Box<dyn Model> = match config.provider {
        Provider::None => return None,
        Provider::Ollama => Box::new(OllamaModel::new(config.url.clone(), &config.name, timeout)),
        Provider::Openai => Box::new(OpenAiModel::new(config.url.clone(), &config.name, timeout, None)),
    };
    Some(Arc::new(Timed { inner, metrics: metrics.clone() }))
}

struct Timed {
    inner: Box<dyn Model>,
    metrics: Metrics,
}

#[async_trait]
impl Model for Timed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn complete(&self, mut request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let began = Instant::now();
        // The model's server is another house.
        request.system = secrets::hide(&request.system).into_owned();
        request.user = secrets::hide(&request.user).into_owned();
        let answer = self.inner.complete(request).await;
        self.metrics.model(began.elapsed());
        if let Err(error) = &answer {
            tracing::warn!(model = self.inner.name(), %error, "the model gave no answer; the other readers decide");
        }
        answer
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        self.inner.probe().await
    }
}
