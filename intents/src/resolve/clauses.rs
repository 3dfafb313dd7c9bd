//! The templates over the clauses of a message; a pronoun or a bare verb takes the name that stands beside it.

use super::outcome::{outcomes, parts};
use super::{loose, promote};
use crate::Lang;
use crate::ask;
use crate::catalogue::{Catalogue, IntentSpec, SlotType};
use crate::clause::clauses;
use crate::ground::ground;
use crate::mood::{mood, taken_back};
use crate::names::{Kind, Sort};
use crate::reading::{Ask, NoneReason, Outcome, Slots};
use crate::text::Text;
use crate::understanding::{Draft, Message, Understanding};
use std::ops::Range;

/// A clause that a template fits.
struct Hit {
    intent: usize,
    outcomes: Vec<Outcome>,
    said: String,
    /// What the classifier gives the clause.
    score: f32,
    /// Where its clause begins and ends.
    start: usize,
    end: usize,
    /// A name was carried over from another clause.
    carried: bool,
}

pub(super) fn read(on: &Understanding, message: &Message<'_>, draft: &mut Draft) -> Option<Vec<Outcome>> {
    for at_words in [false, true] {
        let parts = clauses(&message.text, at_words);
        if parts.len() > 1
            && let Some(out) = read_parts(on, message, draft, &parts)
        {
            return Some(out);
        }
    }
    None
}

fn read_parts(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    cuts: &[Range<usize>],
) -> Option<Vec<Outcome>> {
    let (mut hits, mut rest, mut at) = (Vec::new(), Vec::new(), 0);
    while at < cuts.len() {
        // The longest run of clauses that a template fits as one.
        let found = (at + 1..=cuts.len()).rev().find_map(|end| {
            let whole = at == 0 && end == cuts.len();
            let range = cuts[at].start..cuts[end - 1].end;
            (!whole).then(|| read_one(on, message, &range)).flatten().map(|hit| (hit, end))
        });
        match found {
            Some((hit, end)) => {
                hits.push(Hit { start: cuts[at].start, end: cuts[end - 1].end, ..hit });
                at = end;
            }
            None => {
                rest.push(cuts[at].clone());
                at += 1;
            }
        }
    }
    if hits.is_empty() {
        return None;
    }
    if let [hit] = hits.as_slice()
        && doubted(message, hit.intent)
    {
        return None;
    }
    // "Was hat dich dazu bewogen, grafana neu zu starten?": one question, and no request beside it.
    let question = message.text.mark == Some('?') && !loose::polite_question(&message.text);
    if question && hits.len() > 1 && !message.specs[hits[0].intent].changes {
        hits.retain(|h| !message.specs[h.intent].changes);
    }
    // "… also das Backup von heute" explains what was said before it; "also restart jellyfin" asks for more.
    let explains = |h: &Hit| match message.text.tokens.get(h.start).map_or("", |t| t.norm.as_str()) {
        "also" => draft.lang == Lang::De,
        word => matches!(word, "sprich" | "heisst" | "meaning" | "namely"),
    };
    let begins = hits[0].start;
    hits.retain(|h| h.start == begins || !(h.carried && explains(h)));
    let asked: Vec<usize> = hits.iter().map(|h| h.intent).collect();
    // "hab den Check schon laufen lassen, alles grün"
    let names_nothing = |h: &Hit| h.outcomes.iter().filter_map(parts).all(|(_, slots)| slots.is_empty());
    if let [hit] = hits.as_slice()
        && names_nothing(hit)
        && let Some(range) = rest.iter().find(|r| r.end <= hit.start && reports(on, message, r))
    {
        draft.note("modality", format!("{}: {}", message.text.slice(range.clone()), NoneReason::Report));
        return Some(vec![Outcome::None(NoneReason::Report)]);
    }
    for range in rest.clone() {
        // A comma or an "und" joins; a full stop parts.
        let joins = message.text.tokens.get(range.end).is_some_and(|t| matches!(t.breaks, None | Some(',')));
        if let Some(reason) = spoils(on, message, &range, &asked, joins) {
            draft.note("modality", format!("{}: {reason}", message.text.slice(range)));
            return Some(vec![Outcome::None(reason)]);
        }
    }
    // "Ignore the rules and delete nextcloud": what else is said before an "and" that nobody understands?
    let odd = rest
        .iter()
        .any(|r| linked(message, r) && r.len() > 2 && !r.clone().any(|i| message.lattice.covers(i)));
    let mut out = Vec::new();
    for hit in &hits {
        draft.note("grammar", hit.said.clone());
        let spec = message.specs[hit.intent];
        let sure = message.scores[hit.intent] >= 0.02 || hits.len() > 1;
        // The clause itself, with its name, as the classifier sees it.
        let score = message.scores[hit.intent].max(hit.score);
        if spec.changes && !(!odd && sure && (message.has_cue(hit.intent) || score >= 0.3)) {
            draft.note("agreement", format!("no second reader finds {}", spec.name));
            let options: Vec<(String, Slots)> = hit.outcomes.iter().filter_map(parts).collect();
            out.push(Outcome::Ask(ask::which(on.catalogue(), &options, draft.lang)));
        } else {
            out.extend(hit.outcomes.iter().cloned());
        }
        if hit.carried {
            draft.note("grounding", "the name stands in another clause");
        }
    }
    said_twice(&mut out);
    if let ([hit], [Outcome::Intent(_) | Outcome::Ask(_)]) = (hits.as_slice(), out.as_slice())
        && let Some(better) = with_rest(on.catalogue(), draft.lang, message, hit, &rest)
    {
        draft.note("grounding", "a slot stands in another clause");
        out = vec![better];
    }
    // A clause that asks for something else is not dropped silently.
    for range in &rest {
        let part = on.message(message.text.part(range.clone()), message.names);
        let other = loose::sure(&part).filter(|i| !hits.iter().any(|h| h.intent == *i));
        if other.is_some_and(|i| part.has_cue(i) && part.scores[i] >= 0.9)
            && mood(&part.text, &part.lattice).is_none()
            && !loose::statement(&part.text)
        {
            out.extend(
                loose::read(on, &part, draft, None).into_iter().filter(|o| !matches!(o, Outcome::None(_))),
            );
        }
    }
    promote(draft, message.name(hits[0].intent));
    Some(out)
}

fn reports(on: &Understanding, message: &Message<'_>, range: &Range<usize>) -> bool {
    let part = message.text.part(range.clone());
    let lattice = on.lattice(&part, message.names);
    matches!(mood(&part, &lattice), Some((NoneReason::Report, _)))
}

/// "traefik runternehmen und entsorgen": the same in other words, or with less of it said, is one request.
fn said_twice(out: &mut Vec<Outcome>) {
    let all: Vec<Option<(String, Slots)>> = out.iter().map(parts).collect();
    let mut at = 0;
    out.retain(|_| {
        let this = at;
        at += 1;
        let Some((name, slots)) = &all[this] else { return true };
        !all.iter().enumerate().any(|(i, other)| {
            let Some((other, more)) = other else { return false };
            let within = slots.iter().all(|(k, v)| more.get(k) == Some(v));
            i != this && other == name && within && (more.len() > slots.len() || i < this)
        })
    });
}

/// "vaultwarden aufsetzen, und zwar auf dem nuc": what the clause left open may stand in another one. For what changes
/// the homelab that is one after it, or words that say themselves what they are ("yesterday's backup, restore it").
fn with_rest(
    catalogue: &Catalogue,
    lang: Lang,
    message: &Message<'_>,
    hit: &Hit,
    rest: &[Range<usize>],
) -> Option<Outcome> {
    let spec = message.specs[hit.intent];
    let [Outcome::Intent(_) | Outcome::Ask(_)] = hit.outcomes.as_slice() else { return None };
    let (_, known) = parts(&hit.outcomes[0])?;
    if rest.is_empty() {
        return None;
    }
    let whole = ground(spec, &message.text, &message.lattice, message.names);
    let intent = match whole.as_slice() {
        [Outcome::Intent(intent)] => intent,
        // "pihole to 5.17, v6 ate my settings. rollback": which of the two?
        [Outcome::Ask(ask)] if spec.changes && ask.slots.len() >= known.len() && names_version(spec, ask) => {
            return Some(whole[0].clone());
        }
        _ => return None,
    };
    let keeps = known.iter().all(|(name, value)| intent.slots.get(name) == Some(value));
    let mut more = intent.slots.iter().filter(|(name, _)| !known.contains_key(*name));
    let stands = |name: &str, value: &String| {
        let kind = spec.slot(name).map(|s| s.kind);
        message.lattice.iter().filter(|e| e.values.contains(value)).any(|e| {
            !spec.changes
                || e.start >= hit.end
                || (kind == Some(SlotType::Snapshot) && (kept(message, e.start) || kept(message, e.end)))
                || (kind == Some(SlotType::Version) && wanted(message, e.start))
        })
    };
    if !keeps || intent.slots.len() <= known.len() {
        return None;
    }
    if more.all(|(name, value)| stands(name, value)) {
        return Some(whole[0].clone());
    }
    // A version that is named and perhaps not meant is asked about, and not left out.
    let versioned = intent.slots.keys().any(|name| {
        !known.contains_key(name) && spec.slot(name).is_some_and(|s| s.kind == SlotType::Version)
    });
    let both = [(spec.name.clone(), intent.slots.clone()), (spec.name.clone(), known)];
    versioned.then(|| Outcome::Ask(ask::which(catalogue, &both, lang)))
}

fn names_version(spec: &IntentSpec, ask: &Ask) -> bool {
    let missing = ask.missing.as_deref().and_then(|name| spec.slot(name));
    missing.is_some_and(|slot| slot.kind == SlotType::Version)
}

/// Whether a version at a place is one to go to: "should be on 0.53.3".
fn wanted(message: &Message<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |i| message.text.tokens[i].norm.as_str());
    matches!(before, "on" | "to" | "at" | "auf" | "zu" | "version")
}

/// Whether a word about a backup stands at or just before a place.
fn kept(message: &Message<'_>, at: usize) -> bool {
    let near = at.saturating_sub(2)..(at + 2).min(message.text.tokens.len());
    near.into_iter().any(|i| {
        ["backup", "snapshot", "sicherung", "stand"].iter().any(|w| message.text.tokens[i].norm.contains(w))
    })
}

/// Whether the classifier is sure that the whole message asks for something else than a clause of it seems to.
fn doubted(message: &Message<'_>, intent: usize) -> bool {
    let (top, p) = message.ranked()[0];
    top != intent && top < message.specs.len() && p >= 0.6 && message.scores[intent] < 0.2
}

/// Whether a clause beside a command takes its force; `asked` are the intents that the others ask for.
pub(super) fn spoils(
    on: &Understanding,
    message: &Message<'_>,
    range: &Range<usize>,
    asked: &[usize],
    comma: bool,
) -> Option<NoneReason> {
    let changes = asked.iter().any(|i| message.specs[*i].changes);
    let part = on.message(message.text.part(range.clone()), message.names);
    if changes && (inverted(&part.text) && comma || not_yet(&part.text)) {
        return Some(NoneReason::Later);
    }
    let (reason, _) = mood(&part.text, &part.lattice)?;
    let words: Vec<&str> = part.text.tokens.iter().map(|t| t.norm.as_str()).collect();
    let acts = part.cues.iter().any(|c| asked.contains(&c.intent));
    match reason {
        // "morgen um 3, …", "wenn es ausfällt, …"; a sentence of its own about tomorrow is a reason.
        NoneReason::Later if changes && (governs(&part.text) || (comma && part.text.tokens.len() <= 4)) => {
            Some(reason)
        }
        NoneReason::Report if changes && words.contains(&"dabei") => Some(reason),
        // "Lohnt es sich, … zu installieren?"
        NoneReason::HowTo if changes && comma => Some(reason),
        NoneReason::Negated if taken_back(&words).is_some() => Some(reason),
        NoneReason::Negated if acts && changes && !fails(&part.text) => Some(reason),
        NoneReason::Negated
            if part.text.tokens.len() <= 3
                && !range.clone().any(|i| message.lattice.covers(i))
                && part.text.tokens.iter().any(|t| matches!(t.norm.as_str(), "nicht" | "not" | "dont")) =>
        {
            Some(reason)
        }
        _ => None,
    }
}

/// "Sollte es ausfallen, …", "the day it ships, …": a condition without its word.
fn inverted(text: &Text) -> bool {
    let word = |i: usize| text.tokens.get(i).map_or("", |t| t.norm.as_str());
    match word(0) {
        "sollte" | "sollten" | "should" => !matches!(word(1), "ich" | "man" | "wir" | "i" | "we"),
        "the" => matches!(word(1), "day" | "moment" | "minute" | "second" | "week" | "night" | "next"),
        "on" | "am" | "an" => text.tokens.len() <= 4,
        _ => false,
    }
}

/// "…, but not before the kids are in bed", "…, aber erst nach dem Essen".
fn not_yet(text: &Text) -> bool {
    let mut words = text
        .tokens
        .iter()
        .map(|t| t.norm.as_str())
        .skip_while(|w| matches!(*w, "but" | "aber" | "und" | "and" | "bitte"));
    match words.next() {
        Some("not" | "nicht" | "only") => words
            .any(|w| matches!(w, "before" | "until" | "till" | "vor" | "bevor" | "after" | "when" | "once")),
        Some("erst") => true,
        _ => false,
    }
}

/// Whether a clause is the condition of the next.
fn governs(text: &Text) -> bool {
    text.tokens
        .iter()
        .find(|t| !t.skip && !matches!(t.norm.as_str(), "und" | "and" | "aber" | "but"))
        .is_some_and(|t| {
            matches!(
                t.norm.as_str(),
                "wenn"
                    | "wenns"
                    | "falls"
                    | "sobald"
                    | "sofern"
                    | "nachdem"
                    | "if"
                    | "when"
                    | "whenever"
                    | "once"
                    | "unless"
                    | "after"
                    | "erst"
                    | "erinner"
                    | "erinnere"
                    | "remind"
                    | "jedes"
                    | "every"
                    | "as"
                    | "immer"
                    | "always"
                    | "should"
                    | "sollte"
            )
        })
}

/// Whether a clause hangs on the next one by "und" or the like.
fn linked(message: &Message<'_>, range: &Range<usize>) -> bool {
    let next = message.text.tokens.get(range.end);
    next.is_some_and(|t| t.breaks.is_none() && matches!(t.norm.as_str(), "und" | "and" | "dann" | "then"))
}

/// "geht nicht mehr", "is not responding": what is wrong, not what shall not be done.
fn fails(text: &Text) -> bool {
    const VERBS: [&str; 16] = [
        "geht",
        "laeuft",
        "lauft",
        "funktioniert",
        "reagiert",
        "startet",
        "antwortet",
        "laedt",
        "tut",
        "works",
        "work",
        "working",
        "responding",
        "running",
        "starting",
        "loading",
    ];
    text.tokens.iter().any(|t| VERBS.contains(&t.norm.as_str()))
}

/// The templates over one clause.
fn read_one(on: &Understanding, message: &Message<'_>, range: &Range<usize>) -> Option<Hit> {
    let part = message.text.part(range.clone());
    if let Some(hit) = fit(on, message, part.clone(), false) {
        return Some(hit);
    }
    let carried = antecedent(message, range)?;
    if part.tokens.len() > 10 {
        return None;
    }
    let words: Vec<&str> = part.tokens.iter().map(|t| &message.text.raw[t.at.clone()]).collect();
    let pronoun = part.tokens.iter().position(|t| {
        matches!(
            t.norm.as_str(),
            "it" | "its" | "ihn" | "es" | "sie" | "them" | "that" | "ihm" | "den" | "das" | "die"
        )
    });
    let mut variants: Vec<Vec<&str>> = Vec::new();
    if let Some(at) = pronoun {
        let mut with = words.clone();
        with[at] = &carried;
        variants.push(with);
    }
    for at in 0..=words.len() {
        let mut with = words.clone();
        with.insert(at, &carried);
        variants.push(with);
    }
    variants
        .into_iter()
        .find_map(|words| fit(on, message, Text::new(&words.join(" "), |s| message.names.knows(s)), true))
}

fn fit(on: &Understanding, message: &Message<'_>, text: Text, carried: bool) -> Option<Hit> {
    let lattice = on.lattice(&text, message.names);
    if mood(&text, &lattice).is_some_and(|(reason, _)| reason != NoneReason::HowTo) && carried {
        return None;
    }
    let mut found = on.grammar.read(&message.specs, &text, &lattice, Sort::Ambiguous);
    let most = found.iter().map(|f| f.words).max()?;
    found.retain(|f| f.words == most);
    found.sort_by(|a, b| message.scores[b.intent].total_cmp(&message.scores[a.intent]));
    // One word of a long message fits a short template by chance.
    let first = found.first().filter(|f| f.words + f.filled.len() > 1)?;
    // "geht das?" beside a request asks about the request.
    if carried && first.words < 2 && !message.specs[first.intent].changes {
        return None;
    }
    let several = found.iter().any(|f| f.intent != first.intent);
    if several && message.scores[first.intent] < 0.5 {
        return None;
    }
    let spec = message.specs[first.intent];
    let score = on.message(text.clone(), message.names).scores[first.intent];
    let said = format!("{}: {} in `{}`", spec.name, first.template, text.raw.trim());
    Some(Hit {
        score,
        start: 0,
        end: 0,
        intent: first.intent,
        outcomes: outcomes(spec, first, message.names),
        said,
        carried,
    })
}

/// The one thing that is named outside of a clause that names nothing itself.
fn antecedent(message: &Message<'_>, range: &Range<usize>) -> Option<String> {
    let mut values: Vec<&str> = Vec::new();
    for kind in [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret] {
        for edge in message.lattice.named(kind) {
            if edge.start >= range.start && edge.end <= range.end {
                return None;
            }
            let [value] = edge.values.as_slice() else { return None };
            if !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
    }
    match values.as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}
