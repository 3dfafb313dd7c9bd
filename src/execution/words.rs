//! Command lines as words: split once, from the services file, and quoted for whoever reads them next.

/// Splits as a shell does, with quotes and backslashes, but nothing else of a shell.
pub(super) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(|| format!("a closing {c} is missing in `{line}`"))? {
                        end if end == c => break,
                        '\\' if c == '"' => word.push(chars.next().unwrap_or('\\')),
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().unwrap_or('\\')),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// For a POSIX shell.
pub(super) fn for_shell(word: &str) -> String {
    if is_plain(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// For `command=` of supervisord, which cuts comments after white space, expands `%`, and then splits as a shell does.
pub(super) fn for_supervisord(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let mut out = String::from("'");
    for c in word.chars() {
        match c {
            '\'' => out.push_str(r#"'"'"'"#),
            // The quotes keep it apart from what follows: `%(here)s` is replaced without regard to doubling.
            '%' => out.push_str("%%''"),
            // No `;` or `#` may follow white space directly: it would begin a comment.
            c if c.is_whitespace() => {
                out.push(c);
                out.push_str("''");
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// For `ExecStart=` of systemd.
pub(super) fn for_systemd(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' | '$' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let words = split(r#"  /bin/a 'b c' "d \" e" f\ g '' h"i"'j' "#).expect("it is closed");
        assert_eq!(words, ["/bin/a", "b c", "d \" e", "f g", "", "hij"]);
        assert!(split("a 'b").expect_err("open").contains("closing '"));
    }

    #[test]
    fn quoting_holds_hostile_words_together() {
        let word = "a; rm -rf / # $(id) `id` 'x' \"y\" %(here)s";
        assert_eq!(split(&for_shell(word)), Ok(vec![word.to_owned()]));
        let supervisord = for_supervisord(word);
        assert!(!supervisord.contains(" #") && !supervisord.contains(" ;"), "{supervisord}");
        assert!(!supervisord.contains("%(here)s"), "{supervisord}");
        assert_eq!(split(&supervisord.replace("%%", "%")), Ok(vec![word.to_owned()]));
        assert_eq!(for_systemd("a $b %n \"c\" \\"), r#""a $$b %%n \"c\" \\""#);
    }
}
