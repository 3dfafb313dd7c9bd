//! The model path: what is believed, what is asked, and how servers fail.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::{
    Catalogue, Inventory, Model, ModelError, ModelRequest, Names, OllamaModel, OpenAiModel, Outcome,
    ScriptedModel, Understanding,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn lab() -> (Understanding, Names) {
    let inventory = Inventory::from_json(
        r#"{"services": {"jellyfin": {}, "grafana": {}}, "hosts": {"node-1": {}, "node-2": {}}}"#,
    )
    .unwrap();
    (Understanding::new(Catalogue::builtin().unwrap()), Names::new(&inventory))
}

const DOUBTFUL: &str = "gib dem grafana mal einen ordentlichen tritt";

#[tokio::test]
async fn a_clear_command_asks_no_model() {
    let (ralf, names) = lab();
    let model = ScriptedModel::default();
    let reading = ralf.read_with_model("starte grafana neu", &names, None, &model).await;
    assert!(reading.intent().is_some());
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn a_change_that_only_the_model_sees_is_asked_about() {
    let (ralf, names) = lab();
    let model = ScriptedModel::new([Ok(
        r#"{"intent": "restart_service", "slots": {"service": "grafana"}}"#.to_owned()
    )]);
    let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    assert!(!matches!(reading.outcome, Outcome::Intent(ref i) if i.changes), "{reading:#?}");
}

#[tokio::test]
async fn a_model_brings_neither_intents_nor_values_of_its_own() {
    let (ralf, names) = lab();
    let before = ralf.read(DOUBTFUL, &names, None);
    for said in [
        r#"{"intent": "launch_missiles", "slots": {}}"#,
        r#"{"intent": "restart_service", "slots": {"service": "jellyfin"}}"#,
        "sure! I will do that",
        "{\"intent\": \"restart",
        "",
    ] {
        let model = ScriptedModel::new([Ok(said.to_owned())]);
        let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
        assert!(reading.intent().is_none(), "{said}: {reading:#?}");
        let text = serde_json::to_string(&reading.outcome).unwrap();
        assert!(!text.contains("jellyfin") && !text.contains("missiles"), "{said}: {text}");
    }
    let model = ScriptedModel::new([Err(ModelError::Timeout(5))]);
    let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    assert_eq!(reading.outcome, before.outcome, "without the model it is the reading without the model");
}

/// A server that answers every request with these bytes, as they are.
async fn server(answer: &'static str) -> url::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = vec![0; 1 << 16];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
    format!("http://127.0.0.1:{port}").parse().unwrap()
}

fn request() -> ModelRequest {
    ModelRequest {
        system: "s".into(),
        user: "u".into(),
        schema: serde_json::json!({"type": "object"}),
        max_tokens: 10,
    }
}

async fn ollama(answer: &'static str) -> Result<String, ModelError> {
    OllamaModel::new(server(answer).await, "tiny", Duration::from_millis(500)).complete(request()).await
}

#[tokio::test]
async fn ollama_answers_and_fails_in_all_its_ways() {
    let whole = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"model\":\"tiny\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"{}\"},\"done\":true}\n";
    assert_eq!(ollama(whole).await, Ok("{}".into()));
    let missing =
        ollama("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{\"error\":\"model 'tiny' not found\"}")
            .await
            .unwrap_err();
    assert!(missing.to_string().contains("run `ollama pull tiny`"), "{missing}");
    let failed = ollama("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"error\":\"out of memory\"}")
        .await
        .unwrap_err();
    assert_eq!(failed, ModelError::Server("out of memory".into()));
    let midway = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"model\":\"tiny\",\"created_at\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"{\"},\"done\":false}\n{\"error\":\"runner died\"}\n";
    assert_eq!(ollama(midway).await.unwrap_err(), ModelError::Server("runner died".into()));
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\nconnection: close\r\n\r\n{\"model\":\"tiny\"";
    assert_eq!(ollama(cut).await.unwrap_err(), ModelError::Cut);
    assert!(matches!(
        ollama("HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\nboom").await.unwrap_err(),
        ModelError::Server(_)
    ));
    let gone = OllamaModel::new("http://127.0.0.1:1".parse().unwrap(), "tiny", Duration::from_secs(2));
    assert!(matches!(gone.complete(request()).await.unwrap_err(), ModelError::Gone(_)));
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let slow = OllamaModel::new(url, "tiny", Duration::from_millis(100));
    assert!(matches!(slow.complete(request()).await.unwrap_err(), ModelError::Timeout(_)));
}

#[tokio::test]
async fn an_openai_compatible_server() {
    let ask = |answer| async move {
        OpenAiModel::new(server(answer).await, "tiny", Duration::from_secs(2), None).complete(request()).await
    };
    let whole = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"{}\"},\"finish_reason\":\"stop\"}]}";
    assert_eq!(ask(whole).await, Ok("{}".into()));
    let long = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"{\"},\"finish_reason\":\"length\"}]}";
    assert_eq!(ask(long).await, Err(ModelError::Cut));
    let missing = "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{\"error\":{\"message\":\"The model `tiny` does not exist.\"}}";
    assert!(matches!(ask(missing).await, Err(ModelError::Missing { .. })));
}
