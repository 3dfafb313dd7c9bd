//! Stretches that say their value themselves: numbers, durations, days, versions, snapshots, severities.

use super::{Edge, Kind, Sort};
use crate::text::{Text, number};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Nouns that may stand beside a name of a kind.
pub(super) fn is_noun_for(kind: Kind, word: &str) -> bool {
    match kind {
        Kind::Service => matches!(
            word,
            "dienst"
                | "dienste"
                | "dienstes"
                | "service"
                | "services"
                | "container"
                | "containers"
                | "app"
                | "anwendung"
                | "instanz"
                | "instanzen"
                | "instance"
                | "instances"
                | "server"
                | "pod"
                | "pods"
                | "stack"
                | "deployment"
                | "applikation"
        ),
        Kind::Host => matches!(
            word,
            "host"
                | "server"
                | "node"
                | "knoten"
                | "rechner"
                | "maschine"
                | "machine"
                | "box"
                | "kiste"
                | "geraet"
                | "system"
                | "computer"
        ),
        Kind::Alert => matches!(
            word,
            "alarm"
                | "alarme"
                | "alarms"
                | "alert"
                | "alerts"
                | "warnung"
                | "warnungen"
                | "warning"
                | "warnings"
                | "meldung"
                | "meldungen"
                | "notification"
                | "notifications"
                | "benachrichtigung"
                | "benachrichtigungen"
        ),
        _ => false,
    }
}

/// Adds every such stretch that starts at a token.
pub(super) fn at(text: &Text, start: usize, add: &mut dyn FnMut(Edge)) {
    let words: Vec<&str> = text.tokens[start..].iter().take(8).map(|t| t.norm.as_str()).collect();
    let before = start.checked_sub(1).map_or("", |i| text.tokens[i].norm.as_str());
    let mut put = |kind: Kind, len: usize, value: String| {
        let end = start + len;
        let broken = text.tokens[start + 1..end].iter().any(|t| t.breaks.is_some_and(|b| b != '.'));
        if !broken && end <= text.tokens.len() {
            let written = text.slice(start..end).to_owned();
            add(Edge { start, end, kind, sort: Sort::Exact, values: vec![value], written });
        }
    };
    let word = words[0];
    if let Some(n) = number::number(word) {
        put(Kind::Count, 1, n.to_string());
        if !number::is_article(word) && word.bytes().all(|b| b.is_ascii_digit()) {
            put(Kind::Operation, 1, n.to_string());
        }
    }
    if let Some((value, len)) = duration(&words) {
        put(Kind::Duration, len, value);
    }
    if let Some((value, len)) = super::day::day(&words) {
        put(Kind::Day, len, value);
    }
    if let Some((value, len)) = version(text, start, before) {
        put(Kind::Version, len, value);
    }
    if let Some(value) = severity(word) {
        put(Kind::Severity, 1, value.to_owned());
    }
    if let Some(value) = snapshot(text, start, before) {
        put(Kind::Snapshot, 1, value);
    }
    let named = matches!(
        before,
        "operation"
            | "op"
            | "vorgang"
            | "vorgangs"
            | "entscheidung"
            | "decision"
            | "aktion"
            | "action"
            | "id"
    );
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    if named && mixed && (4..=26).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        put(Kind::Operation, 1, text.slice(start..start + 1).to_owned());
    }
    // "op-2f81": the hyphen parts it.
    let joined =
        text.tokens.get(start + 1).is_some_and(|t| t.joined && t.norm.bytes().any(|b| b.is_ascii_digit()));
    if word == "op" && joined {
        put(Kind::Operation, 2, text.slice(start..start + 2).to_lowercase());
    }
    if OPERATION.is_match(word) {
        put(Kind::Operation, 1, text.slice(start..start + 1).to_owned());
    }
    if let Some(len) = everything(&words) {
        put(Kind::All, len, "all".to_owned());
    }
    if matches!(word, "it" | "ihn" | "es" | "sie" | "ihm" | "them" | "that" | "das" | "den") {
        put(Kind::Pronoun, 1, word.to_owned());
    }
}

#[expect(clippy::unwrap_used, reason = "a constant pattern")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static OPERATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:[0-7][0-9a-hjkmnp-tv-z]{25}|[0-9][0-9a-z]{4,25}|op[0-9a-z]*[0-9][0-9a-z]*)$")
});
static VERSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"^v?\d+(?:\.\d+)+[a-z0-9]*$"));
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9a-f]{5,64}$"));
static MATCHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"[A-Za-z_][A-Za-z0-9_]*\s?(?:=~|!~|!=|>=|<=|=)\s?(?:"[^"\n]*"|[^\s,;"]+)(?:[ ,]+[A-Za-z_][A-Za-z0-9_]*(?:=~|!~|!=|>=|<=|=)(?:"[^"\n]*"|[^\s,;"]+))*"#,
    )
});

/// Where a text has matchers as Alertmanager writes them.
pub(super) fn matcher_spans(raw: &str) -> Vec<Range<usize>> {
    MATCHER.find_iter(raw).map(|m| m.range()).collect()
}

/// A duration, with "the last" or "the next" before it; "last hour" is one hour.
fn duration(words: &[&str]) -> Option<(String, usize)> {
    const NEAR: [&str; 22] = [
        "last",
        "past",
        "next",
        "coming",
        "previous",
        "letzte",
        "letzten",
        "letzter",
        "letztes",
        "vergangene",
        "vergangenen",
        "naechste",
        "naechsten",
        "naechster",
        "naechstes",
        "nachsten",
        "nachste",
        "kommende",
        "kommenden",
        "kommendes",
        "kommender",
        "folgenden",
    ];
    let article = usize::from(matches!(words[0], "der" | "den" | "die" | "das" | "dem" | "the"));
    let near = words.get(article).is_some_and(|w| NEAR.contains(w));
    if near {
        let rest = &words[article + 1..];
        if let Some((value, len)) = number::duration(rest) {
            return Some((value, len + article + 1));
        }
        if *rest.first()? == "halbe" && *rest.get(1)? == "stunde" {
            return Some(("30m".into(), article + 3));
        }
        let unit = rest.first()?;
        let (value, len) = match *unit {
            "quartal" | "quarter" => ("3mo".to_owned(), 1),
            _ => number::duration(&["1", unit])?,
        };
        return Some((value, len.min(1) + article + 1));
    }
    number::duration(words)
}

fn version(text: &Text, start: usize, before: &str) -> Option<(String, usize)> {
    let word = text.tokens[start].norm.as_str();
    let named = matches!(before, "version" | "release" | "v" | "tag");
    let plain = word.strip_prefix('v').unwrap_or(word);
    let digits = plain.bytes().all(|b| b.is_ascii_digit()) && !plain.is_empty();
    if !(VERSION.is_match(word)
        || (digits && (named || word.starts_with('v')))
        || (named && word.starts_with(|c: char| c.is_ascii_digit())))
    {
        return None;
    }
    let mut end = start + 1;
    while text.tokens.get(end).is_some_and(|t| t.joined) {
        end += 1;
    }
    let written = text.slice(start..end);
    let value = written.strip_prefix(['v', 'V']).unwrap_or(written).trim_end_matches(':');
    Some((value.to_owned(), end - start))
}

fn severity(word: &str) -> Option<&'static str> {
    Some(match word {
        "critical" | "critically" | "kritisch" | "kritische" | "kritischen" | "kritischer" | "kritisches"
        | "crit" | "criticals" => "critical",
        "warning" | "warnings" | "warnung" | "warnungen" | "warnmeldung" | "warnmeldungen"
        | "warnhinweise" | "warn" | "warnstufe" => "warning",
        "info" | "infos" | "infomeldung" | "infomeldungen" | "informational" | "informativ"
        | "informative" | "informativen" => "info",
        _ => return None,
    })
}

fn snapshot(text: &Text, start: usize, before: &str) -> Option<String> {
    let word = text.tokens[start].norm.as_str();
    if matches!(
        word,
        "latest"
            | "newest"
            | "neueste"
            | "neuesten"
            | "neuester"
            | "neustes"
            | "neuestes"
            | "neusten"
            | "juengste"
            | "juengsten"
            | "aktuellste"
            | "aktuellsten"
    ) {
        return Some("latest".to_owned());
    }
    let next = text.tokens.get(start + 1).map_or("", |t| t.norm.as_str());
    if matches!(
        word,
        "last"
            | "letzte"
            | "letzten"
            | "letztem"
            | "letzter"
            | "letztes"
            | "recent"
            | "juengstem"
            | "neuestem"
    ) && matches!(
        next,
        "snapshot" | "backup" | "sicherung" | "stand" | "snapshots" | "sicherungsstand" | "datensicherung"
    ) {
        return Some("latest".to_owned());
    }
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    let named = matches!(
        before,
        "snapshot" | "snap" | "id" | "nr" | "nummer" | "number" | "sicherung" | "backup" | "stand"
    ) && word.bytes().any(|b| b.is_ascii_digit())
        && number::duration(&[word]).is_none();
    ((HASH.is_match(word) && mixed) || named).then(|| text.slice(start..start + 1).to_owned())
}

fn everything(words: &[&str]) -> Option<usize> {
    let next = words.get(1).copied().unwrap_or("");
    let things = |w: &str| {
        matches!(
            w,
            "dienste"
                | "diensten"
                | "services"
                | "server"
                | "hosts"
                | "systeme"
                | "systems"
                | "rechner"
                | "maschinen"
                | "machines"
                | "knoten"
                | "nodes"
                | "container"
                | "containers"
                | "daten"
                | "data"
        )
    };
    match words[0] {
        "alles" | "allem" | "everything" | "saemtliches" => Some(1),
        "alle" | "allen" | "aller" | "all" | "saemtliche" | "saemtlichen" | "every" => {
            let at = 1 + usize::from(matches!(
                next,
                "meine"
                    | "meiner"
                    | "meinen"
                    | "unsere"
                    | "unserer"
                    | "unseren"
                    | "der"
                    | "die"
                    | "den"
                    | "the"
                    | "my"
                    | "our"
                    | "of"
            ));
            let at = at + usize::from(at == 2 && matches!(words.get(2), Some(&("the" | "my" | "our"))));
            Some(if words.get(at).is_some_and(|w| things(w)) { at + 1 } else { 1 })
        }
        "the" | "das" | "my" if matches!(next, "whole" | "ganze" | "entire" | "gesamte") => {
            Some(if words.len() > 2 { 3 } else { 2 })
        }
        _ => None,
    }
}
