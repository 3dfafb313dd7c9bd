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

/// What colours a word, readable on light and on dark. Colour never says anything that the word does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "colours")]
pub enum Colour {
    Red,
    Orange,
    Yellow,
    Blue,
    Grey,
    Green,
}

impl Colour {
    fn hex(self) -> &'static str {
        match self {
            Self::Red => "#e0382f",
            Self::Orange => "#d9730d",
            Self::Yellow => "#b58900",
            Self::Blue => "#3b82d6",
            Self::Grey => "#808a94",
            Self::Green => "#2e9e4f",
        }
    }
}

/// The longest address that becomes a link, in bytes.
const LONGEST_LINK: usize = 2_000;

/// An address as it may be linked: `http` or `https`, without a user's name, without anything hidden or secret.
pub fn safe_link(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    let link = url.as_str().replace('@', "%40");
    let shown = plain && link.len() <= LONGEST_LINK && hide(address) == address && hide(&link) == link;
    shown.then_some(link)
}

/// A message in the making.
#[derive(Debug, Clone, Default)]
pub struct Text {
    plain: String,
    html: String,
    notice: bool,
    relation: Relation,
    mentions: Vec<String>,
    room: bool,
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

    /// A heading that begins with a coloured word.
    pub fn headline(mut self, icon: &str, colour: Colour, word: &str, rest: &str) -> Self {
        let (word, rest) = (self.fit(word), self.fit(rest));
        self.break_line();
        self.plain.push_str(&format!("{icon} {word} · {rest}"));
        self.html.push_str(&format!(
            "<p><b>{icon} <span data-mx-color=\"{}\">{}</span> · {}</b></p>",
            colour.hex(),
            inline(&word),
            inline(&rest)
        ));
        self
    }

    /// Links, each with our own word for it, in one line. An address that is none to link, or too long, is left out.
    pub fn links<'a>(mut self, links: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut plain, mut html) = (Vec::new(), Vec::new());
        let mut room = MOST.saturating_sub(self.plain.len());
        for (label, address) in links {
            let Some(link) = safe_link(address).filter(|link| label.len() + link.len() + 5 <= room) else {
                continue;
            };
            room -= label.len() + link.len() + 5;
            plain.push(format!("{label}: {link}"));
            html.push(format!("<a href=\"{}\">{}</a>", escape_html(&link), escape_html(label)));
        }
        if !plain.is_empty() {
            self.break_line();
            self.plain.push_str(&plain.join(" · "));
            self.html.push_str(&format!("<p>{}</p>", html.join(" · ")));
        }
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

    /// Calls people: a line that names and notifies them. What is no Matrix id is named only.
    pub fn call<S: AsRef<str>>(mut self, words: &str, users: &[S]) -> Self {
        let (mut plain, mut html) = (self.fit(words), String::new());
        html.push_str(&inline(&plain));
        for user in users {
            let user = self.fit(user.as_ref());
            plain.push_str(&format!(" {user}"));
            let shown = escape_html(&user);
            if is_user_id(&user) {
                let link = user.replace('/', "%2F");
                html.push_str(&format!(" <a href=\"https://matrix.to/#/{link}\">{shown}</a>"));
                self.mentions.push(user);
            } else {
                html.push_str(&format!(" {shown}"));
            }
        }
        self.break_line();
        self.plain.push_str(&plain);
        self.html.push_str(&format!("<p>{html}</p>"));
        self
    }

    /// Notifies everybody in the room, in a line `@room`.
    pub fn mention_room(mut self) -> Self {
        self.room = true;
        self.line("@room")
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
        if self.room {
            value = content::mention_room(value);
        }
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

/// Whether this is a Matrix id of today's grammar, which has nothing in it to escape.
pub(crate) fn is_user_id(user: &str) -> bool {
    <&UserId>::try_from(user).is_ok()
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"@:._=-+/[]".contains(&b))
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
    fn only_plain_addresses_become_links() {
        for bad in [
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "//host/x",
            "https://bank.example@evil.example/",
            "https://",
            "x",
        ] {
            assert_eq!(safe_link(bad), None, "{bad}");
        }
        let content = Text::new()
            .links([("A & B", "https://x.example/?q=\"><b>'\u{202e}@room"), ("C", "javascript:alert(1)")])
            .build();
        let link = "https://x.example/?q=%22%3E%3Cb%3E%27%E2%80%AE%40room";
        assert_eq!(content["body"], format!("A & B: {link}"));
        assert_eq!(content["formatted_body"], format!("<p><a href=\"{link}\">A &amp; B</a></p>"));
        assert_eq!(Text::new().links([("C", "javascript:alert(1)")]).build()["body"], "");
    }

    #[test]
    fn whom_it_calls_is_named_and_notified() {
        let content = Text::new().call("📣", &["@a:lab.local", "nobody <b>"]).mention_room().build();
        assert_eq!(content["body"], "📣 @a:lab.local nobody <b>\n@room");
        assert_eq!(
            content["formatted_body"],
            "<p>📣 <a href=\"https://matrix.to/#/@a:lab.local\">@a:lab.local</a> nobody &lt;b&gt;</p><p>@room</p>"
        );
        assert_eq!(content["m.mentions"], serde_json::json!({"user_ids": ["@a:lab.local"], "room": true}));
    }

    #[test]
    fn a_coloured_word_says_it_in_words_too() {
        let content = Text::new().headline("🔴", Colour::Red, "critical", "<i>x</i>").build();
        assert_eq!(content["body"], "🔴 critical · <i>x</i>");
        assert_eq!(
            content["formatted_body"],
            "<p><b>🔴 <span data-mx-color=\"#e0382f\">critical</span> · &lt;i&gt;x&lt;/i&gt;</b></p>"
        );
    }

    #[test]
    fn a_placeholder_is_an_event_id() {
        let content = Text::new().line("x").edit_of("$sent:01ABC").build();
        assert_eq!(content["m.relates_to"]["event_id"], "$sent:01ABC");
        assert_eq!(content["m.new_content"]["body"], "x");
    }
}
