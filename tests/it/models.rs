//! A model server beside the house: what it reads is on record, and the house gets on without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::harness::{Stage, until};

/// A fake Ollama that thinks that everybody wants Grafana, unless it is down.
pub(crate) struct Fake {
    url: String,
    down: Arc<AtomicBool>,
}

impl Fake {
    async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        let down = Arc::<AtomicBool>::default();
        let router = Router::new()
            .route("/api/version", get(async || axum::Json(json!({"version": "0.17.4"}))))
            .route("/api/tags", get(async || axum::Json(json!({"models": [{"name": "tiny:latest"}]}))))
            .route(
                "/api/show",
                post(async || axum::Json(json!({"model_info": {"llama.context_length": 8192}}))),
            )
            .route("/api/chat", post(chat))
            .with_state(Arc::clone(&down));
        let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, down }
    }
}

async fn chat(State(down): State<Arc<AtomicBool>>, axum::Json(asked): axum::Json<Value>) -> Response {
    if down.load(Ordering::SeqCst) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "{\"error\":\"out of memory\"}").into_response();
    }
    let said = if asked["format"]["properties"]["colour"].is_object() {
        json!({"colour": "blue"})
    } else {
        json!({"intent": "deploy_service", "slots": {"service": "grafana", "node": "node-1"}})
    };
    let part = |content: &str, done: bool| {
        json!({"model": "tiny", "created_at": "2026-01-01T00:00:00Z", "done": done, "done_reason": "stop",
            "message": {"role": "assistant", "content": content}})
    };
    format!("{}\n{}\n", part(&said.to_string(), false), part("", true)).into_response()
}

/// Grammar and classifier make nothing of it.
const DOUBTFUL: &str = "grafana, node-1, du weißt schon";

#[tokio::test]
async fn what_a_model_read_is_on_record_and_without_it_life_goes_on() {
    let fake = Fake::start().await;
    let stage = Stage::own(
        "models",
        &[
            ("RALF_MODEL__PROVIDER", "ollama"),
            ("RALF_MODEL__URL", &fake.url),
            ("RALF_MODEL__NAME", "tiny"),
            ("RALF_MODEL__REST", "200ms"),
        ],
    )
    .await;
    let able = async |wanted: &str| {
        let line = format!("ralf_model_able{{model=\"tiny\"}} {wanted}");
        let metrics = format!("{}/metrics", stage.info().ralf);
        until(&line, async || {
            let said = reqwest::get(&metrics).await.expect("metrics").text().await.expect("text");
            said.contains(&line)
        })
        .await;
    };
    able("1").await;
    let log = stage.log();
    assert!(log.contains("Ollama 0.17.4, keeps to a schema, context 8192, may see talk, lab, logs"), "{log}");

    let (ops, admin) = (stage.room("ops"), stage.person("admin").await);
    let asked = admin.say(&ops, DOUBTFUL).await;
    let question = admin.answer(&asked).await;
    assert!(question.question().is_some(), "no second reader agrees, so the person is asked: {question}");
    admin.react(&ops, question.id(), "1️⃣").await;
    let proposal = admin
        .wait_for("a proposal", |e| {
            e.is_new_message() && e.answers() == asked && e.state() == "awaiting_approval"
        })
        .await;
    let audit = stage.store().await.audit_of(proposal.operation_id()).await.expect("read");
    let proposed = audit.iter().find(|entry| entry.kind == "proposed").expect("an entry");
    for part in [
        "model: tiny: deploy_service",
        &format!(
            "prompt: version {}, sha256 {}",
            ralf_intents::prompt_version(),
            ralf_intents::prompt_hash()
        ),
    ] {
        assert!(proposed.detail.contains(part), "{part:?} is not in {}", proposed.detail);
    }

    fake.down.store(true, Ordering::SeqCst);
    admin.say(&ops, DOUBTFUL).await;
    able("0").await;
    // Nobody waits for what is away.
    admin.proposal(&ops, "installiere uptime-kuma auf node-3").await;
    fake.down.store(false, Ordering::SeqCst);
    able("1").await;
    let failed = stage.log().matches("a model can't be asked").count();
    assert!(failed <= 1, "it is said once, not again and again");
}
