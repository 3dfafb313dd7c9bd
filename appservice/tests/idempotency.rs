//! Transaction ids, and the ways in which they deceive.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use ralf_appservice::{
    Client,
    testing::{FakeHomeserver, Fault},
};
use ruma::{OwnedRoomId, device_id};
use serde_json::json;

const TEXT: &str = r#"{"msgtype":"m.text","body":"hello"}"#;

/// Two bots in one room.
async fn lab() -> (FakeHomeserver, Client, Client, OwnedRoomId) {
    let fake = FakeHomeserver::start(&["ralf-core", "ralf-infra"]).await;
    let mut bots = Vec::new();
    for name in ["ralf-core", "ralf-infra"] {
        let bot = fake.homeserver().bot(&fake.user_id(name), device_id!("RALF"));
        bot.register().await.unwrap();
        bot.ensure_device("RALF").await.unwrap();
        bots.push(bot);
    }
    let second = bots.pop().unwrap();
    let first = bots.pop().unwrap();
    let room = first.create_room(&json!({"preset": "public_chat"})).await.unwrap();
    second.join(<&ruma::RoomOrAliasId>::from(&*room)).await.unwrap();
    (fake, first, second, room)
}

#[tokio::test]
async fn a_repetition_gives_the_same_event() {
    let (fake, bot, _, room) = lab().await;
    let first = bot.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap();
    let again = bot.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(fake.take_sent().len(), 1);
}

#[tokio::test]
async fn two_bots_must_not_share_a_transaction_id() {
    let (fake, one, two, room) = lab().await;
    let first = one.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap();
    let lost = two.send(&room, "m.room.message", "uuid-1", r#"{"body":"lost"}"#).await.unwrap();
    assert_eq!(first, lost, "the trap: answered with the first one's event");
    assert_eq!(fake.take_sent().len(), 1);
}

#[tokio::test]
async fn a_device_keeps_ids_across_a_restart() {
    let (fake, bot, _, room) = lab().await;
    let first = bot.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap();
    fake.restart();
    assert_eq!(bot.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap(), first);
    assert_eq!(fake.take_sent().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_no_second_message() {
    let (fake, bot, _, room) = lab().await;
    fake.fail_next("/send/", 2, Fault::AnswerLost);
    bot.send(&room, "m.room.message", "uuid-1", TEXT).await.unwrap();
    let sent = fake.take_sent();
    assert_eq!(sent.len(), 1);
    let puts = fake.requests().into_iter().filter(|request| request.path.contains("/send/"));
    assert_eq!(puts.map(|request| request.status).collect::<Vec<_>>(), [0, 0, 200]);
}

#[tokio::test]
async fn content_goes_out_byte_for_byte() {
    let (fake, bot, _, room) = lab().await;
    let odd = "{ \"body\" :\"\\u0041\\/ü\",\"z\":1, \"a\":2 }";
    fake.fail_next("/send/", 1, Fault::Dropped);
    bot.send(&room, "m.room.message", "id with / and ?", odd).await.unwrap();
    let sent = fake.take_sent();
    assert_eq!(sent[0].raw, odd.as_bytes());
    assert_eq!(sent[0].txn_id, "id with / and ?");
    assert_eq!(sent[0].device_id.as_deref(), Some("RALF"));
}

#[tokio::test]
async fn floats_are_refused_for_good() {
    let (_fake, bot, _, room) = lab().await;
    let error = bot.send(&room, "m.room.message", "uuid-1", r#"{"body":"x","n":1.5}"#).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_BAD_JSON"));
    assert!(error.is_permanent());
}
