//! What Ollama, vLLM and llama.cpp really say (see `wire/README.md`), and what we send them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::fake::{Answer, Asked, Fake};
use common::{request, wire};
use ralf_intents::{Model, ModelAnswer, ModelError, OllamaModel, OpenAiModel, keeps_to_schema};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(6);
const BLUE: &str = r#"{"colour": "blue"}"#;

/// A recorded answer, as its name says it goes over the wire.
fn recorded(name: &str, status: u16) -> Answer {
    let text = wire(name);
    match name.rsplit('.').next() {
        Some("jsonl") => Answer::lines(&text),
        Some("txt") => Answer::events(&text),
        _ => Answer::json(status, &text),
    }
}

async fn ollama(name: &str, status: u16) -> Result<ModelAnswer, ModelError> {
    let fake = Fake::always(recorded(name, status)).await;
    OllamaModel::new(fake.url.clone(), "nobody", PATIENCE).complete(request()).await
}

async fn openai(name: &str, status: u16) -> Result<ModelAnswer, ModelError> {
    let fake = Fake::always(recorded(name, status)).await;
    OpenAiModel::new(fake.url.clone(), "nobody", PATIENCE, None).complete(request()).await
}

/// Without the white space that a model puts into its JSON.
fn plain(answer: &ModelAnswer) -> String {
    serde_json::from_str::<Value>(&answer.text).unwrap().to_string()
}

#[tokio::test]
async fn ollama_as_recorded() {
    for name in ["ollama-chat-streamed.jsonl", "ollama-chat.json"] {
        let answer = ollama(name, 200).await.unwrap();
        assert_eq!((plain(&answer).as_str(), answer.tokens), (r#"{"colour":"blue"}"#, Some(37)), "{name}");
    }
    assert_eq!(ollama("ollama-chat-length.jsonl", 200).await, Err(ModelError::Long));
    let killed = "an error was encountered while running the model: unexpected EOF";
    assert_eq!(ollama("ollama-chat-error-midway.jsonl", 200).await, Err(ModelError::Server(killed.into())));
    let missing = ollama("ollama-chat-missing.json", 404).await.unwrap_err();
    assert!(missing.to_string().ends_with("has no model `nobody`: run `ollama pull nobody`"), "{missing}");
    let unable = ollama("ollama-chat-unable.json", 400).await;
    assert_eq!(unable, Err(ModelError::Declined("status 400: \"e5\" does not support chat".into())));
}

#[tokio::test]
async fn vllm_and_llama_cpp_as_published() {
    for server in ["vllm", "llamacpp"] {
        for kind in ["chat-streamed.txt", "chat.json"] {
            let answer = openai(&format!("{server}-{kind}"), 200).await.unwrap();
            assert_eq!((answer.text.as_str(), answer.tokens), (BLUE, Some(38)), "{server} {kind}");
        }
        assert_eq!(
            openai(&format!("{server}-chat-length.txt"), 200).await,
            Err(ModelError::Long),
            "{server}"
        );
        let unauthorised = openai(&format!("{server}-unauthorised.json"), 401).await;
        assert!(matches!(unauthorised, Err(ModelError::Refused(_))), "{server}: {unauthorised:?}");
    }
    let failures = [
        ("vllm-chat-error-midway.txt", 200, "EngineCore encountered an issue"),
        ("vllm-too-long.json", 400, "status 400: This model's maximum context length is 4096 tokens."),
        ("llamacpp-chat-error-midway.txt", 200, "Context size has been exceeded."),
        ("llamacpp-chat-error-midway-old.txt", 200, "Context size has been exceeded."),
        ("llamacpp-loading.json", 503, "status 503: Loading model"),
        ("llamacpp-too-long.json", 400, "status 400: the request exceeds the available context size"),
    ];
    for (name, status, said) in failures {
        let failed = openai(name, status).await;
        assert!(
            matches!(&failed, Err(ModelError::Server(why) | ModelError::Declined(why)) if why.starts_with(said)),
            "{name}: {failed:?}"
        );
    }
    for name in ["vllm-chat-missing.json", "vllm-chat-missing-old.json"] {
        let missing = openai(name, 404).await.unwrap_err();
        assert!(matches!(missing, ModelError::Missing { .. }), "{name}: {missing}");
        assert!(missing.to_string().contains("/v1/models"), "{missing}");
    }
}

/// A server that answers as Ollama did.
fn as_ollama(asked: &Asked) -> Answer {
    match asked.line.as_str() {
        "GET /api/version" => recorded("ollama-version.json", 200),
        "GET /api/tags" => recorded("ollama-tags.json", 200),
        "POST /api/show" => recorded("ollama-show.json", 200),
        "POST /api/embed" if asked.body["model"] == "e5" => {
            // Two texts were asked about when this was recorded.
            let mut answer: Value = serde_json::from_str(&wire("ollama-embed.json")).unwrap();
            let texts = asked.body["input"].as_array().map_or(1, Vec::len);
            answer["embeddings"].as_array_mut().unwrap().truncate(texts);
            Answer::json(200, &answer.to_string())
        }
        "POST /api/embed" => recorded("ollama-embed-missing.json", 404),
        _ => recorded("ollama-chat-streamed.jsonl", 200),
    }
}

#[tokio::test]
async fn a_look_at_ollama() {
    let fake = Fake::start(as_ollama).await;
    let smol = OllamaModel::new(fake.url.clone(), "smol", PATIENCE);
    let found = smol.probe().await.unwrap();
    assert_eq!((found.server.as_str(), found.context), ("Ollama 0.17.4", Some(8_192)));
    assert_eq!(found.elsewhere, None);
    assert!(keeps_to_schema(&smol).await.unwrap());
    assert_eq!(smol.dimensions("e5").await, Ok(384));
    let missing = smol.dimensions("e6").await.unwrap_err();
    assert!(missing.to_string().contains("ollama pull e6"), "{missing}");
    let other = OllamaModel::new(fake.url.clone(), "qwen3:8b", PATIENCE).probe().await.unwrap_err();
    assert!(other.to_string().contains("ollama pull qwen3:8b"), "{other}");
    for asked in fake.asked() {
        let request = match asked.line.as_str() {
            "POST /api/chat" => "ChatRequest",
            "POST /api/embed" => "EmbedRequest",
            "POST /api/show" => "ShowRequest",
            _ => continue,
        };
        assert_eq!(complaints(request, &asked.body), Vec::<String>::new(), "{}", asked.body);
    }
}

#[tokio::test]
async fn ollama_may_hand_its_work_on() {
    let tags = wire("ollama-tags.json")
        .replace(r#""name":"smol:latest""#, r#""remote_host":"https://ollama.com:443","name":"smol:latest""#);
    let fake = Fake::start(move |asked| match asked.line.as_str() {
        "GET /api/tags" => Answer::json(200, &tags),
        _ => as_ollama(asked),
    })
    .await;
    let found = OllamaModel::new(fake.url.clone(), "smol", PATIENCE).probe().await.unwrap();
    assert_eq!(found.elsewhere.as_deref(), Some("https://ollama.com:443"));
    assert!(fake.asked().iter().all(|asked| asked.line != "POST /api/chat"), "it was asked");
}

#[tokio::test]
async fn a_look_at_vllm_and_llama_cpp() {
    for (server, model) in [("vllm", "Qwen/Qwen3-8B"), ("llamacpp", "qwen3-8b")] {
        let fake = Fake::start(move |asked| match asked.line.as_str() {
            "GET /v1/models" => recorded(&format!("{server}-models.json"), 200),
            "POST /v1/embeddings" => recorded("vllm-embeddings.json", 200),
            _ => recorded(&format!("{server}-chat-streamed.txt"), 200),
        })
        .await;
        let there = OpenAiModel::new(fake.url.join("v1").unwrap(), model, PATIENCE, None);
        let found = there.probe().await.unwrap();
        assert_eq!((found.server.as_str(), found.context), (server, Some(40_960)));
        assert!(keeps_to_schema(&there).await.unwrap());
        assert_eq!(there.dimensions("e5").await, Ok(3));
        let format = &fake.asked()[1].body["response_format"];
        assert_eq!(
            (&format["type"], &format["json_schema"]["strict"]),
            (&json!("json_schema"), &json!(true))
        );
        let missing = OpenAiModel::new(fake.url.clone(), "nobody", PATIENCE, None).probe().await;
        assert!(matches!(missing, Err(ModelError::Missing { .. })), "{missing:?}");
    }
}

#[tokio::test]
async fn who_ignores_the_schema_is_found_out() {
    let said = wire("ollama-chat.json").replace(r#"{\n  \"colour\" : \"blue\"\n}"#, "Hello!");
    assert!(said.contains("Hello!"));
    let fake = Fake::always(Answer::json(200, &said)).await;
    assert!(!keeps_to_schema(&OllamaModel::new(fake.url.clone(), "smol", PATIENCE)).await.unwrap());
    let fake = Fake::always(recorded("ollama-chat-length.jsonl", 200)).await;
    assert!(!keeps_to_schema(&OllamaModel::new(fake.url.clone(), "smol", PATIENCE)).await.unwrap());
}

/// What is wrong with a text by Ollama's own description. What we send may hold nothing that the description lacks.
fn complaints(schema: &str, value: &Value) -> Vec<String> {
    let mut root: Value = serde_json::from_str(&wire("ollama.schema.json")).unwrap();
    for closed in ["ChatRequest", "ChatMessage", "EmbedRequest", "ShowRequest"] {
        root["components"]["schemas"][closed]["additionalProperties"] = false.into();
    }
    root["$ref"] = format!("#/components/schemas/{schema}").into();
    let validator = jsonschema::validator_for(&root).unwrap();
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn what_was_recorded_is_what_ollama_describes() {
    let recorded = [
        ("ollama-chat-streamed.jsonl", "ChatStreamEvent"),
        ("ollama-chat-length.jsonl", "ChatStreamEvent"),
        ("ollama-chat.json", "ChatResponse"),
        ("ollama-chat-missing.json", "ErrorResponse"),
        ("ollama-chat-unable.json", "ErrorResponse"),
        ("ollama-embed.json", "EmbedResponse"),
        ("ollama-embed-missing.json", "ErrorResponse"),
        ("ollama-tags.json", "ListResponse"),
        ("ollama-show.json", "ShowResponse"),
        ("ollama-show-missing.json", "ErrorResponse"),
        ("ollama-version.json", "VersionResponse"),
    ];
    for (name, schema) in recorded {
        for line in wire(name).lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(complaints(schema, &value), Vec::<String>::new(), "{name}: {line}");
        }
    }
}

#[test]
fn what_we_send_is_what_ollama_describes() {
    let model = OllamaModel::new("http://127.0.0.1:11434".parse().unwrap(), "smol", PATIENCE);
    let with_schema = model.body(&request()).unwrap();
    let without = model.body(&ralf_intents::ModelRequest { schema: None, ..request() }).unwrap();
    for body in [&with_schema, &without] {
        assert_eq!(complaints("ChatRequest", body), Vec::<String>::new(), "{body}");
        assert_eq!((&body["stream"], &body["think"]), (&json!(true), &json!(false)));
        assert_eq!(body["options"]["num_predict"], 60);
    }
    assert_eq!(with_schema["format"], request().schema.unwrap());
    assert!(without.get("format").is_none());
    // The check itself does see what is wrong.
    let mut wrong = with_schema.clone();
    wrong["stream"] = "yes".into();
    wrong["tempreture"] = 0.into();
    assert_eq!(complaints("ChatRequest", &wrong).len(), 2, "{:?}", complaints("ChatRequest", &wrong));
}
