//! `why`: an operation's whole story, from the sentence to its end.

use ralf_intents::Lang;

use super::proposal::{Attachment, needs, people, risk, span};
use super::{state, steps, title};
use crate::approval::{Operation, State, Vote};
use crate::audit::Entry;
use crate::report::{Text, t};

/// What stands in the message; more than that goes into a file.
const MOST: usize = 9_000;
/// How many lines of the output stand in the message.
const TAIL: usize = 12;

/// All that is known about an operation.
#[derive(Debug)]
pub struct Story<'a> {
    /// The operation.
    pub op: &'a Operation,
    /// The votes on it that hold.
    pub votes: &'a [Vote],
    /// Its entries of the record, in order.
    pub entries: &'a [Entry],
    /// The operation whose place it took.
    pub instead_of: Option<String>,
    /// The operation that undid it.
    pub undone_by: Option<String>,
    /// What its executor printed, without secrets.
    pub output: &'a str,
}

/// The story, and as a file what the message does not hold.
pub fn why(lang: Lang, story: &Story<'_>) -> (Text, Option<Attachment>) {
    let op = story.op;
    let head = format!("{} · `{}` · {}", title(lang, op), op.id, state(lang, op.state));
    let parts = [
        (t(lang, "Wunsch", "Wish"), wish(lang, op)),
        (t(lang, "Plan", "Plan"), plan(lang, op)),
        (t(lang, "Regel", "Rule"), rule(lang, op)),
        (t(lang, "Stimmen", "Votes"), votes(lang, story)),
        (t(lang, "Zeiten", "Times"), times(lang, story)),
        (t(lang, "Ergebnis", "Outcome"), outcome(lang, story)),
        (t(lang, "Protokoll", "Record"), story.entries.iter().map(entry).collect()),
    ];
    let parts: Vec<(&str, Vec<String>)> = parts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect();
    let output: Vec<&str> = story.output.lines().collect();
    let bytes: usize = parts.iter().flat_map(|(_, lines)| lines).map(|line| line.len() + 4).sum();
    let tail = output[output.len().saturating_sub(TAIL)..].join("\n");
    let long = bytes + tail.len() > MOST;
    let file = (long || output.len() > TAIL).then(|| Attachment {
        name: format!("why-{}.txt", op.id),
        text: whole(lang, &head, &parts, op, story.output),
    });
    let mut text = Text::new().head(&head);
    for (name, lines) in &parts {
        let lines: Vec<String> =
            if long { lines.iter().map(|line| short(line)).collect() } else { lines.clone() };
        // What is long are lists: their end is the newest.
        let left = if long { lines.len().saturating_sub(16) } else { 0 };
        text = text.head(name).list(&lines[left..]);
        if left > 0 {
            text = text.line(&match lang {
                Lang::De => format!("… und {left} frühere, siehe die Datei."),
                Lang::En => format!("… and {left} earlier ones, see the file."),
            });
        }
    }
    if !tail.is_empty() && !long {
        let all = output.len();
        let shown = all.min(TAIL);
        text = text
            .head(&match lang {
                Lang::De => format!("Ausgabe ({shown} von {all} Zeilen)"),
                Lang::En => format!("Output ({shown} of {all} lines)"),
            })
            .code("text", &tail);
    }
    if let Some(file) = &file {
        text = text.line(&match lang {
            Lang::De => format!("Ganz, mit Plan und Ausgabe: `{}`.", file.name),
            Lang::En => format!("All of it, with plan and output: `{}`.", file.name),
        });
    }
    (text, file)
}

/// A line that fits beside many others; what is left out is marked, and stands in the file.
fn short(line: &str) -> String {
    const MOST: usize = 240;
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{} […]", &line[..at]),
        None => line.to_owned(),
    }
}

/// Everything, for the file.
fn whole(lang: Lang, head: &str, parts: &[(&str, Vec<String>)], op: &Operation, output: &str) -> String {
    let mut out = format!("{head}\n");
    let mut add = |name: &str, lines: &[String]| {
        out.push_str(&format!("\n{name}\n"));
        lines.iter().for_each(|line| out.push_str(&format!("- {line}\n")));
    };
    parts.iter().for_each(|(name, lines)| add(name, lines));
    let step = |step: &crate::plan::Step| {
        let changes = if step.changes {
            t(lang, "ändert", "changes")
        } else {
            t(lang, "ändert nichts", "changes nothing")
        };
        format!("{}: {} ({changes})", step.host, step.title)
    };
    add(t(lang, "Schritte", "Steps"), &op.plan.steps.iter().map(step).collect::<Vec<_>>());
    if !op.plan.diff.is_empty() {
        out.push_str(&format!("\n{}\n{}\n", t(lang, "Änderungen", "Changes"), op.plan.diff));
    }
    if !output.is_empty() {
        out.push_str(&format!("\n{}\n{output}\n", t(lang, "Ausgabe", "Output")));
    }
    crate::report::text::visible(&out)
}

fn wish(lang: Lang, op: &Operation) -> Vec<String> {
    let slots = op.slots.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    let mut lines = vec![
        match lang {
            Lang::De => format!("Gesagt: „{}“ von {} ({})", op.sentence, op.requester, op.ask_event),
            Lang::En => format!("Said: “{}” by {} ({})", op.sentence, op.requester, op.ask_event),
        },
        format!("{}: {} {slots}", t(lang, "Verstanden", "Understood"), op.intent),
    ];
    if !op.understood.is_empty() {
        lines.push(format!("{}: {}", t(lang, "Gelesen von", "Read by"), op.understood));
    }
    if let Some(origin) = &op.course.origin {
        lines.push(format!("{}: {origin}", t(lang, "Anlass", "Cause")));
    }
    lines
}

fn plan(lang: Lang, op: &Operation) -> Vec<String> {
    let plan = &op.plan;
    let (changing, all) = (plan.steps.iter().filter(|step| step.changes).count(), plan.steps.len());
    let mut lines = vec![
        format!("{} · {}: {}", plan.executor_version, t(lang, "Risiko", "risk"), risk(lang, plan.risk)),
        format!("{}: {}", t(lang, "Ziele", "Targets"), plan.targets.join(", ")),
        match lang {
            Lang::De => format!("{all} Schritte, {changing} davon ändern etwas"),
            Lang::En => format!("{all} steps, {changing} of them change something"),
        },
        format!("Digest `{}`", op.digest),
        t(
            lang,
            "Der Digest deckt ab: Programm und Version, Auftrag mit allen Angaben, Ziele, Risiko, Schritte, Änderungen, Dateien, beobachteten Zustand, Richtlinie, Geheimnisse als Verweis, Rückweg",
            "The digest covers: program and version, the task with all it was given, targets, risk, steps, changes, files, observed state, policy, secrets by reference, the way back",
        )
        .to_owned(),
        format!("{} `{}`", t(lang, "Dateien, SHA-256", "Files, SHA-256"), plan.artefact),
        format!("{} `{}`", t(lang, "Beobachteter Zustand, SHA-256", "Observed state, SHA-256"), plan.observed),
    ];
    let secrets = plan.secrets.iter().map(|s| format!("{} @ {}", s.reference, s.version)).collect::<Vec<_>>();
    if !secrets.is_empty() {
        lines.push(format!("{}: {}", t(lang, "Geheimnisse", "Secrets"), secrets.join(", ")));
    }
    let rescue = plan
        .rescue
        .iter()
        .map(|step| format!("{} ({})", steps::title(lang, &step.title), step.host))
        .collect::<Vec<_>>();
    if !rescue.is_empty() {
        lines.push(format!("{}: {}", t(lang, "Rückweg", "Way back"), rescue.join(", ")));
    }
    lines
}

fn rule(lang: Lang, op: &Operation) -> Vec<String> {
    let terms = &op.terms;
    let mut lines = vec![needs(lang, terms)];
    if terms.power > 0 {
        lines.push(format!(
            "{}: {}",
            t(lang, "Berechtigungsstufe mindestens", "Power level at least"),
            terms.power
        ));
    }
    if let Some(escalation) = &terms.escalation {
        let (after, to) = (span(lang, escalation.after_ms), people(lang, &escalation.to));
        let was = if op.course.escalated {
            t(lang, "gerufen", "called")
        } else {
            t(lang, "nicht gerufen", "not called")
        };
        lines.push(match lang {
            Lang::De => format!("Nach {after} auch: {to} ({was})"),
            Lang::En => format!("After {after} also: {to} ({was})"),
        });
    }
    lines.push(format!("{} `{}`", t(lang, "Richtlinie", "Policy"), op.plan.policy_version));
    lines
}

fn votes(lang: Lang, story: &Story<'_>) -> Vec<String> {
    let line = |vote: &Vote| {
        let icon = if vote.verdict == "approve" { "✅" } else { "❌" };
        format!("{icon} {} ({}) {} · {}", vote.user_id, vote.person, local(lang, vote.ts), vote.event_id)
    };
    let mut lines: Vec<String> = story.votes.iter().map(line).collect();
    if let Some(glass) = &story.op.course.glass {
        lines.push(format!(
            "🚨 {} {}: {}",
            glass.by,
            t(lang, "allein, im Notfall", "alone, in an emergency"),
            glass.reason
        ));
    }
    if let Some(reason) = &story.op.course.reason {
        lines.push(format!("{}: {reason}", t(lang, "Grund der Ablehnung", "Denied because")));
    }
    if lines.is_empty() {
        lines.push(t(lang, "keine, die gelten", "none that hold").to_owned());
    }
    lines
}

fn times(lang: Lang, story: &Story<'_>) -> Vec<String> {
    let last = |states: &[State]| {
        let is = |entry: &&Entry| states.iter().any(|state| entry.kind == state.as_str());
        story.entries.iter().rev().find(is).map(|entry| entry.ts)
    };
    let ends: Vec<State> = State::ALL.into_iter().filter(|state| state.is_final()).collect();
    let ended = story.op.state.is_final().then(|| last(&ends)).flatten();
    [
        (t(lang, "gewünscht", "asked"), Some(story.op.created_ts)),
        (t(lang, "freigegeben", "approved"), last(&[State::Approved])),
        (t(lang, "begonnen", "dispatched"), last(&[State::Dispatched])),
        (t(lang, "beendet", "ended"), ended),
        (t(lang, "gültig bis", "valid until"), (!story.op.state.is_final()).then_some(story.op.expires_ts)),
    ]
    .into_iter()
    .filter_map(|(what, ts)| Some(format!("{what}: {}", local(lang, ts?))))
    .collect()
}

fn outcome(lang: Lang, story: &Story<'_>) -> Vec<String> {
    let op = story.op;
    let mut lines = op.outcome.as_ref().map(|outcome| outcome.facts.clone()).unwrap_or_default();
    let by = story.entries.iter().find(|entry| entry.kind == State::Superseded.as_str());
    let links = [
        (t(lang, "tritt an die Stelle von", "takes the place of"), story.instead_of.clone()),
        (
            t(lang, "ersetzt durch", "replaced by"),
            by.map(|entry| entry.detail.trim_start_matches("by ").to_owned()),
        ),
        (t(lang, "nimmt zurück", "undoes"), op.course.undoes.clone()),
        (t(lang, "zurückgenommen durch", "undone by"), story.undone_by.clone()),
    ];
    lines.extend(links.into_iter().filter_map(|(what, id)| Some(format!("{what} `{}`", id?))));
    if let (State::Running, Some(by)) = (op.state, &op.course.stopping) {
        lines.push(format!("{} {by}", t(lang, "wird angehalten von", "being stopped by")));
    }
    lines
}

/// An entry of the record: number, time, kind, actor, event.
fn entry(entry: &Entry) -> String {
    let when = brief(entry.ts);
    [format!("#{} {when} {}", entry.seq, entry.kind), entry.actor.clone(), entry.event_id.clone()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn brief(ts: i64) -> String {
    at(ts, "%H:%M:%S")
}

/// A time in the house, to the second.
fn local(lang: Lang, ts: i64) -> String {
    at(ts, t(lang, "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"))
}

fn at(ts: i64, format: &str) -> String {
    jiff::Timestamp::from_millisecond(ts).map_or_else(
        |_| "?".to_owned(),
        |ts| ts.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string(),
    )
}
