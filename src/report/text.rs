//! A message in the making: plain text and HTML side by side, escaped once, here.

use ralf_appservice::content;
use ralf_intents::Lang;
use ruma::{EventId, UserId};
use serde_json::Value;

use crate::secrets::hide;
use ralf_appservice::content::escape_html;

/// Picks the language.
pub fn t<'a>(lang: Lang, de: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::De => de,
        Lang::En => en,
    }
}

/// Makes visible what would hide or turn text: control, zero-width and bidirectional characters. Line breaks and tabs
/// stay.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{61c}');
        if hidden || (c.is_control() && c != '\n' && c != '\t') {
            out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// The most bytes of plain text in a message. An event holds 65,536, and an edit says everything four times, escaped.
const MOST: usize = 14_500;

/// A message in the making.
#[derive(Debug, Clone, Default)]
pub struct Text {
    plain: String,
    html: String,
    notice: bool,
    relation: Relation,
    mentions: Vec<String>,
    fields: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, Default)]
enum Relation {
    #[default]
    None,
    Reply(String),
    Thread(String),
    Edit(String),
}

impl Text {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// As much of a text as the message still holds, made visible; what is left out is said.
    fn fit(&self, text: &str) -> String {
        // Before anything is cut off or marked up: a part of a secret is not known any more.
        let text = visible(&hide(text));
        let room = MOST.saturating_sub(self.plain.len());
        if text.len() <= room {
            return text;
        }
        let mut at = room;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        format!("{} […+{}]", &text[..at], text.len() - at)
    }

    /// A paragraph.
    pub fn line(mut self, text: &str) -> Self {
        let text = self.fit(text);
        self.break_line();
        self.plain.push_str(&text);
        self.html.push_str(&format!("<p>{}</p>", inline(&text)));
        self
    }

    /// A line in small letters, for what few people read.
    pub fn small(mut self, text: &str) -> Self {
        let text = self.fit(text);
        self.break_line();
        self.plain.push_str(&text);
        self.html.push_str(&format!("<p><sub>{}</sub></p>", inline(&text)));
        self
    }

    /// A heading in bold.
    pub fn head(mut self, text: &str) -> Self {
        let text = self.fit(text);
        self.break_line();
        self.plain.push_str(&text);
        self.html.push_str(&format!("<p><b>{}</b></p>", inline(&text)));
        self
    }

    /// A list.
    pub fn list<S: AsRef<str>>(mut self, items: impl IntoIterator<Item = S>) -> Self {
        let mut html = String::new();
        for item in items {
            let item = self.fit(item.as_ref());
            self.break_line();
            self.plain.push_str(&format!("• {item}"));
            html.push_str(&format!("<li>{}</li>", inline(&item)));
        }
        if !html.is_empty() {
            self.html.push_str(&format!("<ul>{html}</ul>"));
        }
        self
    }

    /// A block of code, such as a diff.
    pub fn code(mut self, language: &str, text: &str) -> Self {
        let text = self.fit(text.trim_end());
        self.break_line();
        self.plain.push_str(&format!("```{language}\n{}\n```", text.replace("```", "`\u{2009}``")));
        self.html.push_str(&format!(
            "<pre><code class=\"language-{language}\">{}\n</code></pre>",
            escape_html(&text)
        ));
        self
    }

    fn break_line(&mut self) {
        if !self.plain.is_empty() {
            self.plain.push('\n');
        }
    }

    /// Said by itself, not as an answer in a conversation.
    pub fn notice(mut self) -> Self {
        self.notice = true;
        self
    }

    /// An answer to that event, on the main timeline.
    pub fn reply_to(mut self, event: &str) -> Self {
        self.relation = Relation::Reply(event.to_owned());
        self
    }

    /// In the thread of that event.
    pub fn in_thread(mut self, root: &str) -> Self {
        self.relation = Relation::Thread(root.to_owned());
        self
    }

    /// In place of that earlier message.
    pub fn edit_of(mut self, event: &str) -> Self {
        self.relation = Relation::Edit(event.to_owned());
        self
    }

    /// Notifies a person.
    pub fn mention(mut self, user: &str) -> Self {
        self.mentions.push(user.to_owned());
        self
    }

    /// A machine-readable field beside the text.
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.fields.push((name, value));
        self
    }

    /// The plain text so far.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// The content of the Matrix event.
    pub fn build(self) -> Value {
        let make = if self.notice { content::notice } else { content::text };
        let mut value = make(&self.plain, Some(&self.html));
        if let Value::Object(map) = &mut value {
            map.extend(self.fields.iter().map(|(name, field)| ((*name).to_owned(), field.clone())));
        }
        let users: Vec<&UserId> =
            self.mentions.iter().filter_map(|id| <&UserId>::try_from(id.as_str()).ok()).collect();
        value = content::mention(value, &users);
        let id = |event: &str| EventId::parse(event).ok();
        match self.relation {
            Relation::None => value,
            Relation::Reply(event) => id(&event).map_or(value.clone(), |event| content::reply(value, &event)),
            Relation::Thread(root) => {
                id(&root).map_or(value.clone(), |root| content::thread(value, &root, &root))
            }
            Relation::Edit(event) => id(&event).map_or(value.clone(), |event| content::edit(value, &event)),
        }
    }
}

/// Escaped, with `code` in backticks and line breaks kept; `@room` does not notify.
fn inline(text: &str) -> String {
    let escaped = escape_html(text).replace('\n', "<br>");
    let mut out = String::with_capacity(escaped.len());
    for (n, part) in escaped.split('`').enumerate() {
        if n % 2 == 1 {
            out.push_str("<code>");
            out.push_str(part);
            out.push_str("</code>");
        } else {
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_not_run() {
        let content = Text::new().line("<b>x</b> \u{202e}evil @room").build();
        assert_eq!(content["formatted_body"], "<p>&lt;b&gt;x&lt;/b&gt; ⟨U+202E⟩evil @room</p>");
        assert_eq!(content["body"], "<b>x</b> ⟨U+202E⟩evil @room");
        assert_eq!(content["m.mentions"], serde_json::json!({}));
    }

    #[test]
    fn a_placeholder_is_an_event_id() {
        let content = Text::new().line("x").edit_of("$sent:01ABC").build();
        assert_eq!(content["m.relates_to"]["event_id"], "$sent:01ABC");
        assert_eq!(content["m.new_content"]["body"], "x");
    }
}
