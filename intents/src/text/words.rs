//! Words that carry no meaning for a command: a template passes over them wherever they stand.

/// Articles, possessives, politeness, and particles, both languages. Folded spelling.
const SKIP: &str = "\
 bitte bitteschoen bittschoen mal einmal doch kurz eben schnell jetzt sofort nun denn halt gerade grad direkt endlich umgehend \
 mir mich dir uns gerne gern noch also danach anschliessend dann \
 der die das den dem des ein eine einen einem einer eines \
 mein meine meinen meinem meiner meines unser unsere unseren unserem unserer unseres dein deine deinen deinem deiner \
 dieser diese dieses diesen diesem \
 please pls plz just kindly now quickly asap immediately really \
 me us the a an my our your this these then afterwards its";

/// Whether a template may pass over this folded word.
pub(crate) fn is_skippable(word: &str) -> bool {
    // The list is short and the words are short: a scan beats hashing.
    word.len() <= 12
        && word.bytes().all(|b| b.is_ascii_lowercase())
        && SKIP.split_ascii_whitespace().any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negation_is_never_passed_over() {
        for word in [
            "nicht", "kein", "keine", "keinen", "nie", "niemals", "not", "dont", "never", "no", "wenn", "if",
            "",
        ] {
            assert!(!is_skippable(word), "{word}");
        }
        assert!(is_skippable("bitte") && is_skippable("the"));
    }
}
