//! Comparing the registration that the homeserver has with the one that the configuration wants.

use std::fmt;

use super::{Namespace, Registration};
use crate::Secret;

/// One key that differs. It never holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key as it is in the file, such as `namespaces.users`.
    pub key: &'static str,
    /// The value in `self`; `[secret]` for a token.
    pub here: String,
    /// The value in `other`; `[another secret]` for a token.
    pub there: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} here, {} there", self.key, self.here, self.there)
    }
}

impl Registration {
    /// What differs between two registrations, in the order of the file. Empty if nothing does.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |key, here: String, there: String| {
            if here != there {
                found.push(Difference { key, here, there });
            }
        };
        compare("id", quoted(&self.id), quoted(&other.id));
        compare("url", optional(self.url.as_ref()), optional(other.url.as_ref()));
        let (here, there) = secrets(&self.as_token, &other.as_token);
        compare("as_token", here, there);
        let (here, there) = secrets(&self.hs_token, &other.hs_token);
        compare("hs_token", here, there);
        compare("sender_localpart", quoted(&self.sender_localpart), quoted(&other.sender_localpart));
        let (here, there) = (&self.namespaces, &other.namespaces);
        compare("namespaces.users", list(&here.users), list(&there.users));
        compare("namespaces.aliases", list(&here.aliases), list(&there.aliases));
        compare("namespaces.rooms", list(&here.rooms), list(&there.rooms));
        // Absent means true: that is the default of the specification.
        compare(
            "rate_limited",
            self.rate_limited.unwrap_or(true).to_string(),
            other.rate_limited.unwrap_or(true).to_string(),
        );
        compare(
            "receive_ephemeral",
            self.receives_ephemeral().to_string(),
            other.receives_ephemeral().to_string(),
        );
        compare("org.matrix.msc3202", flag(self.msc3202), flag(other.msc3202));
        compare("io.element.msc4190", flag(self.msc4190), flag(other.msc4190));
        compare("protocols", format!("{:?}", self.protocols), format!("{:?}", other.protocols));
        found
    }

    /// Whether ephemeral data is pushed, by the stable or the older name.
    pub fn receives_ephemeral(&self) -> bool {
        self.receive_ephemeral || self.push_ephemeral == Some(true)
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn optional(text: Option<&String>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| quoted(text))
}

fn flag(value: Option<bool>) -> String {
    value.unwrap_or(false).to_string()
}

fn list(namespaces: &[Namespace]) -> String {
    let shown: Vec<String> = namespaces
        .iter()
        .map(|one| format!("{}{}", one.regex, if one.exclusive { " (exclusive)" } else { "" }))
        .collect();
    format!("[{}]", shown.join(", "))
}

fn secrets(here: &Secret, there: &Secret) -> (String, String) {
    let there = if here == there { "[secret]" } else { "[another secret]" };
    ("[secret]".to_owned(), there.to_owned())
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use crate::{Registration, Secret};

    fn sample() -> Registration {
        let server = server_name!("lab.local");
        Registration::generate("ralf", "http://127.0.0.1:9000", "_ralf", server, &["ralf-core"])
    }

    #[test]
    fn equal_ones_have_none() {
        let one = sample();
        let mut other = one.clone();
        assert_eq!(one.differences(&other), []);
        other.receive_ephemeral = false;
        other.push_ephemeral = Some(true);
        assert_eq!(one.differences(&other), []);
    }

    #[test]
    fn each_is_named_and_no_token_is_shown() {
        let one = sample();
        let mut other = one.clone();
        other.hs_token = Secret::new("0123456789abcdef");
        other.url = None;
        other.rate_limited = None;
        other.namespaces.users[0].exclusive = false;
        let found = one.differences(&other);
        let keys: Vec<_> = found.iter().map(|one| one.key).collect();
        assert_eq!(keys, ["url", "hs_token", "namespaces.users", "rate_limited"]);
        let text = format!("{found:?}") + &found[1].to_string();
        assert!(!text.contains("0123456789abcdef"));
        assert!(!text.contains(one.hs_token.expose()));
        assert_eq!(found[0].to_string(), "url: \"http://127.0.0.1:9000\" here, null there");
    }
}
