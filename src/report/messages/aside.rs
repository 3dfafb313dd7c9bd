//! Answers to what is said to a bot and is no order.

use ralf_intents::Lang;
use serde_json::json;

use super::title;
use crate::approval::Operation;
use crate::report::{Text, t};

/// Somebody speaks to us, and it is nothing that we do.
pub fn not_ours(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Das gehört nicht zu dem, was ich kann. Versuch es mit `Installiere Jellyfin auf node-2`, `Starte Grafana neu` oder `!ralf hilfe`.",
        "That is not among the things I can do. Try `Install Jellyfin on node-2`, `Restart Grafana` or `!ralf help`.",
    ))
}

/// What people say out of courtesy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Courtesy {
    /// "danke!"
    Thanks,
    /// "hallo"
    Hello,
    /// "bis später"
    Bye,
    /// "wer bist du?"
    Who,
    /// "wie geht's?"
    HowAreYou,
    /// "ja", "nein", "ok", and nothing was asked.
    YesOrNo,
}

/// A short answer to a courtesy.
pub fn courtesy(lang: Lang, what: Courtesy) -> Text {
    let (de, en) = match what {
        Courtesy::Thanks => ("Gern geschehen.", "You are welcome."),
        Courtesy::Hello => (
            "Hallo! Was soll im Homelab geschehen? `!ralf hilfe` zeigt, was ich kann.",
            "Hello! What shall be done in the homelab? `!ralf help` shows what I can do.",
        ),
        Courtesy::Bye => ("Bis bald.", "See you."),
        Courtesy::Who => (
            "Ich bin R.A.L.F., der Bot dieses Homelabs: Ich richte Dienste ein, starte sie neu, entferne sie und sage, was läuft. Bevor sich etwas ändert, muss es jemand freigeben. `!ralf hilfe` zeigt mehr.",
            "I am R.A.L.F., the bot of this homelab: I set services up, restart and remove them, and tell what is running. Before anything changes, somebody has to approve it. `!ralf help` shows more.",
        ),
        Courtesy::HowAreYou => (
            "Mir geht es gut, danke. Wie es den Diensten geht, zeigt `Status`.",
            "I am fine, thank you. How the services are, `status` shows.",
        ),
        Courtesy::YesOrNo => (
            "Ich habe gerade nichts gefragt, worauf das die Antwort wäre. Vorschläge gibst du mit ✅ frei, Fragen beantwortest du in ihrem Thread.",
            "I have asked nothing that this would be the answer to. Proposals are approved with ✅, questions answered in their thread.",
        ),
    };
    Text::new().line(t(lang, de, en))
}

/// What a language model says to talk: marked as such, in words and in the field `org.ralf.talk`. It mentions nobody.
pub fn talk(lang: Lang, said: &str, model: &str) -> Text {
    let line =
        format!("💬 {}: {said}", t(lang, "Nur geplaudert (Sprachmodell)", "Just talk (language model)"));
    Text::new().line(&line).with("org.ralf.talk", json!({"model": model}))
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

/// What a sentence that is no order is about.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The names of the inventory in it.
    pub names: Vec<String>,
    /// The first of them is a host.
    pub host: bool,
    /// The intent that it speaks of, as far as that is clear.
    pub intent: Option<String>,
}

impl About {
    /// The order that would do it.
    fn order(&self, lang: Lang) -> Option<String> {
        let name = self.names.first()?;
        // A host can be restarted, and nothing else.
        if self.host && self.intent.as_deref() != Some("restart_service") {
            return None;
        }
        Some(match (lang, self.intent.as_deref()?) {
            (Lang::De, "deploy_service") => format!("`Installiere {name}`"),
            (Lang::De, "restart_service") => format!("`Starte {name} neu`"),
            (Lang::De, "remove_service") => format!("`Entferne {name}`"),
            (Lang::De, "rollback_service") => format!("`Rolle {name} zurück`"),
            (Lang::En, "deploy_service") => format!("`Install {name}`"),
            (Lang::En, "restart_service") => format!("`Restart {name}`"),
            (Lang::En, "remove_service") => format!("`Remove {name}`"),
            (Lang::En, "rollback_service") => format!("`Roll back {name}`"),
            _ => return None,
        })
    }
}

/// A sentence that we understood and that is no order to act now.
pub fn not_now(lang: Lang, reason: NotNow, about: &About) -> Text {
    let names = about.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let names = names.join(t(lang, " und ", " and "));
    let order = about.order(lang);
    Text::new().line(&match (reason, lang) {
        (NotNow::Negated, _) if names.is_empty() => {
            t(lang, "In Ordnung, ich tue nichts.", "All right, I do nothing.").to_owned()
        }
        (NotNow::Negated, Lang::De) => format!("Verstanden: ich lasse {names} in Ruhe."),
        (NotNow::Negated, Lang::En) => format!("Understood: I leave {names} alone."),
        (NotNow::Report, Lang::De) => "Danke für den Hinweis. Ich tue nichts.".to_owned(),
        (NotNow::Report, Lang::En) => "Thanks for telling me. I do nothing.".to_owned(),
        (NotNow::HowTo, Lang::De) => match order {
            Some(order) => format!("Das war eine Frage, kein Auftrag; ich tue nichts. Willst du es, dann sag {order}: Ich zeige zuerst den Plan, und er läuft erst, wenn ihn jemand freigibt."),
            None => "Das war eine Frage, kein Auftrag; ich tue nichts. Wenn du es willst, sag es mir als Auftrag: Ich zeige zuerst den Plan.".to_owned(),
        },
        (NotNow::HowTo, Lang::En) => match order {
            Some(order) => format!("That was a question and no order; I do nothing. If you want it, say {order}: I show the plan first, and it runs only when somebody approves it."),
            None => "That was a question and no order; I do nothing. If you want it done, tell me so: I show the plan first.".to_owned(),
        },
        (NotNow::Later, Lang::De) => {
            let then = order.map_or_else(String::new, |order| format!(" mit {order}"));
            format!("Zeiten und Bedingungen kann ich noch nicht abwarten; ich tue nichts. Sag es mir{then}, wenn es so weit ist.")
        }
        (NotNow::Later, Lang::En) => {
            let then = order.map_or_else(String::new, |order| format!(" with {order}"));
            format!("I can't wait for times or conditions yet; I do nothing. Tell me{then} when it is time.")
        }
    })
}

/// Yes or no was said in words where a vote is wanted.
pub fn words_are_no_vote(lang: Lang, op: &Operation) -> Text {
    let id = &op.id;
    Text::new().line(&match lang {
        Lang::De => format!("Worte zählen hier nicht als Stimme; `{id}` wartet noch. ✅ auf den Vorschlag gibt ihn frei, ❌ lehnt ihn ab – oder `!ralf genehmige {id}`, `!ralf ablehnen {id}`, `!ralf abbrechen {id}`."),
        Lang::En => format!("Words are no vote here; `{id}` still waits. ✅ on the proposal approves it, ❌ denies it – or `!ralf approve {id}`, `!ralf deny {id}`, `!ralf cancel {id}`."),
    })
}

/// Somebody says stop while an operation runs.
pub fn still_runs(lang: Lang, op: &Operation) -> Text {
    let (id, what) = (&op.id, title(lang, op));
    Text::new().line(&match lang {
        Lang::De => {
            format!("Worte halten nichts an; „{what}“ läuft. `!ralf abbrechen {id}` bricht es ab.")
        }
        Lang::En => format!("Words stop nothing; “{what}” is running. `!ralf cancel {id}` stops it."),
    })
}

/// An answer came to a question that is not open any more.
pub fn question_expired(lang: Lang, sentence: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("Auf die Antwort habe ich nur eine Stunde gewartet. Sag es bitte noch einmal, am besten ganz: „{sentence}“ und was dazu gehört."),
        Lang::En => format!("I waited only an hour for the answer. Please say it again, best in full: “{sentence}” and what belongs to it."),
    })
}
