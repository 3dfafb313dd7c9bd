//! Model servers fail in many ways; a fake one shows what is made of each.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::fake::{Answer, Fake};
use common::request;
use ralf_intents::{Model, ModelAnswer, ModelError, OllamaModel, OpenAiModel, keeps_to_schema};
use serde_json::json;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(6);

fn part(content: &str) -> String {
    let content = serde_json::Value::from(content);
    format!(
        r#"{{"model":"tiny","created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant","content":{content}}},"done":false}}"#
    ) + "\n"
}

fn end(reason: &str) -> String {
    part("").replace(
        r#""done":false"#,
        &format!(r#""done":true,"done_reason":"{reason}","prompt_eval_count":40,"eval_count":2"#),
    )
}

async fn ollama_at(fake: &Fake) -> Result<ModelAnswer, ModelError> {
    OllamaModel::new(fake.url.clone(), "tiny", PATIENCE).complete(request()).await
}

async fn ollama(answer: Answer) -> Result<ModelAnswer, ModelError> {
    ollama_at(&Fake::always(answer).await).await
}

async fn openai(answer: Answer) -> Result<ModelAnswer, ModelError> {
    let fake = Fake::always(answer).await;
    OpenAiModel::new(fake.url.clone(), "tiny", PATIENCE, None).complete(request()).await
}

fn delta(content: &str, finish: &str) -> String {
    let content = serde_json::Value::from(content);
    let finish = if finish.is_empty() { "null".to_owned() } else { format!("\"{finish}\"") };
    format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{content}}},\"finish_reason\":{finish}}}]}}\n\n")
}

#[tokio::test]
async fn an_answer_may_come_in_any_pieces() {
    let text = part("{\"intent\": \"läuft") + &part("\"}") + &end("stop");
    for bytes in [1, 7, 10_000] {
        let answer = ollama(Answer::lines(&text).torn(bytes)).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.tokens), ("{\"intent\": \"läuft\"}", Some(42)));
        assert_eq!(answer.model, "tiny");
    }
    let usage = "data: {\"choices\":[],\"usage\":{\"total_tokens\":7}}\n\n";
    let text = format!(
        ": hello\n\n{}{}{usage}data: [DONE]\n\n",
        delta("{\"intent\": \"läuft", ""),
        delta("\"}", "stop")
    );
    for bytes in [1, 7, 10_000] {
        let answer = openai(Answer::events(&text).torn(bytes)).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.tokens), ("{\"intent\": \"läuft\"}", Some(7)));
    }
}

#[tokio::test]
async fn an_error_in_the_middle_is_seen_at_once() {
    let began = Instant::now();
    let text = part("{") + "{\"error\":\"llama runner process has terminated\"}\n";
    let failed = ollama(Answer::lines(&text).then_silent()).await.unwrap_err();
    assert_eq!(failed, ModelError::Server("llama runner process has terminated".into()));
    let text = delta("{", "") + "data: {\"error\":{\"message\":\"slot is gone\",\"code\":500}}\n\n";
    let failed = openai(Answer::events(&text).then_silent()).await.unwrap_err();
    assert_eq!(failed, ModelError::Server("slot is gone".into()));
    assert!(began.elapsed() < PATIENCE / 3, "it waited for more");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_parsed() {
    let text = part("{\"intent\": \"none\"}") + &end("length");
    assert_eq!(ollama(Answer::lines(&text)).await, Err(ModelError::Long));
    assert_eq!(openai(Answer::events(&delta("{\"intent\"", "length"))).await, Err(ModelError::Long));
    let endless = ollama(Answer::lines(&part(&"a".repeat(5_000))).endless()).await;
    assert!(matches!(&endless, Err(ModelError::Garbled(why)) if why == "it is too long"), "{endless:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let text = part("{\"intent\": \"none\"}");
    assert_eq!(ollama(Answer::lines(&text).then_cut()).await, Err(ModelError::Cut));
    assert_eq!(ollama(Answer::lines(&text)).await, Err(ModelError::Cut), "it never said that it was done");
    assert_eq!(ollama(Answer::lines(&text[..40])).await, Err(ModelError::Cut));
    assert_eq!(openai(Answer::events(&delta("{}", "")).then_cut()).await, Err(ModelError::Cut));
    assert_eq!(openai(Answer::events(&delta("{}", ""))).await, Err(ModelError::Cut));
}

#[tokio::test]
async fn white_space_without_end_is_cut_off() {
    let mut fake = Fake::always(Answer::lines(&(part("{\"intent\": ") + &part("\n\t"))).endless()).await;
    let failed = ollama_at(&fake).await.unwrap_err();
    assert_eq!(failed, ModelError::Garbled("it runs on in white space".into()));
    fake.abandoned().await;
    let whole = part("{\"intent\": \"none\"}") + &part("   ");
    let answer = ollama(Answer::lines(&whole).endless()).await.unwrap();
    assert_eq!(answer.text.trim(), "{\"intent\": \"none\"}", "what is whole is kept");
}

#[tokio::test]
async fn silence_in_the_middle_is_not_waited_out() {
    let fake = Fake::always(Answer::lines(&part("{")).then_silent()).await;
    let model = OllamaModel::new(fake.url.clone(), "tiny", Duration::from_millis(900));
    let began = Instant::now();
    assert_eq!(model.complete(request()).await, Err(ModelError::Silent(1)));
    assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_server_that_never_begins_is_given_up() {
    let fake = Fake::always(Answer::lines("").thinking(Duration::from_secs(60))).await;
    let model = OllamaModel::new(fake.url.clone(), "tiny", Duration::from_millis(100));
    assert_eq!(model.complete(request()).await, Err(ModelError::Timeout(1)));
    let gone = OllamaModel::new("http://127.0.0.1:1".parse().unwrap(), "tiny", PATIENCE);
    let said = gone.complete(request()).await.unwrap_err().to_string();
    assert!(said.starts_with("no model server answers at http://127.0.0.1:1/ (Connection refused"), "{said}");
}

#[tokio::test]
async fn who_stops_waiting_hangs_up() {
    let mut fake = Fake::always(Answer::lines(&part("{")).then_silent()).await;
    let model = OllamaModel::new(fake.url.clone(), "tiny", Duration::from_secs(60));
    let thinking = tokio::spawn(async move { model.complete(request()).await });
    while fake.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    thinking.abort();
    fake.abandoned().await;
}

#[tokio::test]
async fn what_is_no_answer_is_said_in_the_servers_words_if_it_has_any() {
    let page = Answer::new(200, "text/html", "<html>\n<body>Please log in</body>");
    let (a, b) = (ollama(page.clone()).await, openai(page).await);
    assert!(matches!(&a, Err(ModelError::Garbled(why)) if why.contains("<html>")), "{a:?}");
    assert!(matches!(&b, Err(ModelError::Garbled(why)) if why.contains("Please log in")), "{b:?}");
    let boom = Answer::new(500, "text/plain", "boom\r\n\u{1b}[31mbang");
    assert_eq!(ollama(boom.clone()).await, Err(ModelError::Server("status 500: boom   [31mbang".into())));
    assert_eq!(openai(boom).await, Err(ModelError::Server("status 500: boom   [31mbang".into())));
    let empty = Answer::new(502, "text/plain", "");
    assert_eq!(ollama(empty).await, Err(ModelError::Server("status 502".into())));
    // The wrong kind, the right words.
    let right = Answer::new(200, "text/plain", &(part("{}") + &end("stop")));
    assert_eq!(ollama(right).await.unwrap().text, "{}");
    let odd = Answer::lines("{\"hello\": 1}\n");
    assert!(matches!(ollama(odd).await, Err(ModelError::Garbled(_))));
}

#[tokio::test]
async fn what_the_request_did_wrong_is_not_the_servers_fault() {
    let text = r#"{"error":{"message":"maximum context length is 4096 tokens"}}"#;
    for (status, own) in [(400, true), (413, true), (422, true), (404, false), (429, false), (500, false)] {
        for failed in [ollama(Answer::json(status, text)).await, openai(Answer::json(status, text)).await] {
            let failed = failed.unwrap_err();
            assert_eq!(matches!(failed, ModelError::Declined(_)), own, "{status}: {failed:?}");
            assert!(failed.to_string().contains("maximum context"), "{failed}");
        }
    }
}

#[tokio::test]
async fn a_whole_answer_may_be_indented_and_without_an_error() {
    let whole = json!({"error": null, "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]});
    let whole = serde_json::to_string_pretty(&whole).unwrap();
    assert_eq!(openai(Answer::json(200, &whole)).await.unwrap().text, "{}");
}

#[tokio::test]
async fn a_connection_that_breaks_says_nothing_about_schemas() {
    let model = async |answer| {
        let fake = Fake::always(answer).await;
        keeps_to_schema(&OllamaModel::new(fake.url.clone(), "tiny", PATIENCE)).await
    };
    assert_eq!(model(Answer::lines(&part("{")).then_cut()).await, Err(ModelError::Cut));
    assert_eq!(model(Answer::lines(&(part("Hello") + &end("length")))).await, Ok(false));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Fake::always(Answer::lines(&(part("{}") + &end("stop")))).await;
    let location = format!("location: {}api/chat", elsewhere.url);
    let fake = Fake::always(Answer::json(307, "").with_header(&location)).await;
    assert_eq!(ollama_at(&fake).await, Err(ModelError::Server("status 307".into())));
    assert_eq!(fake.asked().len(), 1);
    assert!(elsewhere.asked().is_empty(), "what a person wrote went elsewhere");
}

#[tokio::test]
async fn a_token_is_shown_to_the_server_and_to_nobody_else() {
    let fake = Fake::always(Answer::json(401, "{\"error\":\"Invalid API key: s3cr3t-t0ken\"}")).await;
    let key = Some("s3cr3t-t0ken".to_owned());
    let url = format!("http://me:pass@{}", fake.url.authority()).parse::<url::Url>().unwrap();
    let openai = OpenAiModel::new(url.clone(), "tiny", PATIENCE, key.clone());
    let ollama = OllamaModel::new(url, "tiny", PATIENCE).with_token(key);
    for refused in [openai.complete(request()).await, ollama.complete(request()).await] {
        let said = refused.unwrap_err();
        assert!(matches!(said, ModelError::Refused(_)));
        assert!(!said.to_string().contains("s3cr3t") && !said.to_string().contains("pass"), "{said}");
    }
    assert!(!format!("{openai:?} {ollama:?}").contains("s3cr3t"));
    for asked in fake.asked() {
        assert!(asked.head.contains("authorization: bearer s3cr3t-t0ken"), "{}", asked.head);
    }
}
