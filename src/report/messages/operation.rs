//! What is said about an operation besides its proposal, up to the report.

use ralf_intents::Lang;

use super::proposal::is_stack;
use super::{steps, title};
use crate::approval::{Operation, State};
use crate::execution::{Outcome, Progress};
use crate::report::{Text, t};

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

fn success(lang: Lang, op: &Operation) -> &str {
    match op.plan.task.action.as_str() {
        "deploy" if is_stack(op) => t(lang, "angewendet.", "applied."),
        "deploy" => t(lang, "läuft.", "it is running."),
        "restart" => t(lang, "läuft wieder.", "it is running again."),
        "remove" => t(lang, "ist entfernt.", "it is gone."),
        _ => op.course.done_reply.as_deref().unwrap_or(t(lang, "erledigt.", "done.")),
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
