//! "nein, auf node-3", "und grafana auch": changes to the last intent.

use crate::Lang;
use crate::ask;
use crate::catalogue::{IntentSpec, SlotType};
use crate::mood::taken_back;
use crate::names::{Edge, Names, Sort};
use crate::reading::{Intent, Outcome, Reading};
use crate::resolve::complete;
use crate::text::Text;
use crate::understanding::{Draft, Understanding};

/// What a short sentence does to the intent before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Amendment {
    /// It replaces it: "nein, auf node-3".
    Instead(Reading),
    /// It adds another: "und grafana auch".
    Also(Reading),
}

impl Amendment {
    /// The intent that comes of it.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        match self {
            Self::Instead(reading) | Self::Also(reading) => reading,
        }
    }
}

const INSTEAD: &[&str] = &[
    "nein",
    "nee",
    "ne",
    "doch",
    "lieber",
    "stattdessen",
    "sondern",
    "quatsch",
    "sorry",
    "moment",
    "halt",
    "korrektur",
    "meinte",
    "meine",
    "besser",
    "eigentlich",
    "no",
    "nope",
    "actually",
    "instead",
    "rather",
    "meant",
    "mean",
    "wait",
    "oops",
    "correction",
    "make",
];
const ALSO: &[&str] = &[
    "und",
    "and",
    "auch",
    "too",
    "ebenso",
    "ebenfalls",
    "genauso",
    "dasselbe",
    "gleiche",
    "same",
    "also",
    "likewise",
    "desgleichen",
    "dazu",
];
const AROUND: &[&str] = &[
    "ich",
    "i",
    "auf",
    "on",
    "to",
    "onto",
    "fuer",
    "fur",
    "for",
    "von",
    "of",
    "bei",
    "mit",
    "with",
    "nach",
    "nicht",
    "not",
    "sondern",
    "it",
    "es",
    "do",
    "mach",
    "bitte",
    "das",
    "dem",
    "in",
    "um",
    "at",
    "as",
    "well",
    "noch",
    "version",
    "replikas",
    "replicas",
    "instanzen",
    "instances",
    "thing",
    "from",
    "seit",
    "since",
    "vom",
    "beim",
    "am",
    "auch",
    "aber",
    "but",
];

impl Understanding {
    /// Reads a sentence as a change to the last intent; nothing when it is none.
    #[must_use]
    pub fn amend(&self, last: &Intent, text: &str, names: &Names, hint: Option<Lang>) -> Option<Amendment> {
        let spec = self.catalogue().get(&last.name)?;
        let text = Text::new(text, |s| names.knows(s));
        let lattice = self.lattice(&text, names);
        let words: Vec<&str> = text.tokens.iter().map(|t| t.norm.as_str()).collect();
        let has = |list: &[&str], from: &[&str]| from.iter().any(|w| list.contains(w));
        let (instead, also) = (has(INSTEAD, &words), has(ALSO, &words));
        if !(instead || also) || words.len() > 14 || taken_back(&words).is_some() {
            return None;
        }
        let edges = cover(spec, &text, &lattice)?;
        let lang = Lang::guess(words.iter().copied()).or(hint).unwrap_or(Lang::De);
        let mut draft = Draft::new(lang);
        draft.note("amendment", if instead { "changes the last intent" } else { "adds to the last intent" });
        let mut slots = last.slots.clone();
        if also && !instead {
            // What belongs to the one thing does not pass on to the other.
            let own = |t: SlotType| matches!(t, SlotType::Version | SlotType::Snapshot);
            slots.retain(|name, _| spec.slot(name).is_none_or(|s| !own(s.kind)));
        }
        let mut question = None;
        for (name, edge) in &edges {
            let slot = spec.slot(name)?;
            match edge.sort {
                Sort::Exact => {
                    if spec.one_of.contains(name) {
                        slots.retain(|s, _| !spec.one_of.contains(s));
                    }
                    slots.insert(name.clone(), edge.values.first()?.clone());
                }
                Sort::Ambiguous => question = Some(ask::ambiguous(spec, slots.clone(), slot, &edge.values)),
                _ => {
                    question =
                        Some(ask::unknown(spec, slots.clone(), slot, &edge.written, &edge.values, names))
                }
            }
        }
        let outcome = question.map_or_else(|| complete(spec, slots, names), Outcome::Ask);
        let reading = draft.done(outcome, Vec::new());
        Some(if instead { Amendment::Instead(reading) } else { Amendment::Also(reading) })
    }
}

/// Slots and what fills them, when the sentence holds nothing else but small words.
fn cover(spec: &IntentSpec, text: &Text, lattice: &crate::names::Lattice) -> Option<Vec<(String, Edge)>> {
    let mut out: Vec<(String, Edge)> = Vec::new();
    let (mut at, mut negated) = (0, false);
    while at < text.tokens.len() {
        let fitting = lattice.at(at).iter().filter(|e| e.sort != Sort::Each).find_map(|edge| {
            let slot = spec.slots.iter().find(|s| crate::grammar::fits(spec, &s.name, edge))?;
            (!small(&text.tokens[at].norm)).then(|| (slot.name.clone(), edge.clone()))
        });
        // "nicht jellyfin und gitea, grafana": what was not meant ends at a comma or a "sondern".
        if text.tokens[at].breaks.is_some()
            || matches!(text.tokens[at].norm.as_str(), "sondern" | "but" | "lieber")
        {
            negated = false;
        }
        if let Some((slot, edge)) = fitting {
            at = edge.end;
            if !negated {
                out.retain(|(name, _)| name != &slot);
                out.push((slot, edge));
            }
            continue;
        }
        let token = &text.tokens[at];
        if !(token.skip || small(&token.norm)) {
            return None;
        }
        negated |= matches!(token.norm.as_str(), "nicht" | "not");
        at += 1;
    }
    // "grafana doch nicht": nothing is meant in its place.
    (!out.is_empty() && !negated).then_some(out)
}

fn small(word: &str) -> bool {
    INSTEAD.contains(&word) || ALSO.contains(&word) || AROUND.contains(&word)
}
