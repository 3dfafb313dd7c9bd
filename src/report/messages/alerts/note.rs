//! What happens to an incident: told in its thread, and again in its story.

use ralf_intents::Lang;
use serde::{Deserialize, Serialize};

use super::acting::{Silence, silence_how, silence_line, silence_lines};
use super::words::{Reader, alerts, called, calm, foreign, names, severity, span};
use crate::alerts::Severity;
use crate::report::Text;

/// What happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// It began. Of its story only.
    Opened {
        /// How many alerts it began with.
        alerts: u64,
        /// How bad.
        severity: Severity,
    },
    /// Somebody looks after it.
    Acknowledged {
        /// Who (Matrix id).
        by: String,
    },
    /// Somebody does not look after it any more.
    AckGone {
        /// Who did.
        by: String,
    },
    /// It is silenced.
    Silenced(Silence),
    /// Its silence ends soon.
    SilenceEndsSoon {
        /// Our number of the silence.
        n: i64,
        /// When it ends, milliseconds since the epoch.
        until_ts: i64,
    },
    /// Its silence ended by itself.
    SilenceEnded {
        /// Our number of the silence, if it is ours.
        n: Option<i64>,
        /// How many alerts fire still.
        still_firing: u64,
    },
    /// Its silence holds for longer.
    SilenceExtended {
        /// Our number of the silence.
        n: i64,
        /// Until when, milliseconds since the epoch.
        until_ts: i64,
        /// Who did it.
        by: String,
    },
    /// Its silence was ended.
    SilenceExpired {
        /// Our number of the silence, if it is ours.
        n: Option<i64>,
        /// Who did it; empty where nobody knows.
        by: String,
    },
    /// It is over.
    Resolved {
        /// How long it took, milliseconds.
        after_ms: i64,
        /// It was silenced when it ended.
        while_silenced: bool,
    },
    /// It fires again.
    Reopened {
        /// How often it has come back within the last hour, this time included.
        times: u32,
    },
    /// It comes and goes.
    Flapping {
        /// How often it has come back within the last hour.
        times: u32,
    },
    /// It became worse.
    Worse {
        /// How bad it was.
        from: Severity,
        /// How bad it is.
        to: Severity,
    },
    /// Further alerts belong to it.
    MoreAlerts {
        /// What they are called.
        names: Vec<String>,
    },
    /// Nobody acknowledged it, so others are called.
    Escalated {
        /// Who is called (Matrix ids).
        to: Vec<String>,
        /// How long nobody did, milliseconds.
        after_ms: i64,
    },
    /// It fires still, and nobody acknowledged it.
    StillFiring {
        /// Since when, milliseconds since the epoch.
        since_ts: i64,
    },
    /// Something was proposed to mend it.
    HealProposed {
        /// The operation's id.
        operation: String,
        /// What it does.
        what: String,
    },
    /// Nothing is proposed to mend it, and why.
    HealStopped {
        /// What would have been done.
        what: String,
        /// Why not.
        why: HealStop,
    },
    /// What was proposed has ended.
    HealEnded {
        /// The operation's id.
        operation: String,
        /// Whether it succeeded.
        ok: bool,
        /// What it did.
        what: String,
        /// The incident has ended, too.
        #[serde(default)]
        over: bool,
    },
    /// What was proposed is not done.
    HealDropped {
        /// The operation's id.
        operation: String,
        /// What it would have done.
        what: String,
        /// Why not.
        why: HealDrop,
    },
    /// Something helped the last time.
    HelpedBefore {
        /// What.
        what: String,
        /// When, milliseconds since the epoch.
        when_ts: i64,
    },
    /// A chart follows.
    Chart {
        /// What it shows.
        expression: String,
    },
    /// The logs that belong to it.
    Logs {
        /// The last lines, oldest first.
        lines: Vec<String>,
    },
}

/// Why nothing is proposed to mend an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealStop {
    /// It failed twice.
    Failures,
    /// It was proposed often enough for this target within an hour.
    PerTarget,
    /// The rule proposed often enough within an hour.
    PerHour,
    /// It was proposed often enough for this incident.
    PerIncident,
}

/// Why something that was proposed to mend an incident is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealDrop {
    /// Somebody said no.
    Denied,
    /// It was taken back.
    Cancelled,
    /// Nobody said yes in time.
    Expired,
}

/// What happened, for the incident's thread. A call notifies whom it names; other notes notify nobody.
pub fn note(r: &Reader<'_>, note: &Note) -> Text {
    let line = line(r, note);
    match note {
        Note::Escalated { to, .. } => Text::new().call(&line, &called(to)),
        Note::Silenced(silence) => silence_lines(r, silence, Text::new().line(&line)),
        Note::SilenceEndsSoon { n, .. } => Text::new().line(&line).small(&silence_how(r.lang, *n)),
        Note::Logs { lines } => {
            let last = lines.len().saturating_sub(30);
            let shown: Vec<String> = lines[last..].iter().map(|line| log_line(line)).collect();
            Text::new().line(&line).code("text", &shown.join("\n"))
        }
        _ => Text::new().line(&line),
    }
}

/// One line of a log, as it is, shortened.
fn log_line(line: &str) -> String {
    let line = calm(&crate::secrets::hide(line.trim_end())).replace(['\n', '\r'], " ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// What happened, in one line.
pub(super) fn line(r: &Reader<'_>, note: &Note) -> String {
    match note {
        Note::Opened { alerts: n, severity: how } => {
            let (n, how) = (alerts(r.lang, *n), severity(r.lang, how));
            format!("🔔 {}: {n}, {how}", r.t("Beginn", "Began"))
        }
        Note::Acknowledged { by } => match (r.lang, foreign(by, 80)) {
            (Lang::De, by) => format!("👀 {by} kümmert sich darum."),
            (Lang::En, by) => format!("👀 {by} is looking after it."),
        },
        Note::AckGone { by } => match (r.lang, foreign(by, 80)) {
            (Lang::De, by) => format!("👋 {by} kümmert sich nicht mehr darum; 👀 übernimmt es."),
            (Lang::En, by) => format!("👋 {by} is not looking after it any more; 👀 takes it over."),
        },
        Note::Resolved { after_ms, while_silenced } => resolved(r, *after_ms, *while_silenced),
        Note::Reopened { times: 0 | 1 } => r.t("🔁 Wieder da.", "🔁 It is back.").to_owned(),
        Note::Reopened { times } => match r.lang {
            Lang::De => format!("🔁 Wieder da, zum {times}. Mal in einer Stunde."),
            Lang::En => format!("🔁 It is back, {times} times within an hour."),
        },
        Note::Flapping { times } => match r.lang {
            Lang::De => format!(
                "〰️ Das flattert: {times} Mal wieder da in einer Stunde. Ich melde mich nicht mehr jedes Mal; die Nachricht oben bleibt aktuell."
            ),
            Lang::En => format!(
                "〰️ It is flapping: back {times} times within an hour. I don't report each time any more; the message above stays current."
            ),
        },
        Note::Worse { from, to } => {
            let (from, to) = (severity(r.lang, from), severity(r.lang, to));
            format!("⬆️ {}: {from} → {to}", r.t("Schlimmer geworden", "It got worse"))
        }
        Note::MoreAlerts { names: all } => {
            format!("➕ {}: {}", r.t("Dazugekommen", "More alerts"), names(r.lang, all, 8))
        }
        Note::Escalated { after_ms, .. } => match (r.lang, span(*after_ms)) {
            (Lang::De, after) => format!("📣 Seit {after} kümmert sich niemand darum. Ich rufe:"),
            (Lang::En, after) => format!("📣 Nobody has looked after it for {after}. I am calling:"),
        },
        Note::StillFiring { since_ts } => match (r.lang, r.time(*since_ts), r.ago(*since_ts)) {
            (Lang::De, since, ago) => {
                format!("⏰ Noch immer aktiv, seit {since} ({ago}); niemand kümmert sich darum.")
            }
            (Lang::En, since, ago) => {
                format!("⏰ Still firing, since {since} ({ago}); nobody is looking after it.")
            }
        },
        Note::HelpedBefore { what, when_ts } => match (r.lang, foreign(what, 160), r.time(*when_ts)) {
            (Lang::De, what, when) => format!("💡 Zuletzt half: {what} ({when})"),
            (Lang::En, what, when) => format!("💡 Last time helped: {what} ({when})"),
        },
        Note::Chart { expression } => format!("📈 `{}`", foreign(expression, 500)),
        Note::Logs { lines } => match r.lang {
            Lang::De => format!("📜 Die letzten {} Zeilen im Log", lines.len().min(30)),
            Lang::En => format!("📜 The last {} lines of its log", lines.len().min(30)),
        },
        Note::HealProposed { .. }
        | Note::HealStopped { .. }
        | Note::HealEnded { .. }
        | Note::HealDropped { .. } => healing(r, note),
        _ => silence(r, note),
    }
}

fn resolved(r: &Reader<'_>, after_ms: i64, while_silenced: bool) -> String {
    let after = span(after_ms);
    match (r.lang, while_silenced) {
        (Lang::De, false) => format!("✅ Vorbei nach {after}."),
        (Lang::De, true) => format!("✅ Vorbei nach {after}, noch während es stumm war."),
        (Lang::En, false) => format!("✅ Resolved after {after}."),
        (Lang::En, true) => format!("✅ Resolved after {after}, while it was silenced."),
    }
}

/// What becomes of a silence.
fn silence(r: &Reader<'_>, note: &Note) -> String {
    let number = |n: &Option<i64>| n.map_or_else(String::new, |n| format!(" ({} {n})", r.t("Nr.", "no.")));
    match note {
        Note::Silenced(silence) => silence_line(r, silence),
        Note::SilenceEndsSoon { n, until_ts } => {
            let (until, left) = (r.time(*until_ts), span(until_ts - r.now));
            match r.lang {
                Lang::De => format!("🔔 Die Stille (Nr. {n}) endet in {left}, um {until}. Länger?"),
                Lang::En => format!("🔔 The silence (no. {n}) ends in {left}, at {until}. Longer?"),
            }
        }
        Note::SilenceEnded { n, still_firing } => {
            let (n, still) = (number(n), alerts(r.lang, *still_firing));
            match (r.lang, still_firing) {
                (Lang::De, 0) => format!("🔔 Die Stille{n} ist vorbei; nichts davon ist noch aktiv."),
                (Lang::En, 0) => format!("🔔 The silence{n} is over; nothing of it fires any more."),
                (Lang::De, _) => format!("🔔 Die Stille{n} ist vorbei; noch aktiv: {still}."),
                (Lang::En, _) => format!("🔔 The silence{n} is over; still firing: {still}."),
            }
        }
        Note::SilenceExtended { n, until_ts, by } => match (r.lang, r.time(*until_ts), foreign(by, 80)) {
            (Lang::De, until, by) => format!("🔕 {by} hat die Stille verlängert: Nr. {n} gilt bis {until}."),
            (Lang::En, until, by) => format!("🔕 {by} extended the silence: no. {n} holds until {until}."),
        },
        Note::SilenceExpired { n, by } => match (r.lang, foreign(by, 80), number(n)) {
            (Lang::De, by, n) if by.is_empty() => format!("🔔 Die Stille{n} wurde beendet."),
            (Lang::En, by, n) if by.is_empty() => format!("🔔 The silence{n} was ended."),
            (Lang::De, by, n) => format!("🔔 {by} hat die Stille{n} beendet."),
            (Lang::En, by, n) => format!("🔔 {by} ended the silence{n}."),
        },
        _ => String::new(),
    }
}

/// What is done against it.
fn healing(r: &Reader<'_>, note: &Note) -> String {
    match note {
        Note::HealProposed { operation, what } => {
            match (r.lang, foreign(what, 160), foreign(operation, 40)) {
                (Lang::De, what, id) => format!(
                    "🔧 Mein Vorschlag zur Abhilfe: {what} `{id}`. Er braucht dieselbe Freigabe wie sonst."
                ),
                (Lang::En, what, id) => {
                    format!("🔧 My proposal to mend it: {what} `{id}`. It takes the same approval as ever.")
                }
            }
        }
        Note::HealDropped { operation, what, why } => {
            let (what, id) = (foreign(what, 160), foreign(operation, 40));
            let never = r.t(
                "Bei diesem Vorfall schlage ich es nicht noch einmal vor.",
                "I won't propose it again for this incident.",
            );
            match why {
                HealDrop::Denied => format!("🚫 {}: {what} `{id}`. {never}", r.t("Abgelehnt", "Denied")),
                HealDrop::Cancelled => {
                    format!("🚫 {}: {what} `{id}`. {never}", r.t("Zurückgenommen", "Taken back"))
                }
                HealDrop::Expired => {
                    let nobody = r.t("Niemand hat rechtzeitig freigegeben", "Nobody approved in time");
                    format!("⌛ {nobody}: {what} `{id}`.")
                }
            }
        }
        Note::HealEnded { operation, ok, what, over } => {
            let (what, id) = (foreign(what, 160), foreign(operation, 40));
            match ok {
                true => format!(
                    "🔧 {}: {what} `{id}`. {}",
                    r.t("Erledigt", "Done"),
                    match over {
                        true => r.t("Der Alarm ist vorbei.", "The alert is over."),
                        false => r.t("Jetzt beobachte ich, ob es hilft.", "Now I watch whether it helps."),
                    }
                ),
                false => format!("❌ {}: {what} `{id}`.", r.t("Gescheitert", "Failed")),
            }
        }
        Note::HealStopped { what, why } => {
            let why = match why {
                HealStop::Failures => r.t("es ist schon zweimal gescheitert", "it has failed twice"),
                HealStop::PerTarget => r.t(
                    "für dieses Ziel habe ich es in dieser Stunde oft genug versucht",
                    "I have tried it often enough for this target within the hour",
                ),
                HealStop::PerHour => r.t(
                    "ich habe es in dieser Stunde oft genug vorgeschlagen",
                    "I have proposed it often enough within the hour",
                ),
                HealStop::PerIncident => r.t(
                    "für diesen Vorfall habe ich es oft genug versucht",
                    "I have tried it often enough for this incident",
                ),
            };
            match (r.lang, foreign(what, 160)) {
                (Lang::De, what) => {
                    format!("✋ „{what}“ schlage ich jetzt nicht vor: {why}. Bitte sieh selbst nach.")
                }
                (Lang::En, what) => {
                    format!("✋ I don't propose “{what}” now: {why}. Please have a look yourself.")
                }
            }
        }
        _ => String::new(),
    }
}
