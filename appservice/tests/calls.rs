//! Every method of the client side against the fake homeserver.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use ralf_appservice::{
    Client, ClientError, Secret,
    client::{Direction, Registered},
    content,
    testing::FakeHomeserver,
};
use ruma::{
    OwnedRoomId, RoomOrAliasId, api::client::room::aliases, device_id, event_id, room_alias_id, room_id,
    user_id,
};
use serde_json::{Value, json};

async fn lab() -> (FakeHomeserver, Client) {
    let fake = FakeHomeserver::start(&["ralf-core", "ralf-infra"]).await;
    let bot = fake.homeserver().bot(&fake.user_id("ralf-core"), device_id!("RALF"));
    bot.register().await.unwrap();
    bot.ensure_device("R.A.L.F.").await.unwrap();
    (fake, bot)
}

async fn room(bot: &Client) -> OwnedRoomId {
    bot.create_room(&json!({"name": "lab", "preset": "private_chat"})).await.unwrap()
}

#[tokio::test]
async fn registration() {
    let (fake, bot) = lab().await;
    assert_eq!(bot.register().await.unwrap(), Registered::Existing);
    let infra = fake.homeserver().bot(&fake.user_id("ralf-infra"), device_id!("RALF"));
    assert_eq!(infra.whoami().await.unwrap_err().errcode(), Some("M_FORBIDDEN"));
    assert_eq!(infra.register().await.unwrap(), Registered::Created);
    // The device is made on the way.
    let me = infra.whoami().await.unwrap();
    assert_eq!(me.user_id, fake.user_id("ralf-infra"));
    assert_eq!(me.device_id.unwrap(), "RALF");
    let stranger = fake.homeserver().bot(&fake.user_id("anna"), device_id!("X"));
    let error = stranger.register().await.unwrap_err();
    assert!(matches!(error, ClientError::Exclusive { .. }));
    assert!(error.to_string().contains("@anna:lab.local is not in"), "{error}");
    assert!(error.is_permanent());
}

#[tokio::test]
async fn every_request_asserts_user_and_device() {
    let (fake, bot) = lab().await;
    let room = room(&bot).await;
    bot.send(&room, "m.room.message", "1", r#"{"body":"x"}"#).await.unwrap();
    bot.state(&room, "m.room.name", "").await.unwrap();
    bot.messages(&room, None, Direction::Backward, 5).await.unwrap();
    for request in fake.requests().into_iter().skip(2) {
        assert!(request.query.contains("user_id=%40ralf-core%3Alab.local&device_id=RALF"), "{request:?}");
    }
}

#[tokio::test]
async fn rooms_and_members() {
    let (fake, bot) = lab().await;
    let anna = fake.person("anna");
    let room = room(&bot).await;
    assert_eq!(bot.joined_rooms().await.unwrap(), std::slice::from_ref(&room));
    let by_id: &RoomOrAliasId = (&*room).into();
    assert_eq!(anna.join(by_id).await.unwrap_err().errcode(), Some("M_FORBIDDEN"));
    bot.invite(&room, anna.user_id()).await.unwrap();
    assert_eq!(fake.membership(&room, anna.user_id()), "invite");
    let alias = room_alias_id!("#lab:lab.local");
    assert_eq!(bot.resolve_alias(alias).await.unwrap(), None);
    bot.put_alias(alias, &room).await.unwrap();
    assert_eq!(bot.put_alias(alias, &room).await.unwrap_err().status(), Some(409));
    assert_eq!(bot.resolve_alias(alias).await.unwrap(), Some(room.clone()));
    assert_eq!(anna.join(alias.into()).await.unwrap(), room);
    assert_eq!(anna.join(alias.into()).await.unwrap(), room, "twice is fine");
    let members = bot.joined_members(&room).await.unwrap();
    assert_eq!(members[anna.user_id()].display_name.as_deref(), Some("anna"));
    assert_eq!(members.len(), 2);
    anna.leave(&room, Some("bye")).await.unwrap();
    assert_eq!(fake.membership(&room, anna.user_id()), "leave");
    assert_eq!(bot.joined_members(&room).await.unwrap().len(), 1);
    assert_eq!(bot.members(&room).await.unwrap().len(), 2);
    let last = fake.timeline(&room).pop().unwrap();
    assert_eq!(last["content"]["reason"], "bye");
}

#[tokio::test]
async fn events() {
    let (fake, bot) = lab().await;
    let room = room(&bot).await;
    let text = content::text("hello", Some("<b>hello</b>")).to_string();
    let first = bot.send(&room, "m.room.message", "1", &text).await.unwrap();
    let event = bot.event(&room, &first).await.unwrap().unwrap();
    assert_eq!(event.get_field::<Value>("content").unwrap().unwrap()["body"], "hello");
    assert!(bot.event(&room, event_id!("$nothing")).await.unwrap().is_none());
    let reaction = content::reaction(&first, "👀").to_string();
    bot.send(&room, "m.reaction", "2", &reaction).await.unwrap();
    let error = bot.send(&room, "m.reaction", "3", &reaction).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_DUPLICATE_ANNOTATION"));
    let redaction = bot.redact(&room, &first, "4", Some("a mistake")).await.unwrap();
    assert_eq!(bot.redact(&room, &first, "4", Some("a mistake")).await.unwrap(), redaction);
    let event = bot.event(&room, &first).await.unwrap().unwrap();
    assert_eq!(event.get_field::<Value>("content").unwrap().unwrap(), json!({}));
    assert_eq!(fake.take_sent().len(), 2);
}

#[tokio::test]
async fn history() {
    let (fake, bot) = lab().await;
    let room = room(&bot).await;
    for number in 0..10 {
        let text = content::text(&number.to_string(), None).to_string();
        bot.send(&room, "m.room.message", &format!("h{number}"), &text).await.unwrap();
    }
    let page = bot.messages(&room, None, Direction::Backward, 4).await.unwrap();
    assert_eq!(page.chunk.len(), 4);
    assert!(page.chunk[0].json().get().contains("\"body\":\"9\""));
    let page = bot.messages(&room, page.end.as_deref(), Direction::Backward, 100).await.unwrap();
    assert_eq!(page.chunk.len(), fake.timeline(&room).len() - 4);
    assert_eq!(page.end, None);
    let page = bot.messages(&room, None, Direction::Forward, 1).await.unwrap();
    assert!(page.chunk[0].json().get().contains("m.room.create"));
}

#[tokio::test]
async fn state_and_power() {
    let (fake, bot) = lab().await;
    let room = room(&bot).await;
    assert_eq!(bot.state(&room, "m.room.name", "").await.unwrap(), Some(json!({"name": "lab"})));
    assert_eq!(bot.state(&room, "local.ralf", "a/b").await.unwrap(), None);
    bot.put_state(&room, "local.ralf", "a/b", r#"{"on":true}"#).await.unwrap();
    assert_eq!(bot.state(&room, "local.ralf", "a/b").await.unwrap(), Some(json!({"on": true})));
    assert!(bot.full_state(&room).await.unwrap().len() > 4);
    let mut levels = bot.power_levels(&room).await.unwrap().unwrap();
    levels["events_default"] = 10.into();
    bot.put_state(&room, "m.room.power_levels", "", &levels.to_string()).await.unwrap();
    let anna = fake.person("anna");
    bot.invite(&room, anna.user_id()).await.unwrap();
    anna.join((&*room).into()).await.unwrap();
    let error = anna.send(&room, "m.room.message", "1", r#"{"body":"x"}"#).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_FORBIDDEN"));
    let error = anna.put_state(&room, "m.room.name", "", "{}").await.unwrap_err();
    assert!(error.is_permanent());
}

#[tokio::test]
async fn profile() {
    let (fake, bot) = lab().await;
    let uri = bot.upload("pixels".into(), "image/png", "ralf bot.png").await.unwrap();
    bot.set_display_name("R.A.L.F. ü").await.unwrap();
    bot.set_avatar_url(&uri).await.unwrap();
    let profile = bot.profile(bot.user_id()).await.unwrap().unwrap();
    assert_eq!(profile.displayname.as_deref(), Some("R.A.L.F. ü"));
    assert_eq!(profile.avatar_url, Some(uri.clone()));
    assert_eq!(bot.profile(user_id!("@nobody:lab.local")).await.unwrap(), None);
    let uploads = fake.uploads();
    assert_eq!(uploads[0].uri, uri.as_str());
    assert_eq!(uploads[0].content_type, "image/png");
    assert_eq!(uploads[0].filename.as_deref(), Some("ralf bot.png"));
    assert_eq!(uploads[0].content, "pixels");
    let error = bot.upload("x".into(), "bad\ntype", "x").await.unwrap_err();
    assert!(matches!(error, ClientError::Request { .. }));
}

#[tokio::test]
async fn typing_and_receipts() {
    let (fake, bot) = lab().await;
    let room = room(&bot).await;
    bot.typing(&room, true, Duration::from_secs(30)).await.unwrap();
    assert!(fake.is_typing(&room, bot.user_id()));
    bot.typing(&room, false, Duration::ZERO).await.unwrap();
    assert!(!fake.is_typing(&room, bot.user_id()));
    bot.read_receipt(&room, event_id!("$a"), None).await.unwrap();
    bot.read_receipt(&room, event_id!("$b"), Some(event_id!("$root"))).await.unwrap();
    assert_eq!(fake.read_up_to(&room, bot.user_id(), None).as_deref(), Some("$a"));
    let thread = Some(event_id!("$root"));
    assert_eq!(fake.read_up_to(&room, bot.user_id(), thread).as_deref(), Some("$b"));
}

#[tokio::test]
async fn people() {
    let (fake, bot) = lab().await;
    fake.person("anna");
    let homeserver = fake.homeserver();
    assert_eq!(homeserver.login("anna", "wrong").await.unwrap_err().errcode(), Some("M_FORBIDDEN"));
    let anna = homeserver.login("anna", "anna").await.unwrap();
    assert_eq!(anna.whoami().await.unwrap().user_id, anna.user_id());
    assert_eq!(anna.device_id(), None);
    anna.ensure_device("needs nothing").await.unwrap();
    let room = anna.create_room(&json!({"invite": [bot.user_id()]})).await.unwrap();
    bot.join((&*room).into()).await.unwrap();
    let before = anna.sync(None, Duration::ZERO, None).await.unwrap();
    let since = before["next_batch"].as_str().unwrap();
    let waiting = anna.sync(Some(since), Duration::from_secs(10), Some(r#"{"room":{}}"#));
    let text = content::notice("good morning", None).to_string();
    let (after, sent) = tokio::join!(waiting, bot.send(&room, "m.room.message", "1", &text));
    sent.unwrap();
    let event = &after.unwrap()["rooms"]["join"][room.as_str()]["timeline"]["events"][0];
    assert_eq!(event["content"]["body"], "good morning");
    let request = fake.requests().into_iter().find(|one| one.path.ends_with("/sync")).unwrap();
    assert!(!request.query.contains("user_id"), "a person asserts nothing: {}", request.query);
    let nobody = homeserver.person(&Secret::new("unknown"), anna.user_id()).unwrap();
    let error = nobody.whoami().await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_UNKNOWN_TOKEN"));
    assert!(!error.is_permanent());
}

#[tokio::test]
async fn versions() {
    let (fake, _) = lab().await;
    assert!(fake.homeserver().versions().await.unwrap().versions.contains(&"v1.11".to_owned()));
}

#[tokio::test]
async fn endpoints_by_ruma() {
    use ruma::api::client::account::whoami;
    let (fake, bot) = lab().await;
    let answer = bot.request(whoami::v3::Request::new()).await.unwrap();
    assert_eq!(answer.user_id, bot.user_id());
    assert_eq!(answer.device_id.unwrap(), "RALF");
    let error = bot.request(aliases::v3::Request::new(room_id!("!x").to_owned())).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_UNRECOGNIZED"));
    let last = fake.requests().pop().unwrap();
    assert_eq!(last.path, "/_matrix/client/v3/rooms/!x/aliases");
    assert!(last.query.contains("device_id=RALF"));
}
