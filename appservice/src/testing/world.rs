//! What the fake remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use bytes::Bytes;
use regex::Regex;
use ruma::{OwnedServerName, OwnedUserId, UserId};
use serde_json::{Value, json};

use super::fault::{Planned, Recorded};
use crate::Registration;

/// An event that somebody sent by `PUT /send`.
#[derive(Clone, Debug)]
pub struct SentEvent {
    /// The room.
    pub room_id: String,
    /// The event's id.
    pub event_id: String,
    /// Who sent it.
    pub sender: OwnedUserId,
    /// The device that was asserted, or the person's.
    pub device_id: Option<String>,
    /// The event type.
    pub event_type: String,
    /// The transaction id.
    pub txn_id: String,
    /// The content.
    pub content: Value,
    /// The content as the bytes that came.
    pub raw: Bytes,
}

/// A file that somebody uploaded.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its `mxc://` address.
    pub uri: String,
    /// The content type.
    pub content_type: String,
    /// The name.
    pub filename: Option<String>,
    /// The file.
    pub content: Bytes,
}

#[derive(Debug, Default)]
pub(super) struct User {
    pub(super) password: Option<String>,
    pub(super) profile: BTreeMap<String, Value>,
    pub(super) devices: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) timeline: Vec<Value>,
    /// The newest event of each type and state key.
    pub(super) state: BTreeMap<(String, String), Value>,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) server_name: OwnedServerName,
    pub(super) registration: Registration,
    namespace: Vec<Regex>,
    pub(super) users: BTreeMap<OwnedUserId, User>,
    pub(super) tokens: HashMap<String, (OwnedUserId, String)>,
    pub(super) rooms: BTreeMap<String, Room>,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) uploads: Vec<Upload>,
    pub(super) sent: Vec<SentEvent>,
    /// Who types in which room.
    pub(super) typing: BTreeMap<String, BTreeSet<OwnedUserId>>,
    /// Room, user, thread → event.
    pub(super) receipts: BTreeMap<(String, OwnedUserId, String), String>,
    /// Synapse's transaction cache: path and requester, where all users of an application service are one
    /// requester. A restart empties it.
    pub(super) cached_transactions: HashMap<(String, String), Value>,
    /// Synapse's table: user, device, room, transaction id. It survives a restart.
    pub(super) stored_transactions: HashMap<[String; 4], Value>,
    /// What is to be pushed.
    pub(super) outgoing: VecDeque<Value>,
    pub(super) outgoing_ephemeral: VecDeque<Value>,
    /// Every event, in order: a sync token is a position in it.
    pub(super) log: Vec<Value>,
    pub(super) faults: Vec<Planned>,
    pub(super) requests: Vec<Recorded>,
    counter: u64,
}

impl World {
    pub(super) fn new(server_name: OwnedServerName, registration: Registration) -> Self {
        let users = &registration.namespaces.users;
        let namespace = users.iter().map(|one| Regex::new(&one.regex).expect("a readable regex")).collect();
        let sender = UserId::parse(format!("@{}:{server_name}", registration.sender_localpart));
        let users = [(sender.expect("a sound sender_localpart"), User::default())].into();
        Self {
            server_name,
            registration,
            namespace,
            users,
            tokens: HashMap::new(),
            rooms: BTreeMap::new(),
            aliases: BTreeMap::new(),
            uploads: Vec::new(),
            sent: Vec::new(),
            typing: BTreeMap::new(),
            receipts: BTreeMap::new(),
            cached_transactions: HashMap::new(),
            stored_transactions: HashMap::new(),
            outgoing: VecDeque::new(),
            outgoing_ephemeral: VecDeque::new(),
            log: Vec::new(),
            faults: Vec::new(),
            requests: Vec::new(),
            counter: 0,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(super) fn add_user(&mut self, user_id: &UserId, password: Option<&str>) {
        let user = self.users.entry(user_id.to_owned()).or_default();
        user.password = password.map(str::to_owned);
        user.profile.entry("displayname".to_owned()).or_insert_with(|| user_id.localpart().into());
    }

    pub(super) fn add_token(&mut self, token: &str, user_id: &UserId, device_id: &str) {
        self.tokens.insert(token.to_owned(), (user_id.to_owned(), device_id.to_owned()));
        if let Some(user) = self.users.get_mut(user_id) {
            user.devices.insert(device_id.to_owned(), None);
        }
    }

    /// Whether a user id is in the application service's namespace.
    pub(super) fn is_ours(&self, user_id: &str) -> bool {
        self.namespace.iter().any(|regex| regex.is_match(user_id))
    }

    /// Appends an event to a room, and queues it for the application service if that is interested.
    /// The clock is a counter.
    pub(super) fn append(
        &mut self,
        room_id: &str,
        sender: &UserId,
        event_type: &str,
        state_key: Option<&str>,
        content: Value,
    ) -> String {
        let number = self.next();
        let event_id = format!("$event{number}");
        let mut event = json!({
            "event_id": event_id,
            "type": event_type,
            "room_id": room_id,
            "sender": sender,
            "origin_server_ts": 1_700_000_000_000 + number,
            "content": content,
            "unsigned": {},
        });
        let room = self.rooms.entry(room_id.to_owned()).or_default();
        if let Some(state_key) = state_key {
            event["state_key"] = state_key.into();
            if event["content"]["membership"] == "invite" {
                event["unsigned"]["invite_room_state"] = stripped(room);
            }
            room.state.insert((event_type.to_owned(), state_key.to_owned()), event.clone());
        }
        room.timeline.push(event.clone());
        if self.is_interesting(room_id, sender, state_key) {
            self.outgoing.push_back(event.clone());
        }
        self.log.push(event);
        event_id
    }

    fn is_interesting(&self, room_id: &str, sender: &UserId, state_key: Option<&str>) -> bool {
        self.is_ours(sender.as_str())
            || state_key.is_some_and(|state_key| self.is_ours(state_key))
            || self.has_bot(room_id)
    }

    /// Whether one of the application service's users is in a room or invited to it.
    pub(super) fn has_bot(&self, room_id: &str) -> bool {
        self.rooms.get(room_id).is_some_and(|room| {
            room.state.iter().any(|((event_type, state_key), event)| {
                event_type == "m.room.member"
                    && matches!(event["content"]["membership"].as_str(), Some("join" | "invite"))
                    && self.is_ours(state_key)
            })
        })
    }
}

impl Room {
    pub(super) fn content(&self, event_type: &str, state_key: &str) -> Option<&Value> {
        let event = self.state.get(&(event_type.to_owned(), state_key.to_owned()))?;
        event.get("content")
    }

    /// `join`, `invite`, `leave`, or nothing.
    pub(super) fn membership(&self, user_id: &UserId) -> &str {
        let content = self.content("m.room.member", user_id.as_str());
        content.and_then(|content| content["membership"].as_str()).unwrap_or("")
    }
}

/// What an invited user is shown of a room.
pub(super) fn stripped(room: &Room) -> Value {
    let shown = ["m.room.create", "m.room.join_rules", "m.room.name", "m.room.encryption"];
    let events = shown.iter().filter_map(|event_type| {
        let event = room.state.get(&((*event_type).to_owned(), String::new()))?;
        Some(json!({
            "type": event_type,
            "state_key": "",
            "sender": event["sender"],
            "content": event["content"],
        }))
    });
    events.collect()
}
