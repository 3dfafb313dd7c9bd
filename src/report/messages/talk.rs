//! Answers in a conversation.

use ralf_intents::Lang;

use crate::report::{Text, t};
use crate::store::{Operation, State};

use super::operation::title;
use super::steps;

/// `help`
pub fn help(lang: Lang) -> Text {
    let text =
        Text::new().head(t(lang, "Das kann ich für dich tun", "What I can do for you")).list(match lang {
            Lang::De => vec![
                "`Installiere Jellyfin auf node-2` – einen Dienst einrichten",
                "`Starte Grafana neu` – einen Dienst neu starten",
                "`Entferne Gitea` – einen Dienst entfernen",
                "`Läuft Jellyfin?` · `Status` – was läuft wo",
            ],
            Lang::En => vec![
                "`Install Jellyfin on node-2` – set a service up",
                "`Restart Grafana` – restart a service",
                "`Remove Gitea` – take a service away",
                "`Is Jellyfin running?` · `status` – what runs where",
            ],
        });
    let text = text.line(t(
        lang,
        "Bevor sich etwas ändert, zeige ich den Plan. Er läuft erst, wenn ihn jemand mit ✅ freigibt; ❌ lehnt ihn ab.",
        "Before anything changes I show the plan. It runs only when somebody approves it with ✅; ❌ denies it.",
    ));
    let text = text.head(t(lang, "Befehle", "Commands"));
    match lang {
        Lang::De => text.list([
            "`!ralf hilfe` · `!ralf status` · `!ralf verlauf` · `!ralf werbinich` · `!ralf regeln`",
            "`!ralf genehmige ID` · `!ralf ablehnen ID [Grund]` · `!ralf abbrechen ID` · `!ralf warum ID`",
        ]),
        Lang::En => text.list([
            "`!ralf help` · `!ralf status` · `!ralf history` · `!ralf whoami` · `!ralf policy`",
            "`!ralf approve ID` · `!ralf deny ID [reason]` · `!ralf cancel ID` · `!ralf why ID`",
        ]),
    }
}

/// Somebody speaks to us, and it is nothing that we do.
pub fn not_ours(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Das gehört nicht zu dem, was ich kann. Versuch es mit `Installiere Jellyfin auf node-2`, `Starte Grafana neu` oder `!ralf hilfe`.",
        "That is not among the things I can do. Try `Install Jellyfin on node-2`, `Restart Grafana` or `!ralf help`.",
    ))
}

/// A sentence that we understood and that is no order to act now.
pub fn not_now(lang: Lang, reason: NotNow) -> Text {
    Text::new().line(match reason {
        NotNow::Negated => t(lang, "In Ordnung, ich tue nichts.", "All right, I do nothing."),
        NotNow::Report => t(lang, "Danke für den Hinweis. Ich tue nichts.", "Thanks for telling me. I do nothing."),
        NotNow::HowTo => t(
            lang,
            "Das war eine Frage, kein Auftrag; ich tue nichts. Wenn du es willst, sag es mir als Auftrag.",
            "That was a question and no order; I do nothing. If you want it done, tell me so.",
        ),
        NotNow::Later => t(
            lang,
            "Bedingungen und spätere Zeiten kann ich noch nicht ausführen; ich tue nichts. Sag es mir, wenn es so weit ist.",
            "I can't act on conditions or later times yet; I do nothing. Tell me when it is time.",
        ),
    })
}

/// Why a sentence is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// "auf keinen Fall neu starten"
    Negated,
    /// "ich habe grafana neu gestartet"
    Report,
    /// "wie installiert man …"
    HowTo,
    /// "morgen um 3", "wenn es ausfällt"
    Later,
}

/// An intent that nothing here can carry out yet.
pub fn no_executor(lang: Lang, intent: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Ich habe `{intent}` verstanden, aber hier ist noch nichts eingerichtet, das es ausführen kann. Es ist nichts geschehen."),
        Lang::En => format!("I understood `{intent}`, but nothing is set up here that could do it. Nothing happened."),
    })
}

/// A host was named for something that is on none.
pub fn stack_is_on_no_host(lang: Lang, stack: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("`{stack}` ist ein Stack von OpenTofu und liegt auf keinem Host. Sag es ohne Host noch einmal; es ist nichts geschehen."),
        Lang::En => format!("`{stack}` is a stack of OpenTofu and on no host. Say it again without one; nothing happened."),
    })
}

/// How a stack differs from its configuration.
pub fn stack_status(lang: Lang, stack: &str, differences: &[String]) -> Text {
    if differences.is_empty() {
        return Text::new().line(&match lang {
            Lang::De => {
                format!("✅ Stack `{stack}`: kein Drift, alles ist so, wie es die Konfiguration sagt.")
            }
            Lang::En => format!("✅ Stack `{stack}`: no drift, everything is as its configuration says."),
        });
    }
    Text::new()
        .line(&match lang {
            Lang::De => format!("⚠️ Stack `{stack}` weicht von seiner Konfiguration ab:"),
            Lang::En => format!("⚠️ Stack `{stack}` differs from its configuration:"),
        })
        .list(differences.iter().map(|line| steps::title(lang, line)))
        .line(&match lang {
            Lang::De => format!("`Installiere {stack}` macht daraus einen Plan."),
            Lang::En => format!("`Install {stack}` makes a plan of it."),
        })
}

/// A stack could not be looked at.
pub fn no_stack_status(lang: Lang, stack: &str, why: &str) -> Text {
    Text::new()
        .line(&match lang {
            Lang::De => format!("Den Stack `{stack}` konnte ich nicht ansehen."),
            Lang::En => format!("I could not look at the stack `{stack}`."),
        })
        .code("text", why)
}

/// A command that does not exist.
pub fn unknown_command(lang: Lang, word: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Den Befehl `{word}` kenne ich nicht. `!ralf hilfe` zeigt alle."),
        Lang::En => format!("I don't know the command `{word}`. `!ralf help` shows them all."),
    })
}

/// A command that is promised but not built yet.
pub fn not_built(lang: Lang, word: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("`{word}` kann ich in dieser Version noch nicht."),
        Lang::En => format!("I can't do `{word}` in this version yet."),
    })
}

/// A command without its operation's id.
pub fn id_wanted(lang: Lang, word: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!(
            "Welchen Vorgang meinst du? Schreib `!ralf {word} ID`; `!ralf verlauf` zeigt die Kennungen."
        ),
        Lang::En => {
            format!("Which operation do you mean? Write `!ralf {word} ID`; `!ralf history` shows the ids.")
        }
    })
}

/// There is no such operation.
pub fn no_such_operation(lang: Lang, id: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Einen Vorgang `{id}` gibt es nicht, oder die Kennung ist nicht eindeutig. `!ralf verlauf` zeigt die letzten."),
        Lang::En => format!("There is no operation `{id}`, or the id is not unique. `!ralf history` shows the latest."),
    })
}

/// Somebody who may not approve tried to.
pub fn may_not_vote(lang: Lang, user: &str) -> Text {
    Text::new()
        .line(&match lang {
            Lang::De => format!("{user} darf hier nicht freigeben oder ablehnen; die Stimme zählt nicht. Das dürfen die Personen mit der Rolle `approver`."),
            Lang::En => format!("{user} may not approve or deny here; the vote does not count. People with the role `approver` may."),
        })
}

/// The asker voted on their own operation, and may not.
pub fn no_self_approval(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Diesen Vorgang hast du selbst gewünscht; freigeben muss ihn jemand anderes.",
        "You asked for this operation yourself; somebody else has to approve it.",
    ))
}

/// It is too late for a vote.
pub fn too_late(lang: Lang, op: &Operation) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Zu spät: `{}` ist schon {}.", op.id, state(lang, op.state)),
        Lang::En => format!("Too late: `{}` is already {}.", op.id, state(lang, op.state)),
    })
}

/// Only an operation that was cut off can be resolved by a person, and only by an approver.
pub fn not_to_resolve(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Klären kann nur, wer die Rolle `approver` hat, und nur Vorgänge, deren Ausgang ungewiss ist: `!ralf klären ID done` oder `!ralf klären ID not-done`.",
        "Only people with the role `approver` can resolve, and only operations whose end is unknown: `!ralf resolve ID done` or `!ralf resolve ID not-done`.",
    ))
}

/// Somebody may not cancel.
pub fn may_not_cancel(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Abbrechen dürfen nur, wer den Vorgang gewünscht hat, und Personen mit der Rolle `approver`.",
        "Only the asker and people with the role `approver` may cancel.",
    ))
}

/// `whoami`
pub fn whoami(lang: Lang, user: &str, person: Option<&str>, approver: bool) -> Text {
    let name =
        person.map_or_else(|| t(lang, "nicht eingetragen", "not listed").to_owned(), |p| format!("`{p}`"));
    let may = match (lang, approver) {
        (Lang::De, true) => "Du darfst fragen, freigeben und ablehnen.",
        (Lang::De, false) => "Du darfst fragen; freigeben müssen andere.",
        (Lang::En, true) => "You may ask, approve and deny.",
        (Lang::En, false) => "You may ask; others have to approve.",
    };
    Text::new()
        .line(&match lang {
            Lang::De => format!("Du bist {user}, in [people] {name}."),
            Lang::En => format!("You are {user}, in [people] {name}."),
        })
        .line(may)
}

/// `history`
pub fn history(lang: Lang, operations: &[Operation]) -> Text {
    if operations.is_empty() {
        return Text::new().line(t(lang, "Es gab noch keine Vorgänge.", "There were no operations yet."));
    }
    Text::new().head(t(lang, "Die letzten Vorgänge", "The latest operations")).list(operations.iter().map(
        |op| {
            let when = jiff::Timestamp::from_millisecond(op.created_ts).map_or_else(
                |_| String::new(),
                |ts| ts.to_zoned(jiff::tz::TimeZone::system()).strftime("%d.%m. %H:%M").to_string(),
            );
            format!("`{}` {when} · {} · {}", op.id, title(lang, op), state(lang, op.state))
        },
    ))
}

/// `why`
pub fn why(lang: Lang, op: &Operation, entries: &[crate::audit::Entry]) -> Text {
    let facts = match lang {
        Lang::De => vec![
            format!("Gesagt: „{}“ ({})", op.sentence, op.requester),
            format!("Verstanden: {} {}", op.intent, slots(op)),
            format!("Gelesen von: {}", op.understood),
            format!("Plan: {}, Digest {}", op.plan.executor_version, op.digest),
            format!(
                "Regel: `{}`, {} Freigabe(n), Richtlinie {}",
                op.terms.rule, op.terms.approvals, op.plan.policy_version
            ),
            format!("Stand: {}", state(lang, op.state)),
        ],
        Lang::En => vec![
            format!("Said: “{}” ({})", op.sentence, op.requester),
            format!("Understood: {} {}", op.intent, slots(op)),
            format!("Read by: {}", op.understood),
            format!("Plan: {}, digest {}", op.plan.executor_version, op.digest),
            format!(
                "Rule: `{}`, {} approval(s), policy {}",
                op.terms.rule, op.terms.approvals, op.plan.policy_version
            ),
            format!("State: {}", state(lang, op.state)),
        ],
    };
    let text = Text::new().head(&format!("{} · `{}`", title(lang, op), op.id)).list(facts);
    let text = text.head(t(lang, "Protokoll", "Record")).list(
        entries
            .iter()
            .map(|entry| format!("#{} {} {} {}", entry.seq, entry.kind, entry.actor, entry.event_id)),
    );
    match &op.outcome {
        Some(outcome) => text.head(t(lang, "Ergebnis", "Outcome")).list(&outcome.facts),
        None => text,
    }
}

fn slots(op: &Operation) -> String {
    op.slots.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// A state in words.
pub fn state(lang: Lang, state: State) -> &'static str {
    let (de, en) = match state {
        State::AwaitingApproval => ("wartet auf Freigabe", "waiting for approval"),
        State::Approved => ("freigegeben", "approved"),
        State::Dispatched | State::Running => ("läuft", "running"),
        State::Succeeded => ("erledigt", "done"),
        State::Failed => ("fehlgeschlagen", "failed"),
        State::RolledBack => ("zurückgerollt", "rolled back"),
        State::Denied => ("abgelehnt", "denied"),
        State::Expired => ("verfallen", "expired"),
        State::Superseded => ("überholt", "superseded"),
        State::Cancelled => ("abgebrochen", "cancelled"),
        State::Unknown | State::NeedsOperator => ("ungewiss", "unknown"),
    };
    t(lang, de, en)
}

/// What runs where, as it was observed just now: `(service, host, running, detail)`.
pub fn status(
    lang: Lang,
    found: &[(String, String, bool, String)],
    pending: &[Operation],
    asked: Option<&str>,
) -> Text {
    let up = |running: bool| match (lang, running) {
        (Lang::De, true) => "🟢 läuft",
        (Lang::De, false) => "⚪ läuft nicht",
        (Lang::En, true) => "🟢 running",
        (Lang::En, false) => "⚪ not running",
    };
    let mut text = match (asked, found.iter().any(|(.., running, _)| *running)) {
        (Some(name), false) => Text::new().line(&match lang {
            Lang::De => format!("{name}: ⚪ läuft nirgends."),
            Lang::En => format!("{name}: ⚪ not running anywhere."),
        }),
        (None, false) => {
            Text::new().line(t(lang, "Zurzeit läuft kein Dienst.", "No service is running at the moment."))
        }
        (_, true) => Text::new().head(t(lang, "Was gerade läuft", "What is running now")).list(
            found.iter().filter(|(.., running, _)| *running).map(
                |(service, host, running, detail)| match lang {
                    Lang::De => format!("{service} auf {host}: {} {detail}", up(*running)),
                    Lang::En => format!("{service} on {host}: {} {detail}", up(*running)),
                },
            ),
        ),
    };
    if asked.is_none() && !pending.is_empty() {
        text = text.head(t(lang, "Offene Vorgänge", "Open operations")).list(
            pending.iter().map(|op| format!("`{}` {} · {}", op.id, title(lang, op), state(lang, op.state))),
        );
    }
    text
}

/// The inventory could not be read.
pub fn no_inventory(lang: Lang, why: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Ich kann das Inventar nicht lesen: {why}"),
        Lang::En => format!("I can't read the inventory: {why}"),
    })
}

/// A question back, with numbered options.
pub fn question(lang: Lang, question: &str, options: &[String]) -> Text {
    let text = Text::new().line(question);
    if options.is_empty() {
        return text.line(t(lang, "Antworte einfach hier im Thread.", "Just answer here in the thread."));
    }
    text.list(
        options.iter().enumerate().map(|(n, option)| format!("{} {option}", KEYCAPS.get(n).unwrap_or(&"·"))),
    )
    .line(t(
        lang,
        "Antworte hier im Thread oder tippe auf eine Zahl.",
        "Answer here in the thread or tap a number.",
    ))
}

/// The keys of options, in their order.
pub const KEYCAPS: [&str; 9] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣"];

/// A bot enters a room; nobody has shown a language yet.
pub fn greeting(name: &str) -> Text {
    Text::new()
        .line(&format!("Hallo, ich bin {name}. Sag mir, was im Homelab geschehen soll, zum Beispiel `Installiere Jellyfin auf node-2`. Nichts passiert, bevor es jemand mit ✅ freigibt. `!ralf hilfe` zeigt mehr."))
        .line(&format!("Hello, I am {name}. Tell me what you want done in the homelab, such as `Install Jellyfin on node-2`. Nothing happens before somebody approves it with ✅. `!ralf help` shows more."))
}

/// Why an invite was declined; goes into the leave's reason.
pub fn declined(lang: Lang) -> &'static str {
    t(
        lang,
        "Ich nehme nur Einladungen von Personen an, die in meiner Konfiguration stehen ([people] oder rooms.allow_invites_from).",
        "I only accept invites from people in my configuration ([people] or rooms.allow_invites_from).",
    )
}

/// An event broke us.
pub fn set_aside(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Daran bin ich gescheitert; ich habe es beiseitegelegt und im Log vermerkt. Es ist nichts geschehen.",
        "I failed at this; I have set it aside and noted it in the log. Nothing happened.",
    ))
}

/// Messages could not be delivered.
pub fn dead_letter(lang: Lang, room: &str, why: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Eine Nachricht an {room} konnte ich nicht zustellen: {why}"),
        Lang::En => format!("I could not deliver a message to {room}: {why}"),
    })
}
