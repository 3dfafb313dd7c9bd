//! The regular expression that names the bots.

use ruma::ServerName;

/// Makes the anchored and escaped regex of some users of one server:
/// `^@ralf-(core|health):lab\.local$`.
///
/// A common beginning up to `-`, `_`, `.`, `/` or `=` is written once.
pub fn user_regex(server_name: &ServerName, localparts: &[&str]) -> String {
    let prefix = common_prefix(localparts);
    let rests: Vec<String> = localparts.iter().map(|one| escape(&one[prefix.len()..])).collect();
    let alternation = match rests.as_slice() {
        [only] => only.clone(),
        several => format!("({})", several.join("|")),
    };
    format!("^@{}{alternation}:{}$", escape(prefix), escape(server_name.as_str()))
}

/// What all of them begin with, cut back to a separator, and leaving each a rest.
fn common_prefix<'a>(localparts: &[&'a str]) -> &'a str {
    let [first, others @ ..] = localparts else { return "" };
    let mut prefix = *first;
    for other in others {
        let shared = prefix.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        // Two localparts may differ inside a character of several bytes.
        let end = (0..=shared).rev().find(|at| prefix.is_char_boundary(*at)).unwrap_or(0);
        prefix = &prefix[..end];
    }
    let prefix = match prefix.rfind(['-', '_', '.', '/', '=']) {
        Some(at) if !others.is_empty() => &prefix[..=at],
        _ => "",
    };
    if localparts.iter().any(|one| one.len() == prefix.len()) { "" } else { prefix }
}

/// Escapes what means something to both Python's and Rust's regular expressions.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 4);
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::user_regex;

    #[test]
    fn a_common_beginning_is_written_once() {
        let regex = user_regex(
            server_name!("lab.local"),
            &["ralf-core", "ralf-health", "ralf-infra", "ralf-planner", "ralf-sec"],
        );
        assert_eq!(regex, r"^@ralf-(core|health|infra|planner|sec):lab\.local$");
    }

    #[test]
    fn other_sets_are_a_plain_alternation() {
        let server = server_name!("lab.local:8448");
        assert_eq!(user_regex(server, &["echo"]), r"^@echo:lab\.local:8448$");
        assert_eq!(user_regex(server, &["ralf-core"]), r"^@ralf-core:lab\.local:8448$");
        assert_eq!(user_regex(server, &["one", "only"]), r"^@(one|only):lab\.local:8448$");
        assert_eq!(user_regex(server, &["a-", "a-b"]), r"^@(a-|a-b):lab\.local:8448$");
        assert_eq!(user_regex(server, &["a.b+", "a.c"]), r"^@a\.(b\+|c):lab\.local:8448$");
        assert_eq!(user_regex(server, &["x-é", "x-è"]), r"^@x-(é|è):lab\.local:8448$");
    }
}
