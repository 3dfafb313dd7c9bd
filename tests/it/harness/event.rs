//! What a person sees of an event.

use std::fmt;

use serde_json::Value;

/// An event of a room's timeline, as the homeserver shows it.
#[derive(Clone)]
pub(crate) struct Event {
    /// The room.
    pub(crate) room: String,
    /// The event as it came.
    pub(crate) raw: Value,
}

impl Event {
    fn text(&self, pointer: &str) -> &str {
        self.raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("/event_id")
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("/type")
    }

    pub(crate) fn sender(&self) -> &str {
        self.text("/sender")
    }

    /// Its content; for an edit, the new one.
    pub(crate) fn content(&self) -> &Value {
        let content = &self.raw["content"];
        content.get("m.new_content").unwrap_or(content)
    }

    pub(crate) fn body(&self) -> &str {
        self.content()["body"].as_str().unwrap_or_default()
    }

    /// Whether it is a message, and no edit of one.
    pub(crate) fn is_new_message(&self) -> bool {
        self.kind() == "m.room.message" && !self.is_edit()
    }

    pub(crate) fn is_edit(&self) -> bool {
        self.text("/content/m.relates_to/rel_type") == "m.replace"
    }

    /// The event that it edits or is a reaction to.
    pub(crate) fn target(&self) -> &str {
        self.text("/content/m.relates_to/event_id")
    }

    /// The reaction's key.
    pub(crate) fn key(&self) -> &str {
        self.text("/content/m.relates_to/key")
    }

    /// The event that it answers.
    pub(crate) fn answers(&self) -> &str {
        self.text("/content/m.relates_to/m.in_reply_to/event_id")
    }

    /// The root of its thread; nothing on the main timeline.
    pub(crate) fn thread(&self) -> Option<&str> {
        (self.text("/content/m.relates_to/rel_type") == "m.thread").then(|| self.target())
    }

    pub(crate) fn mentions(&self, user: &str) -> bool {
        let listed = self.content().pointer("/m.mentions/user_ids").and_then(Value::as_array);
        listed.is_some_and(|users| users.iter().any(|id| id == user))
    }

    /// `org.ralf.operation`
    pub(crate) fn operation(&self) -> Option<&Value> {
        self.content().get("org.ralf.operation")
    }

    /// The operation's id.
    pub(crate) fn operation_id(&self) -> &str {
        self.operation().and_then(|op| op["id"].as_str()).unwrap_or_default()
    }

    /// The operation's state.
    pub(crate) fn state(&self) -> &str {
        self.operation().and_then(|op| op["state"].as_str()).unwrap_or_default()
    }

    /// `org.ralf.incident`
    pub(crate) fn incident(&self) -> Option<&Value> {
        self.content().get("org.ralf.incident")
    }

    /// A text of the incident's: its `id`, `state`, `group_key` or `severity`.
    pub(crate) fn of_incident(&self, name: &str) -> &str {
        self.incident().and_then(|incident| incident[name].as_str()).unwrap_or_default()
    }

    /// `org.ralf.question`
    pub(crate) fn question(&self) -> Option<&Value> {
        self.content().get("org.ralf.question")
    }
}

/// One line, for the story that a failed test tells.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sender = self.sender().split(':').next().unwrap_or_default();
        write!(f, "{} {sender} ", self.id())?;
        match self.kind() {
            "m.room.message" if self.is_edit() => write!(f, "[edit of {}] ", self.target())?,
            "m.room.message" => {}
            "m.reaction" => write!(f, "[{} on {}] ", self.key(), self.target())?,
            "m.room.redaction" => write!(f, "[redacts {}] ", self.text("/content/redacts"))?,
            other => write!(f, "[{other}] {} ", self.text("/content/membership"))?,
        }
        if let Some(root) = self.thread() {
            write!(f, "[thread {root}] ")?;
        } else if !self.answers().is_empty() {
            write!(f, "[answers {}] ", self.answers())?;
        }
        if self.operation().is_some() {
            write!(f, "[{} {}] ", self.operation_id(), self.state())?;
        }
        if self.incident().is_some() {
            write!(f, "[incident {} {}] ", self.of_incident("id"), self.of_incident("state"))?;
        }
        let body: String = self.body().replace('\n', " ⏎ ").chars().take(160).collect();
        write!(f, "{body}")
    }
}
