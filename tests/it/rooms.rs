//! When a bot speaks, where, and which one.

use std::collections::BTreeMap;

use matrix_sdk::ruma::api::client::room::create_room::v3::Request as CreateRoom;
use matrix_sdk::ruma::{RoomVersionId, UserId};
use serde_json::json;

use crate::harness::{Event, Person, Stage};

/// What our bots said in answer to a message, or in its thread.
fn answers(person: &Person, asked: &str) -> Vec<Event> {
    person.all(|e| {
        e.is_new_message()
            && e.sender().starts_with("@ralf-")
            && (e.answers() == asked || e.thread() == Some(asked))
    })
}

/// A fresh room with these bots invited.
pub(crate) async fn room_with(person: &Person, version: Option<&str>, bots: &[&str]) -> String {
    let mut request = CreateRoom::new();
    request.room_version = version.map(|version| RoomVersionId::try_from(version).expect("a version"));
    request.invite = bots.iter().map(|bot| UserId::parse(*bot).expect("a user id")).collect();
    person.client.create_room(request).await.expect("a room").room_id().to_string()
}

/// Whether an event tells that of a bot in a room.
pub(crate) fn membership<'a>(
    room: &'a str,
    bot: &'a str,
    membership: &'a str,
) -> impl Fn(&Event) -> bool + 'a {
    move |e| {
        e.room == room
            && e.kind() == "m.room.member"
            && e.raw["state_key"] == bot
            && e.raw["content"]["membership"] == membership
    }
}

#[tokio::test]
async fn what_is_none_of_our_business_is_left_alone() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let guest = stage.person("guest").await;
    let talk = [
        json!({"msgtype": "m.text", "body": "Guten Morgen zusammen, wer bringt heute Kuchen mit?"}),
        json!({"msgtype": "m.text", "body": "lol"}),
        json!({"msgtype": "m.notice", "body": "!ralf whoami"}),
        json!({"msgtype": "m.emote", "body": "!ralf whoami"}),
        json!({"msgtype": "m.text", "body": "> !ralf whoami\n> Installiere Jellyfin auf node-1\n\ngenau so"}),
        json!({"msgtype": "m.text", "body": "```\n!ralf whoami\nInstalliere Jellyfin auf node-1\n```"}),
        json!({"msgtype": "m.image", "body": "!ralf whoami", "url": "mxc://lab.local/x"}),
    ];
    let mut said = Vec::new();
    for content in talk {
        said.push(guest.send(&ops, "m.room.message", content).await);
    }
    let edited = guest.say(&ops, "so ein Wetter").await;
    let edit = json!({
        "msgtype": "m.text", "body": "* !ralf whoami", "m.new_content": {"msgtype": "m.text", "body": "!ralf whoami"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": edited},
    });
    said.push(guest.send(&ops, "m.room.message", edit).await);
    said.push(edited);
    guest.and_nothing_else(&ops).await;
    for said in &said {
        assert!(answers(&guest, said).is_empty(), "{said} was answered:\n{}", guest.story());
    }
}

#[tokio::test]
async fn who_speaks_to_us_gets_an_honest_answer() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let core = stage.info().bots["core"].clone();
    let mention = json!({"msgtype": "m.text", "body": "Ralf: backe mir einen Kuchen", "m.mentions": {"user_ids": [core]}});
    let asked = admin.send(&ops, "m.room.message", mention).await;
    let answer = admin.answer(&asked).await;
    assert!(answer.operation().is_none() && answer.body().contains("!ralf hilfe"), "{answer}");
    let unknown = admin.ask(&ops, "!ralf flurb").await;
    assert!(unknown.body().contains("flurb"), "{unknown}");
    let negated = admin.ask(&ops, "Ralf: starte auf keinen Fall Grafana neu").await;
    assert!(negated.operation().is_none() && negated.question().is_none(), "{negated}");
}

#[tokio::test]
async fn in_its_own_room_each_bot_answers_itself() {
    let stage = Stage::shared().await;
    let admin = stage.person("admin").await;
    let info = stage.info();
    for (key, bot) in
        [("ops", "core"), ("infra", "infra"), ("health", "health"), ("planner", "planner"), ("sec", "sec")]
    {
        let answer = admin.ask(&info.rooms[key], "!ralf whoami").await;
        assert_eq!(answer.sender(), info.bots[bot], "{answer}");
    }
}

#[tokio::test]
async fn rooms_of_both_versions_and_two_bots_that_speak_at_once() {
    let stage = Stage::shared().await;
    let admin = stage.person("admin").await;
    let info = stage.info();
    let (core, infra) = (info.bots["core"].as_str(), info.bots["infra"].as_str());
    for version in ["11", "12"] {
        let room = room_with(&admin, Some(version), &[core, infra]).await;
        assert_eq!(room.contains(':'), version == "11", "{room}");
        for bot in [core, infra] {
            admin.wait_for(&format!("{bot} to come"), membership(&room, bot, "join")).await;
            let greeting = |e: &Event| e.room == room && e.is_new_message() && e.sender() == bot;
            let greeting = admin.wait_for(&format!("{bot}'s greeting"), greeting).await;
            assert_eq!(greeting.raw["content"]["msgtype"], "m.notice");
        }
        let answer = admin.ask(&room, "!ralf whoami").await;
        assert_eq!(answer.sender(), core, "core speaks where nobody in particular is asked");
        let content = json!({"msgtype": "m.text", "body": "Ralf Infra: !ralf whoami", "m.mentions": {"user_ids": [infra]}});
        let asked = admin.send(&room, "m.room.message", content).await;
        assert_eq!(admin.answer(&asked).await.sender(), infra, "who is mentioned answers");
        let mut said: BTreeMap<String, usize> = BTreeMap::new();
        for event in admin.all(|e| e.room == room && e.is_new_message() && e.sender() != admin.id) {
            *said.entry(event.sender().to_owned()).or_default() += 1;
        }
        assert_eq!(
            said,
            BTreeMap::from([(core.to_owned(), 2), (infra.to_owned(), 2)]),
            "a greeting and an answer each:\n{}",
            admin.story()
        );

        // Asked in again after it left, it comes without another introduction.
        let user = UserId::parse(infra).expect("a user id");
        let handle = admin.room(&room).await;
        handle.kick_user(&user, None).await.expect("sent away");
        admin.wait_for("infra to be gone", membership(&room, infra, "leave")).await;
        let joins = admin.all(membership(&room, infra, "join")).len();
        handle.invite_user_by_id(&user).await.expect("invited");
        let back = async {
            while admin.all(membership(&room, infra, "join")).len() == joins {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), back).await.expect("it comes back");
        admin.and_nothing_else(&room).await;
        let greetings = admin
            .all(|e| e.room == room && e.is_new_message() && e.sender() == infra && e.answers().is_empty());
        assert_eq!(greetings.len(), 1, "{}", admin.story());
    }
}

#[tokio::test]
async fn a_direct_chat_needs_no_prefix() {
    let stage = Stage::shared().await;
    let admin = stage.person("admin").await;
    let core = stage.info().bots["core"].clone();
    let mut request = CreateRoom::new();
    request.is_direct = true;
    request.invite = vec![UserId::parse(&core).expect("a user id")];
    let room = admin.client.create_room(request).await.expect("a room").room_id().to_string();
    admin.wait_for("core to come", membership(&room, &core, "join")).await;
    let answer = admin.ask(&room, "whoami").await;
    assert!(answer.body().contains(&admin.id), "{answer}");
    let chatter = admin.ask(&room, "backe mir einen Kuchen").await;
    assert!(chatter.operation().is_none(), "{chatter}");
}

#[tokio::test]
async fn a_strangers_invite_is_declined_with_a_reason() {
    let stage = Stage::shared().await;
    let guest = stage.person("guest").await;
    let core = stage.info().bots["core"].clone();
    let room = room_with(&guest, None, &[&core]).await;
    let left = guest.wait_for("core to decline", membership(&room, &core, "leave")).await;
    assert_eq!(left.sender(), core);
    let reason = left.raw["content"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("[people]"), "it says why: {}", left.raw);
    assert!(guest.all(membership(&room, &core, "join")).is_empty());
    assert!(guest.all(|e| e.room == room && e.kind() == "m.room.message").is_empty());
}
