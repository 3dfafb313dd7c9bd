//! The prompt: a file with a version; what a decision was made with is recorded by its hash.

use super::{Class, ModelRequest, fence};
use crate::Lang;
use crate::catalogue::IntentSpec;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const PROMPT: &str = include_str!("../../prompts/understand.md");

/// More than the longest answer needs.
const MAX_TOKENS: u32 = 160;

/// The version that the prompt's file gives itself.
#[must_use]
pub fn prompt_version() -> &'static str {
    PROMPT.lines().next().and_then(|l| l.strip_prefix("version:")).map_or("?", str::trim)
}

/// SHA-256 of the prompt's file, for the record of decisions.
#[must_use]
pub fn prompt_hash() -> String {
    Sha256::digest(PROMPT).iter().map(|b| format!("{b:02x}")).collect()
}

/// Asks which of a few intents a message means.
pub(crate) fn request(shortlist: &[&IntentSpec], text: &str, lang: Lang) -> ModelRequest {
    let (mut intents, mut examples) = (String::new(), String::new());
    let mut slots = Map::new();
    for spec in shortlist {
        let names: Vec<&str> = spec.slots.iter().map(|s| s.name.as_str()).collect();
        let takes = if names.is_empty() { String::new() } else { format!(" (slots: {})", names.join(", ")) };
        // Writing to a string cannot fail.
        let _ = writeln!(intents, "- {}: {}{takes}", spec.name, spec.does.en);
        for example in spec.examples.get(lang).iter().take(2) {
            let _ = writeln!(examples, "{} → {}", example.text, spec.name);
        }
        slots.extend(names.iter().map(|n| ((*n).to_owned(), json!({"type": "string"}))));
    }
    let mut names: Vec<&str> = shortlist.iter().map(|s| s.name.as_str()).collect();
    names.push("none");
    let (_, body) = PROMPT.split_once('\n').unwrap_or(("", PROMPT));
    ModelRequest {
        // Intents and examples come from the catalogue, which knows nothing of the lab.
        holds: &[Class::Talk],
        system: body
            .trim()
            .replace("{intents}", intents.trim_end())
            .replace("{examples}", examples.trim_end()),
        user: format!("<message>\n{}\n</message>", fence(text)),
        schema: Some(json!({
            "type": "object",
            "properties": {
                "intent": {"type": "string", "enum": names},
                "slots": {"type": "object", "properties": slots, "additionalProperties": false},
            },
            "required": ["intent", "slots"],
            "additionalProperties": false,
        })),
        max_tokens: MAX_TOKENS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());

    proptest! {
        /// Whatever a message says: the marks around it are the only ones, and it is nowhere else.
        #[test]
        fn a_message_stays_within_its_fence(
            said in prop_oneof![any::<String>(), "(</?message>|[<>/a-z ]|\\{intents\\}|\\{examples\\}|\n){0,40}"],
        ) {
            let restart = CATALOGUE.get("restart_service").unwrap();
            let (asked, harmless) =
                (request(&[restart], &said, Lang::En), request(&[restart], "hello", Lang::En));
            let inside = asked.user.strip_prefix("<message>\n").and_then(|u| u.strip_suffix("\n</message>"));
            prop_assert!(inside.is_some_and(|inside| !inside.contains(['<', '>'])), "{}", asked.user);
            prop_assert_eq!(asked.system, harmless.system);
            prop_assert_eq!(asked.schema, harmless.schema);
            prop_assert_eq!(asked.holds, harmless.holds);
        }
    }

    #[test]
    fn the_prompt_names_its_intents() {
        let restart = CATALOGUE.get("restart_service").unwrap();
        let asked = request(&[restart], "hi", Lang::En);
        assert!(asked.system.contains("- restart_service: Restarts"), "{}", asked.system);
        assert_eq!(asked.schema.unwrap()["properties"]["intent"]["enum"], json!(["restart_service", "none"]));
        assert_eq!((prompt_version(), prompt_hash().len()), ("1", 64));
    }
}
