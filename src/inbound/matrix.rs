//! A Matrix event as it came, hostile until read, to an [`Event`].

use ruma::{OwnedUserId, ServerName, UserId};
use serde::Deserialize;
use serde_json::Value;

use super::text;
use crate::bots::{Bot, SENDER_LOCALPART};
use crate::event::{Event, Kind, Message};

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    event_id: String,
    #[serde(default)]
    room_id: String,
    sender: OwnedUserId,
    state_key: Option<String>,
    #[serde(default)]
    content: Value,
    redacts: Option<String>,
}

/// Reads an event.
///
/// # Errors
/// When it has not the shape that every event has.
pub fn read(body: &str, server: &ServerName) -> Result<Event, serde_json::Error> {
    let wire: Wire = serde_json::from_str(body)?;
    let kind = kind(&wire, server);
    Ok(Event { id: wire.event_id, room: wire.room_id, sender: wire.sender, kind })
}

fn kind(wire: &Wire, server: &ServerName) -> Kind {
    let text = |pointer: &str| wire.content.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let is_state = matches!(wire.kind.as_str(), "m.room.member" | "m.room.power_levels" | "m.room.tombstone");
    if is_ours(&wire.sender, server) && !is_state {
        return match text("/org.ralf.txn") {
            Some(txn_id) => Kind::Echo { txn_id },
            None => Kind::Other,
        };
    }
    match wire.kind.as_str() {
        "m.room.message" => message(wire, server).map_or(Kind::Other, Kind::Message),
        "m.reaction" if text("/m.relates_to/rel_type").as_deref() == Some("m.annotation") => {
            match (text("/m.relates_to/event_id"), text("/m.relates_to/key")) {
                (Some(target), Some(key)) => Kind::Reaction { target, key },
                _ => Kind::Other,
            }
        }
        "m.room.redaction" => match wire.redacts.clone().or_else(|| text("/redacts")) {
            Some(target) => Kind::Redaction { target },
            None => Kind::Other,
        },
        "m.room.member" => {
            let user = wire.state_key.as_deref().and_then(|key| UserId::parse(key).ok());
            match (user, text("/membership")) {
                (Some(user), Some(membership)) => Kind::Membership {
                    user,
                    membership,
                    direct: wire.content.get("is_direct").and_then(Value::as_bool).unwrap_or(false),
                },
                _ => Kind::Other,
            }
        }
        "m.room.power_levels" | "m.room.tombstone" if wire.state_key.is_some() => Kind::Rights,
        _ => Kind::Other,
    }
}

/// Whether a user lies in our namespace.
pub fn is_ours(user: &UserId, server: &ServerName) -> bool {
    user.server_name() == server && (Bot::of(user, server).is_some() || user.localpart() == SENDER_LOCALPART)
}

/// What was said; nothing for notices (other bots' talk), edits, and everything that is no text.
fn message(wire: &Wire, server: &ServerName) -> Option<Message> {
    let relation = wire.content.get("m.relates_to");
    let related = |key: &str| {
        let id = relation.and_then(|r| r.pointer(key)).and_then(Value::as_str)?;
        // Our own placeholder for an event id is nobody else's.
        (!id.starts_with("$sent:")).then(|| id.to_owned())
    };
    if wire.content.get("msgtype")?.as_str()? != "m.text"
        || related("/rel_type").as_deref() == Some("m.replace")
    {
        return None;
    }
    let mut text = text::spoken(wire.content.get("body")?.as_str()?);
    let listed = wire.content.pointer("/m.mentions/user_ids").and_then(Value::as_array);
    let mut mentions: Vec<OwnedUserId> =
        listed.into_iter().flatten().filter_map(|id| UserId::parse(id.as_str()?).ok()).collect();
    for bot in Bot::ALL.into_iter().rev() {
        let user = bot.user_id(server);
        if let Some(rest) = text::addressed(&text, &user, bot.display_name()) {
            text = rest.to_owned();
            mentions.push(user);
            break;
        }
    }
    let in_thread = related("/rel_type").as_deref() == Some("m.thread");
    Some(Message {
        text,
        thread: if in_thread { related("/event_id") } else { None },
        reply_to: related("/m.in_reply_to/event_id"),
        mentions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(content: Value) -> Kind {
        let event = json!({"type": "m.room.message", "event_id": "$e", "room_id": "!r", "sender": "@admin:lab.local", "content": content});
        read(&event.to_string(), ruma::server_name!("lab.local")).expect("an event").kind
    }

    #[test]
    fn an_edit_a_notice_and_a_picture_are_not_said() {
        let edit = json!({"msgtype": "m.text", "body": "* x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}});
        assert_eq!(said(edit), Kind::Other);
        assert_eq!(said(json!({"msgtype": "m.notice", "body": "x"})), Kind::Other);
        assert_eq!(said(json!({"msgtype": "m.image", "body": "x"})), Kind::Other);
        assert_eq!(said(json!({"body": 5})), Kind::Other);
    }

    #[test]
    fn the_longest_name_wins() {
        let Kind::Message(message) =
            said(json!({"msgtype": "m.text", "body": "Ralf Infra: restart grafana"}))
        else {
            panic!("no message")
        };
        assert_eq!(message.text, "restart grafana");
        assert_eq!(message.mentions, ["@ralf-infra:lab.local"]);
    }

    #[test]
    fn our_own_messages_are_echoes() {
        let event = json!({"type": "m.room.message", "event_id": "$e", "room_id": "!r", "sender": "@ralf-core:lab.local",
            "content": {"msgtype": "m.text", "body": "restart grafana", "org.ralf.txn": "T"}});
        let event = read(&event.to_string(), ruma::server_name!("lab.local")).expect("an event");
        assert_eq!(event.kind, Kind::Echo { txn_id: "T".into() });
    }
}
