//! Who is asked, who may see what, and what it costs.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ralf_intents::{
    Capabilities, Catalogue, Class, Model, ModelAnswer, ModelError, ModelRequest, ScriptedModel,
};
use serde_json::json;

use super::allowance::Allowance;
use super::guard::Guarded;
use super::router::Router;
use super::server::Server;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::store::Store;

const KEEPS: &str = r#"{"colour": "blue"}"#;
const TIMEOUT: Duration = Duration::from_secs(30);
const REST: Duration = Duration::from_secs(60);

fn asks(holds: &'static [Class]) -> ModelRequest {
    ModelRequest {
        holds,
        system: "sort".into(),
        user: "hello".into(),
        schema: Some(json!({"type": "object"})),
        max_tokens: 10,
    }
}

fn talk() -> ModelRequest {
    ModelRequest { schema: None, ..asks(&[Class::Talk]) }
}

/// A model that keeps to its schema and then answers so.
fn script<const N: usize>(answers: [Result<&str, ModelError>; N]) -> Arc<ScriptedModel> {
    let answers = answers.map(|answer| answer.map(str::to_owned));
    Arc::new(ScriptedModel::new(std::iter::once(Ok(KEEPS.to_owned())).chain(answers)))
}

/// How often it was asked after the look at it.
fn asked(model: &ScriptedModel) -> usize {
    model.asked().len().saturating_sub(1)
}

fn server(model: &Arc<ScriptedModel>, may_see: &[Class]) -> Server {
    let may_see: BTreeSet<Class> = may_see.iter().copied().collect();
    Server::new(Guarded::said(Box::new(Arc::clone(model)), may_see), None, TIMEOUT, REST)
}

async fn router<const N: usize>(servers: [Server; N]) -> Arc<Router> {
    let router = new(servers);
    router.look().await;
    router
}

/// One that nobody looked at yet.
fn new<const N: usize>(servers: [Server; N]) -> Arc<Router> {
    Router::new(servers.into_iter().map(|server| (server, None)).collect(), &Metrics::default())
}

fn gone() -> ModelError {
    ModelError::Gone("http://there/".into())
}

#[tokio::test]
async fn nothing_is_asked_of_a_server_that_may_not_see_it() {
    let (talks, knows) = (script([Ok("a"), Ok("b")]), script([Ok("c"), Ok("d")]));
    let router = router([server(&talks, &[Class::Talk]), server(&knows, &[Class::Talk, Class::Lab])]).await;
    assert_eq!(router.complete(asks(&[Class::Talk])).await.unwrap().text, "a");
    let answer = router.complete(asks(&[Class::Talk, Class::Lab])).await.unwrap();
    assert_eq!(answer.text, "c");
    assert_eq!(answer.passed_over, ["scripted: it may not see lab; see `may_see`"]);
    let refused = router.complete(asks(&[Class::Talk, Class::Lab, Class::Logs])).await.unwrap_err();
    assert!(refused.to_string().contains("may not see logs"), "{refused}");
    assert_eq!((asked(&talks), asked(&knows)), (1, 1));
}

/// A server on this machine that hands its work on.
struct HandsOn(Arc<ScriptedModel>);

#[async_trait]
impl Model for HandsOn {
    fn name(&self) -> &str {
        "big-cloud"
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        self.0.complete(request).await
    }

    async fn probe(&self) -> Result<Capabilities, ModelError> {
        Ok(Capabilities { elsewhere: Some("https://ollama.com:443".into()), ..Capabilities::default() })
    }
}

#[tokio::test]
async fn what_is_here_but_works_elsewhere_sees_nothing_unless_that_was_said() {
    let model = script([Ok("a")]);
    let here = Guarded::here(Box::new(HandsOn(Arc::clone(&model))));
    let router = new([Server::new(here, None, TIMEOUT, REST)]);
    let found = router.look().await.remove(0).1.unwrap_err();
    assert!(found.contains("https://ollama.com:443") && found.contains("may_see"), "{found}");
    let refused = router.complete(talk()).await.unwrap_err();
    assert!(refused.to_string().contains("may_see"), "{refused}");
    assert!(model.asked().is_empty(), "it was asked");

    let said = Guarded::said(Box::new(HandsOn(Arc::clone(&model))), [Class::Talk].into());
    let router = new([Server::new(said, None, TIMEOUT, REST)]);
    assert!(router.look().await.remove(0).1.is_ok());
    assert_eq!(router.complete(talk()).await.unwrap().text, "a");
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_and_looked_at_again() {
    let first = script([Err(ModelError::Timeout(30)), Err(gone()), Ok(KEEPS), Ok("back")]);
    let second = script([Ok("1"), Ok("2")]);
    let guarded = Guarded::said(Box::new(Arc::clone(&first)), [Class::Talk].into());
    let limping = Server::new(guarded, None, TIMEOUT, Duration::from_millis(300));
    let router = router([limping, server(&second, &[Class::Talk])]).await;
    let answer = router.complete(talk()).await.unwrap();
    assert_eq!(answer.text, "1");
    assert_eq!(answer.passed_over, ["scripted: the model took longer than 30 s"]);
    let answer = router.complete(talk()).await.unwrap();
    assert_eq!(answer.text, "2");
    assert!(answer.passed_over[0].contains("left alone since it failed"), "{:?}", answer.passed_over);
    assert_eq!(asked(&first), 1, "it was asked while it rests");

    let watch = tokio::spawn({
        let router = Arc::clone(&router);
        async move { router.watch().await }
    });
    // One look that fails, and one that finds it well.
    let answer = loop {
        match router.complete(talk()).await {
            Ok(answer) => break answer,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!((answer.text.as_str(), answer.passed_over.len()), ("back", 0), "it came back");
    assert_eq!(asked(&first), 4);
    watch.abort();
}

#[tokio::test]
async fn a_server_that_stays_away_is_looked_at_less_and_less() {
    let away = server(&Arc::new(ScriptedModel::new([])), &[Class::Talk]);
    let mut rests = Vec::new();
    for _ in 0..7 {
        assert!(away.look().await.is_err());
        let rest = away.due().unwrap() - tokio::time::Instant::now();
        rests.push((rest.as_secs_f64() / REST.as_secs_f64()).round());
    }
    assert_eq!(rests, [1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 16.0]);
}

#[tokio::test]
async fn a_bad_answer_is_no_reason_to_leave_a_server_alone() {
    let first = script([Err(ModelError::Cut), Ok("good")]);
    let second = script([Ok("1")]);
    let router = router([server(&first, &[Class::Talk]), server(&second, &[Class::Talk])]).await;
    assert_eq!(router.complete(talk()).await.unwrap().text, "1");
    assert_eq!(router.complete(talk()).await.unwrap().text, "good");
}

#[tokio::test]
async fn a_model_that_ignores_the_schema_is_for_talk_only() {
    let chatty = Arc::new(ScriptedModel::new([Ok("Hello!".to_owned()), Ok("chat".to_owned())]));
    let router = new([server(&chatty, &[Class::Talk])]);
    let found = router.look().await.remove(0).1.unwrap_err();
    assert!(found.contains("talk only"), "{found}");
    let refused = router.complete(asks(&[Class::Talk])).await.unwrap_err();
    assert!(refused.to_string().contains("JSON schema"), "{refused}");
    assert_eq!(router.complete(talk()).await.unwrap().text, "chat");
}

#[tokio::test]
async fn a_secret_reaches_no_model() {
    crate::secrets::redactor().learn(["hunter2-hunter2"]);
    let model = script([Ok("a")]);
    let router = router([server(&model, &[Class::Talk])]).await;
    let request = ModelRequest { user: "the password is hunter2-hunter2".into(), ..talk() };
    router.complete(request).await.unwrap();
    assert!(!model.asked()[1].user.contains("hunter2"), "{:?}", model.asked());
}

/// An allowance of so many tokens, and the store and clock behind it.
async fn allowance(folder: &tempfile::TempDir, clock: &Clock, per_day: u64) -> Allowance {
    let url = format!("sqlite:{}", folder.path().join("ralf.db").display());
    let (store, _) = Store::open(&url, clock.clone()).await.unwrap();
    Allowance::new(per_day, "tiny", Some(store))
}

#[tokio::test]
async fn what_a_server_may_cost_in_a_day_outlives_a_restart() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual(86_400_000 * 20_000));
    let before = allowance(&folder, &clock, 100).await;
    before.set_aside(60).await.unwrap();
    before.settle(60, 70).await.unwrap();
    before.set_aside(20).await.unwrap();
    // Nobody waited for that answer, and then we died.
    let after = allowance(&folder, &clock, 100).await;
    let refused = after.set_aside(11).await.unwrap_err();
    assert_eq!(refused.to_string(), "its 100 tokens for today are used up");
    after.set_aside(10).await.unwrap();
    clock.advance(86_400_000);
    after.set_aside(100).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tokens_left_is_passed_over() {
    let (dear, cheap) = (script([Ok("dear")]), script([Ok("cheap"), Ok("cheap")]));
    let guarded = Guarded::said(Box::new(Arc::clone(&dear)), [Class::Talk].into());
    let limited = Server::new(guarded, Some(Allowance::new(240, "dear", None)), TIMEOUT, REST);
    let router = router([limited, server(&cheap, &[Class::Talk])]).await;
    assert_eq!(router.complete(talk()).await.unwrap().text, "dear");
    let answer = router.complete(talk()).await.unwrap();
    assert_eq!(answer.text, "cheap");
    assert_eq!(answer.passed_over, ["scripted: its 240 tokens for today are used up"]);
}

/// A fake server whose embedding model does what a test wants, and whose language model is well.
struct Embeds {
    chat: Arc<ScriptedModel>,
    embeddings: Mutex<VecDeque<Result<(), ModelError>>>,
    asked: AtomicUsize,
}

impl Embeds {
    fn new<const N: usize>(embeddings: [Result<(), ModelError>; N]) -> Arc<Self> {
        let chat = script([Ok(KEEPS), Ok("well")]);
        Arc::new(Self { chat, embeddings: Mutex::new(embeddings.into()), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Model for Embeds {
    fn name(&self) -> &str {
        "tiny"
    }

    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        self.chat.complete(request).await
    }

    async fn embed(&self, _name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let next = self.embeddings.lock().expect("a lock").pop_front().unwrap_or(Ok(()));
        next.map(|()| vec![vec![1.0]; texts.len()])
    }

    async fn dimensions(&self, _embedding_name: &str) -> Result<usize, ModelError> {
        Ok(1)
    }
}

async fn embedding<const N: usize>(servers: [(&Arc<Embeds>, Option<Allowance>); N]) -> Arc<Router> {
    let servers = servers.map(|(model, allowance)| {
        let guarded = Guarded::said(Box::new(Arc::clone(model)), [Class::Talk].into());
        (Server::new(guarded, allowance, TIMEOUT, Duration::from_millis(300)), Some("e5".to_owned()))
    });
    let router = Router::new(servers.into(), &Metrics::default());
    router.look().await;
    router
}

#[tokio::test]
async fn a_server_that_is_gone_for_embeddings_comes_back_for_all() {
    let model = Embeds::new([Err(gone())]);
    let router = embedding([(&model, None)]).await;
    let watch = tokio::spawn({
        let router = Arc::clone(&router);
        async move { router.watch().await }
    });
    // It sleeps for long, because all is well.
    tokio::task::yield_now().await;
    let text = ["hello".to_owned()];
    assert!(router.embed("e5", &text).await.is_err());
    let resting = router.complete(talk()).await.unwrap_err();
    assert!(resting.to_string().contains("left alone since it failed"), "{resting}");
    assert!(router.back(Duration::from_secs(20)).await, "nobody looked at it again");
    assert_eq!(router.complete(talk()).await.unwrap().text, "well");
    router.embed("e5", &text).await.unwrap();
    watch.abort();
}

#[tokio::test]
async fn an_embedding_model_that_fails_rests_alone() {
    let missing =
        || ModelError::Missing { model: "e5".into(), server: "there".into(), remedy: "pull it".into() };
    let model = Embeds::new([Err(missing()), Ok(())]);
    let router = embedding([(&model, None)]).await;
    let text = ["hello".to_owned()];
    let failed = router.embed("e5", &text).await.unwrap_err();
    assert!(failed.to_string().contains("pull it"), "{failed}");
    assert_eq!(router.complete(talk()).await.unwrap().text, KEEPS, "it has nothing to do with it");
    let resting = router.embed("e5", &text).await.unwrap_err();
    assert!(resting.to_string().contains("left alone"), "{resting}");
    assert_eq!(model.asked(), 1, "no message waits for it");
    assert!(router.back(Duration::from_secs(20)).await);
    router.embed("e5", &text).await.unwrap();
}

#[tokio::test]
async fn the_next_server_with_the_same_embedding_model_takes_its_place() {
    let (first, second) = (Embeds::new([Err(ModelError::Timeout(30))]), Embeds::new([]));
    let router = embedding([(&first, None), (&second, None)]).await;
    let text = ["hello".to_owned()];
    assert!(router.embed("e5", &text).await.is_ok() && router.embed("e5", &text).await.is_ok());
    assert_eq!((first.asked(), second.asked()), (1, 2));
    assert!(router.embed("bge", &text).await.is_err(), "nobody has it");
}

#[tokio::test]
async fn nobody_learns_at_the_cost_of_all_talk() {
    let catalogue = Catalogue::builtin().unwrap();
    let model = Embeds::new([]);
    let router = embedding([(&model, Some(Allowance::new(10_000, "dear", None)))]).await;
    let refused = super::sense(&router, &catalogue, None).await.unwrap_err().to_string();
    assert!(refused.contains("`tokens_per_day` = 10000") && refused.contains("raise it"), "{refused}");
    assert_eq!(model.asked(), 0);
    // A message costs what it is, and no more is asked for than there is.
    let limited = embedding([(&model, Some(Allowance::new(190, "dear", None)))]).await;
    let text = ["grafana langsam".to_owned()];
    let (mut answered, mut said) = (0, String::new());
    while said.is_empty() {
        match limited.embed("e5", &text).await {
            Ok(_) => answered += 1,
            Err(error) => said = error.to_string(),
        }
    }
    assert_eq!(answered, 5, "40 tokens, 8 each");
    assert!(said.contains("190 tokens for today are used up"), "{said}");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_no_reason_to_leave_a_server_alone() {
    let first = script([Err(ModelError::Declined("status 400: too long".into())), Ok("good")]);
    let router = router([server(&first, &[Class::Talk])]).await;
    assert!(router.complete(talk()).await.is_err());
    assert_eq!(router.complete(talk()).await.unwrap().text, "good");
}

#[tokio::test]
async fn a_model_that_only_talks_is_looked_at_again_after_some_minutes() {
    let chatty = server(&Arc::new(ScriptedModel::new([Ok("Hello!".to_owned())])), &[Class::Talk]);
    assert!(!chatty.look().await.unwrap().schema);
    let again = chatty.due().unwrap() - tokio::time::Instant::now();
    assert!(again > Duration::from_secs(60) && again <= Duration::from_secs(600), "{again:?}");
}
