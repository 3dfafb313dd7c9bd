//! `!ralf policy`: what applies to one person in one room.

use std::fmt::Write as _;

use ralf_intents::Lang;

use super::operation::risk;
use crate::approval::{Here, Refusal, Rules, Standing, Terms, Who};
use crate::config::{Pattern, Rule};
use crate::plan::Risk;
use crate::report::{Text, t};

/// `policy`
pub fn policy(lang: Lang, rules: &Rules, user: &str, standing: &Standing) -> Text {
    let mut text = Text::new();
    if let Some(reason) = rules.frozen() {
        text = text.line(&match lang {
            Lang::De => {
                format!("❄️ Eingefroren, solange es so konfiguriert ist: {reason}. Es wird nichts gestartet.")
            }
            Lang::En => {
                format!("❄️ Frozen for as long as it is configured so: {reason}. Nothing is started.")
            }
        });
    }
    let head = t(lang, "Was hier für dich gilt", "What applies to you here");
    let last = t(lang, "alles andere", "everything else");
    let lines = rules.explained().map(|(rule, terms)| {
        let what = match rule {
            Some(rule) => format!("`{}`: {}", terms.rule, conditions(lang, rule)),
            None => last.to_owned(),
        };
        let mine = mine(lang, rules, terms, user, standing);
        format!("{what} → {}. {mine}", takes(lang, terms))
    });
    text = text.head(head).list(lines);
    text.line(t(
        lang,
        "Die erste Regel, die passt, gilt. Ablehnen darf, wer freigeben darf, und wer gefragt hat.",
        "The first rule that fits holds. Who may approve may deny, and so may the asker.",
    ))
    .line(match rules.may_break_glass(user, standing) {
        Ok(_) => t(
            lang,
            "Im Notfall darfst du allein freigeben: `!ralf notfall ID Grund`.",
            "In an emergency you may approve alone: `!ralf breakglass ID reason`.",
        ),
        Err(_) => t(lang, "Den Notfall-Weg darfst du nicht gehen.", "The emergency way is not yours."),
    })
}

/// What a rule is about.
pub(crate) fn conditions(lang: Lang, rule: &Rule) -> String {
    let mut parts = Vec::new();
    if let Some(intents) = &rule.intents {
        parts.push(intents.join(", "));
    }
    if rule.risk.as_deref() == Some(&[Risk::Read]) {
        parts.push(t(lang, "was nur liest", "what only reads").to_owned());
    } else if let Some(risks) = &rule.risk {
        let risks: Vec<&str> = risks.iter().map(|r| risk(lang, *r)).collect();
        parts.push(format!("{} {}", t(lang, "Risiko", "risk"), risks.join(t(lang, " oder ", " or "))));
    }
    if let Some(targets) = &rule.targets {
        let targets: Vec<&str> = targets.iter().map(Pattern::as_str).collect();
        parts.push(format!("{} {}", t(lang, "auf", "on"), targets.join(t(lang, " oder ", " or "))));
    }
    if let Some(bots) = &rule.bots {
        parts.push(format!("{} {}", t(lang, "Aufgaben von", "work of"), bots.join(", ")));
    }
    if parts.is_empty() { t(lang, "alles", "everything").to_owned() } else { parts.join(" · ") }
}

/// What it takes.
fn takes(lang: Lang, terms: &Terms) -> String {
    if terms.approvals == 0 {
        return t(lang, "ohne Freigabe", "without approval").to_owned();
    }
    let or = t(lang, " oder ", " or ");
    let mut text = match (lang, terms.approvals) {
        (Lang::De, 1) => format!("1 Person von {}", who(lang, &terms.approvers, or)),
        (Lang::De, n) => format!("{n} Personen von {}", who(lang, &terms.approvers, or)),
        (Lang::En, n) => format!("{n} of {}", who(lang, &terms.approvers, or)),
    };
    if terms.power > 0 {
        let _ = write!(text, " {} {}", t(lang, "ab Stufe", "with power"), terms.power);
    }
    text.push_str(match terms.self_approval {
        true => t(lang, ", auch wer fragt", ", the asker too"),
        false => t(lang, ", nicht wer fragt", ", not the asker"),
    });
    let _ = write!(text, "; {} {}", t(lang, "verfällt nach", "expires after"), span(terms.expiry_ms));
    if terms.wait_ms > 0 {
        let _ = write!(
            text,
            "; {} {}",
            t(lang, "startet frühestens nach", "starts no sooner than after"),
            span(terms.wait_ms)
        );
    }
    if let Some(called) = &terms.escalation {
        let (after, to) = (span(called.after_ms), who(lang, &called.to, or));
        let _ = match lang {
            Lang::De => write!(text, "; nach {after} auch {to}"),
            Lang::En => write!(text, "; after {after} {to} too"),
        };
    }
    if terms.second_factor {
        text.push_str(t(
            lang,
            "; mit zweitem Faktor, den es noch nicht gibt",
            "; with a second factor, which there is not yet",
        ));
    }
    text
}

fn who(lang: Lang, whos: &[Who], or: &str) -> String {
    let one = |who: &Who| match (who, lang) {
        (Who::Role(name), _) => format!("`{name}`"),
        (Who::Person(name), _) => name.clone(),
        (Who::Power(level), Lang::De) => format!("Personen mit Stufe {level}"),
        (Who::Power(level), Lang::En) => format!("people with power {level}"),
    };
    whos.iter().map(one).collect::<Vec<_>>().join(or)
}

/// What it means for the one who asks about it.
fn mine(lang: Lang, rules: &Rules, terms: &Terms, user: &str, standing: &Standing) -> String {
    let mut text = match (rules.here(terms, user, standing), lang) {
        (Here::Unasked, _) => return t(lang, "Du brauchst niemanden.", "You need nobody.").to_owned(),
        (Here::Counts(0), _) => t(lang, "Du kannst allein freigeben.", "You can approve alone.").to_owned(),
        (Here::Counts(1), _) => {
            t(lang, "Du zählst; es braucht noch eine Person.", "You count; it takes one more person.")
                .to_owned()
        }
        (Here::Counts(n), Lang::De) => format!("Du zählst; es braucht noch {n} andere."),
        (Here::Counts(n), Lang::En) => format!("You count; it takes {n} others."),
        (Here::ForOthers(n), Lang::De) => {
            format!("Du zählst bei dem, was andere wünschen; was du wünschst, braucht {n} andere.")
        }
        (Here::ForOthers(n), Lang::En) => {
            format!("You count for what others ask for; what you ask for takes {n} others.")
        }
        (Here::WhenCalled, _) => t(
            lang,
            "Du zählst, sobald die zweite Gruppe gerufen ist.",
            "You count once the second group is called.",
        )
        .to_owned(),
        (Here::No(why), _) => not_mine(lang, why).to_owned(),
    };
    if rules.never(terms, user, Some(standing)).is_some() {
        text.push_str(t(
            lang,
            " ⚠️ In diesem Raum sind zu wenige, die freigeben könnten, was du wünschst.",
            " ⚠️ Too few in this room could approve what you ask for.",
        ));
    }
    text
}

fn not_mine(lang: Lang, why: Refusal) -> &'static str {
    match why {
        Refusal::TooLittlePower => t(
            lang,
            "Du zählst erst mit mehr Berechtigung in diesem Raum.",
            "You count only with more power in this room.",
        ),
        Refusal::ForeignServer => {
            t(lang, "Von deinem Server zählt hier niemand.", "Nobody from your server counts here.")
        }
        Refusal::RoomReplaced => t(
            lang,
            "Dieser Raum wurde ersetzt; hier zählt niemand.",
            "This room was replaced; nobody counts here.",
        ),
        _ => t(lang, "Freigeben müssen andere.", "Others have to approve."),
    }
}

/// A length of time, as short as it can be said.
pub(crate) fn span(ms: i64) -> String {
    match ms / 1000 {
        s if s > 0 && s % 3600 == 0 => format!("{} h", s / 3600),
        s if s > 0 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
