//! A person with an ordinary Matrix client: says, reacts, takes back, and waits for what comes.

use std::time::Duration;

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::config::{RequestConfig, SyncSettings};
use matrix_sdk::ruma::api::client::filter::FilterDefinition;
use matrix_sdk::ruma::{EventId, RoomId, UserId, uint};
use matrix_sdk::store::RoomLoadSettings;
use matrix_sdk::{Client, Room, RoomState, SessionMeta, SessionTokens};
use ralf::lab::UserInfo;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Event;

/// How long anything may take. Machines are slow at times; nobody waits for so long when all is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// Somebody in front of a Matrix client.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) client: Client,
    heard: watch::Receiver<Vec<Event>>,
    listening: JoinHandle<()>,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Person {
    /// Sits down and listens; what was said before is not heard.
    pub(crate) async fn sit_down(homeserver: &str, user: &UserInfo) -> Self {
        let client = Client::builder()
            .homeserver_url(homeserver)
            .request_config(RequestConfig::new().timeout(PATIENCE))
            .build()
            .await
            .expect("a client");
        let session = MatrixSession {
            meta: SessionMeta {
                user_id: UserId::parse(&user.user_id).expect("a user id"),
                device_id: "CHAIR".into(),
            },
            tokens: SessionTokens { access_token: user.access_token.clone(), refresh_token: None },
        };
        client.matrix_auth().restore_session(session, RoomLoadSettings::default()).await.expect("a session");
        client.sync_once(settings().timeout(Duration::ZERO)).await.expect("a first sync");
        let (ears, heard) = watch::channel(Vec::new());
        let listening = tokio::spawn(listen(client.clone(), ears));
        Self { id: user.user_id.clone(), client, heard, listening }
    }

    pub(crate) async fn room(&self, room: &str) -> Room {
        let id = RoomId::parse(room).expect("a room id");
        let mut heard = self.heard.clone();
        let joined = |room: Room| room.state() == RoomState::Joined;
        let known = heard.wait_for(|_| self.client.get_room(&id).is_some_and(joined));
        tokio::time::timeout(PATIENCE, known).await.expect("the room in time").expect("ears");
        self.client.get_room(&id).expect("just seen")
    }

    /// Sends anything; returns its event id.
    pub(crate) async fn send(&self, room: &str, kind: &str, content: Value) -> String {
        let sent = self.room(room).await.send_raw(kind, content).await.expect("sent");
        sent.response.event_id.to_string()
    }

    /// Says something; returns its event id.
    pub(crate) async fn say(&self, room: &str, text: &str) -> String {
        self.send(room, "m.room.message", json!({"msgtype": "m.text", "body": text})).await
    }

    /// Says something in a thread.
    pub(crate) async fn say_in_thread(&self, room: &str, root: &str, text: &str) -> String {
        let relation = json!({"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": {"event_id": root}});
        self.send(
            room,
            "m.room.message",
            json!({"msgtype": "m.text", "body": text, "m.relates_to": relation}),
        )
        .await
    }

    /// Reacts to an event; returns the reaction's id.
    pub(crate) async fn react(&self, room: &str, event: &str, key: &str) -> String {
        let relation = json!({"rel_type": "m.annotation", "event_id": event, "key": key});
        self.send(room, "m.reaction", json!({"m.relates_to": relation})).await
    }

    /// Takes an event back.
    pub(crate) async fn redact(&self, room: &str, event: &str) {
        let event = EventId::parse(event).expect("an event id");
        self.room(room).await.redact(&event, None, None).await.expect("redacted");
    }

    /// Everything heard so far, in order.
    pub(crate) fn heard(&self) -> Vec<Event> {
        self.heard.borrow().clone()
    }

    /// Everything heard so far that fits.
    pub(crate) fn all(&self, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        self.heard.borrow().iter().filter(|event| fits(event)).cloned().collect()
    }

    /// Waits for an event; one heard before counts. Panics with what was heard instead.
    pub(crate) async fn wait_for(&self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        self.wait_in_all(what, |events| events.iter().find(|event| fits(event)).cloned()).await
    }

    /// Waits for something in everything heard so far.
    pub(crate) async fn wait_in_all<T>(&self, what: &str, find: impl Fn(&[Event]) -> Option<T>) -> T {
        let mut heard = self.heard.clone();
        let found = heard.wait_for(|events| find(events).is_some());
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(events) => find(&events.expect("ears")).expect("just found"),
            Err(_) => panic!("{} waited in vain for {what}. Heard instead:\n{}", self.id, self.story()),
        }
    }

    /// All that was heard, a line each.
    pub(crate) fn story(&self) -> String {
        self.heard().iter().map(|event| format!("  {event}\n")).collect()
    }
}

fn settings() -> SyncSettings {
    let mut filter = FilterDefinition::default();
    filter.room.timeline.limit = Some(uint!(1000));
    SyncSettings::new().filter(filter.into()).timeout(Duration::from_secs(20))
}

async fn listen(client: Client, ears: watch::Sender<Vec<Event>>) {
    loop {
        let Ok(response) = client.sync_once(settings()).await else {
            // The homeserver is being restarted.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        ears.send_modify(|heard| {
            for (room, update) in response.rooms.joined {
                heard.extend(update.timeline.events.iter().map(|event| Event {
                    room: room.to_string(),
                    raw: serde_json::from_str(event.raw().json().get()).expect("an event is JSON"),
                }));
            }
        });
    }
}
