//! How the conversation looks, on a terminal and in a pipe.

use std::io::{IsTerminal, Write};

use super::view::Line;

/// What surely fits into a terminal's row, the name's surroundings aside.
const ROW: usize = 74;

/// Where lines go.
pub(super) struct Screen {
    terminal: bool,
    prompt: String,
    /// The edited message whose news stand in the last line, if they do.
    last: Option<String>,
}

impl Screen {
    /// Standard output.
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stdout().is_terminal(), prompt: String::new(), last: None }
    }

    /// What stands before the place where one types.
    pub(super) fn prompt(&mut self, prompt: &str) {
        self.prompt = prompt.to_owned();
        self.ask();
    }

    /// Shows the prompt again, after a typed line.
    pub(super) fn ask(&self) {
        if self.terminal && !self.prompt.is_empty() {
            let mut out = std::io::stdout().lock();
            // Nobody is left to be told of a closed output.
            let _ = write!(out, "\r\x1b[K\x1b[1m{} ›\x1b[0m ", self.prompt).and_then(|()| out.flush());
        }
    }

    /// A remark of the terminal's own.
    pub(super) fn remark(&mut self, text: &str) {
        self.put(text, None);
    }

    /// A line of the conversation. `here` is the room that one is in.
    pub(super) fn show(&mut self, line: &Line, here: &str) {
        match line {
            Line::Said { who, room, text } => {
                let who = if room == here { who.clone() } else { format!("{who} [{room}]") };
                self.put(&self.block(&who, text), None);
            }
            Line::Changed { event, who, text, stays } => {
                // On a terminal news of the same message take each other's place, so they must fit into one row.
                let replaced = self.terminal && !stays;
                let mut short = text.lines().collect::<Vec<_>>().join(" · ");
                if replaced {
                    short = short.chars().take(ROW - who.chars().count().min(20)).collect();
                }
                self.put(&self.block(who, &format!("↻ {short}")), replaced.then(|| event.clone()));
            }
            Line::Reacted { who, key } => self.put(&format!("  {who} {}", clean(key)), None),
        }
    }

    fn block(&self, who: &str, text: &str) -> String {
        let indent = " ".repeat(who.chars().count() + 2);
        let mut lines = text.lines().map(|line| self.coloured(&clean(line)));
        let first = lines.next().unwrap_or_default();
        let head = if self.terminal { format!("\x1b[1;36m{who}\x1b[0m") } else { who.to_owned() };
        lines.fold(format!("{head}  {first}"), |all, line| format!("{all}\n{indent}{line}"))
    }

    fn coloured(&self, line: &str) -> String {
        let colour = match line.as_bytes() {
            _ if !self.terminal => None,
            [b'+', ..] => Some(32),
            [b'-', ..] => Some(31),
            [b'@', b'@', ..] => Some(36),
            _ => None,
        };
        colour.map_or_else(|| line.to_owned(), |colour| format!("\x1b[{colour}m{line}\x1b[0m"))
    }

    fn put(&mut self, text: &str, edited: Option<String>) {
        let mut out = std::io::stdout().lock();
        let replaces = edited.is_some() && self.last == edited;
        let begin = match (self.terminal, replaces) {
            (true, true) => "\r\x1b[K\x1b[1A\x1b[K",
            (true, false) => "\r\x1b[K",
            (false, _) => "",
        };
        let _ = writeln!(out, "{begin}{text}").and_then(|()| out.flush());
        drop(out);
        self.last = edited;
        self.ask();
    }

    /// A typed line stands below what was shown last.
    pub(super) fn typed(&mut self) {
        self.last = None;
        self.ask();
    }
}

/// Without what a terminal would obey.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_and_disarms() {
        let screen = Screen { terminal: false, prompt: String::new(), last: None };
        assert_eq!(screen.block("core", "one\ntwo \x1b[2J"), "core  one\n      two ·[2J");
    }
}
