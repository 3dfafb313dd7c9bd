//! Finding what is wrong with a registration before the homeserver does.

use std::fmt;

use regex::Regex;
use ruma::ServerName;
use url::Url;

use super::{Namespace, Registration};
use crate::Secret;

/// Something wrong, and what to do about it. It never holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key as it is in the file, such as `namespaces.users[0].regex`.
    pub key: String,
    /// What is wrong, and what to do.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.advice)
    }
}

/// How values begin that people forget to replace.
const EXAMPLES: [&str; 9] =
    ["changeme", "change_me", "change-me", "replace", "example", "your", "secret", "token", "<"];

impl Registration {
    /// Looks for mistakes. An empty list means that none was found.
    ///
    /// `server_name` allows the check whether the sender lies inside a namespace.
    pub fn validate(&self, server_name: &ServerName) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |key: &str, advice: String| problems.push(Problem { key: key.to_owned(), advice });
        if self.id.trim().is_empty() {
            report("id", "is empty; give the application service a name that never changes".into());
        }
        if let Some(advice) = self.url.as_deref().and_then(url_problem) {
            report("url", advice);
        }
        for (key, token) in [("as_token", &self.as_token), ("hs_token", &self.hs_token)] {
            if let Some(advice) = token_problem(token) {
                report(key, advice.to_owned());
            }
        }
        if !self.as_token.is_empty() && self.as_token == self.hs_token {
            report("hs_token", "is the same as as_token; make two independent tokens".into());
        }
        if self.sender_localpart.is_empty() {
            report("sender_localpart", "is empty; use a throw-away name such as _ralf".into());
        } else if self.sender_localpart.contains(['@', ':']) {
            report("sender_localpart", "is a whole user id; write only the part between @ and :".into());
        }
        if self.namespaces.users.is_empty() {
            report("namespaces.users", "is empty; name the bots, else no event is ever pushed".into());
        }
        let sender = format!("@{}:{server_name}", self.sender_localpart);
        let lists = [
            ("users", '@', &self.namespaces.users),
            ("aliases", '#', &self.namespaces.aliases),
            ("rooms", '!', &self.namespaces.rooms),
        ];
        for (name, sigil, list) in lists {
            for (index, namespace) in list.iter().enumerate() {
                for advice in namespace_problems(namespace, sigil, &sender) {
                    report(&format!("namespaces.{name}[{index}].regex"), advice);
                }
            }
        }
        problems
    }
}

fn token_problem(token: &Secret) -> Option<&'static str> {
    let lower = token.expose().to_ascii_lowercase();
    if lower.is_empty() {
        Some("is empty; generate the registration anew")
    } else if EXAMPLES.iter().any(|example| lower.starts_with(example)) {
        Some("is an example value; generate the registration anew")
    } else if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("has spaces or characters that no HTTP header can carry; generate the registration anew")
    } else if token.expose().len() < 32 {
        Some("is shorter than 32 characters and may be guessed; generate the registration anew")
    } else {
        None
    }
}

fn url_problem(url: &str) -> Option<String> {
    let parsed = match Url::parse(url) {
        Ok(parsed) => parsed,
        Err(error) => return Some(format!("{error}; write it like http://127.0.0.1:9000")),
    };
    if !matches!(parsed.scheme(), "http" | "https") {
        return Some("must begin with http:// or https://".to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Some("must not contain a user or a password; the hs_token is the credential".to_owned());
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Some("must end with its path; the homeserver appends /_matrix/app/v1 to it".to_owned());
    }
    if parsed.path().contains("/_matrix") {
        return Some("must not contain /_matrix; the homeserver appends it".to_owned());
    }
    None
}

fn namespace_problems(namespace: &Namespace, sigil: char, sender: &str) -> Vec<String> {
    let pattern = namespace.regex.as_str();
    let mut found = Vec::new();
    let Ok(regex) = Regex::new(pattern) else {
        return vec![format!("{pattern} is not a regular expression that can be read; simplify it")];
    };
    if !pattern.starts_with('^') || !pattern.ends_with('$') || pattern.ends_with("\\$") {
        found.push(format!("{pattern} is not anchored; write ^ before and $ behind it"));
    }
    if !pattern.trim_start_matches('^').starts_with(sigil) {
        found.push(format!("{pattern} can't match; begin it with ^{sigil}"));
    }
    if pattern.contains("example.") || pattern.contains("example\\.") {
        found.push(format!("{pattern} names an example server; write the real one"));
    }
    if has_bare_dot(pattern) {
        found.push(format!("{pattern} has a dot that matches any character; write \\. for a dot"));
    }
    if sigil == '@' && regex.is_match(sender) {
        found.push(format!(
            "{pattern} takes in the sender {sender}, which can't /sync; use another sender_localpart"
        ));
    }
    found
}

/// A dot outside brackets that is neither escaped nor meant as "anything" (`.*`, `.+`).
fn has_bare_dot(pattern: &str) -> bool {
    let mut in_class = false;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(characters.peek(), Some('*' | '+' | '?' | '{')) => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use crate::{Registration, Secret};

    fn sample() -> Registration {
        let server = server_name!("lab.local");
        Registration::generate("ralf", "http://127.0.0.1:9000", "_ralf", server, &["ralf-core"])
    }

    fn keys(registration: &Registration) -> Vec<String> {
        let server = server_name!("lab.local");
        registration.validate(server).into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn a_generated_one_is_sound() {
        assert_eq!(sample().validate(server_name!("lab.local")), []);
    }

    #[test]
    fn tokens() {
        for bad in ["", "CHANGEME-please-do-it-now-0123456789", "short", "with space 0123456789 0123456789 x"]
        {
            let mut registration = sample();
            registration.as_token = Secret::new(bad);
            assert_eq!(keys(&registration), ["as_token"], "{bad}");
        }
        let mut registration = sample();
        registration.hs_token = registration.as_token.clone();
        assert_eq!(keys(&registration), ["hs_token"]);
    }

    #[test]
    fn urls() {
        let bad =
            ["", "ralf:9000", "ftp://ralf", "http://a:b@ralf", "http://ralf?x", "http://ralf/_matrix/app"];
        for url in bad {
            let mut registration = sample();
            registration.url = Some(url.to_owned());
            assert_eq!(keys(&registration), ["url"], "{url}");
        }
        let mut registration = sample();
        registration.url = Some("https://ralf-core.lab.local/webhooks/matrix".to_owned());
        assert!(keys(&registration).is_empty());
        registration.url = None;
        assert!(keys(&registration).is_empty());
    }

    #[test]
    fn regexes() {
        let bad = [
            r"@ralf-core:lab\.local",
            r"^@ralf-core:lab\.local",
            r"^@ralf-core:lab\.local\$",
            r"^ralf-core:lab\.local$",
            "^@ralf-core:lab.local$",
            "^@ralf-(core$",
            r"^@ralf-core:example\.org$",
            "^@.*$",
        ];
        for regex in bad {
            let mut registration = sample();
            registration.namespaces.users[0].regex = regex.to_owned();
            let found = keys(&registration);
            assert!(!found.is_empty(), "{regex}");
            assert!(found.iter().all(|key| key == "namespaces.users[0].regex"), "{regex}: {found:?}");
        }
    }

    #[test]
    fn sender_and_id() {
        let mut registration = sample();
        registration.sender_localpart = "ralf-core".to_owned();
        assert_eq!(keys(&registration), ["namespaces.users[0].regex"]);
        registration.sender_localpart = "@_ralf:lab.local".to_owned();
        assert_eq!(keys(&registration), ["sender_localpart"]);
        registration.sender_localpart = String::new();
        registration.id = " ".to_owned();
        registration.namespaces.users.clear();
        assert_eq!(keys(&registration), ["id", "sender_localpart", "namespaces.users"]);
    }
}
