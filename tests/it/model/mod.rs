//! A real Ollama: what it answers, what it can't, and R.A.L.F. with it, without it, and with it again.

mod embeddings;
mod in_the_room;
mod protocol;

use std::time::Duration;

use ralf_intents::{ModelAnswer, ModelRequest, OllamaModel};
use serde_json::{Value, json};
use url::Url;

use crate::harness::Stage;

/// The model to talk to, as the lab calls it.
const CHAT: &str = "smol";
/// Longer than anything takes on a slow machine, and shorter than [`endless`].
const PATIENCE: Duration = Duration::from_secs(150);

fn url(stage: &Stage) -> Url {
    Url::parse(&stage.info().ollama.expect("the lab has a model")).expect("an address")
}

fn ollama(stage: &Stage, model: &str, timeout: Duration) -> OllamaModel {
    OllamaModel::new(url(stage), model, timeout)
}

/// Which of three commands a message means.
fn question() -> ModelRequest {
    ModelRequest {
        holds: &[],
        system: "Say which command the message means.".into(),
        user: "restart jellyfin please".into(),
        schema: Some(json!({
            "type": "object",
            "properties": {
                "intent": {"type": "string", "enum": ["restart_service", "show_status", "none"]},
                "certain": {"type": "boolean"},
            },
            "required": ["intent", "certain"],
            "additionalProperties": false,
        })),
        max_tokens: 160,
    }
}

/// What keeps the model busy for many minutes: nine hundred numbers of thirty-six digits.
fn endless() -> ModelRequest {
    let number = json!({"type": "string", "format": "uuid"});
    let row = json!({"type": "array", "items": number, "minItems": 30});
    ModelRequest {
        holds: &[],
        system: "List numbers.".into(),
        user: "Go on for ever.".into(),
        schema: Some(json!({"type": "array", "items": row, "minItems": 30})),
        max_tokens: 40_000,
    }
}

/// Asks the server itself.
async fn post(stage: &Stage, path: &str, body: Value) -> Value {
    let asked = reqwest::Client::new().post(url(stage).join(path).expect("a path")).json(&body);
    let answer = asked.timeout(PATIENCE).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("JSON")
}

/// An answer to [`question`] is what its schema says, and nothing else.
fn fits(answer: &ModelAnswer) {
    let answer: Value = serde_json::from_str(&answer.text).expect("JSON and nothing around it");
    let object = answer.as_object().expect("an object");
    assert!(object.len() == 2 && object["certain"].is_boolean(), "{answer}");
    let intent = object["intent"].as_str().expect("text");
    assert!(["restart_service", "show_status", "none"].contains(&intent), "{answer}");
}

/// Whether the model to talk to is loaded.
async fn is_loaded(stage: &Stage) -> bool {
    let answer = reqwest::get(url(stage).join("api/ps").expect("a path")).await.expect("an answer");
    let list: Value = answer.json().await.expect("JSON");
    let mut models = list["models"].as_array().expect("a list").iter();
    models.any(|model| model["name"] == format!("{CHAT}:latest"))
}
