//! `POST /webhooks/*`: what monitoring systems send. It is committed before it is answered.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use super::auth;
use crate::alerts::source::{self, Source, SourceError};
use crate::alerts::{Group, Inlet, Refused, Taken};
use crate::clock::Clock;
use crate::config::{Alerts, Secret};
use crate::house::House;
use crate::metrics::Metrics;

#[cfg(test)]
mod tests;

/// The greatest delivery that is read, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What the handler needs of the house.
#[derive(Clone)]
pub(super) struct Webhooks {
    token: Option<Secret>,
    config: Arc<Alerts>,
    inlet: Inlet,
    metrics: Metrics,
    clock: Clock,
}

impl Webhooks {
    /// That of this house.
    pub(super) fn of(house: &House) -> Self {
        Self {
            token: house.config.webhooks.token.clone(),
            config: Arc::new(house.config.alerts.clone()),
            inlet: house.alerts.clone(),
            metrics: house.metrics.clone(),
            clock: house.store.clock.clone(),
        }
    }
}

/// The routes below `/webhooks`.
pub(super) fn routes(webhooks: Webhooks) -> Router {
    Router::new()
        .route("/webhooks/{*source}", post(take))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(webhooks)
}

/// Why a delivery is turned away.
#[derive(Debug, thiserror::Error)]
enum Turned {
    #[error(
        "bring the token of `[webhooks] token`: as `Authorization: Bearer TOKEN`, or as the password of `Basic`"
    )]
    Nothing,
    #[error("this is not the token of `[webhooks] token`")]
    Wrong,
    #[error("no `[webhooks] token` is configured: nothing is taken without one")]
    NoToken,
    #[error("there is no such source: write `alertmanager`, `grafana`, `uptime-kuma` or `json/NAME`")]
    Unknown,
    #[error("more than {} MiB: send fewer alerts at once", MOST_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("the body could not be received")]
    Broken,
    #[error(transparent)]
    Unreadable(#[from] SourceError),
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Turned {
    fn status(&self) -> StatusCode {
        match self {
            Self::Nothing => StatusCode::UNAUTHORIZED,
            Self::Wrong | Self::NoToken => StatusCode::FORBIDDEN,
            Self::Unknown | Self::Unreadable(SourceError::UnknownMapping { .. }) => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken | Self::Unreadable(SourceError::Malformed { .. }) => StatusCode::BAD_REQUEST,
            Self::Refused(Refused::Full { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(Refused::Failed) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its name in the metrics.
    fn result(&self) -> &'static str {
        match self {
            Self::Nothing | Self::Wrong | Self::NoToken => "not_allowed",
            Self::Unknown | Self::Unreadable(SourceError::UnknownMapping { .. }) => "unknown",
            Self::TooLarge => "too_large",
            Self::Broken | Self::Unreadable(SourceError::Malformed { .. }) => "malformed",
            Self::Refused(Refused::Full { .. }) => "full",
            Self::Refused(Refused::Failed) => "failed",
        }
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        match self {
            Self::Nothing => {
                let challenge = HeaderValue::from_static("Bearer realm=\"ralf\", Basic realm=\"ralf\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Refused(Refused::Full { retry_after_s }) => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            }
            _ => {}
        }
        response
    }
}

async fn take(State(webhooks): State<Webhooks>, Path(path): Path<String>, request: Request) -> Response {
    let source = Source::of_path(&path).filter(|source| match source {
        Source::Json(name) => webhooks.config.json.contains_key(name),
        _ => true,
    });
    // Names come from the configuration only: nobody outside shall make up further series.
    let name = source.as_ref().map_or_else(|| "unknown".to_owned(), Source::name);
    let mut alerts = 0;
    let (result, response) = match webhooks.take(&path, request, &mut alerts).await {
        Ok(Taken { alerts, incidents }) => {
            ("taken", Json(json!({"alerts": alerts, "incidents": incidents})).into_response())
        }
        Err(turned) => {
            let status = turned.status().as_u16();
            tracing::warn!(source = %name, status, reason = ?turned.to_string(), "a delivery of alerts was turned away");
            (turned.result(), turned.into_response())
        }
    };
    webhooks.metrics.delivered(&name, result, alerts);
    response
}

impl Webhooks {
    /// Nothing of the body is read before it is clear that its sender may send.
    async fn take(&self, path: &str, request: Request, alerts: &mut u64) -> Result<Taken, Turned> {
        auth::allow(self.token.as_ref(), request.headers()).map_err(|refused| match refused {
            auth::Refused::Nothing => Turned::Nothing,
            auth::Refused::Wrong => Turned::Wrong,
            auth::Refused::NoToken => Turned::NoToken,
        })?;
        let source = Source::of_path(path).ok_or(Turned::Unknown)?;
        let body = Bytes::from_request(request, &()).await.map_err(|rejected| {
            if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE { Turned::TooLarge } else { Turned::Broken }
        })?;
        let groups: Vec<Group> = source::read(&source, &body, &self.config, self.clock.now_ms())?;
        drop(body);
        if groups.is_empty() {
            return Ok(Taken::default());
        }
        *alerts = groups.iter().map(|group| group.alerts.len() as u64).sum();
        Ok(self.inlet.deliver(groups).await?)
    }
}
