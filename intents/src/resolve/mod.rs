//! Puts together what the readers say: grammar, clauses, mood, cues and classifier, agreement.

mod clauses;
mod loose;
mod outcome;

use crate::Lang;
use crate::ask;
use crate::catalogue::SlotType;
use crate::names::Sort;
use crate::reading::{Candidate, Outcome, Reading, Slots};
use crate::understanding::{Draft, Message, Understanding};

pub(crate) use loose::polite_question;
pub(crate) use outcome::outcomes;
pub(crate) use outcome::{complete, parts};

/// Reads a message through all readers that need no model.
pub(crate) fn resolve(
    on: &Understanding,
    message: &Message<'_>,
    mut draft: Draft,
    hint: Option<Lang>,
) -> Reading {
    let mut outcomes = read(on, message, &mut draft, hint);
    if excepts(message) {
        for outcome in outcomes
            .iter_mut()
            .filter(|o| !matches!(o, Outcome::None(_)) && parts(o).is_some_and(|p| on.changes(&p.0)))
        {
            draft.note("modality", "everything but something: that can't be asked for in one go");
            *outcome = Outcome::None(crate::NoneReason::Negated);
        }
    }
    let code = crate::suspect::is_suspect(&message.text.raw);
    for outcome in &mut outcomes {
        if let Outcome::Intent(intent) = outcome
            && intent.changes
            && code
        {
            draft.note("agreement", "it looks like code or a log line, not like a request");
            let reading = [(intent.name.clone(), intent.slots.clone())];
            *outcome = Outcome::Ask(ask::which(on.catalogue(), &reading, draft.lang));
        }
    }
    done(draft, outcomes)
}

/// "everything but grafana", "alles, nur grafana nicht": what is named is what shall not be touched.
fn excepts(message: &Message<'_>) -> bool {
    let words: Vec<&str> = message.text.tokens.iter().map(|t| t.norm.as_str()).collect();
    let all =
        |w: &&str| matches!(*w, "alles" | "alle" | "allen" | "everything" | "all" | "every" | "saemtliche");
    let Some(from) = words.iter().position(all) else { return false };
    let covered = |at: usize| message.lattice.covers(at);
    (from + 1..words.len()).any(|at| match words[at] {
        "ausser" | "ausgenommen" | "except" | "excluding" | "ohne" | "without" => true,
        "auf" => words[at - 1] == "bis",
        "from" => words[at - 1] == "apart",
        "than" => words[at - 1] == "other",
        "but" | "aber" | "nur" | "nicht" | "not" => (at.saturating_sub(2)..(at + 4).min(words.len()))
            .any(|near| near != at && near > from && covered(near)),
        _ => false,
    })
}

fn read(on: &Understanding, message: &Message<'_>, draft: &mut Draft, hint: Option<Lang>) -> Vec<Outcome> {
    if let Some(outcomes) = whole(on, message, draft, hint, Sort::Ambiguous) {
        return outcomes;
    }
    if let Some(outcomes) = clauses::read(on, message, draft) {
        return outcomes;
    }
    draft.note("grammar", "no template fits");
    let stop = loose::blocked(message, draft);
    for allow in [Sort::Fuzzy, Sort::Unknown] {
        if stop.is_none()
            && let Some(outcomes) = whole(on, message, draft, hint, allow)
        {
            return outcomes;
        }
    }
    loose::read(on, message, draft, stop)
}

fn done(draft: Draft, outcomes: Vec<Outcome>) -> Reading {
    let mut all = outcomes.into_iter();
    let first = all.next().unwrap_or(Outcome::None(crate::NoneReason::NotOurs));
    draft.done(first, all.collect())
}

/// The templates over the whole message.
fn whole(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    hint: Option<Lang>,
    allow: Sort,
) -> Option<Vec<Outcome>> {
    let mut found = on.grammar.read(&message.specs, &message.text, &message.lattice, allow);
    if allow > Sort::Ambiguous {
        // A name that nobody knows fits anywhere: the classifier has to find the sentence likely, too.
        found.retain(|f| {
            let (score, none) = (message.scores[f.intent], message.none());
            // "install foobar" names something; "install the curtain rod" rather speaks of things.
            let article = f.filled.iter().any(|s| {
                s.edge.sort == Sort::Unknown && s.edge.start > 0 && message.text.tokens[s.edge.start - 1].skip
            });
            match allow {
                Sort::Unknown if article => score >= 0.25 && none <= 0.25,
                Sort::Unknown => score >= 0.05 && none <= 0.8,
                _ => score >= 0.05 && none <= 0.9,
            }
        });
    }
    // The template that says more of the sentence itself knows better what it means.
    let most = found.iter().map(|f| f.words).max()?;
    if allow == Sort::Ambiguous && found.iter().any(|f| f.words == most && f.words > 1) {
        found.retain(|f| f.words + 1 >= most);
    }
    let first = found.first()?;
    if let Some(hint) = hint.filter(|h| found.iter().any(|f| f.lang == *h)) {
        if crate::Lang::guess(message.text.tokens.iter().map(|t| t.norm.as_str())).is_none() {
            draft.lang = hint;
        }
    } else if crate::Lang::guess(message.text.tokens.iter().map(|t| t.norm.as_str())).is_none() {
        draft.lang = first.lang;
    }
    for one in &found {
        draft.note("grammar", format!("{}: {}", message.name(one.intent), one.template));
    }
    let mut readings: Vec<(usize, Vec<Outcome>)> =
        found.iter().map(|f| (f.intent, outcomes(message.specs[f.intent], f, message.names))).collect();
    readings.dedup_by(|a, b| a.1 == b.1);
    if readings.len() > 1 {
        readings = settle(readings, message, draft);
    }
    if readings.len() > 1 {
        draft.note("agreement", "several readings fit");
        let options: Vec<(String, Slots)> = readings.iter().flat_map(|r| &r.1).filter_map(parts).collect();
        return Some(vec![Outcome::Ask(ask::which(on.catalogue(), &options, draft.lang))]);
    }
    let (intent, mut all) = readings.pop()?;
    promote(draft, message.name(intent));
    if let [Outcome::Intent(known)] = all.as_slice()
        && !known.changes
        && known.slots.is_empty()
    {
        // A template's "*" may have passed over it: "what made you go for decision 310?"
        let whole =
            crate::ground::ground(message.specs[intent], &message.text, &message.lattice, message.names);
        if let [Outcome::Intent(more)] = whole.as_slice()
            && more
                .slots
                .keys()
                .all(|s| message.specs[intent].slot(s).is_some_and(|s| s.kind == SlotType::Operation))
        {
            all = whole;
        }
    }
    Some(agree(on, message, draft, intent, all))
}

/// Of several readings, the one that the classifier clearly prefers; only what changes nothing is settled so.
fn settle(
    mut readings: Vec<(usize, Vec<Outcome>)>,
    message: &Message<'_>,
    draft: &mut Draft,
) -> Vec<(usize, Vec<Outcome>)> {
    // The same intent with more slots says more.
    let same = readings.windows(2).all(|w| w[0].0 == w[1].0);
    if same {
        let slots =
            |r: &(usize, Vec<Outcome>)| r.1.iter().filter_map(parts).map(|p| p.1.len()).sum::<usize>();
        let most = readings.iter().map(slots).max().unwrap_or(0);
        readings.retain(|r| slots(r) == most);
        return readings;
    }
    let changes = readings.iter().any(|r| message.specs[r.0].changes);
    readings.sort_by(|a, b| message.scores[b.0].total_cmp(&message.scores[a.0]));
    let (first, second) = (message.scores[readings[0].0], message.scores[readings[1].0]);
    let clear = if changes { first > 0.9 && second < 0.02 } else { first > 0.6 && second < first / 3.0 };
    if clear {
        draft.note("classifier", format!("settles on {}", message.name(readings[0].0)));
        readings.truncate(1);
    }
    readings
}

/// For what changes the homelab a second reader has to agree with the grammar, else the person is asked.
fn agree(
    on: &Understanding,
    message: &Message<'_>,
    draft: &mut Draft,
    intent: usize,
    all: Vec<Outcome>,
) -> Vec<Outcome> {
    let spec = message.specs[intent];
    if !spec.changes || !all.iter().any(|o| matches!(o, Outcome::Intent(_))) {
        return all;
    }
    let (score, cue) = (message.scores[intent], message.has_cue(intent));
    let asked = message.text.mark == Some('?') && !loose::polite_question(&message.text);
    if !asked && (score >= 0.15 || (cue && score >= 0.01)) {
        let who = if cue { "cues" } else { "classifier" };
        draft.note("agreement", format!("grammar and {who} agree ({score:.2})"));
        return all;
    }
    draft.note(
        "agreement",
        if asked {
            "a question, not a request".to_owned()
        } else {
            format!("the classifier doubts it ({score:.2})")
        },
    );
    let options: Vec<(String, Slots)> = all.iter().filter_map(parts).collect();
    vec![Outcome::Ask(ask::which(on.catalogue(), &options, draft.lang))]
}

/// Puts the intent that was read in front of the candidates.
fn promote(draft: &mut Draft, name: &str) {
    draft.candidates.retain(|c| c.intent != name);
    draft.candidates.insert(0, Candidate { intent: name.to_owned(), confidence: 1.0 });
}
