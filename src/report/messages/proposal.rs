//! The proposal: what is put to the vote. Everything that is hashed is shown, or attached under its own hash.

use ralf_intents::Lang;
use serde_json::{Value, json};

use super::{state, steps};
use crate::approval::mutants::{self, Mutant};
use crate::approval::{Operation, State, Terms, Who};
use crate::plan::{Effects, Risk, Step};
use crate::report::{Text, t};

/// What a diff may take of a message, in bytes as they are sent. A Matrix event holds 65,536; ours says everything twice,
/// as text and as HTML, and an edit says both twice.
const MAX_DIFF: usize = 20_000;
/// What steps, targets, secrets and the way back may take of it.
const MAX_OVERVIEW: usize = 6_000;

/// `org.ralf.operation`: what a program can read from each of an operation's messages.
pub fn field(op: &Operation, given: usize) -> Value {
    json!({
        "id": op.id,
        "state": op.state.public(),
        "intent": op.intent,
        "slots": op.slots,
        "bot": op.bot,
        "executor": op.plan.executor,
        "risk": op.plan.risk.as_str(),
        "digest": op.digest,
        "requester": op.requester,
        "expires_ts": op.expires_ts,
        "approvals": {"needed": op.terms.approvals, "given": given},
    })
}

/// The effect in one line.
pub fn title(lang: Lang, op: &Operation) -> String {
    let task = &op.plan.task;
    let hosts = task.hosts.join(", ");
    let what = task.service.as_deref().unwrap_or(&hosts);
    let place = if task.service.is_some() && !hosts.is_empty() {
        format!(
            " {} {hosts}",
            if task.action == "remove" { t(lang, "von", "from") } else { t(lang, "auf", "on") }
        )
    } else {
        String::new()
    };
    match (lang, task.action.as_str()) {
        (Lang::De, "deploy") if is_stack(op) => format!("Stack {what} anwenden"),
        (Lang::De, "remove") if is_stack(op) => format!("Stack {what} zerstören"),
        (Lang::En, "deploy") if is_stack(op) => format!("Apply the stack {what}"),
        (Lang::En, "remove") if is_stack(op) => format!("Destroy the stack {what}"),
        (Lang::De, "deploy") => format!("{what}{place} einrichten"),
        (Lang::De, "restart") => format!("{what}{place} neu starten"),
        (Lang::De, "remove") => format!("{what}{place} entfernen"),
        (Lang::De, other) => format!("{what}{place}: {other}"),
        (Lang::En, "deploy") => format!("Set up {what}{place}"),
        (Lang::En, "restart") => format!("Restart {what}{place}"),
        (Lang::En, "remove") => format!("Remove {what}{place}"),
        (Lang::En, other) => format!("{other} {what}{place}"),
    }
}

/// A stack is on no host.
pub(super) fn is_stack(op: &Operation) -> bool {
    op.plan.task.hosts.is_empty() && op.plan.task.service.is_some()
}

pub(super) fn risk(lang: Lang, risk: Risk) -> &'static str {
    let (de, en) = match risk {
        Risk::Read => ("keines", "none"),
        Risk::Low => ("gering", "low"),
        Risk::Medium => ("mittel", "medium"),
        Risk::High => ("hoch", "high"),
    };
    t(lang, de, en)
}

pub(super) fn span(lang: Lang, ms: i64) -> String {
    let seconds = (ms.max(0) + 999) / 1_000;
    match (seconds / 3_600, seconds / 60, lang) {
        (0, 0, _) => format!("{seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, _, _) => format!("{hours} h"),
    }
}

/// A file beside a proposal: what is too long for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Attachment {
    /// SHA-256, hex.
    pub fn hash(&self) -> String {
        crate::plan::hex(&<sha2::Sha256 as sha2::Digest>::digest(&self.text))
    }
}

/// What of the plan goes beside the proposal as files. The proposal names each by its hash.
pub fn attachments(op: &Operation) -> Vec<Attachment> {
    long_overview(op).into_iter().chain(diff_file(op)).collect()
}

/// The whole diff, if it is too long for a message.
pub fn long_diff(op: &Operation) -> Option<&str> {
    let diff = op.plan.diff.as_str();
    // Quotes, angle brackets and hidden characters grow on their way into HTML and JSON.
    let is_long = 2 * diff.len() > MAX_DIFF || {
        let shown = Text::new().code("diff", diff).build();
        shown.to_string().len() > MAX_DIFF
    };
    is_long.then_some(diff)
}

fn diff_file(op: &Operation) -> Option<Attachment> {
    let text = long_diff(op)?.to_owned();
    Some(Attachment { name: format!("plan-{}.diff", op.id), text })
}

/// The plan's lists in words: what is about to be shown, heading by heading.
fn overview(lang: Lang, op: &Operation) -> Vec<(&'static str, Vec<String>)> {
    let plan = &op.plan;
    let step = |step: &Step| format!("{} ({})", steps::title(lang, &step.title), step.host);
    let steps = |changes: bool| {
        let shown = if mutants::is(Mutant::CutSilently) { 1 } else { usize::MAX };
        plan.steps.iter().filter(|s| s.changes == changes).take(shown).map(step).collect()
    };
    // Service and host stand in the title; everything else that was asked for stands here.
    let asked =
        op.plan.task.slots.iter().filter(|(name, _)| !matches!(name.as_str(), "service" | "node" | "host"));
    let lists: [(&str, Vec<String>); 6] = [
        (t(lang, "Angaben:", "As asked:"), asked.map(|(name, value)| format!("{name} = {value}")).collect()),
        (t(lang, "Ziele:", "Targets:"), plan.targets.clone()),
        (t(lang, "Schritte, die etwas ändern:", "Steps that change something:"), steps(true)),
        (t(lang, "Läuft mit, ohne etwas zu ändern:", "Runs along and changes nothing:"), steps(false)),
        (
            t(
                lang,
                "Benutzte Geheimnisse (nur der Verweis, nie der Wert):",
                "Secrets used (by reference, never by value):",
            ),
            plan.secrets.iter().map(|secret| format!("{} @ {}", secret.reference, secret.version)).collect(),
        ),
        (
            t(lang, "Wenn es scheitert, läuft von selbst:", "If it fails, this runs by itself:"),
            plan.rescue.iter().map(step).collect(),
        ),
    ];
    lists.into_iter().filter(|(_, items)| !items.is_empty()).collect()
}

/// Short lists stand in one line, steps below each other.
fn shown(text: Text, lists: &[(&str, Vec<String>)]) -> Text {
    lists.iter().fold(text, |text, (head, items)| match items.as_slice() {
        [only] => text.line(&format!("{head} {only}")),
        _ => text.line(head).list(items),
    })
}

/// The lists as a file, if they are too long for a message.
fn long_overview(op: &Operation) -> Option<Attachment> {
    let lang = op.lang();
    let lists = overview(lang, op);
    let bytes: usize = lists.iter().flat_map(|(_, items)| items).map(String::len).sum();
    let is_long = bytes > MAX_OVERVIEW || shown(Text::new(), &lists).build().to_string().len() > MAX_OVERVIEW;
    is_long.then(|| {
        let lines = lists.into_iter().flat_map(|(head, items)| {
            std::iter::once(head.to_owned()).chain(items.into_iter().map(|item| format!("- {item}")))
        });
        let text = lines.map(|line| format!("{}\n", crate::report::text::visible(&line))).collect();
        Attachment { name: format!("plan-{}.txt", op.id), text }
    })
}

/// Which file carries what, and how to know it.
fn attached(lang: Lang, what: &str, file: &Attachment) -> String {
    let (lines, name, hash) = (file.text.lines().count(), &file.name, file.hash());
    match lang {
        Lang::De => format!("{what}: {lines} Zeilen, als `{name}` im Thread angehängt (SHA-256 {hash})."),
        Lang::En => format!("{what}: {lines} lines, attached in the thread as `{name}` (SHA-256 {hash})."),
    }
}

/// How much is made, changed and lost.
fn effects(lang: Lang, effects: Effects) -> Option<String> {
    let Effects { create, change, replace, destroy } = effects;
    let warn = if replace + destroy > 0 { "⚠ " } else { "" };
    (create + change + replace + destroy > 0).then(|| match lang {
        Lang::De => {
            format!("{warn}{create} neu · {change} geändert · {replace} ersetzt · {destroy} zerstört")
        }
        Lang::En => format!(
            "{warn}{create} to create · {change} to change · {replace} to replace · {destroy} to destroy"
        ),
    })
}

/// Whom a rule means, in words.
pub(super) fn people(lang: Lang, who: &[Who]) -> String {
    let name = |who: &Who| match who {
        Who::Role(role) => format!("`{role}`"),
        Who::Person(name) => name.clone(),
        Who::Power(level) => match lang {
            Lang::De => format!("Berechtigungsstufe ab {level}"),
            Lang::En => format!("power level {level} or more"),
        },
    };
    who.iter().map(name).collect::<Vec<_>>().join(t(lang, " oder ", " or "))
}

/// What it takes, in one line.
pub(super) fn needs(lang: Lang, terms: &Terms) -> String {
    let (rule, n, who) = (&terms.rule, terms.approvals, people(lang, &terms.approvers));
    let mut said = match (lang, n) {
        (Lang::De, 0) => format!("Regel `{rule}`: keine Freigabe nötig"),
        (Lang::De, 1) => format!("Regel `{rule}`: 1 Person ({who})"),
        (Lang::De, n) => format!("Regel `{rule}`: {n} verschiedene Personen ({who})"),
        (Lang::En, 0) => format!("Rule `{rule}`: no approval needed"),
        (Lang::En, 1) => format!("Rule `{rule}`: 1 person ({who})"),
        (Lang::En, n) => format!("Rule `{rule}`: {n} different people ({who})"),
    };
    for circle in &terms.also {
        let also = people(lang, &circle.approvers);
        said.push_str(&format!(" {} {also}", t(lang, "und zugleich", "and at the same time")));
    }
    if n > 0 && !terms.self_approval {
        said.push_str(t(lang, ", nicht die fragende", ", not the asker"));
    }
    if terms.wait_ms > 0 {
        let wait = span(lang, terms.wait_ms);
        said.push_str(&match lang {
            Lang::De => format!(" · beginnt frühestens {wait} nach dem Vorschlag"),
            Lang::En => format!(" · begins {wait} after the proposal at the earliest"),
        });
    }
    if terms.second_factor {
        said.push_str(t(
            lang,
            " · verlangt einen zweiten Faktor, den es hier noch nicht gibt: nicht freigebbar",
            " · demands a second factor, which does not exist here yet: can't be approved",
        ));
    }
    said
}

/// The proposal, rendered purely from what was hashed, and kept true by edits: `approved_by` are the people who did.
pub fn proposal(lang: Lang, op: &Operation, approved_by: &[String], now: i64) -> Text {
    let plan = &op.plan;
    let icon = match op.state {
        State::AwaitingApproval => "📋",
        State::Approved | State::Dispatched | State::Running => "⏳",
        State::Succeeded => "✅",
        State::Denied | State::Cancelled => "🚫",
        State::Expired | State::Superseded => "⌛",
        State::RolledBack => "↩",
        State::Failed => "❌",
        State::Unknown | State::NeedsOperator => "❓",
    };
    let (id, risk, version) = (&op.id, risk(lang, plan.risk), &plan.executor_version);
    let mut text = Text::new().head(&format!("{icon} {}", title(lang, op))).line(&match lang {
        Lang::De => format!("Vorgang `{id}` · Risiko: {risk} · {version}"),
        Lang::En => format!("Operation `{id}` · risk: {risk} · {version}"),
    });
    if let Some(undoes) = &op.course.undoes {
        text = text.line(&match lang {
            Lang::De => format!("↩ Nimmt Vorgang `{undoes}` zurück."),
            Lang::En => format!("↩ Undoes operation `{undoes}`."),
        });
    }
    if let Some(effects) = effects(lang, plan.effects) {
        text = text.line(&effects);
    }
    text = match long_overview(op) {
        Some(file) => {
            let changing = plan.steps.iter().filter(|step| step.changes).count();
            let what = match lang {
                Lang::De => {
                    format!("Ziele und {} Schritte, von denen {changing} etwas ändern", plan.steps.len())
                }
                Lang::En => {
                    format!("Targets and {} steps, {changing} of which change something", plan.steps.len())
                }
            };
            text.line(&attached(lang, &what, &file))
        }
        None => shown(text, &overview(lang, op)),
    };
    if let Some(file) = diff_file(op) {
        text = text.line(&attached(lang, t(lang, "Die Änderungen", "The changes"), &file));
    } else if !plan.diff.is_empty() {
        text = text.code("diff", &plan.diff);
    }
    text = text.line(&needs(lang, &op.terms));
    text = text.line(&format!("Digest `{}`", op.digest.get(..12).unwrap_or(&op.digest)));
    stand(lang, op, approved_by, now, text)
}

/// What is so now: the votes and what to do, or what became of it and who approved.
fn stand(lang: Lang, op: &Operation, approved_by: &[String], now: i64, text: Text) -> Text {
    if op.state != State::AwaitingApproval {
        let by = match (&op.course.glass, approved_by) {
            (Some(glass), _) => match lang {
                Lang::De => format!(" · 🚨 Notfall: {} allein – {}", glass.by, glass.reason),
                Lang::En => format!(" · 🚨 emergency: {} alone – {}", glass.by, glass.reason),
            },
            (None, []) => String::new(),
            (None, by) => format!(" · {} {}", t(lang, "freigegeben von", "approved by"), by.join(", ")),
        };
        return text.line(&format!("{}: {}{by}", t(lang, "Stand", "State"), state(lang, op.state)));
    }
    let so_far =
        if approved_by.is_empty() { String::new() } else { format!(" ({})", approved_by.join(", ")) };
    let (id, given, needed, left) =
        (&op.id, approved_by.len(), op.terms.approvals, span(lang, op.expires_ts - now));
    text.line(&match lang {
        Lang::De => format!("Freigaben: {given} von {needed}{so_far} · verfällt in {left}"),
        Lang::En => format!("Approvals: {given} of {needed}{so_far} · expires in {left}"),
    })
    .line(&match lang {
        Lang::De => {
            format!("✅ freigeben · ❌ ablehnen – oder `!ralf genehmige {id}` / `!ralf ablehnen {id}`")
        }
        Lang::En => format!("✅ approve · ❌ deny – or `!ralf approve {id}` / `!ralf deny {id}`"),
    })
}
