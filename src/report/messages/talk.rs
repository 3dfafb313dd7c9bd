//! Answers in a conversation.

use ralf_intents::Lang;

use super::{state, steps};
use crate::approval::Operation;
use crate::report::{Text, t};

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

/// A name that is neither a service nor a host nor a stack.
pub fn unknown_name(lang: Lang, name: &str) -> Text {
    let name: String = name.chars().filter(|c| !c.is_control() && *c != '`').take(60).collect();
    Text::new().line(&match lang {
        Lang::De => format!("`{name}` kenne ich nicht. `!ralf status` zeigt, was läuft."),
        Lang::En => format!("I don't know `{name}`. `!ralf status` shows what is running."),
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

/// Nothing has been proposed here yet.
pub fn no_operation_here(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Hier gab es noch keinen Vorgang, den ich erklären könnte. `!ralf verlauf` zeigt die letzten.",
        "There was no operation here yet that I could explain. `!ralf history` shows the latest.",
    ))
}

/// There is no such operation.
pub fn no_such_operation(lang: Lang, id: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Einen Vorgang `{id}` gibt es nicht, oder die Kennung ist nicht eindeutig. `!ralf verlauf` zeigt die letzten."),
        Lang::En => format!("There is no operation `{id}`, or the id is not unique. `!ralf history` shows the latest."),
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
