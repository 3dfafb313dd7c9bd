//! What a person said, without what they quoted.

use ruma::UserId;

/// The text without the reply fallback, quoted lines, fenced and inline code. An edit or a quote never becomes a
/// command.
pub(super) fn spoken(body: &str) -> String {
    let mut lines = Vec::new();
    let mut fenced = false;
    for line in body.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            // A fence that opens and closes on one line hides that line alone; the reader of sentences counts alike.
            fenced ^= trimmed.trim_end().trim_start_matches(['`', '~']).matches("```").count() != 1;
            continue;
        }
        if fenced || trimmed.starts_with('>') {
            continue;
        }
        match line.split_once("```") {
            // A fence within a line: every second part is code.
            Some((before, code)) => {
                let parts: Vec<&str> = code.split("```").collect();
                lines.push(before.to_owned());
                lines.extend(parts.iter().skip(1).step_by(2).map(|part| (*part).to_owned()));
                fenced = parts.len() % 2 == 1;
            }
            None => lines.push(line.to_owned()),
        }
    }
    without_inline_code(lines.join("\n").trim())
}

/// Inline code that is a single word stays, without its ticks: people write names like that.
fn without_inline_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        out.push_str(before);
        match after.split_once('`') {
            Some((code, after)) => {
                if !code.contains(char::is_whitespace) {
                    out.push_str(code);
                }
                rest = after;
            }
            None => {
                rest = after;
                break;
            }
        }
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// Takes the name of a bot from the front: `Ralf: …`, `@ralf-core …`, `ralf-core, …`.
pub(super) fn addressed<'t>(text: &'t str, user: &UserId, display_name: &str) -> Option<&'t str> {
    let names = [user.as_str(), user.localpart(), display_name];
    for name in names {
        let candidate = text.strip_prefix('@').filter(|_| !name.starts_with('@')).unwrap_or(text);
        let Some(head) = candidate.get(..name.len()) else { continue };
        if !head.eq_ignore_ascii_case(name) {
            continue;
        }
        let rest = &candidate[name.len()..];
        if rest.is_empty() || rest.starts_with([':', ',', ' ', '\n', '!', '?']) {
            return Some(rest.trim_start_matches([':', ',', '!', '?']).trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_code_are_not_said() {
        assert_eq!(spoken("> <@a:b> starte grafana neu\n\nnein"), "nein");
        assert_eq!(spoken("look:\n```\n!ralf approve x\n```\nnice"), "look:\nnice");
        assert_eq!(spoken("look: ```\n!ralf approve x\n``` nice"), "look:");
        assert_eq!(spoken("look: ```!ralf approve x``` nice"), "look: \n nice");
        assert_eq!(spoken("```ls```\nlook:\n```\n!ralf approve x\n```\nnice"), "look:\nnice");
        assert_eq!(spoken("run `rm -rf /` now"), "run  now");
        assert_eq!(spoken("restart `grafana`"), "restart grafana");
        assert_eq!(spoken("odd ` tick"), "odd  tick");
    }

    #[test]
    fn a_name_in_front_addresses() {
        let user = ruma::user_id!("@ralf-core:lab.local");
        assert_eq!(addressed("Ralf: status", user, "Ralf"), Some("status"));
        assert_eq!(addressed("@ralf-core:lab.local hello", user, "Ralf"), Some("hello"));
        assert_eq!(addressed("ralf, hallo", user, "Ralf"), Some("hallo"));
        assert_eq!(addressed("Ralfs Auto", user, "Ralf"), None);
        assert_eq!(addressed("räuber", user, "Ralf"), None);
    }
}
