//! Quoted text and code are no commands: they are masked before anything reads the message.

const PAIRS: [(char, char); 7] =
    [('"', '"'), ('„', '“'), ('“', '”'), ('«', '»'), ('»', '«'), ('‚', '‘'), ('`', '`')];

/// Replaces quoted lines, code blocks and quotations by a mark; a quoted name stays.
pub(super) fn mask(raw: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut fenced = false;
    for line in raw.split_inclusive('\n') {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            // A fence that opens and closes on one line hides that line alone.
            fenced ^= start.trim_end().trim_start_matches(['`', '~']).matches("```").count() != 1;
            out.push('\n');
        } else if fenced || start.starts_with('>') {
            out.push('\n');
        } else if let Some((before, code)) = line.split_once("```") {
            // A fence within a line: what stands behind it is code, here and, if it stays open, below.
            inline(before, &keep, &mut out);
            let parts: Vec<&str> = code.split("```").collect();
            for said in parts.iter().skip(1).step_by(2) {
                out.push_str(" \u{1} ");
                inline(said, &keep, &mut out);
            }
            fenced = parts.len() % 2 == 1;
            out.push('\n');
        } else {
            inline(line, &keep, &mut out);
        }
    }
    out
}

fn inline(line: &str, keep: &impl Fn(&str) -> bool, out: &mut String) {
    let mut rest = line;
    // Looked for once and not found: it is not behind that either, and thousands of them would take thousands of looks.
    let mut unclosed = Vec::new();
    while let Some(at) = rest.find(|c| PAIRS.iter().any(|p| p.0 == c)) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let Some(open) = tail.chars().next() else { return };
        // `severity="critical"` is a matcher, not a quotation.
        if open == '"'
            && head.ends_with(['=', '~'])
            && let Some(end) = tail[1..].find('"')
        {
            out.push_str(&tail[..end + 2]);
            rest = &tail[end + 2..];
            continue;
        }
        let body = &tail[open.len_utf8()..];
        let pair = PAIRS.iter().find(|p| p.0 == open && !unclosed.contains(&open));
        let close = pair.and_then(|p| {
            // „…“ is closed by either form, as keyboards have it.
            body.find(|c| c == p.1 || (open == '„' && matches!(c, '”' | '"')))
        });
        let Some(end) = close else {
            if pair.is_some() {
                unclosed.push(open);
            }
            out.push(' ');
            rest = body;
            continue;
        };
        let inside = &body[..end];
        if is_plain_word(inside) && head.ends_with(['=', '~']) {
            // `severity="critical"`: the quotes belong to it.
            out.push_str(&tail[..open.len_utf8() + end]);
            out.extend(body[end..].chars().next());
        } else if keep(inside) || is_plain_word(inside) {
            out.push(' ');
            out.push_str(inside);
            out.push(' ');
        } else {
            out.push_str(" \u{1} ");
        }
        let close_len = body[end..].chars().next().map_or(0, char::len_utf8);
        rest = &body[end + close_len..];
    }
    out.push_str(rest);
}

fn is_plain_word(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_vanish_and_names_stay() {
        let keep = |s: &str| s == "uptime kuma";
        assert_eq!(mask("restart `grafana`", keep).trim(), "restart  grafana");
        assert_eq!(mask("restart \"uptime kuma\"", keep).trim(), "restart  uptime kuma");
        assert_eq!(mask("er schrieb „starte grafana neu“", keep).trim(), "er schrieb  \u{1}");
        assert_eq!(mask("> restart grafana\nwarum?", keep), "\nwarum?");
        assert_eq!(mask("```\nrestart grafana\n```\nschau", keep), "\n\n\nschau");
        assert_eq!(mask("```restart grafana```\nschau", keep), "\nschau");
        assert_eq!(mask("schau ```\nrestart grafana\n```\nda", keep), "schau \n\n\nda");
        assert_eq!(mask("schau ```restart grafana``` da\nja", keep), "schau  \u{1}  da\n\nja");
    }
}
