//! The same text for the same state: what changes from run to run is taken out, what can't be seen is made visible.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

static TEMPORARY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:/[^\s'\x22]*)?/(?:ansible-local-\w+|ansible-tmp-[\d.-]+)(?:/tmp\w+)?/?").ok()
});
static TIMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // Only in headers and in the listing of a file's state, never in what a file will hold.
    Regex::new(r"(?m)^(?:(---|\+\+\+)([^\t\n]*)\t[^\n]*|[ +-](?:atime|mtime|ctime): [^\n]*\n)").ok()
});

/// A diff or message without temporary names and times, every character visible.
pub(super) fn normal(text: &str, folder: &Path) -> String {
    let text = replace(&TEMPORARY, &text.replace("\r\n", "\n"), "");
    let text = text.replace(&format!("{}/", folder.display()), "");
    let text = replace(&TIMES, &text, "$1$2");
    visible(&text)
}

fn replace(pattern: &LazyLock<Option<Regex>>, text: &str, with: &str) -> String {
    match pattern.as_ref() {
        Some(pattern) => pattern.replace_all(text, with).into_owned(),
        None => text.to_owned(),
    }
}

/// Characters that hide or turn round what stands beside them are written out, as `⟨U+202E⟩`.
pub(super) fn visible(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_and_times_go() {
        let folder = Path::new("/srv/runs/01ABC");
        let diff = "--- /etc/x.conf\t2026-01-01 10:00:00\n+++ /srv/runs/01ABC/ansible/tmp/ansible-local-21/tmpa2_p/x.j2\n@@ -1 +1 @@\n-mtime: 12.5\n+mtime: 13.5\n+at 2026-01-01\n";
        assert_eq!(normal(diff, folder), "--- /etc/x.conf\n+++ x.j2\n@@ -1 +1 @@\n+at 2026-01-01\n");
    }

    #[test]
    fn nothing_stays_hidden() {
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{1b}[0m\td\n"), "a⟨U+202E⟩b⟨U+200B⟩c⟨U+001B⟩[0m\td\n");
        assert_eq!(visible("größer 😀 日本"), "größer 😀 日本");
    }
}
