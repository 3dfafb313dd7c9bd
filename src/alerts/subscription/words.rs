//! The words of a wish, in English and German.

use super::Clause;
use crate::alerts::Severity;

/// What a bare word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Clause(Clause),
    /// All alerts.
    Everything,
    Mention,
    /// That one of the things before and behind it is enough.
    Or,
    /// That both things before and behind it are meant together: `HighLoad on pi4`.
    On,
    Filler,
    Severity(Severity),
    /// The name of an alert.
    Alert(String),
    /// The name of a host, a service or whatever else an alert is about.
    Thing(String),
    /// No name of anything.
    Odd(String),
}

/// Reads one word, as it stands between separators.
pub(super) fn word(text: &str) -> Word {
    let bare = text.trim_end_matches(['.', '!', '?', ';', ':']);
    let lower = bare.to_lowercase();
    match lower.as_str() {
        "" | "-" | "–" | "&" | "+" | "and" | "und" | "sowie" | "or" | "oder" => Word::Or,
        "except" | "außer" | "ausser" | "without" | "ohne" | "excluding" | "not" | "nicht" => {
            Word::Clause(Clause::Except)
        }
        "quiet" | "silent" | "ruhe" | "ruhig" | "nachtruhe" | "ruhezeit" | "still" | "leise" => {
            Word::Clause(Clause::Quiet)
        }
        "unless" => Word::Clause(Clause::Unless),
        "digest" | "summary" | "daily" | "sammeln" | "gesammelt" | "sammle" | "zusammenfassung"
        | "täglich" => Word::Clause(Clause::Digest),
        "repeat" | "remind" | "wiederholen" | "wiederhole" | "erinnere" | "erinnern" => {
            Word::Clause(Clause::Repeat)
        }
        "everything" | "all" | "any" | "every" | "each" | "alles" | "alle" | "allen" | "jeden" | "jede"
        | "jeder" => Word::Everything,
        "mention" | "ping" | "erwähne" | "erwähnen" | "erwähnung" => Word::Mention,
        "on" | "at" | "from" | "of" | "in" | "auf" | "von" | "vom" | "bei" | "im" | "aus" => Word::On,
        "me" | "mich" | "mir" | "us" | "uns" | "to" | "for" | "about" | "the" | "a" | "an" | "is" | "are"
        | "it" | "that" | "only" | "please" | "when" | "if" | "with" | "but" | "alert" | "alerts"
        | "alarm" | "alarms" | "message" | "messages" | "notification" | "notifications" | "host"
        | "hosts" | "node" | "nodes" | "service" | "services" | "i" | "we" | "want" | "tell" | "notify"
        | "send" | "subscribe" | "ich" | "wir" | "will" | "wollen" | "möchte" | "sag" | "sage" | "melde"
        | "bescheid" | "benachrichtige" | "informiere" | "abonniere" | "abonnieren" | "severity"
        | "worse" | "hours" | "zu" | "zum" | "zur" | "für" | "über" | "der" | "die" | "das" | "den"
        | "dem" | "des" | "ein" | "eine" | "ist" | "sind" | "nur" | "bitte" | "wenn" | "mit" | "aber"
        | "alarme" | "alarmen" | "meldung" | "meldungen" | "dienst" | "dienste" | "rechner" | "knoten"
        | "schlimmer" | "uhr" | "know" | "let" | "inform" | "warn" | "goes" | "whenever" | "once" | "now"
        | "problem" | "problems" | "issues" | "informier" | "benachrichtigen" | "gib" | "sobald"
        | "falls" | "sagen" | "geben" | "jedem" | "jetzt" | "ab" | "künftig" | "problemen" | "ausfällt"
        | "auch" | "hier" | "here" => Word::Filler,
        _ => name(bare, &lower),
    }
}

fn name(bare: &str, lower: &str) -> Word {
    if let Some(severity) = severity(lower) {
        return Word::Severity(severity);
    }
    let right = |c: char| c.is_alphanumeric() || "._-:/@".contains(c);
    let is_name = bare.starts_with(char::is_alphanumeric) && bare.chars().all(right);
    let is_time = bare.chars().all(|c| c.is_ascii_digit() || ":.-–".contains(c)) && bare.contains(':');
    if !is_name || is_time || !bare.contains(char::is_alphabetic) && bare.len() < 4 {
        return Word::Odd(bare.to_owned());
    }
    let mut tail = bare.chars().skip_while(|c| !c.is_lowercase());
    let camel = bare.starts_with(char::is_uppercase)
        && tail.any(char::is_uppercase)
        && bare.chars().all(|c| c.is_alphanumeric() || c == '_');
    if camel { Word::Alert(bare.to_owned()) } else { Word::Thing(bare.to_owned()) }
}

/// A severity as people say it: `warnings`, `kritische`.
pub(super) fn severity(word: &str) -> Option<Severity> {
    let lower = word.to_lowercase();
    let known = |word: &str| Severity::known(word).map(canonical);
    // The endings of German adjectives and of plurals.
    known(&lower).or_else(|| {
        let endings = ["en", "er", "es", "em", "e", "s"];
        endings.iter().find_map(|ending| known(lower.strip_suffix(ending)?))
    })
}

/// The English word for a German one, because it is compared with labels and shown.
fn canonical(severity: Severity) -> Severity {
    let english = match severity.as_str() {
        "kritisch" => "critical",
        "fehler" => "error",
        "warnung" => "warning",
        "hinweis" => "info",
        _ => return severity,
    };
    Severity::of(Some(english))
}

/// How long the units are, the largest first, in milliseconds.
const UNITS: [(i64, &[&str]); 5] = [
    (604_800_000, &["w", "week", "weeks", "woche", "wochen"]),
    (86_400_000, &["d", "day", "days", "tag", "tage", "tagen"]),
    (3_600_000, &["h", "hour", "hours", "std", "stunde", "stunden"]),
    (60_000, &["m", "min", "minute", "minutes", "minuten"]),
    (1_000, &["s", "sec", "second", "seconds", "sekunde", "sekunden"]),
];

/// Such as `2h` or `1h30m`, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = rest[..end].to_lowercase();
        let (ms, _) = UNITS.iter().find(|(_, names)| names.contains(&unit.as_str()))?;
        sum = sum.checked_add(number.checked_mul(*ms)?)?;
        rest = &rest[end..];
    }
    (!text.is_empty()).then_some(sum)
}

/// The unit of that name, in milliseconds.
pub(super) fn is_unit(word: &str) -> bool {
    let word = word.to_lowercase();
    UNITS.iter().any(|(_, names)| names.contains(&word.as_str()))
}

/// `2h`, `90m`: the largest unit that divides it.
pub(super) fn duration(ms: i64) -> String {
    let unit = UNITS.iter().find(|(unit, _)| ms % unit == 0);
    unit.map_or_else(|| format!("{}s", ms / 1_000), |(unit, names)| format!("{}{}", ms / unit, names[0]))
}
