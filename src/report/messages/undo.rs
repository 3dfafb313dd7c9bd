//! What is said when something can't be undone.

use ralf_intents::Lang;

use super::title;
use crate::approval::Operation;
use crate::report::{Text, t};

/// We did nothing to this service that could be undone.
pub fn nothing_to_undo(lang: Lang, service: &str) -> Text {
    Text::new().line(&match lang {
        Lang::De => format!("An `{service}` habe ich noch nichts getan, das sich zurücknehmen ließe. `!ralf verlauf` zeigt, was geschah."),
        Lang::En => format!("I have done nothing to `{service}` yet that could be undone. `!ralf history` shows what happened."),
    })
}

/// The executor has no way back from this.
pub fn cannot_undo(lang: Lang, done: &Operation) -> Text {
    let (what, id) = (title(lang, done), &done.id);
    let service = done.plan.task.service.as_deref().unwrap_or_default();
    let why = match (lang, done.plan.task.action.as_str()) {
        (Lang::De, "restart") => "Ein Neustart lässt sich nicht ungeschehen machen.".to_owned(),
        (Lang::En, "restart") => "A restart can't be undone.".to_owned(),
        (Lang::De, "deploy") => format!(
            "Den Dienst gab es schon vorher, und seine frühere Fassung ist nicht aufgehoben. Setz die frühere Version in die Datei der Dienste und sag `Installiere {service}`, oder nimm ihn weg: `Entferne {service}`."
        ),
        (Lang::En, "deploy") => format!(
            "The service was there before, and its earlier form is not kept. Put the earlier version into the services file and say `Install {service}`, or take it away: `Remove {service}`."
        ),
        (lang, _) => format!(
            "{} {}",
            done.plan.executor,
            t(
                lang,
                "bietet dafür keinen Rückweg an. Sag mir, wie es stattdessen sein soll.",
                "offers no way back from that. Tell me how it shall be instead."
            )
        ),
    };
    Text::new().line(&match lang {
        Lang::De => format!("Zuletzt war es „{what}“ (`{id}`). {why} Es ist nichts geschehen."),
        Lang::En => format!("The last thing was “{what}” (`{id}`). {why} Nothing happened."),
    })
}
