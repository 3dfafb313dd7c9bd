//! What no template fits: cues and classifier together, with what is named in the message.

use super::clauses::spoils;
use super::outcome::parts;
use crate::ask;
use crate::clause::clauses;
use crate::ground::ground;
use crate::mood::{mood, taken_back};
use crate::names::{Kind, Sort};
use crate::reading::{NoneReason, Outcome, Slots};
use crate::text::Text;
use crate::understanding::{Draft, Message, Understanding};

/// "kannst du …?", "would you …?": a question in form, a request in meaning.
pub(crate) fn polite_question(text: &Text) -> bool {
    text.tokens.windows(2).take(6).any(|w| {
        matches!(
            w[0].norm.as_str(),
            "kannst"
                | "koenntest"
                | "konntest"
                | "wuerdest"
                | "wurdest"
                | "magst"
                | "willst"
                | "can"
                | "could"
                | "would"
                | "will"
        ) && matches!(w[1].norm.as_str(), "du" | "you")
    }) || text.tokens.windows(2).any(|w| {
        matches!(
            (w[0].norm.as_str(), w[1].norm.as_str()),
            ("koenntest" | "kannst" | "wuerdest", "du") | ("could" | "can" | "would", "you")
        )
    }) || text.tokens.iter().any(|t| matches!(t.norm.as_str(), "bitte" | "please"))
}

/// Whether the message is talk about a command instead of one.
pub(super) fn blocked(message: &Message<'_>, draft: &mut Draft) -> Option<NoneReason> {
    let (reason, said) = mood(&message.text, &message.lattice)?;
    let (top, p) = *message.ranked().first()?;
    let best = if top < message.specs.len() { Some(top) } else { message.cues.first().map(|c| c.intent) };
    let Some(best) = best else {
        // "starte grafana auf keinen Fall neu": what the classifier takes for talk anyway.
        let talk = names_something(message).then_some(reason)?;
        draft.note("modality", format!("{reason}: {said}"));
        return Some(talk);
    };
    let spec = message.specs[best];
    let blocks = if spec.changes
        || (p < 0.6 || (p < 0.9 && !message.has_cue(best)))
            && message.cues.iter().any(|c| message.specs[c.intent].changes)
    {
        true
    } else {
        let strict = [
            "soll",
            "should",
            "how to",
            "how do",
            "how can",
            "how would",
            "wie kann",
            "wie man",
            "wie ich",
            "wie koennte",
            "shall",
            "darf",
            "may",
            "kann man",
            "erklaer",
            "explain how",
            "describe",
        ];
        match reason {
            NoneReason::HowTo => {
                let why = ["why", "warum", "wieso", "weshalb"].iter().any(|s| said.starts_with(s));
                strict.iter().any(|s| said.starts_with(s)) || (why && spec.name != "explain_decision")
            }
            NoneReason::Negated | NoneReason::Later if p >= 0.9 => false,
            NoneReason::Later => !matches!(spec.name.as_str(), "subscribe_alerts" | "plan_capacity"),
            NoneReason::Negated => {
                let words: Vec<&str> = message.text.tokens.iter().map(|t| t.norm.as_str()).collect();
                let forbids = |w: &&str| {
                    matches!(*w, "dont" | "never" | "niemals" | "keinesfalls" | "bloss" | "kein" | "keine")
                };
                spec.name != "silence_alert" && (words.iter().any(forbids) || taken_back(&words).is_some())
            }
            NoneReason::Report => {
                said.starts_with("ich")
                    || said.starts_with("i ")
                    || said.starts_with("wir")
                    || said.starts_with("we ")
                    || said.starts_with("hab")
                    || said.ends_with(" ich")
                    || said.ends_with(" wir")
                    || matches!(said.as_str(), "did" | "got" | "ran" | "took" | "had")
            }
            _ => false,
        }
    };
    if !blocks {
        return None;
    }
    draft.note("modality", format!("{reason}: {said}"));
    Some(reason)
}

/// Cues and classifier, over the whole message and over its sentences; `stop` is why the whole is no command.
pub(super) fn read(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    stop: Option<NoneReason>,
) -> Vec<Outcome> {
    note(message, draft);
    if crate::suspect::is_paste(&message.text.raw) {
        draft.note("modality", "pasted from a log or a file");
        return vec![Outcome::None(NoneReason::NotOurs)];
    }
    let verdict = judge(message);
    let told = |reason: &NoneReason| matches!(reason, NoneReason::Report | NoneReason::Negated);
    let stop = stop.filter(|reason| !(told(reason) && asks_besides(on, message)));
    if let (None, Some(class), Some(why)) = (stop, verdict.class, verdict.sure) {
        draft.note("agreement", why);
        return ground(message.specs[class], &message.text, &message.lattice, message.names);
    }
    if let Some(outcomes) = sentences(on, message, draft, stop) {
        return outcomes;
    }
    if let Some(reason) = stop {
        return vec![Outcome::None(reason)];
    }
    let ranked = message.ranked();
    let Some(class) = verdict.class else {
        return nothing(on, message, draft, &ranked);
    };
    let p = message.scores[class];
    let asks = names_something(message) && p >= 0.6;
    if statement(&message.text) && p < 0.9 && !asks {
        draft.note("modality", "a statement");
        return vec![Outcome::None(NoneReason::NotOurs)];
    }
    let cue = message.has_cue(class);
    if (p < 0.3 && !cue) || !(names_something(message) || cue || p >= 0.7) {
        draft.note("agreement", "too unsure");
        return vec![Outcome::None(NoneReason::NotOurs)];
    }
    doubt(on, message, draft, &ranked)
}

/// Whether one part of a message tells something and another asks: "der pi5 ist eingefroren, boote ihn neu". What is
/// negated may not be what is asked for.
fn asks_besides(on: &Understanding, message: &Message<'_>) -> bool {
    let (top, p) = message.ranked()[0];
    let parts: Vec<_> = clauses(&message.text, false)
        .into_iter()
        .map(|range| on.message(message.text.part(range), message.names))
        .collect();
    let asks = |part: &Message<'_>| {
        part.text.tokens.len() > 1
            && mood(&part.text, &part.lattice).is_none()
            && !statement(&part.text)
            && (part.scores[top] >= 0.4 || p >= 0.9)
    };
    let forbids = |part: &Message<'_>| {
        matches!(mood(&part.text, &part.lattice), Some((NoneReason::Negated, _)))
            && (part.has_cue(top) || part.scores[top] >= 0.3)
    };
    parts.len() > 1 && parts.iter().any(asks) && !parts.iter().any(forbids)
}

fn note(message: &Message<'_>, draft: &mut Draft) {
    for cue in message.cues.iter().take(4) {
        draft.note("cues", format!("{}: {}", message.name(cue.intent), cue.text));
    }
    let said: Vec<String> =
        message.ranked().iter().take(3).map(|(c, p)| format!("{} {p:.2}", message.name(*c))).collect();
    draft.note("classifier", format!("{} ({:.0} % known)", said.join(", "), message.known * 100.0));
    if let Some(near) = message.near {
        draft.note(
            "nearest",
            format!("{} {:.2}, like {:.2}", message.name(near.class), near.share, near.likeness),
        );
    }
}

/// What classifier, cues and examples make of a message or a part of it.
struct Verdict {
    /// The likeliest intent; nothing when talk is likelier than any.
    class: Option<usize>,
    /// Which readers agree, when they are sure enough to act on it.
    sure: Option<&'static str>,
}

/// The intent that the readers are sure of.
pub(super) fn sure(message: &Message<'_>) -> Option<usize> {
    let verdict = judge(message);
    verdict.class.filter(|_| verdict.sure.is_some())
}

fn judge(message: &Message<'_>) -> Verdict {
    let ranked = message.ranked();
    let (top, p) = ranked[0];
    // Of a log line or another language little is known, and what little there is says nothing.
    let unknown = message.known < 0.35;
    let Some(spec) = message.specs.get(top).filter(|_| !unknown) else {
        return Verdict { class: None, sure: None };
    };
    let cue = message.has_cue(top);
    let rival = ranked[1].1;
    let question = message.text.mark == Some('?') && !polite_question(&message.text);
    // Another voice: the cues, or the catalogue's sentences that are most like the message.
    let like = message.near.is_some_and(|n| n.class == top && n.share >= 0.4 && n.likeness >= 0.3);
    // By its meaning, too, it asks for this: then less of the other voices is enough.
    let meant = message.meant == Some(top);
    let named = names_something(message);
    // "rationale for the postgres restart"
    let looks =
        message.cues.iter().any(|c| !message.specs[c.intent].changes && message.scores[c.intent] >= 0.01);
    let sure = if spec.changes {
        let enough = match (named, meant) {
            (true, true) => 0.5,
            (true, false) => 0.6,
            (false, true) => 0.8,
            (false, false) => 0.85,
        };
        !question
            && !looks
            && !bare(message)
            && (cue || like || (meant && p >= 0.85))
            && p >= enough
            && rival <= 0.3
    } else if named {
        p >= 0.85 || (p >= 0.5 && (cue || like || meant) && !(p < 0.7 && statement(&message.text)))
    } else {
        let alike = message.near.is_some_and(|n| n.class == top && n.likeness >= 0.45);
        ((p >= 0.93 && (cue || alike))
            || (p >= 0.75 && cue && like)
            || (p >= 0.7 && meant && (cue || like))
            || (p >= 0.85 && (cue || like) && message.known >= 0.8))
            && !(p < 0.95 && statement(&message.text))
    };
    let why = match (cue, like) {
        (true, _) => "cues and classifier agree",
        (_, true) => "examples and classifier agree",
        _ => "the classifier is sure",
    };
    Verdict { class: Some(top), sure: sure.then_some(why) }
}

/// One sentence of a message may ask for something that the others give the reason for.
fn sentences(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    stop: Option<NoneReason>,
) -> Option<Vec<Outcome>> {
    let ranges = clauses(&message.text, false);
    if ranges.len() < 2 {
        return None;
    }
    let comma = |at: usize| message.text.tokens.get(at).is_some_and(|t| t.breaks == Some(','));
    let mut best: Option<(f32, usize, usize)> = None;
    for (at, range) in ranges.iter().enumerate() {
        // "Kannst du mir erklären, wie man …": the question is what is asked for.
        if stop == Some(NoneReason::HowTo) && (comma(range.start) || comma(range.end)) {
            continue;
        }
        let part = on.message(message.text.part(range.clone()), message.names);
        let Verdict { class: Some(class), sure: Some(_) } = judge(&part) else { continue };
        let calm = mood(&part.text, &part.lattice).is_none();
        let seconded = part.has_cue(class) || message.scores[class] >= 0.2;
        let calm = calm && !(message.specs[class].changes && statement(&part.text));
        if calm && seconded && best.is_none_or(|b| b.0 < part.scores[class]) {
            best = Some((part.scores[class], at, class));
        }
    }
    let (_, at, class) = best?;
    let spec = message.specs[class];
    draft.note("classifier", format!("{} in `{}`", spec.name, message.text.slice(ranges[at].clone())));
    for range in ranges.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, r)| r) {
        if let Some(reason) = spoils(on, message, range, &[class], comma(range.end)) {
            draft.note("modality", format!("{}: {reason}", message.text.slice(range.clone())));
            return Some(vec![Outcome::None(reason)]);
        }
    }
    Some(ground(spec, &message.text, &message.lattice, message.names))
}

/// Whether a message tells something: a verb in second place and no question.
pub(super) fn statement(text: &Text) -> bool {
    const VERB: [&str; 34] = [
        "ist", "sind", "war", "waren", "hat", "hatte", "haben", "sieht", "steht", "stehen", "bin", "finde",
        "finden", "mag", "liebe", "nutze", "nutzen", "bedeutet", "heisst", "is", "are", "was", "were", "has",
        "had", "looks", "seems", "suck", "sucks", "am", "like", "love", "find", "use",
    ];
    const OPENS: [&str; 26] = [
        "was", "wie", "wer", "wo", "wann", "welche", "welcher", "welches", "warum", "wieso", "weshalb",
        "what", "whats", "how", "hows", "who", "whos", "where", "when", "which", "why", "ob", "if",
        "whether", "wieviel", "that",
    ];
    let words: Vec<&str> = text.tokens.iter().map(|t| t.norm.as_str()).collect();
    if text.mark == Some('?') || words.iter().any(|w| OPENS.contains(w)) || polite_question(text) {
        return false;
    }
    // "jellyfin's back on 10.8"
    let is = text.tokens.windows(2).any(|w| {
        let raw = text.raw.get(w[0].at.clone()).unwrap_or_default();
        raw.ends_with("'s")
            && matches!(
                w[1].norm.as_str(),
                "back" | "up" | "down" | "on" | "running" | "done" | "fixed" | "gone"
            )
    });
    is || words.iter().skip(1).any(|w| VERB.contains(w)) && !words.first().is_some_and(|w| VERB.contains(w))
}

/// Whether anything of the homelab is named.
fn names_something(message: &Message<'_>) -> bool {
    [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret]
        .iter()
        .any(|k| !message.lattice.named(*k).is_empty())
}

/// The classifier takes it for talk: only strong cues beside a name lead to a question.
fn nothing(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    ranked: &[(usize, f32)],
) -> Vec<Outcome> {
    let named = names_something(message);
    let (second, p) = ranked[1];
    let like = message.near.is_some_and(|n| n.class == second && n.share >= 0.6);
    if named && message.has_cue(second) && (p >= 0.1 || message.none() < 0.8)
        || like && p >= 0.2 && (named || !message.lattice.named(Kind::Pronoun).is_empty())
    {
        return doubt(on, message, draft, &ranked[1..]);
    }
    vec![Outcome::None(NoneReason::NotOurs)]
}

/// Whether a message names something and says nothing about it.
fn bare(message: &Message<'_>) -> bool {
    const SMALL: [&str; 16] = [
        "on", "auf", "at", "in", "im", "to", "zu", "fuer", "fur", "for", "und", "and", "von", "of", "mit",
        "with",
    ];
    let says_itself = |i: usize| {
        let found =
            message.lattice.iter().filter(|e| e.sort <= Sort::Ambiguous && (e.start..e.end).contains(&i));
        found.into_iter().any(|e| !matches!(e.kind, Kind::Pronoun | Kind::All | Kind::Severity | Kind::Scope))
    };
    let tokens = message.text.tokens.iter().enumerate();
    tokens.into_iter().all(|(i, t)| t.skip || SMALL.contains(&t.norm.as_str()) || says_itself(i))
}

/// "A or B?"
fn doubt(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    ranked: &[(usize, f32)],
) -> Vec<Outcome> {
    let bare = bare(message);
    let fits = |class: usize, p: f32| {
        let Some(spec) = message.specs.get(class) else { return false };
        // A bare name asks for nothing: what is offered then changes nothing.
        if bare { !spec.changes } else { p >= 0.08 || (message.has_cue(class) && p >= 0.02) }
    };
    let likely = ranked.iter().filter(|(class, p)| fits(*class, *p));
    let mut options: Vec<(String, Slots)> = Vec::new();
    for (class, _) in likely {
        let outcomes = ground(message.specs[*class], &message.text, &message.lattice, message.names);
        options.extend(outcomes.first().and_then(parts).filter(|(_, slots)| !bare || !slots.is_empty()));
        if options.len() == 3 {
            break;
        }
    }
    if options.is_empty() {
        return vec![Outcome::None(NoneReason::NotOurs)];
    }
    draft.note("agreement", "in doubt: the person is asked");
    vec![Outcome::Ask(ask::which(on.catalogue(), &options, draft.lang))]
}
