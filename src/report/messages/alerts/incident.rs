//! The one message that an incident has in a room, edited as it lives.

use ralf_intents::Lang;
use serde_json::{Value, json};

use super::own::own;
use super::words::{Reader, about, called, foreign, icon, more, rank_colour, severity, span};
use crate::alerts::{Alert, Incident, Labels, State};
use crate::report::{Colour, Text};

/// How many alerts are told apart in the message.
const SHOWN: usize = 8;

/// What an incident's message shows.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Its alerts, or the first of them; only those that fire are shown.
    pub alerts: &'a [Alert],
    /// Who is mentioned (Matrix ids).
    pub call: &'a [String],
    /// Whether the whole room is notified.
    pub call_room: bool,
    /// What helped the last time.
    pub helped: Option<&'a str>,
    /// What was proposed to mend it, oldest first.
    pub remedies: &'a [Remedy],
}

/// Something proposed to mend an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The operation's id.
    pub operation: String,
    /// What it does.
    pub what: String,
    /// How it ended, once it has.
    pub ended: Option<RemedyEnd>,
}

/// How something proposed to mend an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemedyEnd {
    /// It was done.
    Done,
    /// It was tried in vain.
    Failed,
    /// Somebody said no.
    Refused,
    /// Nobody said yes in time, or something else took its place.
    Lapsed,
}

/// The living message. Its times are points in time, not spans: nobody edits it only because time passes.
pub fn incident(r: &Reader<'_>, view: &View<'_>) -> Text {
    let it = view.incident;
    let text = head(r, it);
    let text = match it.state {
        State::Resolved => ended(r, it, text),
        _ => open(r, view, text),
    };
    let text = view.remedies.iter().fold(text, |text, one| text.line(&remedy(r, one)));
    if it.state == State::Resolved {
        return text.small(&format!(
            "`!ralf {} {}` {}",
            r.t("vorfall", "incident"),
            foreign(&it.id, 40),
            r.t("erzählt alles", "tells all")
        ));
    }
    let text = links(r, it, text);
    let text = if view.call.is_empty() { text } else { text.call("👤", &called(view.call)) };
    let text = if view.call_room { text.mention_room() } else { text };
    text.small(&how(r, it))
}

fn head(r: &Reader<'_>, it: &Incident) -> Text {
    let (word, title) = (severity(r.lang, &it.severity), foreign(&it.title, 160));
    match it.state {
        State::Resolved => {
            let rest = format!("{title} ({} {word})", r.t("war", "was"));
            Text::new().headline(icon(it), Colour::Green, r.t("vorbei", "resolved"), &rest)
        }
        _ => Text::new().headline(icon(it), rank_colour(it.severity.rank()), &word, &title),
    }
}

/// Of one that is over: how long it took and who looked after it.
fn ended(r: &Reader<'_>, it: &Incident, mut text: Text) -> Text {
    let labels = about(&it.labels, 6);
    if !labels.is_empty() {
        text = text.line(&labels);
    }
    let end = it.resolved_ts.unwrap_or(it.changed_ts);
    let (from, until, took) = (r.time(it.opened_ts), r.time(end), span(end - it.opened_ts));
    text = text.line(&match r.lang {
        Lang::De => format!("von {from} bis {until} ({took})"),
        Lang::En => format!("from {from} to {until} ({took})"),
    });
    if let Some(ack) = &it.ack {
        let by = foreign(&ack.by, 80);
        text = text.line(&match r.lang {
            Lang::De => format!("👀 {by} hat sich darum gekümmert"),
            Lang::En => format!("👀 {by} looked after it"),
        });
    }
    text
}

/// Of one that is not over: all that is known.
fn open(r: &Reader<'_>, view: &View<'_>, mut text: Text) -> Text {
    let it = view.incident;
    let note = |names: &[&str]| names.iter().find_map(|name| it.annotations.get(*name)).map(|s| s.trim());
    let description = note(&["description"]).filter(|s| !s.is_empty());
    let summary = note(&["summary", "message"]).filter(|s| !s.is_empty()).or(description);
    if let Some(summary) = summary {
        text = text.line(&foreign(summary, 300));
    } else if it.source == "ralf"
        && let Some(means) = own(r.lang, &it.title, &it.labels)
    {
        text = text.line(&means);
    }
    text = alerts(r, view, text);
    if let Some(description) = description.filter(|text| Some(*text) != summary) {
        text = text.line(&foreign(description, 600));
    }
    if let Some(values) = it.links.values.as_deref().filter(|values| !values.trim().is_empty()) {
        text = text.line(&format!("{} {}", r.t("Werte:", "Values:"), foreign(values, 200)));
    }
    text = standing(r, it, text);
    match view.helped {
        Some(what) => {
            text.line(&format!("💡 {} {}", r.t("Zuletzt half:", "Last time helped:"), foreign(what, 160)))
        }
        None => text,
    }
}

/// What it is about, how many fire and since when, and by what they differ.
fn alerts(r: &Reader<'_>, view: &View<'_>, mut text: Text) -> Text {
    let it = view.incident;
    let (firing, total) = (it.firing, it.total);
    let labels = about(&it.labels, 6);
    let since = format!("{} {}", r.t("seit", "since"), r.time(it.opened_ts));
    text = match (total, labels.is_empty()) {
        (0 | 1, true) => text.line(&since),
        (0 | 1, false) => text.line(&format!("{labels} · {since}")),
        (_, true) => text,
        (_, false) => text.line(&labels),
    };
    if total < 2 {
        return text;
    }
    text = text.line(&match r.lang {
        Lang::De => format!("{firing} von {total} Alarmen aktiv · {since}"),
        Lang::En => format!("{firing} of {total} alerts firing · {since}"),
    });
    let mut lines: Vec<String> = view
        .alerts
        .iter()
        .filter(|alert| alert.firing)
        .take(SHOWN)
        .map(|alert| apart(alert, &it.labels))
        .filter(|line| !line.is_empty())
        .collect();
    let left = usize::try_from(firing).unwrap_or(usize::MAX).saturating_sub(lines.len());
    if left > 0 && !lines.is_empty() {
        lines.push(more(r.lang, left));
    }
    text.list(lines)
}

/// What tells an alert from the others of its incident.
fn apart(alert: &Alert, common: &Labels) -> String {
    let own: Labels = alert
        .labels
        .iter()
        .filter(|(name, value)| common.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let name = own.get("alertname").map(|name| foreign(name, 80));
    name.into_iter()
        .chain(Some(about(&own, 4)))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Who looks after it, what silences it, whether it flaps, what is missing.
fn standing(r: &Reader<'_>, it: &Incident, mut text: Text) -> Text {
    if let Some(ack) = &it.ack {
        let (by, since) = (foreign(&ack.by, 80), r.time(ack.ts));
        text = text.line(&match r.lang {
            Lang::De => format!("👀 {by} kümmert sich darum, seit {since}"),
            Lang::En => format!("👀 {by} is looking after it, since {since}"),
        });
    }
    if let Some(silence) = it.silence.as_ref().filter(|_| it.state == State::Silenced) {
        let (by, until) = (foreign(&silence.by, 80), r.time(silence.until_ts));
        let n = silence.n.map_or_else(String::new, |n| format!(" ({} {n})", r.t("Nr.", "no.")));
        text = text.line(&match r.lang {
            Lang::De => format!("🔕 stumm bis {until}, von {by}{n}"),
            Lang::En => format!("🔕 silenced until {until} by {by}{n}"),
        });
    }
    if it.flaps(r.now) {
        text = text.line(r.t(
            "〰️ flattert: kommt und geht; ich ändere nur noch diese Nachricht",
            "〰️ flapping: it comes and goes; I only edit this message now",
        ));
    }
    if it.truncated > 0 {
        text = text.line(&match r.lang {
            Lang::De => format!("ℹ️ {} weitere hat die Quelle nicht mitgeschickt", it.truncated),
            Lang::En => format!("ℹ️ the source left out {} more", it.truncated),
        });
    }
    text
}

fn remedy(r: &Reader<'_>, it: &Remedy) -> String {
    let (what, id) = (foreign(&it.what, 160), foreign(&it.operation, 40));
    let word = match it.ended {
        None => r.t("🔧 Vorgeschlagen:", "🔧 Proposed:"),
        Some(RemedyEnd::Done) => r.t("🔧 Erledigt:", "🔧 Done:"),
        Some(RemedyEnd::Failed) => r.t("❌ Gescheitert:", "❌ Failed:"),
        Some(RemedyEnd::Refused) => r.t("🚫 Abgelehnt:", "🚫 Denied:"),
        Some(RemedyEnd::Lapsed) => r.t("⌛ Verfallen:", "⌛ Expired:"),
    };
    format!("{word} {what} `{id}`")
}

fn links(r: &Reader<'_>, it: &Incident, text: Text) -> Text {
    let note = |names: &[&str]| names.iter().find_map(|name| it.annotations.get(*name)).map(String::as_str);
    let own = match it.source.as_str() {
        "alertmanager" => "Alertmanager",
        "grafana" => "Grafana",
        "uptime-kuma" => "Uptime Kuma",
        _ => r.t("Quelle", "Source"),
    };
    let links = [
        ("Runbook", note(&["runbook_url", "runbook"])),
        ("Dashboard", it.links.dashboard.as_deref().or(note(&["dashboard_url", "dashboard"]))),
        ("Panel", it.links.panel.as_deref()),
        (r.t("Bild", "Picture"), it.links.image.as_deref()),
        (r.t("Abfrage", "Query"), it.links.generator.as_deref()),
        (r.t("Stumm schalten", "Silence"), it.links.silence.as_deref()),
        (own, it.url.as_deref()),
    ];
    text.links(links.into_iter().filter_map(|(label, link)| Some((label, link?))))
}

/// What can be done about it.
fn how(r: &Reader<'_>, it: &Incident) -> String {
    let id = foreign(&it.id, 40);
    let silence = r.t("🔕 2 h stumm", "🔕 silence 2 h");
    let act = match (it.state, it.silence.as_ref().and_then(|silence| silence.n)) {
        (State::Silenced, Some(n)) => match r.lang {
            Lang::De => format!("`!ralf beende {n}` hebt die Stille auf · "),
            Lang::En => format!("`!ralf expire {n}` ends the silence · "),
        },
        (State::Silenced, None) => String::new(),
        (State::Acknowledged, _) => format!("{silence} · "),
        _ => format!("{} · {silence} · ", r.t("👀 übernehmen", "👀 acknowledge")),
    };
    format!("{act}`!ralf {} {id}`", r.t("warum", "why"))
}

/// The field `org.ralf.incident`: strings and integers only, bounded.
pub fn incident_field(it: &Incident) -> Value {
    // A text that is our own placeholder for an event would be replaced when it is sent.
    let cut =
        |text: &str, most: usize| text.chars().take(most).collect::<String>().replace("$sent:", "$sent ");
    json!({
        "id": it.id,
        "state": it.state.as_str(),
        "group_key": cut(&it.group_key, 1_000),
        "severity": cut(it.severity.as_str(), 64),
        "fingerprints": it.fingerprints.iter().take(100).map(|one| cut(one, 64)).collect::<Vec<_>>(),
    })
}
