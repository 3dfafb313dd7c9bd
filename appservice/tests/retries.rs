//! Repeating calls, or not.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ralf_appservice::{
    Client, ClientError, Homeserver, RetryPolicy, Secret,
    testing::{FakeHomeserver, Fault},
};
use ruma::{OwnedRoomId, device_id, server_name};
use serde_json::json;

const TEXT: &str = r#"{"msgtype":"m.text","body":"hello"}"#;

async fn lab() -> (FakeHomeserver, Client, OwnedRoomId) {
    let fake = FakeHomeserver::start(&["bot"]).await;
    let bot = fake.homeserver().bot(&fake.user_id("bot"), device_id!("BOT"));
    bot.register().await.unwrap();
    bot.ensure_device("a bot").await.unwrap();
    let room = bot.create_room(&json!({})).await.unwrap();
    (fake, bot, room)
}

fn statuses(fake: &FakeHomeserver, path_part: &str) -> Vec<u16> {
    let requests = fake.requests().into_iter();
    requests.filter(|one| one.path.contains(path_part)).map(|one| one.status).collect()
}

#[tokio::test]
async fn transient_errors_are_ridden_out() {
    let (fake, bot, room) = lab().await;
    fake.fail_next("/send/", 1, Fault::RateLimited { retry_after_ms: 1 });
    fake.fail_next("/send/", 1, Fault::Status(500, "M_UNKNOWN"));
    fake.fail_next("/send/", 1, Fault::Dropped);
    fake.fail_next("/send/", 1, Fault::Proxy(502));
    bot.send(&room, "m.room.message", "1", TEXT).await.unwrap();
    assert_eq!(statuses(&fake, "/send/"), [429, 500, 0, 502, 200]);
    assert_eq!(fake.take_sent().len(), 1);
}

#[tokio::test]
async fn attempts_end() {
    let (fake, bot, room) = lab().await;
    fake.fail_next("/send/", 10, Fault::Status(500, "M_UNKNOWN"));
    let error = bot.send(&room, "m.room.message", "1", TEXT).await.unwrap_err();
    assert_eq!(error.status(), Some(500));
    assert_eq!(statuses(&fake, "/send/").len(), 5);
}

#[tokio::test]
async fn the_budget_ends_them_sooner() {
    let (fake, bot, room) = lab().await;
    fake.fail_next("/send/", 1, Fault::RateLimited { retry_after_ms: 60_000 });
    let error = bot.send(&room, "m.room.message", "1", TEXT).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(!error.is_permanent());
    assert_eq!(statuses(&fake, "/send/"), [429]);
}

#[tokio::test]
async fn an_outbox_sees_each_failure_itself() {
    let (fake, bot, room) = lab().await;
    let once = bot.clone().without_retries();
    fake.fail_next("/send/", 1, Fault::RateLimited { retry_after_ms: 7 });
    let error = once.send(&room, "m.room.message", "1", TEXT).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_millis(7)));
    fake.fail_next("/send/", 1, Fault::Dropped);
    let error = once.send(&room, "m.room.message", "1", TEXT).await.unwrap_err();
    assert!(matches!(error, ClientError::Transport(_)), "{error:?}");
    assert!(error.is_transient() && !error.is_permanent());
    once.send(&room, "m.room.message", "1", TEXT).await.unwrap();
    assert_eq!(statuses(&fake, "/send/"), [429, 0, 200]);
}

#[tokio::test]
async fn permanent_errors_are_not_repeated() {
    let (fake, bot, room) = lab().await;
    fake.fail_next("/send/", 1, Fault::Status(403, "M_FORBIDDEN"));
    let error = bot.send(&room, "m.room.message", "1", TEXT).await.unwrap_err();
    assert!(error.is_permanent());
    assert_eq!(statuses(&fake, "/send/"), [403]);
}

#[tokio::test]
async fn what_is_not_idempotent_is_repeated_only_after_a_rate_limit() {
    let (fake, bot, _) = lab().await;
    fake.fail_next("/createRoom", 1, Fault::RateLimited { retry_after_ms: 1 });
    bot.create_room(&json!({})).await.unwrap();
    fake.fail_next("/createRoom", 1, Fault::AnswerLost);
    let error = bot.create_room(&json!({})).await.unwrap_err();
    assert!(matches!(error, ClientError::Transport(_)));
    assert_eq!(statuses(&fake, "/createRoom"), [200, 429, 200, 0]);
}

#[tokio::test]
async fn a_lost_device_is_made_again() {
    let (fake, bot, room) = lab().await;
    for client in [bot.clone(), bot.clone().without_retries()] {
        fake.fail_next("/send/", 1, Fault::UnknownDevice);
        client.send(&room, "m.room.message", &rand_id(), TEXT).await.unwrap();
        assert_eq!(fake.devices(bot.user_id()), ["BOT"]);
    }
    assert_eq!(statuses(&fake, "/send/"), [400, 200, 400, 200]);
    // Once only: a homeserver that never knows the device is no loop.
    fake.fail_next("/send/", 5, Fault::UnknownDevice);
    let error = bot.send(&room, "m.room.message", "x", TEXT).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_UNKNOWN_DEVICE"));
    assert!(!error.is_permanent());
}

fn rand_id() -> String {
    format!("{:x}", rand::random::<u64>())
}

#[tokio::test]
async fn an_observer_hears_of_each_request() {
    let (fake, bot, room) = lab().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let homeserver = fake.homeserver().on_call(Arc::new(move |report| {
        sink.lock().unwrap().push((report.endpoint, report.status));
    }));
    let bot = homeserver.bot(bot.user_id(), device_id!("BOT"));
    fake.fail_next("/send/", 1, Fault::Status(503, "M_UNKNOWN"));
    fake.fail_next("/send/", 1, Fault::Dropped);
    bot.send(&room, "m.room.message", "1", TEXT).await.unwrap();
    bot.whoami().await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [("send", 503), ("send", 0), ("send", 200), ("whoami", 200)]);
}

#[tokio::test]
async fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let homeserver =
        Homeserver::new(&format!("http://{address}/"), &Secret::new("as"), server_name!("lab.local"))
            .unwrap()
            .with_retry(RetryPolicy { base: Duration::ZERO, ..RetryPolicy::default() });
    let error = homeserver.versions().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport(_)), "{error:?}");
    assert_eq!(error.to_string(), "no answer came from the homeserver");
}

#[test]
fn bad_settings() {
    let server = server_name!("lab.local");
    for url in ["", "lab.local", "ftp://lab.local", "http://lab.local?x=1"] {
        let error = Homeserver::new(url, &Secret::new("as"), server).unwrap_err();
        assert!(matches!(error, ClientError::Request { .. }), "{url}");
    }
    assert!(Homeserver::new("http://lab.local", &Secret::new("a\nb"), server).is_err());
}
