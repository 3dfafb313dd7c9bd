//! Answers to those who act on an incident: acknowledge it, silence it.

use ralf_intents::Lang;
use serde::{Deserialize, Serialize};

use super::words::{Reader, alerts, brief_now, foreign, names};
use crate::alerts::{Incident, Silenced};
use crate::report::{Text, t};

/// A silence, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Our number of it.
    pub n: i64,
    /// Who set it (Matrix id).
    pub by: String,
    /// Until when, milliseconds since the epoch.
    pub until_ts: i64,
    /// Its matchers, such as `service="jellyfin"`.
    pub matchers: Vec<String>,
    /// How many open alerts it covers, if that is known.
    pub covers: Option<u64>,
    /// Their names, or the first of them.
    pub names: Vec<String>,
    /// Why; may be empty.
    pub reason: String,
    /// It holds in R.A.L.F. alone and not at the source.
    pub only_here: bool,
}

/// `silence`: what is silent now, as its preview says it.
pub fn silenced(r: &Reader<'_>, it: &Silence) -> Text {
    silence_lines(r, it, Text::new().line(&silence_line(r, it)))
}

/// Who silenced, until when and why.
pub(super) fn silence_line(r: &Reader<'_>, it: &Silence) -> String {
    let (by, until, n) = (foreign(&it.by, 80), r.time(it.until_ts), it.n);
    let line = match r.lang {
        Lang::De => format!("🔕 Stumm bis {until}, von {by} (Nr. {n})"),
        Lang::En => format!("🔕 Silenced until {until} by {by} (no. {n})"),
    };
    match it.reason.trim() {
        "" => line,
        reason => format!("{line}: {}", foreign(reason, 200)),
    }
}

/// What a silence covers, where it holds, and how it is changed.
pub(super) fn silence_lines(r: &Reader<'_>, it: &Silence, text: Text) -> Text {
    let matchers: Vec<String> =
        it.matchers.iter().take(20).map(|one| format!("`{}`", foreign(one, 200))).collect();
    let mut text = text.line(&matchers.join(" · "));
    if let Some(covers) = it.covers {
        let n = alerts(r.lang, covers);
        let mut line = match r.lang {
            Lang::De if covers == 0 => "Trifft zurzeit keinen Alarm".to_owned(),
            Lang::En if covers == 0 => "Covers no alert at the moment".to_owned(),
            Lang::De => format!("Trifft {n}"),
            Lang::En => format!("Covers {n}"),
        };
        if !it.names.is_empty() && covers > 0 {
            line.push_str(&format!(": {}", names(r.lang, &it.names, 8)));
        }
        text = text.line(&line);
    }
    if it.only_here {
        text = text.line(r.t(
            "Gilt nur für das, was ich sage; bei der Quelle ist nichts stumm geschaltet.",
            "It holds for what I say only; nothing is silenced at the source.",
        ));
    }
    text.small(&silence_how(r.lang, it.n))
}

/// How a silence is changed.
pub(super) fn silence_how(lang: Lang, n: i64) -> String {
    match lang {
        Lang::De => format!("`!ralf verlängere {n} 2h` · `!ralf beende {n}`"),
        Lang::En => format!("`!ralf extend {n} 2h` · `!ralf expire {n}`"),
    }
}

/// `extend`: it holds for longer.
pub fn extended(r: &Reader<'_>, n: i64, until_ts: i64) -> Text {
    let until = r.time(until_ts);
    Text::new().line(&match r.lang {
        Lang::De => format!("🔕 Verlängert: Nr. {n} gilt jetzt bis {until}."),
        Lang::En => format!("🔕 Extended: no. {n} now holds until {until}."),
    })
}

/// `expire`: it is over. `firing` is how many alerts speak up again.
pub fn expired(lang: Lang, n: i64, firing: u64) -> Text {
    let back = alerts(lang, firing);
    Text::new().line(&match lang {
        Lang::De if firing == 0 => format!("🔔 Nr. {n} ist beendet; zurzeit ist davon nichts aktiv."),
        Lang::En if firing == 0 => format!("🔔 No. {n} is over; nothing of it is firing now."),
        Lang::De => format!("🔔 Nr. {n} ist beendet; aktiv: {back}."),
        Lang::En => format!("🔔 No. {n} is over; {back} firing."),
    })
}

/// Somebody without the right wants to silence, or to change a silence.
pub fn may_not_silence(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Stumm schalten dürfen Personen mit der Rolle `approver`. 👀 übernimmt den Vorfall, das darf jede Person aus `[people]`.",
        "Silencing takes the role `approver`. 👀 acknowledges the incident; everybody in `[people]` may do that.",
    ))
}

/// A stranger wants to acknowledge.
pub fn may_not_ack(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Übernehmen dürfen nur Personen, die in `[people]` stehen; das hier zählt nicht.",
        "Only people listed in `[people]` may acknowledge; this does not count.",
    ))
}

/// Alertmanager did not take the silence.
pub fn silence_failed(lang: Lang, why: &str) -> Text {
    let why = foreign(why, 300);
    Text::new().line(&match lang {
        Lang::De => format!("❌ Das Stummschalten hat nicht geklappt, nichts ist stumm: {why}. `!ralf stumm 2h` versucht es noch einmal."),
        Lang::En => format!("❌ Silencing failed, nothing is silenced: {why}. `!ralf silence 2h` tries again."),
    })
}

/// `silence` where it is not clear what is meant.
pub fn silence_where(r: &Reader<'_>, open: &[&Incident]) -> Text {
    match open {
        [] => Text::new().line(r.t("Es ist nichts offen, das man stumm schalten könnte.", "Nothing is open that could be silenced.")),
        _ => Text::new()
            .line(r.t(
                "Was soll still sein? 🔕 auf die Nachricht, `!ralf stumm 2h` in ihrem Thread, oder mit der Kennung: `!ralf stumm 2h ID`",
                "What shall be silent? 🔕 on its message, `!ralf silence 2h` in its thread, or with the id: `!ralf silence 2h ID`",
            ))
            .list(open.iter().take(10).map(|it| brief_now(r, it))),
    }
}

/// `silence` or `extend` without a time that can be read.
pub fn duration_wanted(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Wie lange? Zum Beispiel `!ralf stumm 2h Wartung` – möglich sind `45m`, `2h`, `1d`, `1w`.",
        "For how long? Such as `!ralf silence 2h maintenance` – `45m`, `2h`, `1d`, `1w` are possible.",
    ))
}

/// `silence` or `extend` for longer than a silence may hold.
pub fn duration_too_long(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Das ist zu lang: Stumm bleibt etwas höchstens ein Jahr am Stück.",
        "That is too long: at most one year at a time can be silenced.",
    ))
}

/// 🔕 on what is silent already.
pub fn already_silenced(r: &Reader<'_>, it: &Silenced) -> Text {
    let (by, until) = (foreign(&it.by, 80), r.time(it.until_ts));
    let text = Text::new().line(&match r.lang {
        Lang::De => format!("🔕 Das ist schon stumm bis {until}, von {by}."),
        Lang::En => format!("🔕 It is silenced already until {until} by {by}."),
    });
    it.n.map_or(text.clone(), |n| text.small(&silence_how(r.lang, n)))
}

/// A number that no silence in force has.
pub fn no_such_silence(lang: Lang, n: &str) -> Text {
    let n = foreign(n, 40);
    Text::new().line(&match lang {
        Lang::De => format!(
            "Eine Stummschaltung `{n}`, die noch gilt, kenne ich nicht. `!ralf alarme` zeigt, was stumm ist."
        ),
        Lang::En => {
            format!("I know no silence `{n}` that still holds. `!ralf alerts` shows what is silenced.")
        }
    })
}

/// `ack`: the asker looks after it now.
pub fn acked(lang: Lang, it: &Incident) -> Text {
    let (id, title) = (foreign(&it.id, 40), foreign(&it.title, 100));
    Text::new().line(&match lang {
        Lang::De => format!("👀 Danke, du kümmerst dich um `{id}` {title}. Das gilt, bis es vorbei ist."),
        Lang::En => format!("👀 Thank you for looking after `{id}` {title}. That holds until it is over."),
    })
}

/// `ack` of what somebody looks after already.
pub fn already_acked(r: &Reader<'_>, by: &str, ts: i64) -> Text {
    let (by, since) = (foreign(by, 80), r.time(ts));
    Text::new().line(&match r.lang {
        Lang::De => format!("👀 Darum kümmert sich schon {by}, seit {since}."),
        Lang::En => format!("👀 {by} has been looking after it since {since}."),
    })
}

/// `ack` where nothing is open.
pub fn nothing_to_ack(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Hier ist nichts offen, das jemand übernehmen könnte.",
        "Nothing is open here to acknowledge.",
    ))
}
