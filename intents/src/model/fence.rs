//! Text from people, alerts and logs goes into a prompt as data.

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
    match c {
        // The fullwidth, small and angle brackets, and the two that normalisation turns into one of them.
        '<' | '＜' | '﹤' | '\u{3008}' | '\u{27e8}' | '\u{2329}' | '≺' | '˂' | '❮' | '❰' | '⧼' => {
            '‹'
        }
        '>' | '＞' | '﹥' | '\u{3009}' | '\u{27e9}' | '\u{232a}' | '≻' | '˃' | '❯' | '❱' | '⧽' => {
            '›'
        }
        '[' | '［' => '(',
        ']' | '］' => ')',
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
