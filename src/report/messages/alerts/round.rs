//! What the main loop tells: what changed since the last time, and when nothing watches any more.

use ralf_intents::Lang;

use super::crowd::listed;
use super::words::{Reader, foreign, names, span};
use crate::alerts::Incident;
use crate::report::Text;

/// What changed since the last round.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// When the last round that told something was, milliseconds since the epoch.
    pub since_ts: i64,
    /// Incidents that began.
    pub began: &'a [&'a Incident],
    /// Incidents that ended.
    pub ended: &'a [&'a Incident],
    /// How many are open now.
    pub open: u64,
    /// Prometheus' targets that went down.
    pub down: &'a [String],
    /// Prometheus' targets that are up again.
    pub up: &'a [String],
    /// How many messages of ours were given up.
    pub lost: u64,
    /// Our own parts whose state changed.
    pub parts: &'a [(Part<'a>, PartState<'a>)],
}

/// A part of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The Matrix server.
    Homeserver,
    /// A language model, by its name.
    Model(&'a str),
    /// An executor, by its name.
    Executor(&'a str),
    /// What came in and is not worked on yet.
    Inbox,
    /// What we said and what is not sent yet.
    Outbox,
    /// A monitoring system that we ask, by its name.
    Source(&'a str),
    /// The way of an alert to us, by its name.
    Alert(&'a str),
}

/// How a part of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState<'a> {
    /// Well again.
    Well,
    /// It fails, and with what.
    Fails(&'a str),
    /// The oldest entry of a queue waits for so many milliseconds.
    Waits(i64),
}

/// What changed. It is only said when something did.
pub fn loop_digest(r: &Reader<'_>, round: &Round<'_>) -> Text {
    let since = r.time(round.since_ts);
    let mut text = Text::new().head(&match r.lang {
        Lang::De => format!("🔄 Was sich seit {since} geändert hat · offen: {}", round.open),
        Lang::En => format!("🔄 What changed since {since} · open: {}", round.open),
    });
    for (word, some) in [(r.t("Neu", "New"), round.began), (r.t("Vorbei", "Over"), round.ended)] {
        if !some.is_empty() {
            text = listed(r, text.line(&format!("{word}: {}", some.len())), some, 0);
        }
    }
    let targets = [
        (r.t("🔻 Nicht mehr erreichbar", "🔻 Down"), round.down),
        (r.t("🔺 Wieder erreichbar", "🔺 Up again"), round.up),
    ];
    for (word, some) in targets.iter().filter(|(_, some)| !some.is_empty()) {
        text = text.line(&format!("{word}: {}", names(r.lang, some, 10)));
    }
    if round.lost > 0 {
        text = text.line(&match (r.lang, round.lost) {
            (Lang::De, 1) => "✉️ Eine Nachricht von uns konnte nicht zugestellt werden.".to_owned(),
            (Lang::En, 1) => "✉️ A message of ours could not be delivered.".to_owned(),
            (Lang::De, lost) => format!("✉️ {lost} Nachrichten von uns konnten nicht zugestellt werden."),
            (Lang::En, lost) => format!("✉️ {lost} messages of ours could not be delivered."),
        });
    }
    text.list(round.parts.iter().map(|(part, state)| part_line(r, part, state)))
}

fn part_line(r: &Reader<'_>, part: &Part<'_>, state: &PartState<'_>) -> String {
    let name = match part {
        Part::Homeserver => r.t("Homeserver", "homeserver").to_owned(),
        Part::Model(name) => format!("{} {}", r.t("Sprachmodell", "language model"), foreign(name, 60)),
        Part::Executor(name) => format!("{} {}", r.t("Ausführung", "executor"), foreign(name, 60)),
        Part::Inbox => r.t("Eingang", "inbox").to_owned(),
        Part::Outbox => r.t("Ausgang", "outbox").to_owned(),
        Part::Source(name) => foreign(name, 60),
        Part::Alert(name) => format!("{} {}", r.t("Alarm", "alert"), foreign(name, 80)),
    };
    match state {
        PartState::Well => format!("✅ {name}: {}", r.t("wieder gut", "well again")),
        PartState::Fails(why) => format!("⚠️ {name}: {}", foreign(why, 200)),
        PartState::Waits(ms) => match (r.lang, span(*ms)) {
            (Lang::De, waits) => format!("⚠️ {name}: das Älteste wartet seit {waits}"),
            (Lang::En, waits) => format!("⚠️ {name}: the oldest entry has waited for {waits}"),
        },
    }
}
