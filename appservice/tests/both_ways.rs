//! A bot behind the router and a fake homeserver, talking to each other.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::{Arc, atomic::Ordering};

use async_trait::async_trait;
use common::{Notes, settings};
use ralf_appservice::{
    Client, Handler, HandlerError, MemoryLog, PingError, Registration, RouterSettings, Secret, Transaction,
    content, router, testing::FakeHomeserver,
};
use ruma::{UserId, device_id, server_name};
use serde_json::{Value, json};

/// Serves a handler and tells the fake where.
async fn serve(fake: &FakeHomeserver, settings: RouterSettings, handler: Arc<dyn Handler>) {
    let prefix = settings.path_prefix.clone().unwrap_or_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{prefix}", listener.local_addr().unwrap());
    let app = router(settings, handler);
    tokio::spawn(async move { axum::serve(listener, app).await });
    fake.set_appservice_url(&url);
}

async fn fake() -> FakeHomeserver {
    let server = server_name!("lab.local");
    let mut registration = Registration::generate("ralf", "", "_ralf", server, &["ralf-core"]);
    registration.url = None;
    registration.hs_token = Secret::new(common::TOKEN);
    FakeHomeserver::with_registration(server.to_owned(), registration).await
}

struct Echo {
    bot: Client,
    log: MemoryLog,
}

#[async_trait]
impl Handler for Echo {
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
        for event in self.log.claim(transaction) {
            let Ok(event) = event.deserialize_as::<Value>() else { continue };
            let (Some(room_id), Some(event_id)) = (event["room_id"].as_str(), event["event_id"].as_str())
            else {
                continue;
            };
            let Ok(room_id) = ruma::RoomId::parse(room_id) else { continue };
            let reply = if event["content"]["membership"] == "invite" {
                self.bot.join((&*room_id).into()).await.unwrap();
                continue;
            } else if event["type"] == "m.room.message" && event["sender"] != self.bot.user_id().as_str() {
                content::text(event["content"]["body"].as_str().unwrap_or("?"), None).to_string()
            } else {
                continue;
            };
            let sent = self.bot.send(&room_id, "m.room.message", &format!("echo-{event_id}"), &reply).await;
            sent.unwrap();
        }
        Ok(())
    }

    async fn user_exists(&self, user: &UserId) -> bool {
        user == self.bot.user_id()
    }
}

#[tokio::test]
async fn an_echo() {
    let fake = fake().await;
    let bot = fake.homeserver().bot(&fake.user_id("ralf-core"), device_id!("RALF"));
    bot.register().await.unwrap();
    let mut settings = settings();
    settings.path_prefix = Some("/webhooks/matrix".to_owned());
    serve(&fake, settings, Arc::new(Echo { bot: bot.clone(), log: MemoryLog::default() })).await;
    fake.keep_delivering();
    let anna = fake.person("anna");
    let room = anna.create_room(&json!({"invite": [bot.user_id()]})).await.unwrap();
    anna.send(&room, "m.room.message", "1", &content::text("hello", None).to_string()).await.unwrap();
    let echo = fake.wait_for(|sent| sent.sender == bot.user_id()).await;
    assert_eq!(echo.content["body"], "hello");
    assert_eq!(fake.membership(&room, bot.user_id()), "join");
}

#[tokio::test]
async fn what_fails_is_sent_again() {
    let fake = fake().await;
    let notes = Arc::new(Notes::default());
    notes.failures.store(2, Ordering::SeqCst);
    serve(&fake, settings(), notes.clone()).await;
    for number in 0..150 {
        fake.queue(json!({"event_id": format!("${number}")}));
    }
    let delivered = fake.deliver().await;
    assert_eq!((delivered.transactions, delivered.attempts), (2, 4));
    let transactions = notes.transactions.lock().unwrap();
    let sizes: Vec<_> = transactions.iter().map(|one| one.events.len()).collect();
    assert_eq!(sizes, [100, 50]);
}

#[tokio::test]
async fn a_concurrent_repetition_waits_and_does_nothing() {
    /// Counts the events that are new, slowly.
    struct Slow(MemoryLog, std::sync::atomic::AtomicUsize);

    #[async_trait]
    impl Handler for Slow {
        async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
            let new = self.0.claim(transaction);
            tokio::task::yield_now().await;
            self.1.fetch_add(new.len(), Ordering::SeqCst);
            Ok(())
        }

        async fn user_exists(&self, _: &UserId) -> bool {
            false
        }
    }

    let fake = fake().await;
    let slow = Arc::new(Slow(MemoryLog::default(), 0.into()));
    serve(&fake, settings(), slow.clone()).await;
    let body = json!({"events": [{"event_id": "$1"}, {"event_id": "$2"}]});
    let pushes = (0..8).map(|_| fake.push("same", &body));
    for status in futures_util::future::join_all(pushes).await {
        assert_eq!(status, Some(200));
    }
    assert_eq!(slow.1.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_people_do_is_pushed() {
    let fake = fake().await;
    let notes = Arc::new(Notes::default());
    serve(&fake, settings(), notes.clone()).await;
    let bot = fake.homeserver().bot(&fake.user_id("ralf-core"), device_id!("RALF"));
    bot.register().await.unwrap();
    let anna = fake.person("anna");
    let elsewhere = anna.create_room(&json!({})).await.unwrap();
    assert_eq!(fake.deliver().await.transactions, 0, "a room without bots is none of our business");
    anna.invite(&elsewhere, bot.user_id()).await.unwrap();
    anna.typing(&elsewhere, true, std::time::Duration::from_secs(5)).await.unwrap();
    assert_eq!(fake.deliver().await.transactions, 1);
    let transactions = notes.transactions.lock().unwrap();
    let invite: Value = transactions[0].events[0].deserialize_as().unwrap();
    assert_eq!(invite["content"]["membership"], "invite");
    assert_eq!(invite["unsigned"]["invite_room_state"][0]["type"], "m.room.create");
    let typing: Value = transactions[0].ephemeral[0].deserialize_as_unchecked().unwrap();
    assert_eq!(typing["content"]["user_ids"], json!(["@anna:lab.local"]));
}

#[tokio::test]
async fn ping() {
    let fake = fake().await;
    let homeserver = fake.homeserver();
    assert!(matches!(homeserver.ping("ralf", None).await, Err(PingError::UrlNotSet)));
    fake.set_appservice_url("http://127.0.0.1:1");
    assert!(matches!(homeserver.ping("ralf", None).await, Err(PingError::ConnectionFailed(_))));
    let mut wrong = settings();
    wrong.hs_token = Secret::new("another token, as after a change of the registration");
    serve(&fake, wrong, Arc::new(Notes::default())).await;
    let error = homeserver.ping("ralf", None).await.unwrap_err();
    assert!(
        matches!(&error, PingError::BadStatus { status: 403, body } if body.contains("M_FORBIDDEN")),
        "{error}"
    );
    assert!(matches!(homeserver.ping("another", None).await, Err(PingError::Refused(_))));
    let notes = Arc::new(Notes::default());
    serve(&fake, settings(), notes.clone()).await;
    homeserver.ping("ralf", Some("start-1")).await.unwrap();
    homeserver.ping("ralf", None).await.unwrap();
    assert_eq!(*notes.pings.lock().unwrap(), [Some("start-1".to_owned()), None]);
}
