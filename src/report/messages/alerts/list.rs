//! What there is to see: open incidents, and the story of one.

use std::cmp::Reverse;

use ralf_intents::Lang;

use super::crowd::counts;
use super::note::{Note, line};
use super::words::{Reader, about, brief_now, foreign, icon, more, severity, span, state};
use crate::alerts::{Incident, Severity};
use crate::report::{Text, t};

/// The most incidents in a list.
const SHOWN: usize = 20;

/// What `alerts` shows.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The open incidents that were asked for, in any order.
    pub incidents: &'a [&'a Incident],
    /// The least severity that was asked for.
    pub at_least: Option<&'a Severity>,
    /// When a source last delivered.
    pub last: &'a LastDelivery,
}

/// When a source last delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastDelivery {
    /// No source ever did. `webhook` is the address that one can deliver to.
    Never {
        /// Our address, up to and with `/webhooks/alertmanager`.
        webhook: String,
    },
    /// One did.
    At {
        /// Which.
        source: String,
        /// When, milliseconds since the epoch.
        ts: i64,
    },
}

/// `alerts`: what is open, the worst first.
pub fn alerts_list(r: &Reader<'_>, list: &List<'_>) -> Text {
    if list.incidents.is_empty() {
        return none_open(r, list);
    }
    let mut sorted = list.incidents.to_vec();
    sorted.sort_by_key(|it| (Reverse(it.severity.rank()), it.opened_ts));
    let mut by_rank = [0; 5];
    for it in &sorted {
        by_rank[usize::from(it.severity.rank().min(4))] += 1;
    }
    let mut lines: Vec<String> = sorted.iter().take(SHOWN).map(|it| brief_now(r, it)).collect();
    if sorted.len() > SHOWN {
        lines.push(match r.lang {
            Lang::De => {
                format!("{}; `!ralf alarme kritisch` zeigt weniger", more(r.lang, sorted.len() - SHOWN))
            }
            Lang::En => {
                format!("{}; `!ralf alerts critical` shows fewer", more(r.lang, sorted.len() - SHOWN))
            }
        });
    }
    let from = match list.at_least {
        Some(least) => format!(" ({} {})", r.t("ab", "from"), severity(r.lang, least)),
        None => String::new(),
    };
    Text::new()
        .head(&format!("{}{from} – {}", r.t("Offen", "Open"), counts(r.lang, by_rank)))
        .list(lines)
        .small(r.t(
            "`!ralf vorfall ID` · `!ralf quittiere ID` · `!ralf stumm 2h ID`",
            "`!ralf incident ID` · `!ralf ack ID` · `!ralf silence 2h ID`",
        ))
}

/// Nothing is open: that is only worth something if somebody would have told us.
fn none_open(r: &Reader<'_>, list: &List<'_>) -> Text {
    let none = match (r.lang, list.at_least) {
        (Lang::De, None) => "✅ Nichts offen".to_owned(),
        (Lang::En, None) => "✅ Nothing is open".to_owned(),
        (Lang::De, Some(least)) => format!("✅ Nichts offen ab {}", severity(r.lang, least)),
        (Lang::En, Some(least)) => format!("✅ Nothing is open from {} on", severity(r.lang, least)),
    };
    match list.last {
        LastDelivery::At { source, ts } => {
            let (source, ago) = (foreign(source, 60), r.ago(*ts));
            Text::new().line(&match r.lang {
                Lang::De => format!("{none}; zuletzt hat sich {source} vor {ago} gemeldet."),
                Lang::En => format!("{none}; {source} last delivered {ago} ago."),
            })
        }
        LastDelivery::Never { webhook } => Text::new()
            .line(r.t(
                "Nichts offen – aber es hat sich auch noch nie jemand gemeldet, der überwacht. So schließt du Alertmanager an:",
                "Nothing is open – but nothing that monitors has ever delivered either. This connects Alertmanager:",
            ))
            .code("yaml", &format!(
                "receivers:\n  - name: ralf\n    webhook_configs:\n      - url: {webhook}\n        send_resolved: true"
            ))
            .line(r.t(
                "Dazu nennt `http_config.authorization.credentials_file` eine Datei mit dem Token aus `[webhooks]`. Auch Grafana (`/webhooks/grafana`), Uptime Kuma (`/webhooks/uptime-kuma`) und eigenes JSON (`/webhooks/json/NAME`) gehen.",
                "There `http_config.authorization.credentials_file` names a file with the token of `[webhooks]`. Grafana (`/webhooks/grafana`), Uptime Kuma (`/webhooks/uptime-kuma`) and JSON of your own (`/webhooks/json/NAME`) work too.",
            )),
    }
}

/// A word that is no severity.
pub fn no_such_severity(lang: Lang, word: &str) -> Text {
    let word = foreign(word, 40);
    Text::new().line(&match lang {
        Lang::De => format!("Einen Schweregrad `{word}` kenne ich nicht. Es gibt `info`, `warnung`, `fehler` und `kritisch`; `!ralf alarme` zeigt alles."),
        Lang::En => format!("I know no severity `{word}`. There are `info`, `warning`, `error` and `critical`; `!ralf alerts` shows everything."),
    })
}

/// A moment in an incident's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// When, milliseconds since the epoch.
    pub ts: i64,
    /// What.
    pub note: Note,
}

/// The most lines of a story: its beginning and its end.
const LINES: usize = 40;

/// `incident ID`: what it is and all that happened, oldest first.
pub fn incident_story(r: &Reader<'_>, it: &Incident, story: &[Beat]) -> Text {
    let (id, title) = (foreign(&it.id, 40), foreign(&it.title, 160));
    let mut text = Text::new().head(&format!("{} `{id}` {title}", icon(it))).line(&format!(
        "{} · {} · {}",
        state(r.lang, it.state),
        severity(r.lang, &it.severity),
        lasted(r, it)
    ));
    let labels = about(&it.labels, 10);
    if !labels.is_empty() {
        text = text.line(&labels);
    }
    let source = foreign(&it.source, 60);
    text = text.line(&match r.lang {
        Lang::De => format!("{} von {} Alarmen aktiv · Quelle {source}", it.firing, it.total),
        Lang::En => format!("{} of {} alerts firing · source {source}", it.firing, it.total),
    });
    text.list(told(r, story))
}

fn lasted(r: &Reader<'_>, it: &Incident) -> String {
    let (from, until) =
        (r.time(it.opened_ts), it.resolved_ts.filter(|_| it.state == crate::alerts::State::Resolved));
    match (r.lang, until) {
        (_, Some(until)) => format!("{from} – {} ({})", r.time(until), span(until - it.opened_ts)),
        (Lang::De, None) => format!("seit {from} ({})", r.ago(it.opened_ts)),
        (Lang::En, None) => format!("since {from} ({})", r.ago(it.opened_ts)),
    }
}

/// Each moment in a line; of a long story the beginning and the end.
fn told(r: &Reader<'_>, story: &[Beat]) -> Vec<String> {
    let one = |beat: &Beat| {
        let names = match &beat.note {
            Note::Escalated { to, .. } => format!(" {}", super::words::names(r.lang, to, 8)),
            _ => String::new(),
        };
        format!("{} {}{names}", r.time(beat.ts), line(r, &beat.note))
    };
    let left = story.len().saturating_sub(LINES);
    if left == 0 {
        return story.iter().map(one).collect();
    }
    let (first, last) = (&story[..LINES / 2], &story[story.len() - LINES / 2..]);
    let gap = match r.lang {
        Lang::De => format!("… {left} dazwischen …"),
        Lang::En => format!("… {left} in between …"),
    };
    first.iter().map(one).chain([gap]).chain(last.iter().map(one)).collect()
}

/// An id that no incident has, or several.
pub fn no_such_incident(lang: Lang, id: &str) -> Text {
    let id = foreign(id, 40);
    Text::new().line(&match lang {
        Lang::De => format!("Einen Vorfall `{id}` gibt es nicht, oder die Kennung ist nicht eindeutig. `!ralf alarme` zeigt, was offen ist."),
        Lang::En => format!("There is no incident `{id}`, or the id is ambiguous. `!ralf alerts` shows what is open."),
    })
}

/// A command is about an incident, and several are open.
pub fn which_incident(r: &Reader<'_>, open: &[&Incident]) -> Text {
    let mut lines: Vec<String> = open.iter().take(10).map(|it| brief_now(r, it)).collect();
    if open.len() > 10 {
        lines.push(more(r.lang, open.len() - 10));
    }
    Text::new()
        .line(r.t(
            "Welchen Vorfall meinst du? Schreib die Kennung dazu, oder antworte in seinem Thread:",
            "Which incident do you mean? Add its id, or answer in its thread:",
        ))
        .list(lines)
}

/// A command is about an incident, and none is open.
pub fn no_incident_open(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Es ist kein Vorfall offen. `!ralf vorfall ID` zeigt einen früheren.",
        "No incident is open. `!ralf incident ID` shows an earlier one.",
    ))
}
