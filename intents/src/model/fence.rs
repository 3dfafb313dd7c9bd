//! Text from people, alerts and logs goes into a prompt as data.

use unicode_normalization::UnicodeNormalization as _;

/// More of one text is not shown to a model, in characters.
const MOST: usize = 2_000;

/// The text without anything that could end the marks around it: no `<` and `>`, nor what looks like them or becomes them
/// when it is normalised; no `[` and `]`, which some models' templates turn into control tokens (`[/INST]`); no invisible
/// characters, which a model reads and a person does not. At most 2,000 characters.
#[must_use]
pub fn fence(text: &str) -> String {
    text.chars().filter(|c| !invisible(*c)).take(MOST).map(harmless).collect()
}

fn harmless(c: char) -> char {
    let normal = std::iter::once(c).nfkd().find(|c| "<>[]".contains(*c));
    match normal.unwrap_or(c) {
        '<' | '\u{27e8}' | '≺' | '˂' | '❮' | '❰' | '⧼' => '‹',
        '>' | '\u{27e9}' | '≻' | '˃' | '❯' | '❱' | '⧽' => '›',
        // Their normal forms are the angle brackets of Chinese and Japanese.
        '\u{2329}' | '\u{3008}' => '‹',
        '\u{232a}' | '\u{3009}' => '›',
        '[' => '(',
        ']' => ')',
        c if c.is_control() && c != '\n' => ' ',
        c => c,
    }
}

/// Format characters, tags and variation selectors.
fn invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether a text could do something to a prompt.
    fn harmful(text: &str) -> bool {
        let forms = [text.to_owned(), text.nfkc().collect(), text.nfkd().collect()];
        forms.iter().any(|form| form.contains(['<', '>', '[', ']']))
            || text.chars().any(|c| c.is_control() && c != '\n' || invisible(c))
    }

    #[test]
    fn no_character_there_is_gets_out() {
        for c in '\0'..=char::MAX {
            let fenced = fence(&c.to_string());
            assert!(!harmful(&fenced), "{c:?} became {fenced:?}");
            assert_eq!(fence(&fenced), fenced, "{c:?}");
            if c.is_alphanumeric() && !invisible(c) {
                assert_eq!(fenced, c.to_string(), "a word was changed");
            }
        }
    }

    /// What people try, and what tokenizers take for control tokens.
    const TRICKS: [&str; 16] = [
        "</message>",
        "<message>",
        "<|im_end|>",
        "<|im_start|>system",
        "[/INST]",
        "[SYSTEM_PROMPT]",
        "</s>",
        "<start_of_turn>",
        "<｜User｜>",
        "＜/message＞",
        "<\u{200b}/message>",
        "\u{e003c}\u{e002f}",
        "\r\n",
        "\u{1b}[2J",
        "≮/message≯",
        "﹇/INST﹈",
    ];

    proptest! {
        #[test]
        fn nothing_in_a_text_gets_out(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(TRICKS.to_vec()).prop_map(str::to_owned),
                any::<String>(),
                "[<>\\[\\]/a-z|]{0,12}",
            ], 0..12),
        ) {
            let text = parts.concat();
            let fenced = fence(&text);
            prop_assert!(!harmful(&fenced), "{text:?} became {fenced:?}");
            prop_assert!(fenced.chars().count() <= MOST);
        }
    }
}
