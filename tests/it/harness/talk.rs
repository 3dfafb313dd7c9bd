//! What people do with our bots, in a few words.

use super::{Event, Person};

impl Person {
    /// Says something and waits for the answer.
    pub(crate) async fn ask(&self, room: &str, text: &str) -> Event {
        let asked = self.say(room, text).await;
        self.answer(&asked).await
    }

    /// The first answer to a message.
    pub(crate) async fn answer(&self, asked: &str) -> Event {
        let fits =
            |event: &Event| event.is_new_message() && event.answers() == asked && event.sender() != self.id;
        self.wait_for(&format!("an answer to {asked}"), fits).await
    }

    /// Asks for something, and gets a proposal for it.
    pub(crate) async fn proposal(&self, room: &str, text: &str) -> Event {
        let answer = self.ask(room, text).await;
        assert_eq!(answer.state(), "awaiting_approval", "{text:?} leads to no proposal but to: {answer}");
        answer
    }

    /// Waits until the operation is said to be in a state, by a new message or by an edit.
    pub(crate) async fn reaches(&self, operation: &str, state: &str) -> Event {
        let fits = |event: &Event| event.operation_id() == operation && event.state() == state;
        self.wait_for(&format!("{operation} to be {state}"), fits).await
    }

    /// Waits for the one report of the end.
    pub(crate) async fn report(&self, operation: &str, state: &str) -> Event {
        let fits = |event: &Event| {
            event.is_new_message()
                && event.operation_id() == operation
                && event.state() == state
                && event.thread().is_none()
        };
        self.wait_for(&format!("the report that {operation} is {state}"), fits).await
    }

    /// Says something that is certainly answered, after everything before it: what was not answered by then is not
    /// going to be.
    pub(crate) async fn and_nothing_else(&self, room: &str) -> Event {
        self.ask(room, "!ralf whoami").await
    }

    /// All messages of our bots about an operation that tell its end.
    pub(crate) fn ends(&self, operation: &str) -> Vec<Event> {
        self.all(|event| {
            event.is_new_message()
                && event.operation_id() == operation
                && event.thread().is_none()
                && ["succeeded", "failed", "expired", "cancelled", "denied", "unknown"]
                    .contains(&event.state())
        })
    }
}
