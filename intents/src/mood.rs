//! Sentences that look like commands and are none: negations, reports, questions about doing, conditions and later times.

use crate::names::{Kind, Lattice};
use crate::reading::NoneReason;
use crate::text::{Text, Token};

mod words;

use words::{is_one, participle};

/// Why a clause is no command to act now; nothing when it may be one.
pub(crate) fn mood(text: &Text, lattice: &Lattice) -> Option<(NoneReason, String)> {
    let words: Vec<&str> = text.tokens.iter().map(|t| word(text, t)).collect();
    let second = words.get(1).copied().unwrap_or("");
    let asks = is_one("anything anybody anyone something you it that the we i he she they", second);
    let told = words
        .first()
        .filter(|w| is_one("did got ran took had", w) && text.mark != Some('?') && !(**w == "did" && asks));
    if let Some(first) = told.or_else(|| past_tense(&words)) {
        return Some((NoneReason::Report, (*first).to_owned()));
    }
    // "bin gerade dabei, …"
    if let Some(busy) =
        words.iter().position(|w| is_one("bin sind", w)).filter(|i| words[*i..].contains(&"dabei"))
    {
        return Some((NoneReason::Report, format!("{} … dabei", words[busy])));
    }
    taken_back(&words)
        .or_else(|| negated(&words))
        .map(|w| (NoneReason::Negated, w))
        .or_else(|| how_to(&words).map(|w| (NoneReason::HowTo, w)))
        .or_else(|| later(&words, text, lattice).map(|w| (NoneReason::Later, w)))
        .or_else(|| report(&words, text, lattice).map(|w| (NoneReason::Report, w)))
}

/// "we're" is no "were".
fn word<'a>(text: &Text, token: &'a Token) -> &'a str {
    let short = token.norm == "were"
        && text.raw.get(token.at.clone()).is_some_and(|raw| !raw.is_ascii() || raw.contains('\''));
    if short { "we" } else { &token.norm }
}

/// Whether a word takes the force from a command: negations, conditions, later times.
pub(crate) fn weakens(word: &str) -> bool {
    [words::NEGATION, words::CONDITION, words::LATER, words::WEEKDAY].iter().any(|list| is_one(list, word))
}

/// "Bumped grafana over lunch": who tells what he did leaves himself out.
fn past_tense<'a>(words: &'a [&'a str]) -> Option<&'a &'a str> {
    let first =
        words.iter().find(|w| !is_one(words::BEFORE_QUESTION, w) && !is_one("just already finally", w))?;
    let past = first.len() > 4
        && first.ends_with("ed")
        && !is_one("speed feed embed need exceed proceed succeed desired needed", first);
    past.then_some(first)
}

/// "… nee, lass mal", "… never mind", "vergiss …": what is said at the end or the beginning takes the rest back.
pub(crate) fn taken_back(words: &[&str]) -> Option<String> {
    const TURNS: [&str; 26] = [
        "lass ma",
        "lass mal",
        "lass es",
        "lass das",
        "lassen wir",
        "lass gut sein",
        "lass stecken",
        "vergiss es",
        "vergiss das",
        "doch nicht",
        "lieber nicht",
        "besser nicht",
        "nein danke",
        "nee danke",
        "ach nee",
        "nee",
        "ach nein",
        "never mind",
        "nevermind",
        "forget it",
        "forget that",
        "forget about it",
        "scratch that",
        "no thanks",
        "not now",
        "nope",
    ];
    let all = words.join(" ");
    let ends =
        |turn: &&&str| all.strip_suffix(**turn).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '));
    let begins = words.first().filter(|w| is_one("scratch forget vergiss vergesst spar nvm nevermind", w));
    const ANYWHERE: [&str; 6] =
        ["anders ueberlegt", "changed my mind", "dir sparen", "spar dir", "scrap that", "enough with"];
    let anywhere = ANYWHERE.iter().find(|turn| all.contains(*turn));
    if let Some(turn) = anywhere {
        return Some((*turn).to_owned());
    }
    let begins = begins.or_else(|| words.first().filter(|_| words.starts_with(&["never", "mind"])));
    begins.copied().or_else(|| TURNS.iter().find(ends).copied()).map(str::to_owned)
}

/// "nicht", "auf keinen Fall", "don't".
pub(crate) fn negated(words: &[&str]) -> Option<String> {
    let turns = [
        "vergiss nicht",
        "nicht vergessen",
        "dont forget",
        "do not forget",
        "dont hesitate",
        "why dont you",
        "warum nicht",
        "why not",
    ];
    let joined = words.join(" ");
    if turns.iter().any(|t| joined.contains(t)) {
        return None;
    }
    let at = |i: usize| words.get(i).copied().unwrap_or("");
    let says_no = |i: &usize| is_one(words::NEGATION, words[*i]) && !spent(words, *i);
    (0..words.len()).find(says_no).map(at).map(str::to_owned)
}

/// Whether a negation says why something is asked for, and not that it shall not be: "wird nicht mehr gebraucht", "geht nicht",
/// "nobody uses it any more", "not working".
fn spent(words: &[&str], at: usize) -> bool {
    let near =
        |range: std::ops::Range<usize>| words.get(range.start..range.end.min(words.len())).unwrap_or(&[]);
    let (before, after) = (near(at.saturating_sub(3)..at), near(at + 1..at + 5));
    let any = |part: &[&str], list: &str| part.iter().any(|w| is_one(list, w));
    let not = is_one("nicht nich nimmer nix not never isnt doesnt wont dont cant cannot nothing", words[at]);
    let courtesy = after.first().is_some_and(|w| is_one("mind hesitate", w));
    courtesy
        || is_one("no", words[at]) && after.first().is_some_and(|w| is_one(words::NO_AND, w))
        || !is_one("no kein keine keinen keiner", words[at]) && any(after, words::OF_USE)
        || not
            && (any(before, words::FAILS)
                || any(before, words::OF_USE)
                || any(&after[..after.len().min(2)], words::FAILS))
}

/// "soll ich …?", "wie installiert man …", "what happens if …".
fn how_to(words: &[&str]) -> Option<String> {
    let start = words.iter().position(|w| !is_one(words::BEFORE_QUESTION, w))?;
    let (first, second) = (words[start], words.get(start + 1).copied().unwrap_or(""));
    let third = words.get(start + 2).copied().unwrap_or("");
    let polite = is_one("du ihr you", second)
        && is_one(
            "kannst koenntest konntest wuerdest wurdest magst willst can could would will wirst",
            first,
        );
    if polite && is_one("even ueberhaupt denn", third) {
        return Some(format!("{first} {second} {third}"));
    }
    if polite {
        let general = |w: &&[&str]| {
            matches!(w[..2], ["how", "to"] | ["wie", "man"] | ["wie", "ich"] | ["how", "i"])
                || is_one("erklaeren erklaerst explain describe beschreiben", w[0])
                    && is_one("wie how", w[1])
                    && !is_one("du you", w.get(2).copied().unwrap_or(""))
        };
        return (0..words.len().saturating_sub(1))
            .map(|i| &words[i..words.len().min(i + 3)])
            .find(general)
            .map(|w| w[..2].join(" "));
    }
    if is_one("wie how", first) && !is_one("waere waers wars about", second) {
        return Some(format!("{first} {second}"));
    }
    if is_one(words::ASKING, first) && !(first == "when" && is_one("you u ur youre", second)) {
        return Some(first.to_owned());
    }
    if let Some(why) =
        words.iter().skip(start).take(4).find(|w| is_one("why whyd whys wieso weshalb warum howd", w))
    {
        return Some((*why).to_owned());
    }
    if is_one("can could koennen koennten kann koennte may", first)
        && is_one("we i wir ich", second)
        && words[start + 2..].iter().any(|w| is_one(words::ASKED_FOR, w))
    {
        return None;
    }
    if is_one(words::MODAL, first)
        && is_one(
            "ich man wir i we one jemand er sie es someone anybody he she they it denn eigentlich das",
            second,
        )
    {
        // "lass uns", "can we restart": the first is a request, the second a question.
        return Some(format!("{first} {second}"));
    }
    // "wäre es klüger, …?", "was meint ihr?"
    if is_one("waere waer ist macht", first)
        && second == "es"
        && is_one("klueger besser sinnvoll sinnvoller schlau gut ok okay schlimm", third)
    {
        return Some(format!("{first} es {third}"));
    }
    let tail = words.len().checked_sub(3).map(|at| words[at..].join(" ")).unwrap_or_default();
    if ["was meint ihr", "was meinst du", "was denkt ihr", "was denkst du", "do you think"]
        .contains(&tail.as_str())
    {
        return Some(tail);
    }
    let unsure = [
        "weisst du",
        "do you",
        "did you",
        "have you",
        "hast du",
        "kennst du",
        "what if",
        "ist es",
        "is it",
        "lohnt es",
        "is there",
    ];
    let pair = format!("{first} {second}");
    if unsure.contains(&pair.as_str()) || (first == "are" && second == "there") {
        return Some(pair);
    }
    if is_one(
        "ist sind war waren wurde wurden wird hat haben has have had is are was were does did do",
        first,
    ) && !third.is_empty()
        && !is_one("a", second)
    {
        let request = is_one("have", first);
        return (!request).then(|| first.to_owned());
    }
    let inside = [
        ["how", "to"],
        ["wie", "man"],
        ["wie", "ich"],
        ["ob", "ich"],
        ["ob", "wir"],
        ["whether", "to"],
        ["if", "i"],
    ];
    words.windows(2).find(|w| inside.iter().any(|i| i == w)).map(|w| w.join(" "))
}

/// "ich habe … neu gestartet", "I restarted …", "… wurde aktualisiert".
fn report(words: &[&str], text: &Text, lattice: &Lattice) -> Option<String> {
    let has_to = words.windows(2).any(|w| is_one("has have had", w[0]) && w[1] == "to");
    if has_to || words.iter().any(|w| is_one(words::WISH, w)) {
        return None;
    }
    let auxiliary = words.iter().find(|w| is_one(words::AUXILIARY, w));
    let done = words.iter().find(|w| participle(w));
    if let (Some(auxiliary), Some(done)) = (auxiliary, done) {
        return Some(format!("{auxiliary} … {done}"));
    }
    // "hab den Check laufen lassen"
    if is_one("hab habe haben hat haste", words.first().copied().unwrap_or("")) && words.contains(&"lassen") {
        return Some("hab … lassen".to_owned());
    }
    // No command says "restarted" or "finished".
    let make = words.iter().any(|w| is_one("mach mache machs", w));
    if let Some(done) = words.iter().find(|w| is_one(words::DONE, w) && !(make && **w == "fertig")) {
        return Some((*done).to_owned());
    }
    // "den Scan mach ich nachher"
    if let Some(own) = words.windows(2).find(|w| is_one(words::OWN_DOING, w[0]) && is_one("ich wir", w[1]))
        && text.mark != Some('?')
    {
        return Some(own.join(" "));
    }
    let subject = words.iter().position(|w| is_one(words::SUBJECT, w));
    let past = words.iter().position(|w| is_one(words::PAST, w));
    if let (Some(subject), Some(past)) = (subject, past)
        && past > subject
    {
        return Some(format!("{} … {}", words[subject], words[past]));
    }
    // "ich starte gerade grafana neu", "I'm restarting grafana"
    if let Some(first) = words.iter().position(|w| is_one("ich wir i im we were", w)).filter(|i| *i < 2) {
        let doing = |w: &&&str| {
            is_one(words::OWN_DOING, w)
                || (w.len() > 5
                    && w.ends_with("ing")
                    && !is_one("everything anything something nothing morning evening", w))
        };
        if let Some(next) = words[first + 1..].iter().take(3).find(doing) {
            return Some(format!("{} {next}", words[first]));
        }
    }
    if text.mark == Some('?') {
        return None;
    }
    // "jellyfin is restarting", "grafana läuft jetzt mit drei Replikas"
    let going = words
        .windows(2)
        .find(|w| is_one("is are was keeps kept started", w[0]) && w[1].len() > 5 && w[1].ends_with("ing"));
    going.map(|w| w.join(" ")).or_else(|| state(words, text, lattice))
}

/// A name and what it does: a statement, no command.
fn state(words: &[&str], text: &Text, lattice: &Lattice) -> Option<String> {
    let start = text.tokens.iter().position(|t| !t.skip && !is_one(words::BEFORE_QUESTION, &t.norm))?;
    let kinds = [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret];
    let edge = lattice.at(start).iter().filter(|e| kinds.contains(&e.kind)).max_by_key(|e| e.len())?;
    let verb = words.get(edge.end)?;
    is_one(words::STATE, verb).then(|| format!("{} {verb}", edge.written))
}

/// "wenn es ausfällt", "morgen um 3", "every night".
fn later(words: &[&str], text: &Text, lattice: &Lattice) -> Option<String> {
    let at = |i: usize| words.get(i).copied().unwrap_or("");
    for (i, word) in words.iter().enumerate() {
        let before = i.checked_sub(1).map_or("", &at);
        let (next, after) = (at(i + 1), at(i + 2));
        // "restart it once" is no condition.
        let last = i + 1 == words.len() && *word == "once";
        let case = (*word == "in" && next == "case" && !after.is_empty())
            || (matches!(*word, "im") && matches!(next, "fall" | "falle"));
        if case || (is_one(words::CONDITION, word) && !last && !polite_condition(words, i)) {
            return Some((*word).to_owned());
        }
        let clock =
            |w: &str| w.contains(':') || w.ends_with("am") && w.len() < 6 || w.ends_with("pm") && w.len() < 6;
        let hour = |w: &str| w.bytes().all(|b| b.is_ascii_digit()) && w.len() < 3 && !w.is_empty();
        let hit = match *word {
            _ if word.starts_with("erinner") || word.starts_with("remind") => true,
            "morgen" => !is_one("gestern heute guten", before),
            "morning" => is_one("tomorrow the", before),
            "abend" | "nacht" | "nachmittag" | "mittag" | "frueh" => {
                is_one("heute morgen jede jeden am", before)
            }
            "um" | "at" | "gegen" | "ab" => {
                clock(next)
                    || (hour(next) && (is_one("uhr oclock am pm", after) || after.is_empty()))
                    || is_one("midnight mitternacht noon night", next)
            }
            "in" | "after" | "nach" => {
                lattice.at(i + 1).iter().any(|e| {
                    let said = e.written.to_lowercase();
                    e.kind == Kind::Duration
                        && !["last", "past", "letzt", "vergangen", "previous"]
                            .iter()
                            .any(|w| said.contains(w))
                }) || (is_one("den the", next) && is_one("naechsten next kommenden coming", after))
            }
            "on" if after_part(after) => true,
            "am" | "on" | "bis" | "until" | "next" | "naechsten" | "kommenden" | "jeden" | "every"
            | "this" | "naechste" | "kommende" | "by" => is_one(words::WEEKDAY, next),
            "jede" | "jeder" | "each" => {
                is_one("nacht tag woche stunde minute monat stunden night day week hour month", next)
            }
            "alle" => lattice.at(i + 1).iter().any(|e| e.kind == Kind::Duration),
            _ if is_one(words::DAY, word) => !is_one("vom von from of seit since last letzten", before),
            _ => is_one(words::LATER, word),
        };
        if hit {
            let end = (i + 2).min(text.tokens.len());
            return Some(text.slice(i..end).to_owned());
        }
    }
    None
}

/// "on Thanksgiving morning"
fn after_part(word: &str) -> bool {
    is_one("morning afternoon evening night eve", word)
}

/// "wenn möglich", "if you can", "wäre nett, wenn du", "would be great if".
fn polite_condition(words: &[&str], at: usize) -> bool {
    let rest = words[at + 1..].iter().take(4).copied().collect::<Vec<_>>().join(" ");
    const POLITE: [&str; 31] = [
        "moeglich",
        "es geht",
        "es passt",
        "du kannst",
        "du magst",
        "du zeit",
        "du soweit",
        "du so weit",
        "du so nett",
        "du moechtest",
        "dus kannst",
        "es dir",
        "you can",
        "you could",
        "u can",
        "possible",
        "you get a",
        "you have",
        "you dont mind",
        "you would",
        "you please",
        "you like",
        "youre ready",
        "ur ready",
        "ready",
        "du bitte",
        "du den",
        "du die",
        "du das",
        "du willst",
        "you want",
    ];
    let wish = words[at.saturating_sub(5)..at].iter().any(|w| is_one(words::WISHED, w));
    wish || POLITE.iter().any(|p| rest.starts_with(p))
        || is_one("du", words.get(at + 1).copied().unwrap_or(""))
            && words.iter().any(|w| is_one("koenntest wuerdest", w))
}
