//! The homeserver's side of the wire: what it may repeat, mix up, and get wrong. Events are put straight to our port, as
//! Synapse would; their ids are made up, so an answer to one can't be a reply that Synapse accepts as such, but it is
//! said all the same.

use ralf::clock::new_id;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Event, Person, Stage};

struct Wire {
    url: String,
    token: String,
}

impl Wire {
    fn of(stage: &Stage) -> Self {
        let info = stage.info();
        Self { url: format!("{}/_matrix/app/v1/transactions", info.ralf), token: info.hs_token }
    }

    async fn put(&self, id: &str, events: &[Value]) -> StatusCode {
        self.put_body(id, Some(&self.token), &json!({"events": events}).to_string()).await.0
    }

    async fn put_body(&self, id: &str, token: Option<&str>, body: &str) -> (StatusCode, Value) {
        let mut request = reqwest::Client::new().put(format!("{}/{id}", self.url)).body(body.to_owned());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }
}

fn message(person: &Person, room: &str, text: &str) -> Value {
    json!({
        "type": "m.room.message",
        "event_id": format!("$made-up-{}", new_id()),
        "room_id": room,
        "sender": person.id,
        "origin_server_ts": 1,
        "content": {"msgtype": "m.text", "body": text},
    })
}

/// A command whose answer is known from all others: there is no such operation.
fn command(n: u32) -> (String, String) {
    let id = format!("{}{n}", &new_id().to_lowercase()[16..]);
    (format!("!ralf why {id}"), id)
}

fn about(person: &Person, id: &str) -> Vec<Event> {
    person.all(|e| e.is_new_message() && e.sender() != person.id && e.body().contains(id))
}

async fn told(person: &Person, id: &str) -> Event {
    person
        .wait_for(&format!("an answer about {id}"), |e| {
            e.is_new_message() && e.sender() != person.id && e.body().contains(id)
        })
        .await
}

#[tokio::test]
async fn who_is_not_the_homeserver_is_sent_away() {
    let stage = Stage::shared().await;
    let (wire, ops) = (Wire::of(&stage), stage.room("ops"));
    let admin = stage.person("admin").await;
    let (text, id) = command(1);
    let body = json!({"events": [message(&admin, &ops, &text)]}).to_string();
    let (status, answer) = wire.put_body(&new_id(), None, &body).await;
    assert_eq!((status, &answer["errcode"]), (StatusCode::UNAUTHORIZED, &json!("M_MISSING_TOKEN")));
    for wrong in
        ["wrong", "", &format!("{}x", wire.token), &stage.info().as_token, &stage.info().webhook_token]
    {
        let (status, answer) = wire.put_body(&new_id(), Some(wrong), &body).await;
        assert!(
            [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&status),
            "{wrong:?}: {status} {answer}"
        );
    }
    let (status, answer) = wire.put_body(&new_id(), Some("wrong"), &body).await;
    assert_eq!((status, &answer["errcode"]), (StatusCode::FORBIDDEN, &json!("M_FORBIDDEN")));
    admin.and_nothing_else(&ops).await;
    assert!(about(&admin, &id).is_empty(), "{}", admin.story());
}

#[tokio::test]
async fn a_redelivered_transaction_changes_nothing_twice() {
    let stage = Stage::shared().await;
    let (wire, ops) = (Wire::of(&stage), stage.room("ops"));
    let admin = stage.person("admin").await;
    let ((first, first_id), (second, second_id)) = (command(1), command(2));
    let (first, second) = (message(&admin, &ops, &first), message(&admin, &ops, &second));
    let id = new_id();
    for _ in 0..3 {
        assert_eq!(wire.put(&id, std::slice::from_ref(&first)).await, 200);
    }
    // The same event under another id, and another event under the same one: Synapse does both.
    assert_eq!(wire.put(&new_id(), &[first.clone(), first]).await, 200);
    assert_eq!(wire.put(&id, &[second]).await, 200);
    told(&admin, &first_id).await;
    told(&admin, &second_id).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(
        (about(&admin, &first_id).len(), about(&admin, &second_id).len()),
        (1, 1),
        "{}",
        admin.story()
    );
}

#[tokio::test]
async fn many_at_once_are_taken_once() {
    let stage = Stage::shared().await;
    let (wire, ops) = (Wire::of(&stage), stage.room("ops"));
    let admin = stage.person("admin").await;
    let (text, id) = command(1);
    let event = message(&admin, &ops, &text);
    let txn = new_id();
    let puts = (0..8).map(|_| wire.put(&txn, std::slice::from_ref(&event)));
    for status in futures_util::future::join_all(puts).await {
        assert_eq!(status, 200);
    }
    told(&admin, &id).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(about(&admin, &id).len(), 1, "{}", admin.story());
}

#[tokio::test]
async fn malformed_events_do_not_hold_up_the_good_ones_beside_them() {
    let stage = Stage::shared().await;
    let (wire, ops) = (Wire::of(&stage), stage.room("ops"));
    let admin = stage.person("admin").await;
    let ((first, first_id), (second, second_id)) = (command(1), command(2));
    let mut odd =
        vec![message(&admin, &ops, &first), json!(7), json!("x"), json!(null), json!([]), json!({})];
    let broken = [
        ("/type", json!(5)),
        ("/sender", json!("nobody")),
        ("/room_id", json!({"a": 1})),
        ("/event_id", json!(12)),
        ("/content", json!("text")),
        ("/content", json!(null)),
        ("/content/body", json!({"deep": [[[[[1]]]]]})),
        ("/content/msgtype", json!(["m.text"])),
    ];
    for (pointer, value) in broken {
        let mut event = message(&admin, &ops, "!ralf whoami");
        event["event_id"] = json!(format!("$broken-{}", new_id()));
        *event.pointer_mut(pointer).expect("it is there") = value;
        odd.push(event);
    }
    let relations = [
        json!(5),
        json!({"rel_type": 1, "event_id": []}),
        json!({"m.in_reply_to": "x"}),
        json!({"rel_type": "m.thread"}),
    ];
    for relation in relations {
        let mut event = message(&admin, &ops, "nothing of our business");
        event["content"]["m.relates_to"] = relation;
        odd.push(event);
    }
    odd.push(message(&admin, &ops, &second));
    assert_eq!(wire.put(&new_id(), &odd).await, 200, "or Synapse would send it for ever");
    told(&admin, &first_id).await;
    told(&admin, &second_id).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(
        (about(&admin, &first_id).len(), about(&admin, &second_id).len()),
        (1, 1),
        "{}",
        admin.story()
    );
    for (body, status, errcode) in [
        ("{", 400, "M_NOT_JSON"),
        ("[]", 400, "M_BAD_JSON"),
        ("{}", 400, "M_BAD_JSON"),
        ("{\"events\": 5}", 400, "M_BAD_JSON"),
    ] {
        let (got, answer) = wire.put_body(&new_id(), Some(&wire.token), body).await;
        assert_eq!((got.as_u16(), &answer["errcode"]), (status, &json!(errcode)), "{body}");
    }
}

#[tokio::test]
async fn events_out_of_order_come_to_the_same() {
    let stage = Stage::shared().await;
    let pihole = stage.take("pihole", "node-2");
    let (wire, ops) = (Wire::of(&stage), stage.room("ops"));
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Pihole auf node-2").await;
    // What was taken back comes first; nobody knows the events that are reacted to and redacted; the vote itself comes
    // from another room than its proposal.
    let vote = format!("$vote-{}", new_id());
    let event = |kind: &str, content: Value, redacts: Option<&str>| {
        let mut event = json!({
            "type": kind, "event_id": format!("$made-up-{}", new_id()), "room_id": ops, "sender": admin.id, "content": content,
        });
        if let Some(redacts) = redacts {
            event["redacts"] = redacts.into();
        }
        event
    };
    let reaction =
        |target: &str| json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": "✅"}});
    let events = [
        event("m.reaction", reaction("$nobody-knows-this"), None),
        event("m.room.redaction", json!({}), Some(&vote)),
        event("m.room.redaction", json!({}), Some("$nor-this")),
        event("m.room.redaction", json!({"redacts": "$nor-that"}), None),
    ];
    assert_eq!(wire.put(&new_id(), &events).await, 200);
    let mut late = event("m.reaction", reaction(proposal.id()), None);
    late["event_id"] = vote.clone().into();
    late["room_id"] = stage.room("infra").into();
    assert_eq!(wire.put(&new_id(), &[late]).await, 200);
    admin.and_nothing_else(&ops).await;
    assert!(pihole.journal().is_empty());
    assert!(
        admin.all(|e| e.operation_id() == proposal.operation_id() && e.state() == "approved").is_empty(),
        "another room's vote"
    );
    admin.ask(&ops, &format!("!ralf abbrechen {}", proposal.operation_id())).await;
}
