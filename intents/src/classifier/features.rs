//! A sentence as features: words, pairs of words, runs of letters.

use crate::names::{Edge, Kind, Lattice, Sort};
use crate::text::Text;

/// The folded words of a sentence with names and numbers replaced by what they are.
pub(crate) fn delexicalise(text: &Text, lattice: &Lattice) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        let named = lattice
            .at(at)
            .iter()
            .filter(|e| e.sort <= Sort::Fuzzy && tag(e).is_some())
            .max_by_key(|e| (rank(e), e.len()));
        if let Some(edge) = named {
            out.push(tag(edge).unwrap_or("@name").to_owned());
            at = edge.end;
            continue;
        }
        out.push(plain(&text.tokens[at].norm));
        at += 1;
    }
    out
}

/// "zurueck" and "zuruck" are one word, as sloppy people type.
fn plain(word: &str) -> String {
    word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

pub(crate) fn rank(edge: &Edge) -> u8 {
    match edge.kind {
        Kind::Secret | Kind::Alert | Kind::Matcher => 3,
        Kind::Service | Kind::Host => 2,
        _ => 1,
    }
}

pub(crate) fn tag(edge: &Edge) -> Option<&'static str> {
    Some(match edge.kind {
        Kind::Service => "@service",
        Kind::Host => "@host",
        Kind::Alert => "@alert",
        Kind::Secret => "@secret",
        Kind::Matcher => "@matcher",
        Kind::Duration => "@dur",
        Kind::Version => "@ver",
        Kind::Day => "@day",
        Kind::Snapshot if !edge.written.chars().all(char::is_alphabetic) => "@snap",
        Kind::Count if edge.written.starts_with(|c: char| c.is_ascii_digit()) => "@num",
        Kind::Count if !crate::text::number::is_article(&edge.written.to_lowercase()) => "@num",
        _ => return None,
    })
}

/// A word that stands for any name or number of a tag, for readers that know whole sentences.
pub(crate) fn stand_in(tag: &str) -> &'static str {
    match tag {
        "host" | "node" => "SERVER",
        "alert" | "matcher" => "ALERT",
        "secret" => "SECRET",
        "dur" | "duration" => "2h",
        "ver" | "version" => "1.2.3",
        "day" => "2024-10-01",
        "snap" => "a81bd0",
        "num" => "3",
        _ => "SERVICE",
    }
}

/// Hashed features with their weights, scaled to length 1.
pub(crate) fn features(words: &[String]) -> Vec<(u64, f32)> {
    let mut out: Vec<(u64, f32)> = Vec::with_capacity(words.len() * 16);
    let mut put = |sort: u8, parts: &[&str], weight: f32| out.push((hash(sort, parts), weight));
    let content: Vec<&str> =
        words.iter().map(String::as_str).filter(|w| !crate::text::is_skippable(w)).collect();
    let first = content.first().copied().unwrap_or("");
    let last = content.last().copied().unwrap_or("");
    put(0, &[first], 0.5);
    put(1, &[last], 0.5);
    put(2, &[first, last], 0.7);
    let mut before = "^";
    for (i, word) in content.iter().enumerate() {
        put(3, &[word], 1.0);
        put(4, &[before, word], 0.8);
        if let Some(after) = content.get(i + 2) {
            put(5, &[word, after], 0.5);
        }
        before = word;
        if !word.starts_with('@') && word.len() > 3 {
            let chars: Vec<char> =
                std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')).collect();
            for n in [3, 4, 5] {
                for run in chars.windows(n) {
                    let run: String = run.iter().collect();
                    put(6, &[&run], 0.35);
                }
            }
        }
    }
    put(4, &[before, "$"], 0.8);
    out.sort_unstable_by_key(|f| f.0);
    out.dedup_by(|a, b| a.0 == b.0);
    let length = out.iter().map(|f| f.1 * f.1).sum::<f32>().sqrt().max(f32::EPSILON);
    out.iter_mut().for_each(|f| f.1 /= length);
    out
}

/// FNV-1a: the same on every machine.
fn hash(sort: u8, parts: &[&str]) -> u64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |b: u8| h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    eat(sort);
    for part in parts {
        part.bytes().for_each(&mut eat);
        eat(0);
    }
    h
}
