//! What is said when something was understood that nothing here can do: what was heard, what is missing, and the nearest
//! thing that works.

use ralf_intents::{Lang, Slots};

use super::title;
use crate::approval::Operation;
use crate::report::{Text, t};

/// All that an honest answer can build on.
#[derive(Debug, Default)]
pub struct Unable<'a> {
    /// The intent's name.
    pub intent: &'a str,
    /// What the intent does, from the catalogue.
    pub does: &'a str,
    /// What was said.
    pub slots: Slots,
    /// What an executor can really do to the service that was named: `deploy`, `restart`, `remove`.
    pub can: Vec<&'static str>,
    /// The last operation on the service that ended well or badly, as far as the asker may see it.
    pub last: Option<Operation>,
    /// A host that the service may run on, and does not yet.
    pub free: Option<String>,
    /// The hosts of the inventory.
    pub hosts: Vec<String>,
    /// The services of the inventory.
    pub services: Vec<String>,
    /// The stacks of the inventory.
    pub stacks: Vec<String>,
}

impl Unable<'_> {
    fn slot(&self, name: &str) -> Option<&str> {
        self.slots.get(name).map(String::as_str)
    }

    /// The thing that it is about, between ticks.
    fn thing(&self) -> String {
        let named = ["service", "target", "secret", "host"].iter().find_map(|name| self.slot(name));
        named.map_or_else(String::new, |name| format!("`{name}`"))
    }
}

/// What was understood, why it can't be done, and what can.
pub fn unable(lang: Lang, it: &Unable<'_>) -> Text {
    let text = Text::new().line(&format!("{}: {}", heard(lang, it), missing(lang, it.intent)));
    let text = nearest(lang, it).into_iter().fold(text, |text, line| text.line(&line));
    match able(lang, it) {
        Some(line) => text.line(&line),
        None => text,
    }
}

/// What was understood, in the person's own terms.
fn heard(lang: Lang, it: &Unable<'_>) -> String {
    let thing = it.thing();
    let of = |de: &str, en: &str| match (lang, thing.is_empty()) {
        (Lang::De, true) => de.to_owned(),
        (Lang::En, true) => en.to_owned(),
        (Lang::De, false) => format!("{de} von {thing}"),
        (Lang::En, false) => format!("{en} of {thing}"),
    };
    let version = it.slot("version").map_or_else(String::new, |version| match lang {
        Lang::De => format!(" auf Version {version}"),
        Lang::En => format!(" to version {version}"),
    });
    match it.intent {
        "show_logs" => format!("{}{}", of("Logs", "Logs"), since(lang, it.slot("since"))),
        "run_backup" => of("Backup", "Backup"),
        "restore_backup" => {
            let from = it.slot("snapshot").map_or_else(String::new, |snapshot| match lang {
                Lang::De => format!(" aus `{snapshot}`"),
                Lang::En => format!(" from `{snapshot}`"),
            });
            format!("{}{from}", of("Wiederherstellung", "Restore"))
        }
        "rotate_secret" if thing.is_empty() => {
            t(lang, "Ein Geheimnis wechseln", "Rotate a secret").to_owned()
        }
        "rotate_secret" => of("Wechsel", "Rotation"),
        "update_service" => format!("{}{version}", of("Update", "Update")),
        "rollback_service" => format!("{}{version}", of("Rückkehr", "Return")),
        "scale_service" => match (lang, it.slot("replicas")) {
            (_, None) => of("Skalierung", "Scaling"),
            (Lang::De, Some(count)) => format!("{} auf {count} Instanzen", of("Skalierung", "Scaling")),
            (Lang::En, Some(count)) => format!("{} to {count} instances", of("Skalierung", "Scaling")),
        },
        "plan_capacity" => match (lang, it.slot("horizon")) {
            (lang, None) => t(lang, "Kapazität", "Capacity").to_owned(),
            (Lang::De, Some(horizon)) => format!("Kapazität für die nächsten {horizon}"),
            (Lang::En, Some(horizon)) => format!("Capacity for the next {horizon}"),
        },
        "discover_network" => t(lang, "Suche im Netz", "Search of the network").to_owned(),
        "compliance_check" => match it.slot("scope") {
            None => t(lang, "Prüfung der Vorgaben", "Compliance check").to_owned(),
            Some(scope) => {
                format!("{} `{scope}`", t(lang, "Prüfung der Vorgaben für", "Compliance check of"))
            }
        },
        _ => {
            let values: Vec<String> = it.slots.values().map(|value| format!("`{value}`")).collect();
            let does = if it.does.is_empty() { it.intent } else { it.does };
            if values.is_empty() { does.to_owned() } else { format!("{does} ({})", values.join(", ")) }
        }
    }
}

/// A time as it was said.
fn since(lang: Lang, since: Option<&str>) -> String {
    match (lang, since) {
        (_, None) => String::new(),
        (Lang::De, Some("yesterday")) => " seit gestern".into(),
        (Lang::De, Some("today")) => " seit heute früh".into(),
        (Lang::En, Some("today")) => " since this morning".into(),
        (Lang::De, Some(time)) if time.contains('-') => format!(" seit {time}"),
        (Lang::De, Some(span)) => format!(" der letzten {span}"),
        (Lang::En, Some(time)) if time == "yesterday" || time.contains('-') => format!(" since {time}"),
        (Lang::En, Some(span)) => format!(" of the last {span}"),
    }
}

/// Why it can't be done.
fn missing(lang: Lang, intent: &str) -> &'static str {
    let (de, en) = match intent {
        "show_logs" => (
            "die kann ich nicht lesen, denn mir ist keine Quelle für Logs angeschlossen.",
            "I can't read them, because no source of logs is connected.",
        ),
        "run_backup" => (
            "hier ist kein Programm für Backups eingerichtet. Es wurde nichts gesichert.",
            "no program for backups is set up here. Nothing was backed up.",
        ),
        "restore_backup" => (
            "hier ist kein Programm für Backups eingerichtet. Es wurde nichts zurückgespielt.",
            "no program for backups is set up here. Nothing was restored.",
        ),
        "rotate_secret" => (
            "Geheimnisse kann ich nicht wechseln. Es ist nichts geschehen.",
            "I can't rotate secrets. Nothing happened.",
        ),
        "update_service" => (
            "dafür ist kein Programm eingerichtet. Es ist nichts geschehen.",
            "no program is set up for that. Nothing happened.",
        ),
        "rollback_service" => (
            "auf eine bestimmte Version kann ich nicht zurückgehen. Es ist nichts geschehen.",
            "I can't go back to a certain version. Nothing happened.",
        ),
        "scale_service" => (
            "ein Dienst läuft hier auf jedem Host höchstens einmal; skalieren kann ich ihn nicht. Es ist nichts geschehen.",
            "a service runs at most once on each host here; I can't scale it. Nothing happened.",
        ),
        "plan_capacity" => (
            "mir fehlen Messwerte von CPU, Speicher und Platten. Eine Zahl wäre geraten.",
            "I have no measurements of CPU, memory and disks. Any figure would be a guess.",
        ),
        "discover_network" => (
            "das Netz durchsuche ich nicht; ich kenne nur, was im Inventar steht.",
            "I don't scan the network; I only know what stands in the inventory.",
        ),
        "compliance_check" => (
            "dafür sind keine Vorgaben eingerichtet; ich kann weder Ja noch Nein sagen.",
            "no rules are set up for that; I can say neither yes nor no.",
        ),
        _ => (
            "das habe ich verstanden, aber hier ist nichts eingerichtet, das es kann. Es ist nichts geschehen.",
            "I understood that, but nothing is set up here that can do it. Nothing happened.",
        ),
    };
    t(lang, de, en)
}

/// The nearest things that work.
fn nearest(lang: Lang, it: &Unable<'_>) -> Vec<String> {
    let name = it.slot("service").or_else(|| it.slot("target")).unwrap_or_default();
    let known =
        !name.is_empty() && (it.services.iter().any(|s| s == name) || it.hosts.iter().any(|h| h == name));
    let can = |action: &str| it.can.contains(&action);
    let mut lines = Vec::new();
    let mut say = |de: String, en: String| lines.push(if lang == Lang::De { de } else { en });
    match it.intent {
        "show_logs" if name.is_empty() => say(
            "`Status` zeigt, was gerade läuft und was wartet.".into(),
            "`status` shows what runs now and what waits.".into(),
        ),
        "show_logs" => {
            say(
                format!("`Läuft {name}?` sagt dir, ob es antwortet."),
                format!("`Is {name} running?` tells you whether it answers."),
            );
            if let Some(op) = &it.last {
                let (what, id) = (title(lang, op), &op.id);
                say(
                    format!("`!ralf warum {id}` zeigt, was zuletzt bei „{what}“ ausgegeben wurde."),
                    format!("`!ralf why {id}` shows what “{what}” printed last."),
                );
            }
        }
        "plan_capacity" => say(
            "`Status` zeigt, was gerade läuft und was wartet.".into(),
            "`status` shows what runs now and what waits.".into(),
        ),
        "restore_backup" | "rollback_service" if it.last.is_some() => say(
            format!(
                "`Rolle {name} zurück` nimmt zurück, was ich zuletzt daran getan habe; Daten bringt das nicht wieder."
            ),
            format!("`Roll back {name}` undoes what I did to it last; that brings no data back."),
        ),
        "update_service" | "rollback_service" if can("deploy") => say(
            format!(
                "Welche Version läuft, steht in der Datei der Dienste: Ist sie dort geändert, macht `Installiere {name}` einen Plan daraus."
            ),
            format!(
                "Which version runs stands in the services file: once it is changed there, `Install {name}` makes a plan of it."
            ),
        ),
        "scale_service" if can("deploy") => {
            if let Some(host) = &it.free {
                say(
                    format!("`Installiere {name} auf {host}` setzt es auf einen weiteren Host."),
                    format!("`Install {name} on {host}` puts it on a further host."),
                );
            }
        }
        "rotate_secret" => say(
            "Wechsle es dort, wo es liegt; jeder neue Plan liest es frisch.".into(),
            "Change it where it is kept; every new plan reads it afresh.".into(),
        ),
        "discover_network" => {
            for (de, en, names) in [
                ("Hosts", "Hosts", &it.hosts),
                ("Dienste", "Services", &it.services),
                ("Stacks", "Stacks", &it.stacks),
            ] {
                if !names.is_empty() {
                    say(format!("{de}: {}", few(names)), format!("{en}: {}", few(names)));
                }
            }
        }
        "compliance_check" => {
            if let Some(stack) = it.stacks.first() {
                say(
                    format!("`Status {stack}` zeigt, ob ein Stack von seiner Konfiguration abweicht."),
                    format!("`status {stack}` shows whether a stack differs from its configuration."),
                );
            }
            say(
                "`!ralf regeln` zeigt, was wessen Freigabe braucht; `!ralf verlauf`, was geschah.".into(),
                "`!ralf policy` shows what needs whose approval; `!ralf history` what happened.".into(),
            );
        }
        _ if known => say(
            format!("`Status {name}` zeigt, wie es darum steht."),
            format!("`status {name}` shows how it is."),
        ),
        _ => {}
    }
    lines
}

/// What can be done to the service instead.
fn able(lang: Lang, it: &Unable<'_>) -> Option<String> {
    let actions: Vec<&str> = it
        .can
        .iter()
        .filter_map(|action| match *action {
            "deploy" => Some(t(lang, "einrichten", "set it up")),
            "restart" => Some(t(lang, "neu starten", "restart it")),
            "remove" => Some(t(lang, "entfernen", "remove it")),
            _ => None,
        })
        .collect();
    let name = it.thing();
    (!actions.is_empty()).then(|| match lang {
        Lang::De => format!("Was ich mit {name} kann: {}.", actions.join(", ")),
        Lang::En => format!("What I can do with {name}: {}.", actions.join(", ")),
    })
}

/// Some names, and how many more there are.
fn few(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown}, +{more}"),
    }
}
