//! A person of the lab, on the Matrix SDK: the same client library that people's apps are built from, and none of
//! R.A.L.F.'s own.

use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::ruma::api::client::filter::FilterDefinition;
use matrix_sdk::ruma::api::client::message::send_message_event::v3::Request;
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{RoomId, TransactionId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::lab::matrix::http_client;
use crate::lab::{LabError, LabJson};

/// Something that came from the homeserver.
#[derive(Debug)]
pub(super) enum Incoming {
    /// An event of a room's timeline; `old` if it was there before we came.
    Event { room: String, event: Value, old: bool },
    /// What is fleeting: receipts and typing.
    Ephemeral { event: Value },
    /// All that was there before we came has been told.
    Ready,
}

/// A signed-in person.
#[derive(Clone)]
pub(super) struct Person {
    client: Client,
}

impl Person {
    /// Signs in, with a device of the terminal's own.
    pub(super) async fn sign_in(info: &LabJson, name: &str) -> Result<Self, LabError> {
        let failed = |error: &dyn std::fmt::Display| LabError::Conversation(error.to_string());
        let user = info.users.get(name).ok_or_else(|| failed(&format!("lab.json knows no {name}")))?;
        let client = Client::builder()
            .homeserver_url(&info.homeserver)
            .http_client(http_client()?)
            .build()
            .await
            .map_err(|error| failed(&error))?;
        client
            .matrix_auth()
            .login_username(&user.user_id, &user.password)
            // One of this process's own: a second terminal shall not sign out the first.
            .device_id(&format!("RALFLAB{}", std::process::id()))
            .initial_device_display_name("ralf lab")
            .send()
            .await
            .map_err(|error| failed(&error))?;
        Ok(Self { client })
    }

    /// Follows all rooms from now on. The receiver's end ends it.
    pub(super) fn follow(&self) -> mpsc::Receiver<Incoming> {
        let (sender, receiver) = mpsc::channel(256);
        let client = self.client.clone();
        tokio::spawn(async move {
            let mut old = true;
            let filter: FilterDefinition =
                serde_json::from_value(json!({"room": {"timeline": {"limit": 50}}})).unwrap_or_default();
            while !sender.is_closed() {
                let timeout = std::time::Duration::from_secs(if old { 0 } else { 30 });
                let settings = SyncSettings::new().filter(filter.clone().into()).timeout(timeout);
                let update = tokio::select! {
                    update = client.sync_once(settings) => update,
                    () = sender.closed() => return,
                };
                let Ok(update) = update else {
                    // Synapse is away and will be back.
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    continue;
                };
                for (room, news) in update.rooms.joined {
                    let told = news
                        .timeline
                        .events
                        .iter()
                        .filter_map(|event| event.raw().deserialize_as_unchecked().ok());
                    let told = told.map(|event| Incoming::Event { room: room.to_string(), event, old });
                    let fleeting =
                        news.ephemeral.iter().filter_map(|event| event.deserialize_as_unchecked().ok());
                    let fleeting = fleeting.map(|event| Incoming::Ephemeral { event });
                    for incoming in told.chain(fleeting) {
                        if sender.send(incoming).await.is_err() {
                            return;
                        }
                    }
                }
                if std::mem::take(&mut old) && sender.send(Incoming::Ready).await.is_err() {
                    return;
                }
            }
        });
        receiver
    }

    /// Says something; in a thread, if one is given. Returns the event's id.
    pub(super) async fn say(
        &self,
        room: &str,
        text: &str,
        thread: Option<&str>,
        mention: Option<&str>,
    ) -> Result<String, LabError> {
        let mentions = mention.map_or_else(|| json!({}), |user| json!({"user_ids": [user]}));
        let mut content = json!({"msgtype": "m.text", "body": text, "m.mentions": mentions});
        if let Some(root) = thread {
            content["m.relates_to"] = json!({
                "rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": {"event_id": root},
            });
        }
        self.send(room, "m.room.message", &content).await
    }

    /// Reacts to an event.
    pub(super) async fn react(&self, room: &str, event: &str, key: &str) -> Result<String, LabError> {
        let content = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}});
        self.send(room, "m.reaction", &content).await
    }

    async fn send(&self, room: &str, kind: &str, content: &Value) -> Result<String, LabError> {
        let failed = |error: &dyn std::fmt::Display| LabError::Conversation(error.to_string());
        let room = RoomId::parse(room).map_err(|error| failed(&error))?;
        let content = Raw::new(content).map_err(|error| failed(&error))?.cast_unchecked();
        let request = Request::new_raw(room, TransactionId::new(), kind.into(), content);
        self.client.send(request).await.map(|sent| sent.event_id.to_string()).map_err(|error| failed(&error))
    }
}
