//! The one listener: the Matrix part, health, metrics, and the API for programs.

mod api;
mod auth;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ralf_appservice::RouterSettings;
use tokio::sync::watch;

use self::webhooks::Webhooks;
use crate::house::House;
use crate::inbound::{Intake, Lanes};

/// What a handler can reach.
#[derive(Clone)]
struct Web {
    house: Arc<House>,
    ready: watch::Receiver<bool>,
}

/// All routes. `ready` is what `/readyz` tells; transactions wait until the house is `open`.
pub fn router(
    house: &Arc<House>,
    lanes: &Lanes,
    ready: watch::Receiver<bool>,
    open: watch::Receiver<bool>,
) -> Router {
    let appservice = &house.config.appservice;
    let mut settings = RouterSettings::new(appservice.hs_token.clone().unwrap_or_default());
    settings.path_prefix = Some(appservice.path_prefix.clone()).filter(|prefix| !prefix.is_empty());
    settings.legacy_paths = appservice.legacy_paths;
    let matrix =
        ralf_appservice::router(settings, Arc::new(Intake::new(Arc::clone(house), lanes.clone(), open)));
    let web = Web { house: Arc::clone(house), ready };
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/operations", get(api::operations))
        .route("/api/v1/incidents", get(api::incidents))
        .with_state(web)
        .merge(webhooks::routes(Webhooks::of(house)))
        .merge(matrix)
}

async fn readyz(State(web): State<Web>) -> Response {
    if *web.ready.borrow() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

async fn metrics(State(web): State<Web>) -> Response {
    match web.house.metrics.render(&web.house.store).await {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
                .into_response()
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "metrics can't be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
