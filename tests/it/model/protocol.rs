//! What the server does with what the reader asks of it.

use std::time::Duration;

use ralf_intents::{Model, ModelError, OpenAiModel, keeps_to_schema};
use serde_json::json;

use super::{CHAT, PATIENCE, endless, fits, is_loaded, ollama, post, question, url};
use crate::harness::{Stage, until};

#[tokio::test]
async fn answers_are_what_the_schema_says_on_both_interfaces() {
    let stage = Stage::with_model().await;
    let own = ollama(&stage, CHAT, PATIENCE);
    let found = own.probe().await.expect("it is there");
    assert!(found.server.starts_with("Ollama ") && found.elsewhere.is_none(), "{found:?}");
    assert_eq!(found.context, Some(8192));
    assert_eq!(own.dimensions("e5").await, Ok(384));
    assert_eq!(keeps_to_schema(&own).await, Ok(true));
    fits(&own.complete(question()).await.expect("an answer"));
    let other = OpenAiModel::new(url(&stage), format!("{CHAT}:latest"), PATIENCE, None);
    other.probe().await.expect("it is there");
    assert_eq!(keeps_to_schema(&other).await, Ok(true));
    fits(&other.complete(question()).await.expect("an answer"));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_said_with_the_command_that_brings_it() {
    let stage = Stage::with_model().await;
    let model = ollama(&stage, "nobody-has-this", PATIENCE);
    let errors = [
        model.probe().await.unwrap_err(),
        model.complete(question()).await.unwrap_err(),
        ollama(&stage, CHAT, PATIENCE).dimensions("nobody-has-this").await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, ModelError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("ollama pull nobody-has-this"), "{error}");
    }
    let other = OpenAiModel::new(url(&stage), "nobody-has-this", PATIENCE, None);
    for error in [other.probe().await.unwrap_err(), other.complete(question()).await.unwrap_err()] {
        assert!(matches!(error, ModelError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("nobody-has-this"), "{error}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_the_next_is_served() {
    let stage = Stage::with_model().await;
    let hasty = ollama(&stage, CHAT, Duration::from_secs(1));
    let error = hasty.complete(endless()).await.unwrap_err();
    assert!(matches!(error, ModelError::Timeout(_) | ModelError::Silent(_)), "{error}");
    fits(&ollama(&stage, CHAT, PATIENCE).complete(question()).await.expect("an answer"));
}

/// The server answers one at a time. Were the request still running there, the next one would wait for many minutes.
#[tokio::test]
async fn a_request_that_nobody_waits_for_is_cancelled_at_the_server() {
    let stage = Stage::with_model().await;
    post(&stage, "api/generate", json!({"model": CHAT, "keep_alive": 0})).await;
    until("an idle server", async || !is_loaded(&stage).await).await;
    let model = ollama(&stage, CHAT, Duration::from_secs(3600));
    tokio::select! {
        ended = model.complete(endless()) => panic!("it was to go on for ever: {ended:?}"),
        () = until("a server at work", async || is_loaded(&stage).await) => {}
    }
    fits(&ollama(&stage, CHAT, PATIENCE).complete(question()).await.expect("an answer"));
}

#[tokio::test]
async fn a_server_that_dies_while_it_answers_is_missed_at_once_and_back_in_a_moment() {
    let stage = Stage::with_model().await;
    let model = ollama(&stage, CHAT, Duration::from_secs(3600));
    let dies = async {
        until("a server at work", async || is_loaded(&stage).await).await;
        stage.lab().kill("ollama").expect("it runs");
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = model.complete(endless()) => ended,
        () = dies => unreachable!("it is pending"),
    };
    assert!(matches!(ended, Err(ModelError::Gone(_) | ModelError::Cut)), "{ended:?}");
    until("the server again", async || model.probe().await.is_ok()).await;
    assert!(!is_loaded(&stage).await, "it is another one");
    fits(&ollama(&stage, CHAT, PATIENCE).complete(question()).await.expect("an answer"));
}
