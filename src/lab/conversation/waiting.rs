//! When an answer is complete: known by what is seen, and bounded by a deadline.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::person::Incoming;
use super::view::{Stage, View};

/// What is waited for.
#[derive(Debug)]
pub(super) enum Expected {
    /// The answer to an event of ours.
    Answer { event: String },
    /// What becomes of an operation after a vote on its proposal.
    Decision { proposal: String, operation: String, before: Stage },
}

/// The wait for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) expected: Expected,
    begun: Instant,
    /// The latest message that belongs to it.
    said: Option<Instant>,
    /// The bot has read what was said, which it shows after its answer.
    read: Option<Instant>,
    /// The bot shows that it is at it.
    busy: Option<Instant>,
}

impl Waiting {
    pub(super) fn new(expected: Expected) -> Self {
        Self { expected, begun: Instant::now(), said: None, read: None, busy: None }
    }

    fn event(&self) -> &str {
        match &self.expected {
            Expected::Answer { event } => event,
            Expected::Decision { proposal, .. } => proposal,
        }
    }

    /// Whether anything came back.
    pub(super) fn came(&self) -> bool {
        self.said.is_some() || self.busy.is_some()
    }

    /// Takes note of something that the view has seen already.
    pub(super) fn see(&mut self, view: &View, incoming: &Incoming) {
        let now = Some(Instant::now());
        match incoming {
            Incoming::Event { event, old: false, .. } => {
                let id = event["event_id"].as_str().unwrap_or_default();
                let by_bot = event["sender"].as_str().is_some_and(|sender| view.is_bot(sender));
                if !by_bot || !view.follows(id, self.event()) {
                    return;
                }
                let is_edit = event["content"]["m.relates_to"]["rel_type"] == "m.replace";
                if event["type"] == "m.room.message" && !is_edit {
                    self.said = now;
                } else {
                    self.busy = now;
                }
            }
            Incoming::Ephemeral { event } if event["type"] == "m.receipt" => {
                let readers = event["content"][self.event()]["m.read"].as_object();
                if readers.is_some_and(|readers| readers.keys().any(|user| view.is_bot(user))) {
                    self.read = now;
                }
            }
            Incoming::Ephemeral { event } if event["type"] == "m.typing" => {
                let typing = event["content"]["user_ids"].as_array();
                let by_bot = |user: &Value| user.as_str().is_some_and(|user| view.is_bot(user));
                if typing.is_some_and(|users| users.iter().any(by_bot)) {
                    self.busy = now;
                }
            }
            _ => {}
        }
    }

    /// When it is over, as things stand.
    pub(super) fn deadline(&self, view: &View) -> Instant {
        let seconds = Duration::from_secs_f32;
        match &self.expected {
            Expected::Answer { .. } => match (self.said, self.read, self.busy) {
                (Some(said), Some(read), _) => said.max(read) + seconds(0.2),
                (Some(said), None, _) => said + seconds(2.0),
                (None, Some(read), _) => read + seconds(5.0),
                (None, None, Some(busy)) => busy + seconds(120.0),
                // What addresses nobody is left alone without a sign.
                (None, None, None) => self.begun + seconds(15.0),
            },
            Expected::Decision { operation, before, .. } => {
                let latest = self.said.max(self.busy).unwrap_or(self.begun);
                match (view.stage(operation), self.said) {
                    (Some(stage), Some(said)) if stage.is_final() => said.max(latest) + seconds(0.5),
                    (Some(stage), None) if stage.is_final() => latest + seconds(5.0),
                    (Some(stage), _) if stage.state == before.state && stage.given > before.given => {
                        latest + seconds(0.5)
                    }
                    // Such as a vote that does not count.
                    (Some(stage), Some(said)) if stage == before => said + seconds(2.0),
                    _ => latest.max(self.begun) + seconds(600.0),
                }
            }
        }
    }
}
