//! Numbers, durations, days, versions: what a few tokens mean.

/// A number in digits or words ("zwei", "anderthalb" is no whole one).
pub(crate) fn number(word: &str) -> Option<u32> {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return word.parse().ok().filter(|_| word.len() <= 6);
    }
    // "x3", "3x"
    let times = word.strip_prefix('x').or_else(|| word.strip_suffix('x'));
    if let Some(digits) =
        times.filter(|d| !d.is_empty() && d.len() <= 3 && d.bytes().all(|b| b.is_ascii_digit()))
    {
        return digits.parse().ok();
    }
    let n = match word {
        "null" | "zero" | "keins" => 0,
        "ein" | "eins" | "eine" | "einen" | "einer" | "einem" | "ne" | "nen" | "ner" | "one" | "a" | "an"
        | "single" | "einzige" => 1,
        "zwei" | "zwo" | "two" | "beide" | "both" | "doppelt" | "zweimal" | "twice" => 2,
        "drei" | "dreimal" | "dreifach" | "three" | "thrice" => 3,
        "vier" | "viermal" | "vierfach" | "four" => 4,
        "fuenf" | "funf" | "five" => 5,
        "sechs" | "six" => 6,
        "sieben" | "seven" => 7,
        "acht" | "eight" => 8,
        "neun" | "nine" => 9,
        "zehn" | "ten" => 10,
        "elf" | "eleven" => 11,
        "zwoelf" | "zwolf" | "twelve" | "dutzend" | "dozen" => 12,
        "dreizehn" | "thirteen" => 13,
        "vierzehn" | "fourteen" => 14,
        "fuenfzehn" | "funfzehn" | "fifteen" => 15,
        "sechzehn" | "sixteen" => 16,
        "achtzehn" | "eighteen" => 18,
        "zwanzig" | "twenty" => 20,
        "vierundzwanzig" => 24,
        "dreissig" | "thirty" => 30,
        "vierzig" | "forty" => 40,
        "fuenfundvierzig" | "funfundvierzig" => 45,
        "achtundvierzig" => 48,
        "fuenfzig" | "funfzig" | "fifty" => 50,
        "sechzig" | "sixty" => 60,
        "neunzig" | "ninety" => 90,
        "hundert" | "hundred" => 100,
        _ => return None,
    };
    Some(n)
}

/// Whether a folded word may be read as "one" only beside a unit ("eine Stunde"), never alone ("ein").
pub(crate) fn is_article(word: &str) -> bool {
    matches!(word, "ein" | "eine" | "einen" | "einer" | "einem" | "ne" | "nen" | "ner" | "a" | "an")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn sign(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
            Self::Week => "w",
            Self::Month => "mo",
            Self::Year => "y",
        }
    }

    /// The next smaller unit, and how many of it make one of this.
    fn smaller(self) -> (Self, u32) {
        match self {
            Self::Second | Self::Minute => (Self::Second, 60),
            Self::Hour => (Self::Minute, 60),
            Self::Day => (Self::Hour, 24),
            Self::Week => (Self::Day, 7),
            Self::Month => (Self::Week, 4),
            Self::Year => (Self::Month, 12),
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "sek" | "sec" | "secs" | "sekunde" | "sekunden" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minuten" | "minutes" | "minuetchen" => Self::Minute,
            "h" | "std" | "stde" | "stdn" | "stund" | "stunde" | "stunden" | "stuendchen" | "hour"
            | "hours" | "hr" | "hrs" => Self::Hour,
            "d" | "tag" | "tage" | "tagen" | "tages" | "day" | "days" => Self::Day,
            "w" | "wk" | "wks" | "woche" | "wochen" | "week" | "weeks" => Self::Week,
            "mo" | "monat" | "monate" | "monaten" | "monats" | "month" | "months" => Self::Month,
            "y" | "yr" | "yrs" | "jahr" | "jahre" | "jahren" | "jahres" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }
}

fn whole(n: u32, unit: Unit) -> String {
    format!("{n}{}", unit.sign())
}

/// `quarters` quarters of a unit, in that unit when they are whole ones, else in the next smaller.
fn quarters(quarters: u32, unit: Unit) -> Option<String> {
    if quarters.is_multiple_of(4) {
        return Some(whole(quarters / 4, unit));
    }
    let (small, per) = unit.smaller();
    (quarters * per).is_multiple_of(4).then(|| whole(quarters * per / 4, small))
}

/// A duration at the start of these words: its canonical form and how many words it takes.
pub(crate) fn duration(words: &[&str]) -> Option<(String, usize)> {
    let skip_article = usize::from(words.first().is_some_and(|w| is_article(w)));
    let w = |i: usize| words.get(i).copied().unwrap_or("");
    let unit = |i: usize| Unit::parse(w(i));
    // "30m", "1h30", "1h30m", "2std", "1,5h"
    if let Some(found) = glued(w(0)) {
        return Some((found, 1));
    }
    // "anderthalb Stunden", "eineinhalb", "zweieinhalb", "dreiviertel"
    let fraction = |word: &str| -> Option<u32> {
        Some(match word {
            "anderthalb" | "anderthalbe" | "eineinhalb" | "einanhalb" => 6,
            "zweieinhalb" => 10,
            "dreieinhalb" => 14,
            "viereinhalb" => 18,
            "dreiviertel" => 3,
            _ => decimal_quarters(word)?,
        })
    };
    if let (Some(q), Some(u)) = (fraction(w(0)), unit(1)) {
        return quarters(q, u).map(|d| (d, 2));
    }
    // "eine dreiviertel Stunde", "three quarters of an hour"
    if let (Some(q), Some(u)) = (fraction(w(1)), unit(2))
        && skip_article == 1
    {
        return quarters(q, u).map(|d| (d, 3));
    }
    // "eine halbe Stunde", "half an hour", "half a day", "ein halbes Jahr", "halben tag", "half year"
    for start in [0, skip_article] {
        if matches!(w(start), "halb" | "hoibe" | "halbe" | "halben" | "halbes" | "halber" | "half") {
            let next = start + 1 + usize::from(is_article(w(start + 1)));
            if let Some(u) = unit(next) {
                return quarters(2, u).map(|d| (d, next + 1));
            }
        }
        if matches!(w(start), "viertel" | "quarter") {
            let next = start + 1 + usize::from(w(start + 1) == "of") + usize::from(is_article(w(start + 2)));
            if let Some(u) = unit(next) {
                return quarters(1, u).map(|d| (d, next + 1));
            }
        }
    }
    match w(skip_article) {
        "viertelstunde" => return Some(("15m".into(), skip_article + 1)),
        "halbjahr" => return Some(("6mo".into(), skip_article + 1)),
        "quartal" if skip_article == 1 => return Some(("3mo".into(), 2)),
        "dreiviertelstunde" => return Some(("45m".into(), skip_article + 1)),
        "fortnight" => return Some(("2w".into(), skip_article + 1)),
        _ => {}
    }
    // "eine weitere stunde", "another hour"
    if let (true, Some(u), ("and", "a", "half")) = (w(0) == "another", unit(1), (w(2), w(3), w(4))) {
        return quarters(6, u).map(|d| (d, 5));
    }
    if matches!(w(0), "another" | "weitere") && unit(1).is_some() {
        return unit(1).map(|u| (whole(1, u), 2));
    }
    let n = number(w(0))?;
    // "one and a half hours", "two and a half days"
    if w(1) == "and" && w(2) == "a" && w(3) == "half" {
        return unit(4).and_then(|u| quarters(n * 4 + 2, u)).map(|d| (d, 5));
    }
    // "an hour and a half"
    if let Some(u) = unit(1) {
        if (w(2), w(3), w(4)) == ("and", "a", "half") && unit(5).is_none() {
            return quarters(n * 4 + 2, u).map(|d| (d, 5));
        }
        // "one hour 30 minutes", "eine Stunde und 15 Minuten"
        let from = 2 + usize::from(matches!(w(2), "und" | "and"));
        if let (Some(more), Some(small)) = (number(w(from)), unit(from + 1)) {
            let (next, per) = u.smaller();
            if small == next {
                return Some((whole(n * per + more, next), from + 2));
            }
        }
        return Some((whole(n, u), 2));
    }
    // "a couple of hours", "ein paar Stunden" say no number: nothing.
    None
}

/// "1.5", "2,5", "0.5" as quarters.
fn decimal_quarters(word: &str) -> Option<u32> {
    let (whole, part) = word.split_once([',', '.'])?;
    let whole: u32 = whole.parse().ok().filter(|n| *n < 10_000)?;
    let part = match part {
        "0" | "00" => 0,
        "25" => 1,
        "5" | "50" => 2,
        "75" => 3,
        _ => return None,
    };
    Some(whole * 4 + part)
}

fn glued(word: &str) -> Option<String> {
    let digits = word.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')).count();
    let (n, rest) = word.split_at(digits);
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (sign, tail) = rest.split_at(letters);
    let unit = Unit::parse(sign).filter(|_| digits > 0)?;
    if n.contains([',', '.']) {
        return decimal_quarters(n).filter(|_| tail.is_empty()).and_then(|q| quarters(q, unit));
    }
    let n: u32 = n.parse().ok().filter(|n| *n < 1_000_000)?;
    if tail.is_empty() {
        return Some(whole(n, unit));
    }
    let more: u32 =
        tail.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|n| *n < 1_000)?;
    let (small, per) = unit.smaller();
    matches!(unit, Unit::Hour | Unit::Day).then(|| whole(n * per + more, small))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_both_languages() {
        for (text, want) in [
            ("anderthalb stunden", "90m"),
            ("eine halbe stunde", "30m"),
            ("half an hour", "30m"),
            ("half a year", "6mo"),
            ("einem halben jahr", "6mo"),
            ("an hour and a half", "90m"),
            ("one and a half hours", "90m"),
            ("eineinhalb jahre", "18mo"),
            ("two hours", "2h"),
            ("a day", "1d"),
            ("30m", "30m"),
            ("2std", "2h"),
            ("1,5 stunden", "90m"),
            ("1h30", "90m"),
            ("12 monaten", "12mo"),
            ("45 min", "45m"),
            ("eine stunde und 15 minuten", "75m"),
            ("dreiviertelstunde", "45m"),
            ("a quarter of an hour", "15m"),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(duration(&words), Some((want.to_owned(), words.len())), "{text}");
        }
        assert_eq!(duration(&["ein", "paar", "stunden"]), None);
        assert_eq!(duration(&["stunde"]), None);
    }
}
