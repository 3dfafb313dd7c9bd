//! Lengths of time as people type them: `45m`, `1h30m`, `6mo`, `2 hours`, `90 Min`, `eine Woche`.

use jiff::{Span, SpanRelativeTo};

/// A silence holds for at most so long, in milliseconds.
pub(super) const LONGEST_MS: i64 = 366 * 86_400_000;

/// The units by the words that people use, and as they are abbreviated.
const UNITS: [(&str, &[&str]); 7] = [
    ("s", &["s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden"]),
    ("m", &["m", "min", "mins", "minute", "minutes", "minuten"]),
    ("h", &["h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"]),
    ("d", &["d", "day", "days", "tag", "tage", "tagen"]),
    ("w", &["w", "week", "weeks", "woche", "wochen"]),
    ("mo", &["mo", "month", "months", "monat", "monate", "monaten"]),
    ("y", &["y", "year", "years", "jahr", "jahre", "jahren"]),
];

/// A length of time in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    /// Where it begins, in bytes.
    pub(super) from: usize,
    /// Where it ends, in bytes.
    pub(super) to: usize,
    /// How long it is, in milliseconds; at least a second.
    pub(super) ms: i64,
}

/// The first length of time in a text.
pub(super) fn first(text: &str) -> Option<Length> {
    let mut end = 0;
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let from = end + text[end..].find(word)?;
        end = from + word.len();
        words.push((from, word));
    }
    words.iter().enumerate().find_map(|(at, (from, word))| {
        if let Some(ms) = one(word) {
            return Some(Length { from: *from, to: from + word.len(), ms });
        }
        let (unit_from, unit) = words.get(at + 1)?;
        let ms = two(word, unit)?;
        Some(Length { from: *from, to: unit_from + unit.len(), ms })
    })
}

/// Such as `2h`, `1h30m`, `2Stunden`.
fn one(word: &str) -> Option<i64> {
    let word = word.trim_end_matches(['.', ',', '!', '?', ';']);
    word.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
    read(word).or_else(|| {
        let letters = word.find(|c: char| !c.is_ascii_digit())?;
        two(&word[..letters], &word[letters..])
    })
}

/// Such as `2` and `hours`.
fn two(number: &str, unit: &str) -> Option<i64> {
    let number = match number.to_lowercase().as_str() {
        "a" | "an" | "one" | "ein" | "eine" | "einen" | "einer" => "1".to_owned(),
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => digits.to_owned(),
        _ => return None,
    };
    let unit = unit.to_lowercase();
    let unit = unit.trim_end_matches(['.', ',', '!', '?', ';']);
    let (short, _) = UNITS.iter().find(|(_, names)| names.contains(&unit))?;
    read(&format!("{number}{short}"))
}

fn read(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let begin = SpanRelativeTo::from(jiff::civil::date(2026, 1, 1));
    // What is too long for a calendar is too long for us.
    let ms =
        span.to_duration(begin).map_or(i64::MAX, |long| i64::try_from(long.as_millis()).unwrap_or(i64::MAX));
    (ms >= 1_000).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_what_people_type() {
        let hour = 3_600_000;
        for (text, ms) in [
            ("45m", hour * 3 / 4),
            ("2h", 2 * hour),
            ("1h30m", hour * 3 / 2),
            ("1d", 24 * hour),
            ("1w", 168 * hour),
            ("2 h", 2 * hour),
            ("2 Stunden", 2 * hour),
            ("2Stunden", 2 * hour),
            ("90 min", hour * 3 / 2),
            ("30 Sekunden", 30_000),
            ("3 Tage", 72 * hour),
            ("eine Woche", 168 * hour),
            ("an hour", hour),
            ("2 Monate", (31 + 28) * 24 * hour),
        ] {
            let length = Length { from: 0, to: text.len(), ms };
            assert_eq!(first(text), Some(length), "{text}");
        }
        for text in ["", "h", "soon", "2", "-2h", "0m", "DiskFull", "2 disks", "a disk"] {
            assert_eq!(first(text), None, "{text}");
        }
        for text in ["3y", "2 Jahre", "9000 years"] {
            assert!(first(text).is_some_and(|length| length.ms > LONGEST_MS), "{text}");
        }
        assert_eq!(first("3 2 hours").map(|length| length.from), Some(2));
    }
}
