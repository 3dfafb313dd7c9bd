//! Reading what happened.

use std::time::Duration;

use ruma::{EventId, RoomId, UserId};
use serde_json::Value;

use super::{FakeHomeserver, SentEvent, Upload};

/// How long a test waits for something at most.
const PATIENCE: Duration = Duration::from_secs(10);

impl FakeHomeserver {
    /// Takes out what was sent and not yet read, in order.
    pub fn take_sent(&self) -> Vec<SentEvent> {
        std::mem::take(&mut self.world().sent)
    }

    /// Waits until something was sent that fits, and takes it out.
    ///
    /// # Panics
    /// After 10 s, with what was sent instead.
    pub async fn wait_for(&self, fits: impl Fn(&SentEvent) -> bool) -> SentEvent {
        let search = async {
            loop {
                // It counts from here on, so that no change in between is missed.
                let changed = self.shared.changed.notified();
                if let Some(sent) = self.take_first(&fits) {
                    return sent;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(sent) => sent,
            Err(_) => panic!("nothing fitting was sent, only {:#?}", self.world().sent),
        }
    }

    fn take_first(&self, fits: impl Fn(&SentEvent) -> bool) -> Option<SentEvent> {
        let mut world = self.world();
        let index = world.sent.iter().position(fits)?;
        Some(world.sent.remove(index))
    }

    /// All events of a room.
    pub fn timeline(&self, room_id: &RoomId) -> Vec<Value> {
        let world = self.world();
        world.rooms.get(room_id.as_str()).map(|room| room.timeline.clone()).unwrap_or_default()
    }

    /// A user's membership in a room: `join`, `invite`, `leave`, or nothing.
    pub fn membership(&self, room_id: &RoomId, user_id: &UserId) -> String {
        let world = self.world();
        let room = world.rooms.get(room_id.as_str());
        room.map(|room| room.membership(user_id).to_owned()).unwrap_or_default()
    }

    /// The ids of a user's devices.
    pub fn devices(&self, user_id: &UserId) -> Vec<String> {
        let world = self.world();
        world.users.get(user_id).map(|user| user.devices.keys().cloned().collect()).unwrap_or_default()
    }

    /// Whether somebody types in a room.
    pub fn is_typing(&self, room_id: &RoomId, user_id: &UserId) -> bool {
        let world = self.world();
        world.typing.get(room_id.as_str()).is_some_and(|users| users.contains(user_id))
    }

    /// The event up to which somebody has read, in a thread or in none.
    pub fn read_up_to(&self, room_id: &RoomId, user_id: &UserId, thread: Option<&EventId>) -> Option<String> {
        let thread = thread.map(ToString::to_string).unwrap_or_default();
        self.world().receipts.get(&(room_id.to_string(), user_id.to_owned(), thread)).cloned()
    }

    /// What was uploaded.
    pub fn uploads(&self) -> Vec<Upload> {
        self.world().uploads.clone()
    }

    /// Forgets what Synapse forgets at a restart: the transaction ids of requests without a device.
    pub fn restart(&self) {
        self.world().cached_transactions.clear();
    }
}
