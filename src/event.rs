//! Everything that can happen to us, in one type. Whatever comes in – a message, a reaction, a click – is one of
//! these; nothing reaches execution by another door.

use ruma::OwnedUserId;

/// Something happened in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Matrix event id.
    pub id: String,
    /// Matrix room id.
    pub room: String,
    /// Who did it.
    pub sender: OwnedUserId,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of things that matter to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A person said something.
    Message(Message),
    /// A person reacted to an event.
    Reaction {
        /// The event.
        target: String,
        /// The key as it came.
        key: String,
    },
    /// An event was redacted.
    Redaction {
        /// The event that is gone.
        target: String,
    },
    /// Somebody's membership changed.
    Membership {
        /// Whose.
        user: OwnedUserId,
        /// `invite`, `join`, `leave`, `ban`, `knock`.
        membership: String,
        /// Whether the invite is to a direct chat.
        direct: bool,
    },
    /// Who may do what in a room changed, or the room was replaced.
    Rights,
    /// Our own message came back: the homeserver has it under this event's id.
    Echo {
        /// The outbox row's transaction id.
        txn_id: String,
    },
    /// Nothing that matters to us.
    Other,
}

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The text without quotes, code and the bot's name in front.
    pub text: String,
    /// The root of the thread it stands in.
    pub thread: Option<String>,
    /// The event that it answers.
    pub reply_to: Option<String>,
    /// Who is mentioned.
    pub mentions: Vec<OwnedUserId>,
}
