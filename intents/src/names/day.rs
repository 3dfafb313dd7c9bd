//! Days: `yesterday`, `today` and dates, as ISO.

/// A day at the start of these folded words: its canonical form and how many words it takes.
pub(super) fn day(words: &[&str]) -> Option<(String, usize)> {
    let next = words.get(1).copied().unwrap_or("");
    let part = matches!(
        next,
        "abend"
            | "nacht"
            | "frueh"
            | "fruh"
            | "morgen"
            | "mittag"
            | "nachmittag"
            | "vormittag"
            | "morning"
            | "evening"
            | "night"
            | "afternoon"
            | "noon"
    );
    match words[0] {
        "gestern" | "gestan" | "yesterday" | "yesterdays" | "gestrige" | "gestrigen" | "gestriger" => {
            return Some(("yesterday".into(), 1 + usize::from(part)));
        }
        "heute" | "heut" | "today" | "todays" | "heutige" | "heutigen" | "heutiger" => {
            return Some(("today".into(), 1 + usize::from(part)));
        }
        "last" if next == "night" => return Some(("yesterday".into(), 2)),
        "this" if matches!(next, "morning" | "afternoon" | "evening") => return Some(("today".into(), 2)),
        _ => {}
    }
    let word = words[0];
    if let Some((a, b, c)) = three(word, '-').filter(|t| t.0 > 31) {
        return iso(a, b, c).map(|d| (d, 1));
    }
    if let Some((a, b, c)) = three(word, '.').filter(|t| t.2 >= 20) {
        return iso(century(c), b, a).map(|d| (d, 1));
    }
    // "1. Oktober 2024", "1st of October 2024", "October 1st, 2024"
    let ordinal = |w: &str| -> Option<u32> {
        let digits = w.trim_end_matches(['.', 's', 't', 'n', 'd', 'r', 'h']);
        digits.parse().ok().filter(|n| (1..=31).contains(n) && !digits.is_empty())
    };
    if let Some(day) = ordinal(word) {
        let at = 1 + usize::from(next == "of");
        let month = words.get(at).and_then(|w| month(w))?;
        let year = words.get(at + 1).and_then(|w| w.parse().ok()).filter(|y| *y > 1999)?;
        return iso(year, month, day).map(|d| (d, at + 2));
    }
    let (month, day) = (month(word)?, ordinal(next)?);
    let year = words.get(2).and_then(|w| w.parse().ok()).filter(|y| *y > 1999)?;
    iso(year, month, day).map(|d| (d, 3))
}

fn three(word: &str, by: char) -> Option<(u32, u32, u32)> {
    let mut parts = word.split(by).map(str::parse);
    let found = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some(found)
}

fn century(year: u32) -> u32 {
    if year < 100 { 2000 + year } else { year }
}

fn iso(year: u32, month: u32, day: u32) -> Option<String> {
    let long = [4, 6, 9, 11];
    let days = if month == 2 { 29 } else { 31 - u32::from(long.contains(&month)) };
    ((1..=12).contains(&month) && (1..=days).contains(&day) && (2000..2200).contains(&year))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["januar", "january", "jan", "jaenner"],
        &["februar", "february", "feb"],
        &["maerz", "marz", "march", "mar"],
        &["april", "apr"],
        &["mai", "may"],
        &["juni", "june", "jun"],
        &["juli", "july", "jul"],
        &["august", "aug"],
        &["september", "sep", "sept"],
        &["oktober", "october", "oct", "okt"],
        &["november", "nov"],
        &["dezember", "december", "dec", "dez"],
    ];
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word)).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_both_languages() {
        for (text, want) in [
            ("gestern abend", "yesterday"),
            ("last night", "yesterday"),
            ("heute", "today"),
            ("2024-10-01", "2024-10-01"),
            ("1.10.2024", "2024-10-01"),
            ("01.10.24", "2024-10-01"),
            ("1 oktober 2024", "2024-10-01"),
            ("october 1st 2024", "2024-10-01"),
            ("1st of october 2024", "2024-10-01"),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(day(&words), Some((want.to_owned(), words.len())), "{text}");
        }
        assert_eq!(day(&["2.10.4"]), None, "a version, not a date");
        assert_eq!(day(&["31.2.2024"]), None);
    }
}
