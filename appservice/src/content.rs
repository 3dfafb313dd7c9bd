//! Building the content of messages, always with `m.mentions`.
//!
//! Spec: <https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes>,
//! <https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions>,
//! <https://spec.matrix.org/latest/client-server-api/#forming-relationships-between-events>
//!
//! Begin with [`text`], [`notice`] or [`file()`], then add a relation and mentions:
//!
//! ```
//! use ralf_appservice::content;
//! use ruma::{event_id, user_id};
//!
//! let content = content::notice("Disk full", Some("<b>Disk full</b>"));
//! let content = content::thread(content, event_id!("$root"), event_id!("$latest"));
//! let content = content::mention(content, &[user_id!("@anna:lab.local")]);
//! assert_eq!(content["m.relates_to"]["rel_type"], "m.thread");
//! assert_eq!(content["m.mentions"]["user_ids"][0], "@anna:lab.local");
//! ```

use ruma::{EventId, MxcUri, UserId};
use serde_json::{Value, json};

/// An `m.text` message: what a person, or a bot in a conversation, says. `body` is complete without
/// `html`.
pub fn text(body: &str, html: Option<&str>) -> Value {
    message("m.text", body, html)
}

/// An `m.notice` message: what a program reports by itself. Bots do not answer to it.
pub fn notice(body: &str, html: Option<&str>) -> Value {
    message("m.notice", body, html)
}

/// An `m.file` message about an uploaded file.
pub fn file(name: &str, url: &MxcUri, mimetype: &str, size: usize) -> Value {
    json!({
        "msgtype": "m.file",
        "body": name,
        "filename": name,
        "url": url,
        "info": {"mimetype": mimetype, "size": size},
        "m.mentions": {},
    })
}

/// An `m.image` message about an uploaded picture; `width` and `height` in pixels.
pub fn image(name: &str, url: &MxcUri, mimetype: &str, size: usize, (width, height): (u64, u64)) -> Value {
    let mut content = file(name, url, mimetype, size);
    content["msgtype"] = "m.image".into();
    content["info"]["w"] = width.into();
    content["info"]["h"] = height.into();
    content
}

fn message(msgtype: &str, body: &str, html: Option<&str>) -> Value {
    let mut content = json!({"msgtype": msgtype, "body": body, "m.mentions": {}});
    if let Some(html) = html {
        content["format"] = "org.matrix.custom.html".into();
        content["formatted_body"] = html.into();
    }
    content
}

/// Mentions users, so that they are notified. Call it after [`edit`] to notify by an edit.
pub fn mention(mut content: Value, users: &[&UserId]) -> Value {
    if !users.is_empty() {
        content["m.mentions"]["user_ids"] = json!(users);
    }
    content
}

/// Mentions everybody in the room.
pub fn mention_room(mut content: Value) -> Value {
    content["m.mentions"]["room"] = true.into();
    content
}

/// Makes the message an answer to another one.
pub fn reply(mut content: Value, to: &EventId) -> Value {
    content["m.relates_to"]["m.in_reply_to"] = json!({"event_id": to});
    content
}

/// Puts the message into the thread that begins with `root`. Clients without threads show it as an
/// answer to `latest`, the thread's last message (or `root`).
pub fn thread(mut content: Value, root: &EventId, latest: &EventId) -> Value {
    content["m.relates_to"] = json!({
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": true,
        "m.in_reply_to": {"event_id": latest},
    });
    content
}

/// Puts the message into a thread as an answer to one of its messages.
pub fn thread_reply(content: Value, root: &EventId, to: &EventId) -> Value {
    let mut content = thread(content, root, to);
    content["m.relates_to"]["is_falling_back"] = false.into();
    content
}

/// Makes the message replace `target`, an earlier message of the same sender.
///
/// The relation that `content` has, if any, is dropped, because an edit keeps that of its target.
/// Nobody is notified by it.
pub fn edit(content: Value, target: &EventId) -> Value {
    let mut new_content = content;
    if let Some(fields) = new_content.as_object_mut() {
        fields.remove("m.relates_to");
    }
    let mut content = new_content.clone();
    for field in ["body", "formatted_body"] {
        if let Some(text) = content[field].as_str() {
            content[field] = format!("* {text}").into();
        }
    }
    content["m.mentions"] = json!({});
    content["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": target});
    content["m.new_content"] = new_content;
    content
}

/// The content of an `m.reaction` event. It is plain text even in encrypted rooms; a second one by the
/// same sender gives `M_DUPLICATE_ANNOTATION`.
pub fn reaction(target: &EventId, key: &str) -> Value {
    json!({
        "m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key},
        "m.mentions": {},
    })
}

/// Escapes text for HTML, as content and as the value of an attribute.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use ruma::{event_id, mxc_uri, user_id};
    use serde_json::json;

    use super::*;

    #[test]
    fn messages() {
        assert_eq!(text("hi", None), json!({"msgtype": "m.text", "body": "hi", "m.mentions": {}}));
        assert_eq!(
            notice("hi", Some("<b>hi</b>")),
            json!({
                "msgtype": "m.notice",
                "body": "hi",
                "format": "org.matrix.custom.html",
                "formatted_body": "<b>hi</b>",
                "m.mentions": {},
            })
        );
        let file = file("a.log", mxc_uri!("mxc://lab.local/abc"), "text/plain", 3);
        assert_eq!(file["info"]["size"], 3);
        assert_eq!(file["m.mentions"], json!({}));
    }

    #[test]
    fn mentions() {
        assert_eq!(mention(text("x", None), &[])["m.mentions"], json!({}));
        let content = mention_room(mention(text("x", None), &[user_id!("@a:b")]));
        assert_eq!(content["m.mentions"], json!({"user_ids": ["@a:b"], "room": true}));
    }

    #[test]
    fn relations() {
        let (root, last) = (event_id!("$root"), event_id!("$last"));
        let content = reply(text("x", None), root);
        assert_eq!(content["m.relates_to"], json!({"m.in_reply_to": {"event_id": "$root"}}));
        let content = thread(text("x", None), root, last);
        assert_eq!(
            content["m.relates_to"],
            json!({
                "rel_type": "m.thread",
                "event_id": "$root",
                "is_falling_back": true,
                "m.in_reply_to": {"event_id": "$last"},
            })
        );
        let content = thread_reply(text("x", None), root, last);
        assert_eq!(content["m.relates_to"]["is_falling_back"], false);
        let content = reaction(root, "👀");
        assert_eq!(
            content["m.relates_to"],
            json!({"rel_type": "m.annotation", "event_id": "$root", "key": "👀"})
        );
    }

    #[test]
    fn an_edit_carries_the_new_content_and_notifies_nobody() {
        let new = mention(
            thread(text("x", Some("<i>x</i>")), event_id!("$r"), event_id!("$l")),
            &[user_id!("@a:b")],
        );
        let content = edit(new, event_id!("$old"));
        assert_eq!(
            content,
            json!({
                "msgtype": "m.text",
                "body": "* x",
                "format": "org.matrix.custom.html",
                "formatted_body": "* <i>x</i>",
                "m.mentions": {},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"},
                "m.new_content": {
                    "msgtype": "m.text",
                    "body": "x",
                    "format": "org.matrix.custom.html",
                    "formatted_body": "<i>x</i>",
                    "m.mentions": {"user_ids": ["@a:b"]},
                },
            })
        );
    }

    #[test]
    fn html() {
        assert_eq!(escape_html(r#"<a href="x">&'ü"#), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;ü");
    }
}
