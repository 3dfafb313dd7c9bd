//! The models in their order: a request goes to the first one that may see it and can answer it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::SignedDuration;
use ralf_intents::{Model, ModelAnswer, ModelError, ModelRequest, OllamaModel, OpenAiModel};
use tokio::sync::Notify;

use super::allowance::Allowance;
use super::guard::Guarded;
use super::server::{Found, Server, Why};
use crate::config::{self, Provider};
use crate::metrics::Metrics;
use crate::secrets::hide;
use crate::store::{Store, StoreError};

/// All models there are, behind the face of one.
pub struct Router {
    servers: Vec<(Server, Option<String>)>,
    metrics: Metrics,
    /// Told when a server failed.
    failed: Notify,
}

/// The models that the configuration names, if it names one. Without a store, what they cost is counted in this process
/// alone. Nothing is asked before [`Router::look`] or [`Router::watch`] has looked at a server.
pub fn configured(config: &config::Model, metrics: &Metrics, store: Option<&Store>) -> Option<Arc<Router>> {
    let servers: Vec<_> =
        config.servers().map(|server| (self::server(server, store), server.embedding_name.clone())).collect();
    (!servers.is_empty()).then(|| Router::new(servers, metrics))
}

fn server(config: &config::Model, store: Option<&Store>) -> Server {
    let span = |span: SignedDuration| Duration::try_from(span).unwrap_or(Duration::from_secs(30));
    let (url, timeout) = (config.url.clone(), span(config.timeout));
    let token = config.token.as_ref().map(|token| token.expose().to_owned());
    let model: Box<dyn Model> = match config.provider {
        Provider::Openai => Box::new(OpenAiModel::new(url, &config.name, timeout, token)),
        _ => Box::new(OllamaModel::new(url, &config.name, timeout).with_token(token)),
    };
    let guarded = match &config.may_see {
        Some(classes) => Guarded::said(model, classes.clone()),
        None if config.is_here() => Guarded::here(model),
        None => Guarded::said(model, [].into()),
    };
    let named = format!("{} at {}", config.name, config.url);
    let allowance = config.tokens_per_day.map(|most| Allowance::new(most, &named, store.cloned()));
    Server::new(guarded, allowance, timeout, span(config.rest))
}

impl Router {
    /// The servers in the order in which they are asked, each with the embedding model that is there, too, if any.
    pub(super) fn new(servers: Vec<(Server, Option<String>)>, metrics: &Metrics) -> Arc<Self> {
        Arc::new(Self { servers, metrics: metrics.clone(), failed: Notify::new() })
    }

    /// The embedding model of the first server that has one.
    pub fn embedding_name(&self) -> Option<&str> {
        self.servers.iter().find_map(|(_, embedding)| embedding.as_deref())
    }

    /// What is left today and in a day of the tokens of each server with this embedding model; nothing for one without a limit.
    pub(super) async fn left_to_embed(
        &self,
        embedding_name: &str,
    ) -> Result<Vec<Option<(u64, u64)>>, StoreError> {
        let servers =
            self.servers.iter().filter(|(_, embedding)| embedding.as_deref() == Some(embedding_name));
        futures_util::future::try_join_all(servers.map(|(server, _)| server.left())).await
    }

    /// Waits while nobody can be asked, or nobody for vectors, but no longer than so long; whether somebody can be asked then.
    pub async fn back(&self, at_most: Duration) -> bool {
        let back = async {
            while !self.can_be_asked() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(at_most, back).await.is_ok()
    }

    fn can_be_asked(&self) -> bool {
        let mut embed = self.servers.iter().filter(|(_, embedding)| embedding.is_some()).peekable();
        self.servers.iter().any(|(server, _)| server.able())
            && (embed.peek().is_none() || embed.any(|(server, _)| server.able() && !server.embeddings_rest()))
    }

    /// Looks at every server once: its name, and what it is and can, or what is wrong and what to do.
    pub async fn look(&self) -> Vec<(String, Result<String, String>)> {
        join_all(self.servers.iter().map(|(server, embedding)| async move {
            let name = server.guarded().name().to_owned();
            (name, describe(server, embedding.as_deref(), server.look().await).await)
        }))
        .await
    }

    /// Whether each server can be asked, by its model's name, or why not; nothing for one that nobody looked at yet.
    pub async fn standing(&self) -> Vec<(String, Option<Result<(), String>>)> {
        join_all(self.servers.iter().map(|(server, _)| async move {
            let was_able = server.able();
            let standing = server.standing().await;
            let standing = standing.map(|found| found.map_err(|why| hide(&why).into_owned()));
            let name = server.guarded().name();
            if was_able && let Some(Err(why)) = &standing {
                tracing::warn!(model = name, "a model can't be asked: {why}");
                self.noticed(server);
            }
            (name.to_owned(), standing)
        }))
        .await
    }

    /// Looks at servers that are new and, after their rest, at those that failed; for ever.
    pub async fn watch(&self) {
        loop {
            let due = |server: &Server| server.due().filter(|due| *due <= tokio::time::Instant::now());
            let looks = self.servers.iter().filter(|(server, _)| due(server).is_some());
            join_all(looks.map(|(server, embedding)| self.look_at(server, embedding.as_deref()))).await;
            let next = self.servers.iter().filter_map(|(server, _)| server.due()).min();
            tokio::select! {
                () = self.failed.notified() => {}
                () = async { tokio::time::sleep_until(next.unwrap_or_else(far)).await } => {}
            }
        }
    }

    /// What follows when a server failed: whoever watches looks again when its rest is over.
    fn noticed(&self, server: &Server) {
        self.metrics.model_able(server.guarded().name(), server.able());
        self.failed.notify_one();
    }

    async fn look_at(&self, server: &Server, embedding: Option<&str>) {
        let only_talked = server.only_talks();
        let found = server.look().await;
        let name = server.guarded().name();
        self.metrics.model_able(name, server.able());
        match describe(server, embedding, found).await {
            Ok(seen) => tracing::info!(model = name, "a model can be asked: {seen}"),
            // It was said before.
            Err(_) if only_talked && server.only_talks() => {}
            Err(wrong) if server.able() => tracing::warn!(model = name, "a model can be asked, but: {wrong}"),
            // It was said when it failed first.
            Err(_) if server.still_failing() => {}
            Err(wrong) => tracing::warn!(model = name, "a model can't be asked: {wrong}"),
        }
    }
}

fn far() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(3_600)
}

/// What a look found, for a person.
async fn describe(
    server: &Server,
    embedding: Option<&str>,
    found: Result<Found, Why>,
) -> Result<String, String> {
    let Found { capabilities, schema } = found.map_err(|why| match why {
        Why::Failed(error @ ModelError::Gone(_)) => format!("{error}: is it running? See `[model] url`"),
        Why::Failed(error @ ModelError::Refused(_)) => format!("{error}: see `[model] token_file`"),
        why => hide(&why.to_string()).into_owned(),
    })?;
    if let Some(host) = capabilities.elsewhere.filter(|_| server.guarded().may_see().next().is_none()) {
        return Err(format!("it hands its work on to {host}; say in `may_see` what may leave this machine"));
    }
    if !schema {
        return Err("its answers do not keep to a JSON schema, so it is asked for talk only, never to read \
                    commands: take another model, or a newer server"
            .into());
    }
    let mut seen = format!("{}, keeps to a schema", capabilities.server);
    if let Some(context) = capabilities.context {
        seen = format!("{seen}, context {context}");
    }
    let classes: Vec<String> = server.guarded().may_see().map(ToString::to_string).collect();
    seen = format!("{seen}, may see {}", classes.join(", "));
    if let Some(name) = embedding {
        let length = server.guarded().dimensions(name).await;
        let length = length.map_err(|error| hide(&format!("{seen}; embeddings: {error}")).into_owned())?;
        seen = format!("{seen}, {name} gives vectors of {length}");
    }
    Ok(seen)
}

#[async_trait]
impl Model for Router {
    fn name(&self) -> &str {
        self.servers.first().map_or("none", |(server, _)| server.guarded().name())
    }

    async fn complete(&self, mut request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        // A model's server is another house, even on the same machine.
        request.system = hide(&request.system).into_owned();
        request.user = hide(&request.user).into_owned();
        let mut passed_over = Vec::new();
        for (server, _) in &self.servers {
            let began = Instant::now();
            let name = server.guarded().name();
            let why = match server.ask(&request).await {
                Ok(mut answer) => {
                    self.metrics.model(name, "answered", began.elapsed());
                    answer.passed_over = passed_over;
                    return Ok(answer);
                }
                Err(why) => why,
            };
            if let Why::Failed(error) = &why {
                self.metrics.model(name, "failed", began.elapsed());
                self.noticed(server);
                tracing::warn!(model = name, error = %hide(&error.to_string()), "the model gave no answer");
            }
            passed_over.push(hide(&format!("{name}: {why}")).into_owned());
        }
        Err(ModelError::Nobody(passed_over.join("; ")))
    }

    async fn embed(&self, embedding_name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let has_it =
            |(_, embedding): &&(Server, Option<String>)| embedding.as_deref() == Some(embedding_name);
        let texts: Vec<String> = texts.iter().map(|text| hide(text).into_owned()).collect();
        let mut passed_over = Vec::new();
        for (server, _) in self.servers.iter().filter(has_it) {
            let began = Instant::now();
            let why = match server.embed(embedding_name, &texts).await {
                Ok(vectors) => {
                    self.metrics.model(embedding_name, "answered", began.elapsed());
                    return Ok(vectors);
                }
                Err(why) => why,
            };
            if let Why::Failed(error) = &why {
                self.metrics.model(embedding_name, "failed", began.elapsed());
                self.noticed(server);
                tracing::warn!(model = embedding_name, error = %hide(&error.to_string()), "no embeddings");
            }
            passed_over.push(hide(&format!("{embedding_name}: {why}")).into_owned());
        }
        Err(ModelError::Nobody(passed_over.join("; ")))
    }
}
