//! What people see and do about incidents, in a few words.

use super::payload::key;
use crate::harness::{Event, Person};

/// Whether an event begins to tell a room of the incident of a group.
fn begins<'a>(room: &'a str, name: &'a str) -> impl Fn(&Event) -> bool + 'a {
    let key = key(name);
    move |e| {
        e.room == room
            && e.is_new_message()
            && e.thread().is_none()
            && e.answers().is_empty()
            && e.of_incident("group_key") == key
    }
}

impl Person {
    /// Waits for the message about the group of that alert name.
    pub(super) async fn told(&self, room: &str, name: &str) -> Event {
        self.wait_for(&format!("a message about {name}"), begins(room, name)).await
    }

    /// All messages that begin to tell of it.
    pub(super) fn all_told(&self, room: &str, name: &str) -> Vec<Event> {
        self.all(begins(room, name))
    }

    /// A message as it stands now: its last edit.
    pub(super) fn as_it_stands(&self, message: &Event) -> Event {
        self.edits(message).pop().unwrap_or_else(|| message.clone())
    }

    pub(super) fn edits(&self, message: &Event) -> Vec<Event> {
        self.all(|e| e.is_edit() && e.target() == message.id())
    }

    /// Waits until a message stands so.
    pub(super) async fn stands(&self, message: &Event, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        self.wait_in_all(&format!("{message} to be {what}"), |events| {
            let last = events.iter().rfind(|e| e.is_edit() && e.target() == message.id()).unwrap_or(message);
            fits(last).then(|| last.clone())
        })
        .await
    }

    /// Waits until a message tells that its incident is in this state.
    pub(super) async fn shows(&self, message: &Event, state: &str) -> Event {
        self.stands(message, state, |e| e.of_incident("state") == state).await
    }

    /// Waits until a message says this.
    pub(super) async fn reads(&self, message: &Event, text: &str) -> Event {
        self.stands(message, text, |e| e.body().contains(text)).await
    }

    /// What our bots said in a message's thread so far.
    pub(super) fn notes(&self, message: &Event) -> Vec<Event> {
        self.all(|e| {
            e.is_new_message() && e.thread() == Some(message.id()) && e.sender().starts_with("@ralf-")
        })
    }

    /// Waits for a note of our bots in a message's thread.
    pub(super) async fn note(&self, message: &Event, text: &str) -> Event {
        let fits = |e: &Event| {
            e.is_new_message()
                && e.thread() == Some(message.id())
                && e.sender().starts_with("@ralf-")
                && e.body().contains(text)
        };
        self.wait_for(&format!("{text:?} in the thread of {message}"), fits).await
    }

    /// Says something in a message's thread, and the answer to that.
    pub(super) async fn ask_in_thread(&self, message: &Event, text: &str) -> Event {
        let asked = self.say_in_thread(&message.room, message.id(), text).await;
        let after = |events: &[Event]| {
            let said = events.iter().position(|e| e.id() == asked)?;
            let fits = |e: &&Event| e.thread() == Some(message.id()) && e.sender() != self.id;
            events[said..].iter().find(fits).cloned()
        };
        self.wait_in_all(&format!("an answer to {text:?} in the thread of {message}"), after).await
    }
}
