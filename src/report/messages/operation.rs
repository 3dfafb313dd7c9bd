//! What is said about an operation, from the proposal to the report.

use ralf_intents::Lang;
use serde_json::{Value, json};

use super::steps;
use crate::approval::{Operation, State};
use crate::execution::{Outcome, Progress};
use crate::plan::Risk;
use crate::report::{Text, t};

/// What a diff may take of a message, in bytes as they are sent. A Matrix event holds 65,536; ours says everything twice,
/// as text and as HTML, and an edit says both twice.
const MAX_DIFF: usize = 20_000;

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
fn is_stack(op: &Operation) -> bool {
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

/// The whole diff, if it is too long for a message: then it goes beside the proposal as a file.
pub fn long_diff(op: &Operation) -> Option<&str> {
    let diff = op.plan.diff.as_str();
    // Quotes, angle brackets and hidden characters grow on their way into HTML and JSON.
    let is_long = 2 * diff.len() > MAX_DIFF || {
        let shown = Text::new().code("diff", diff).build();
        shown.to_string().len() > MAX_DIFF
    };
    is_long.then_some(diff)
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
        State::Failed | State::RolledBack => "❌",
        State::Unknown | State::NeedsOperator => "❓",
    };
    let mut text = Text::new().head(&format!("{icon} {}", title(lang, op)));
    text = text.line(&match lang {
        Lang::De => {
            format!("Vorgang `{}` · Risiko: {} · {}", op.id, risk(lang, plan.risk), plan.executor_version)
        }
        Lang::En => {
            format!("Operation `{}` · risk: {} · {}", op.id, risk(lang, plan.risk), plan.executor_version)
        }
    });
    text = text.line(&format!("{}: {}", t(lang, "Ziele", "Targets"), plan.targets.join(", ")));
    let shown: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.changes)
        .map(|step| format!("{} ({})", steps::title(lang, &step.title), step.host))
        .collect();
    text = text.line(t(lang, "Schritte, die etwas ändern:", "Steps that change something:")).list(shown);
    if long_diff(op).is_some() {
        let hash = crate::plan::hex(&<sha2::Sha256 as sha2::Digest>::digest(&plan.diff));
        text = text.line(&match lang {
            Lang::De => format!(
                "Die Änderungen sind {} Zeilen lang und hängen als `{}` im Thread an (SHA-256 {hash}).",
                plan.diff.lines().count(),
                diff_name(op)
            ),
            Lang::En => format!(
                "The changes are {} lines long and are attached in the thread as `{}` (SHA-256 {hash}).",
                plan.diff.lines().count(),
                diff_name(op)
            ),
        });
    } else if !plan.diff.is_empty() {
        text = text.code("diff", &plan.diff);
    }
    text = text.line(&format!("Digest `{}`", op.digest.get(..12).unwrap_or(&op.digest)));
    match op.state {
        State::AwaitingApproval => {
            let so_far =
                if approved_by.is_empty() { String::new() } else { format!(" ({})", approved_by.join(", ")) };
            let left = span(lang, op.expires_ts - now);
            text.line(&match lang {
                Lang::De => {
                    format!(
                        "Freigaben: {} von {}{so_far} · verfällt in {left}",
                        approved_by.len(),
                        op.terms.approvals
                    )
                }
                Lang::En => {
                    format!(
                        "Approvals: {} of {}{so_far} · expires in {left}",
                        approved_by.len(),
                        op.terms.approvals
                    )
                }
            })
            .line(&match lang {
                Lang::De => format!(
                    "✅ freigeben · ❌ ablehnen – oder `!ralf genehmige {0}` / `!ralf ablehnen {0}`",
                    op.id
                ),
                Lang::En => {
                    format!("✅ approve · ❌ deny – or `!ralf approve {0}` / `!ralf deny {0}`", op.id)
                }
            })
        }
        state => {
            let by = if approved_by.is_empty() {
                String::new()
            } else {
                match lang {
                    Lang::De => format!(" · freigegeben von {}", approved_by.join(", ")),
                    Lang::En => format!(" · approved by {}", approved_by.join(", ")),
                }
            };
            text.line(&format!("{}: {}{by}", t(lang, "Stand", "State"), super::state(lang, state)))
        }
    }
}

/// The name of the file that carries a long diff.
pub fn diff_name(op: &Operation) -> String {
    format!("plan-{}.diff", op.id)
}

/// There is nothing to do.
pub fn already_so(lang: Lang, op: &Operation) -> Text {
    Text::new().line(&match lang {
        Lang::De => {
            format!("Das ist schon so: {} würde nichts ändern. Es gibt nichts zu tun.", title(lang, op))
        }
        Lang::En => {
            format!("Already so: “{}” would change nothing. There is nothing to do.", title(lang, op))
        }
    })
}

/// No plan could be made.
pub fn planning_failed(lang: Lang, what: &str, why: &str) -> Text {
    Text::new()
        .line(&match lang {
            Lang::De => format!("Für „{what}“ konnte ich keinen Plan machen; es ist nichts geschehen."),
            Lang::En => format!("I could not make a plan for “{what}”; nothing happened."),
        })
        .code("text", why)
}

/// Enough people approved; it starts, or waits for its targets.
pub fn decided(lang: Lang, by: &[String]) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("✅ Freigegeben von {}. Ich fange an.", by.join(", ")),
        Lang::En => format!("✅ Approved by {}. I am starting.", by.join(", ")),
    })
}

/// A vote that was typed counts, and more are needed.
pub fn counted(lang: Lang, given: usize, needed: usize) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Gezählt: {given} von {needed} Freigaben."),
        Lang::En => format!("Counted: {given} of {needed} approvals."),
    })
}

/// It has to wait for another operation on the same target.
pub fn queued(lang: Lang, other: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("⏸ Vorgang `{other}` arbeitet gerade am selben Ziel; danach geht es weiter. `!ralf abbrechen` nimmt es zurück."),
        Lang::En => format!("⏸ Operation `{other}` is working on the same target; this one follows. `!ralf cancel` takes it back."),
    })
}

/// Somebody denied it.
pub fn denied(lang: Lang, by: &str, reason: &str) -> Text {
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    Text::new().line(&match lang {
        Lang::De => format!("❌ Abgelehnt von {by}{because}. Es ist nichts geschehen."),
        Lang::En => format!("❌ Denied by {by}{because}. Nothing happened."),
    })
}

/// Its time is over.
pub fn expired(lang: Lang, op: &Operation) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!(
            "⌛ „{}“ ist verfallen; niemand hat rechtzeitig entschieden. Es ist nichts geschehen.",
            title(lang, op)
        ),
        Lang::En => {
            format!("⌛ “{}” has expired; nobody decided in time. Nothing happened.", title(lang, op))
        }
    })
}

/// It was taken back.
pub fn cancelled(lang: Lang, by: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("🚫 Abgebrochen von {by}. Es ist nichts geschehen."),
        Lang::En => format!("🚫 Cancelled by {by}. Nothing happened."),
    })
}

/// The targets changed since the plan was made.
pub fn stale(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Seit dem Plan hat sich am Ziel etwas geändert. Ich habe nichts getan und plane neu; bitte entscheide noch einmal.",
        "Something changed at the target since this plan was made. I did nothing and plan anew; please decide again.",
    ))
}

/// How far it is: one message, edited.
pub fn progress(lang: Lang, op: &Operation, progress: &Progress) -> Text {
    const WIDTH: u32 = 12;
    let total = progress.total.max(progress.done).max(1);
    let full = progress.done * WIDTH / total;
    let bar: String = (0..WIDTH).map(|n| if n < full { '▓' } else { '░' }).collect();
    Text::new()
        .line(&format!("⏳ {} · {bar} {}/{total}", title(lang, op), progress.done))
        .line(&steps::title(lang, &progress.now))
}

/// How it ended: a new message that mentions the asker.
pub fn final_report(lang: Lang, op: &Operation, outcome: &Outcome) -> Text {
    let head = match (lang, op.state) {
        (_, State::Succeeded) => format!("✅ {}: {}", title(lang, op), success(lang, op)),
        (Lang::De, State::NeedsOperator) => format!(
            "❓ {}: Ich weiß nicht, wie weit es kam. Bitte sieh nach; ich wiederhole nichts von selbst.",
            title(lang, op)
        ),
        (Lang::En, State::NeedsOperator) => format!(
            "❓ {}: I don't know how far it came. Please look; I repeat nothing by myself.",
            title(lang, op)
        ),
        (Lang::De, State::RolledBack) => {
            format!("↩ {}: fehlgeschlagen und wie geplant zurückgenommen.", title(lang, op))
        }
        (Lang::En, State::RolledBack) => format!("↩ {}: failed, and undone as planned.", title(lang, op)),
        (Lang::De, _) => format!("❌ {}: fehlgeschlagen.", title(lang, op)),
        (Lang::En, _) => format!("❌ {}: failed.", title(lang, op)),
    };
    let text = Text::new().head(&head);
    if op.state != State::Succeeded {
        let text = match &op.course.stopping {
            Some(by) => text.line(&format!("⏹ {} {by}", t(lang, "Angehalten von", "Stopped by"))),
            None => text,
        };
        let text = text.list(&outcome.facts);
        return if op.state == State::NeedsOperator { text.line(&how_to_resolve(lang, op)) } else { text };
    }
    let changed = op.plan.steps.iter().filter(|step| step.changes);
    text.list(changed.map(|step| format!("{}: {}", step.host, steps::title(lang, &step.title))))
}

fn success(lang: Lang, op: &Operation) -> &'static str {
    match op.plan.task.action.as_str() {
        "deploy" if is_stack(op) => t(lang, "angewendet.", "applied."),
        "deploy" => t(lang, "läuft.", "it is running."),
        "restart" => t(lang, "läuft wieder.", "it is running again."),
        "remove" => t(lang, "ist entfernt.", "it is gone."),
        _ => t(lang, "erledigt.", "done."),
    }
}

/// A dispatch that never came to anything: we died in between.
pub fn never_began(lang: Lang) -> &'static str {
    t(
        lang,
        "Ich wurde unterbrochen, bevor irgendetwas begann. Es ist nichts geschehen; sag es noch einmal, wenn du es willst.",
        "I was interrupted before anything began. Nothing happened; say it again if you want it.",
    )
}

/// What was wanted came about without us.
pub fn meanwhile_so(lang: Lang) -> &'static str {
    t(lang, "Das ist inzwischen ohne mein Zutun so.", "It has come about without me in the meantime.")
}

fn how_to_resolve(lang: Lang, op: &Operation) -> String {
    match lang {
        Lang::De => format!(
            "Sag mir, wie es ausging: `!ralf klären {0} done` (erledigt) oder `!ralf klären {0} not-done` (nicht). Bis dahin ruht das Ziel.",
            op.id
        ),
        Lang::En => format!(
            "Tell me how it ended: `!ralf resolve {0} done` or `!ralf resolve {0} not-done`. Until then nothing else touches the target.",
            op.id
        ),
    }
}

/// A person said how an operation ended that was cut off.
pub fn resolved(lang: Lang, op: &Operation, by: &str) -> Text {
    Text::new().line(&match (lang, op.state) {
        (Lang::De, State::Succeeded) => format!("✅ {}: laut {by} erledigt.", title(lang, op)),
        (Lang::De, _) => format!("❌ {}: laut {by} nicht erledigt.", title(lang, op)),
        (Lang::En, State::Succeeded) => format!("✅ {}: done, says {by}.", title(lang, op)),
        (Lang::En, _) => format!("❌ {}: not done, says {by}.", title(lang, op)),
    })
}

/// Somebody approves what the room has not been shown yet.
pub fn not_shown_yet(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Der Vorschlag ist noch nicht zugestellt; freigeben kann man nur, was man gesehen hat. Versuch es gleich noch einmal.",
        "The proposal has not been delivered yet; only what was shown can be approved. Try again in a moment.",
    ))
}

/// What is stored is not what was approved.
pub fn not_as_approved(lang: Lang) -> &'static str {
    t(
        lang,
        "Der gespeicherte Plan ist nicht der, der freigegeben wurde. Es ist nichts geschehen; sag es noch einmal.",
        "The stored plan is not the one that was approved. Nothing happened; say it again.",
    )
}
