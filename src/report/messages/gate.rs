//! What the gate says besides the proposal and the report: why a voice does not count, what is waited for, what changed.

use ralf_intents::Lang;

use super::title;
use crate::approval::{Freeze, Never, Operation, Refusal};
use crate::report::{Text, t};

/// Why somebody's vote does not count.
pub fn vote_refused(lang: Lang, user: &str, why: Refusal) -> Text {
    let (de, en) = match why {
        Refusal::NotApprover => (
            "darf hier nicht freigeben oder ablehnen; die Stimme zählt nicht. `!ralf regeln` zeigt, wer es darf.",
            "may not approve or deny here; the vote does not count. `!ralf policy` shows who may.",
        ),
        Refusal::NotEmergency => (
            "hat die Rolle `emergency` nicht; nur sie erlaubt den Notfall-Weg.",
            "does not have the role `emergency`; only it opens the emergency way.",
        ),
        Refusal::TooLittlePower => (
            "hat in diesem Raum nicht die nötige Berechtigungsstufe; die Stimme zählt nicht.",
            "does not have the power level that it takes in this room; the vote does not count.",
        ),
        Refusal::NotJoined => (
            "ist nicht in dem Raum, in dem der Vorschlag steht; die Stimme zählt nicht.",
            "is not in the room that the proposal stands in; the vote does not count.",
        ),
        Refusal::ForeignServer => (
            "kommt von einem Server, dessen Stimmen hier nicht zählen.",
            "comes from a server whose votes do not count here.",
        ),
        Refusal::Guest => {
            ("ist ein Gastkonto; die Stimme zählt nicht.", "is a guest account; the vote does not count.")
        }
        Refusal::Bot | Refusal::Ignored => (
            "ist kein Mensch, den ich kenne; die Stimme zählt nicht.",
            "is nobody I know as a person; the vote does not count.",
        ),
        Refusal::RoomReplaced => (
            "stimmt in einem Raum ab, der ersetzt wurde; die Stimme zählt nicht.",
            "votes in a room that was replaced; the vote does not count.",
        ),
        Refusal::SelfApproval => ("hat das selbst gewünscht.", "asked for this."),
        Refusal::SecondFactor => ("braucht den zweiten Faktor.", "needs the second factor."),
    };
    Text::new().line(&format!("{user} {}", t(lang, de, en)))
}

/// The second factor is demanded, and can't be given yet.
pub fn second_factor(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Die Regel verlangt hier einen zweiten Faktor: eine verschlüsselte Freigabe von einem bestätigten Gerät. Das geht erst, wenn es verschlüsselte Räume gibt; bis dahin lässt sich dieser Vorgang nicht freigeben. Wer ihn trotzdem braucht, ändert `second_factor` in der Richtlinie.",
        "The rule demands a second factor here: an encrypted approval from a verified device. That will work once there are encrypted rooms; until then this operation can't be approved. Who needs it all the same changes `second_factor` in the policy.",
    ))
}

/// The glass was broken.
pub fn glass(lang: Lang, op: &Operation, by: &str, reason: &str) -> Text {
    Text::new()
        .head(&match lang {
            Lang::De => {
                format!("🚨 Notfall: {by} hat „{}“ (`{}`) allein freigegeben.", title(lang, op), op.id)
            }
            Lang::En => format!("🚨 Emergency: {by} approved “{}” (`{}`) alone.", title(lang, op), op.id),
        })
        .line(&format!("{}: {reason}", t(lang, "Grund", "Reason")))
}

/// Only what a person asked for can be forced.
pub fn glass_not_for_loops(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Den Notfall-Weg gibt es nur für das, was ein Mensch gewünscht hat; nicht für Zeitpläne und Schleifen.",
        "The emergency way is only for what a person asked for; not for schedules and loops.",
    ))
}

/// The emergency wants a reason.
pub fn glass_wants_reason(lang: Lang, id: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Der Notfall-Weg braucht einen Grund: `!ralf notfall {id} GRUND`."),
        Lang::En => format!("The emergency way wants a reason: `!ralf breakglass {id} REASON`."),
    })
}

/// Why it was denied, said after the tap.
pub fn reason(lang: Lang, by: &str, reason: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Notiert. Grund der Ablehnung laut {by}: {reason}"),
        Lang::En => format!("Noted. Denied by {by} because: {reason}"),
    })
}

/// The room was replaced or left.
pub fn room_gone(lang: Lang, op: &Operation) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("🚫 „{}“ ist abgebrochen: Dieser Raum wurde ersetzt, und mit ihm gelten seine Stimmen nicht mehr. Es ist nichts geschehen; sag es im neuen Raum noch einmal.", title(lang, op)),
        Lang::En => format!("🚫 “{}” is cancelled: this room was replaced, and its votes are void. Nothing happened; say it again in the new room.", title(lang, op)),
    })
}

/// Half of its time is over.
pub fn reminder(lang: Lang, op: &Operation, given: usize) -> Text {
    let missing = (op.terms.approvals as usize).saturating_sub(given);
    Text::new().line(&match (lang, missing) {
        (Lang::De, 1) => {
            format!("🔔 „{}“ wartet noch auf eine Freigabe; die Hälfte der Zeit ist um.", title(lang, op))
        }
        (Lang::De, n) => {
            format!("🔔 „{}“ wartet noch auf {n} Freigaben; die Hälfte der Zeit ist um.", title(lang, op))
        }
        (Lang::En, 1) => {
            format!("🔔 “{}” still waits for an approval; half of its time is over.", title(lang, op))
        }
        (Lang::En, n) => {
            format!("🔔 “{}” still waits for {n} approvals; half of its time is over.", title(lang, op))
        }
    })
}

/// The second group is called.
pub fn escalated(lang: Lang, op: &Operation) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!(
            "📣 Über „{}“ hat noch niemand entschieden. Jetzt dürfen auch die Nächsten freigeben.",
            title(lang, op)
        ),
        Lang::En => format!(
            "📣 Nobody has decided about “{}” yet. Now the next ones may approve, too.",
            title(lang, op)
        ),
    })
}

/// It waits because nothing is dispatched.
pub fn frozen(lang: Lang, freeze: &Freeze) -> Text {
    Text::new().line(&format!(
        "🧊 {}",
        match lang {
            Lang::De => format!(
                "Alles ist eingefroren ({}). Dieser Vorgang wartet, bis es weitergeht oder seine Zeit um ist. `!ralf auftauen`",
                because(lang, freeze)
            ),
            Lang::En => format!(
                "Everything is frozen ({}). This operation waits until it goes on or its time is over. `!ralf unfreeze`",
                because(lang, freeze)
            ),
        }
    ))
}

pub(super) fn because(lang: Lang, freeze: &Freeze) -> String {
    let by =
        if freeze.by == "policy.freeze" { t(lang, "Konfiguration", "configuration") } else { &freeze.by };
    if freeze.reason.is_empty() { by.to_owned() } else { format!("{by}: {}", freeze.reason) }
}

/// Everything is frozen from now on.
pub fn freeze_begins(lang: Lang, freeze: &Freeze, now: i64) -> Text {
    let until = freeze.until_ts.map_or_else(String::new, |until| {
        let left = super::proposal::span(lang, until - now);
        match lang {
            Lang::De => format!(" Es endet von selbst in {left}."),
            Lang::En => format!(" It ends by itself in {left}."),
        }
    });
    Text::new().line(&match lang {
        Lang::De => format!("🧊 Eingefroren ({}): Auch was freigegeben ist, beginnt nicht. Was läuft, läuft zu Ende.{until} `!ralf auftauen` hebt es auf.", because(lang, freeze)),
        Lang::En => format!("🧊 Frozen ({}): not even what is approved begins. What runs goes on to its end.{until} `!ralf unfreeze` lifts it.", because(lang, freeze)),
    })
}

/// It goes on.
pub fn freeze_ends(lang: Lang, was: bool) -> Text {
    Text::new().line(match was {
        true => t(lang, "Aufgetaut: Freigegebenes beginnt jetzt.", "Unfrozen: what is approved begins now."),
        false => t(lang, "Es war nichts eingefroren.", "Nothing was frozen."),
    })
}

/// The configuration froze it: words can't lift that.
pub fn frozen_by_config(lang: Lang, reason: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Die Konfiguration hält alles an (`policy.freeze`: {reason}). Das hebt nur die Konfiguration auf."),
        Lang::En => format!("The configuration freezes everything (`policy.freeze`: {reason}). Only the configuration lifts that."),
    })
}

/// Who may freeze.
pub fn may_not_freeze(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Einfrieren und auftauen dürfen die Personen mit der Rolle `approver` oder `emergency`.",
        "People with the role `approver` or `emergency` may freeze and unfreeze.",
    ))
}

/// It waits until its time has come.
pub fn waits(lang: Lang, op: &Operation) -> Text {
    let wait = super::proposal::span(lang, op.terms.wait_ms);
    Text::new().line(&match lang {
        Lang::De => format!("⏲ Freigegeben; die Regel lässt es frühestens {wait} nach dem Vorschlag beginnen. Bis dahin nimmt `!ralf abbrechen {}` es zurück.", op.id),
        Lang::En => format!("⏲ Approved; the rule lets it begin {wait} after the proposal at the earliest. Until then `!ralf cancel {}` takes it back.", op.id),
    })
}

/// An approval fell away.
pub fn reopened(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "↩ Eine Freigabe gilt nicht mehr; der Vorgang wartet wieder. Es ist nichts geschehen.",
        "↩ An approval does not hold any more; the operation waits again. Nothing happened.",
    ))
}

/// The policy got stricter.
pub fn tightened(lang: Lang, op: &Operation) -> Text {
    let needs = super::proposal::needs(lang, &op.terms);
    Text::new().line(&match lang {
        Lang::De => format!("Die Richtlinie ist strenger geworden. Jetzt gilt: {needs}."),
        Lang::En => format!("The policy got stricter. Now it is: {needs}."),
    })
}

/// Somebody stops it while it runs.
pub fn stopping(lang: Lang, by: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => {
            format!("⏹ {by} hält es an. Was schon getan ist, bleibt; der Bericht sagt, wie weit es kam.")
        }
        Lang::En => format!("⏹ {by} stops it. What is done stays done; the report says how far it came."),
    })
}

/// Somebody stopped it in the moment that it was to begin.
pub fn stopped_before(lang: Lang, by: &str) -> String {
    match lang {
        Lang::De => format!("{by} hat es angehalten, bevor etwas begann. Es ist nichts geschehen."),
        Lang::En => format!("{by} stopped it before anything began. Nothing happened."),
    }
}

/// Where the record stood when this was said.
pub fn head(lang: Lang, seq: i64, hash: &str) -> String {
    format!("{} #{seq} · {}", t(lang, "Protokoll", "Record"), hash.get(..12).unwrap_or(hash))
}

/// A request that nobody could ever approve: it is not made.
pub fn never(lang: Lang, op: &Operation, never: &Never) -> Text {
    let could =
        if never.could.is_empty() { t(lang, "niemand", "nobody").to_owned() } else { never.could.join(", ") };
    Text::new().line(&match lang {
        Lang::De => format!(
            "„{}“ könnte nie freigegeben werden: Die Regel `{}` verlangt {} Personen, und freigeben könnte nur {could}. Es ist nichts geschehen; die Richtlinie oder [people] muss das ändern.",
            title(lang, op), never.rule, never.needed
        ),
        Lang::En => format!(
            "“{}” could never be approved: the rule `{}` wants {} people, and only {could} could. Nothing happened; the policy or [people] has to change that.",
            title(lang, op), never.rule, never.needed
        ),
    })
}
