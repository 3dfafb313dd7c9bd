//! The words that all messages about alerts share: severities, states, times, labels, and strangers' text made harmless.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ralf_intents::Lang;

use crate::alerts::{Incident, Labels, Severity, State};
use crate::report::text::is_user_id;
use crate::report::{Colour, t, visible};
use crate::secrets::hide;

/// For whom a message is written.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The language.
    pub lang: Lang,
    /// The time zone that times are shown in.
    pub zone: &'a TimeZone,
    /// Milliseconds since the epoch.
    pub now: i64,
}

impl Reader<'_> {
    /// One of two texts.
    pub(super) fn t<'t>(&self, de: &'t str, en: &'t str) -> &'t str {
        t(self.lang, de, en)
    }

    /// A time of day, with the date if it is another day's.
    pub(super) fn time(&self, ts: i64) -> String {
        let (Ok(at), Ok(now)) = (Timestamp::from_millisecond(ts), Timestamp::from_millisecond(self.now))
        else {
            return "?".to_owned();
        };
        let (at, now) = (at.to_zoned(self.zone.clone()), now.to_zoned(self.zone.clone()));
        let format = if at.date() == now.date() {
            "%H:%M"
        } else if at.year() == now.year() {
            self.t("%d.%m. %H:%M", "%-d %b %H:%M")
        } else {
            self.t("%d.%m.%Y %H:%M", "%-d %b %Y %H:%M")
        };
        at.strftime(format).to_string()
    }

    /// How long ago something was, as a length of time.
    pub(super) fn ago(&self, ts: i64) -> String {
        span(self.now - ts)
    }
}

/// A length of time in its two largest units: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub(super) fn span(ms: i64) -> String {
    let s = ms.max(0) / 1_000;
    let two = |large: i64, unit: &str, small: i64, smaller: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {smaller}"),
    };
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min", s / 60),
        3_600..86_400 => two(s / 3_600, "h", s % 3_600 / 60, "min"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

/// A severity in words. A word of the source's own stands behind ours.
pub fn severity(lang: Lang, severity: &Severity) -> String {
    let rank = severity.rank();
    let word = rank_word(lang, rank);
    match severity.as_str() {
        "" | "none" | "info" | "warning" | "error" | "critical" => word.to_owned(),
        own => format!("{word} ({})", foreign(own, 30)),
    }
}

/// A place in the order of severities, in words.
pub(super) fn rank_word(lang: Lang, rank: u8) -> &'static str {
    match rank {
        0 => t(lang, "ohne Schweregrad", "no severity"),
        1 => t(lang, "Info", "info"),
        2 => t(lang, "Warnung", "warning"),
        3 => t(lang, "Fehler", "error"),
        _ => t(lang, "kritisch", "critical"),
    }
}

/// A place in the order of severities, as a picture.
pub(super) fn rank_icon(rank: u8) -> &'static str {
    match rank {
        0 => "⚪",
        1 => "🔵",
        2 => "🟡",
        3 => "🟠",
        _ => "🔴",
    }
}

/// A place in the order of severities, as a colour.
pub(super) fn rank_colour(rank: u8) -> Colour {
    match rank {
        0 => Colour::Grey,
        1 => Colour::Blue,
        2 => Colour::Yellow,
        3 => Colour::Orange,
        _ => Colour::Red,
    }
}

/// Where an incident stands, in words.
pub fn state(lang: Lang, state: State) -> &'static str {
    match state {
        State::Firing => t(lang, "aktiv", "firing"),
        State::Acknowledged => t(lang, "in Arbeit", "acknowledged"),
        State::Silenced => t(lang, "stumm", "silenced"),
        State::Resolved => t(lang, "vorbei", "resolved"),
    }
}

/// Where an incident stands, as a picture: of what fires, how bad it is.
pub(super) fn icon(incident: &Incident) -> &'static str {
    match incident.state {
        State::Firing => rank_icon(incident.severity.rank()),
        State::Acknowledged => "👀",
        State::Silenced => "🔕",
        State::Resolved => "✅",
    }
}

/// A stranger's text in one line: no secrets, nothing hidden, no code marks, no link, no `@room`, at most so many characters.
pub(super) fn foreign(text: &str, most: usize) -> String {
    // Before anything is cut off: a part of a secret is not known any more.
    let text = calm(&visible(&hide(text))).replace('`', "'");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}

/// Without `@room`, and without what clients make links of by themselves.
pub(super) fn calm(text: &str) -> String {
    let low = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, room) in low.match_indices("@room") {
        // `@roommate` is a name.
        if !low[at + room.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()) {
            out.push_str(&text[from..at]);
            out.push('＠');
            from = at + 1;
        }
    }
    out.push_str(&text[from..]);
    out.replace("://", "[:]//")
}

/// Whom to call: Matrix ids as they are, whatever else is there as harmless text.
pub(super) fn called(who: &[String]) -> Vec<String> {
    who.iter().map(|who| if is_user_id(who) { who.clone() } else { foreign(who, 80) }).collect()
}

/// Labels that say where something is, the most telling first.
const FIRST: [&str; 12] = [
    "service",
    "node",
    "host",
    "instance",
    "namespace",
    "pod",
    "container",
    "device",
    "mountpoint",
    "name",
    "target",
    "job",
];

/// Labels that say nothing about it, or what the message says elsewhere.
const NOISE: [&str; 8] = [
    "alertname",
    "severity",
    "monitor",
    "prometheus",
    "alertgroup",
    "grafana_folder",
    "datasource_uid",
    "ref_id",
];

/// What labels say, for people: `service jellyfin · node node-2`; at most so many, the rest counted.
pub(super) fn about(labels: &Labels, most: usize) -> String {
    let (mut parts, left) = telling(labels, most);
    if left > 0 {
        parts.push(format!("+{left}"));
    }
    parts.join(" · ")
}

/// The most telling labels, and how many there are besides.
fn telling(labels: &Labels, most: usize) -> (Vec<String>, usize) {
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut said: Vec<_> = labels
        .iter()
        .filter(|(name, value)| {
            !NOISE.contains(&name.as_str()) && !name.starts_with("__") && !value.is_empty()
        })
        .collect();
    said.sort_by_key(|(name, _)| rank(name));
    let left = said.len().saturating_sub(most);
    let parts = said
        .into_iter()
        .take(most)
        .map(|(name, value)| format!("{} {}", foreign(name, 40), foreign(value, 80)))
        .collect();
    (parts, left)
}

/// An incident in one line of a message that stands for a while: with the time that it began.
pub(super) fn brief(r: &Reader<'_>, it: &Incident) -> String {
    one_line(r, it, &r.time(it.opened_ts))
}

/// An incident in one line of an answer: with the time that it has lasted.
pub(super) fn brief_now(r: &Reader<'_>, it: &Incident) -> String {
    one_line(r, it, &format!("{} ({})", r.time(it.opened_ts), r.ago(it.opened_ts)))
}

fn one_line(r: &Reader<'_>, it: &Incident, since: &str) -> String {
    let mut line = format!("{} `{}` {}", icon(it), foreign(&it.id, 40), foreign(&it.title, 80));
    if it.state != State::Firing {
        line.push_str(&format!(" ({})", severity(r.lang, &it.severity)));
    }
    for label in telling(&it.labels, 2).0 {
        line.push_str(&format!(" · {label}"));
    }
    if let Some(ended) = it.resolved_ts.filter(|_| it.state == State::Resolved) {
        let (word, took) = (r.t("vorbei nach", "over after"), span(ended - it.opened_ts));
        return format!("{line} · {word} {took}");
    }
    line.push_str(&format!(" · {} {since}", r.t("seit", "since")));
    if let Some(ack) = it.ack.as_ref().filter(|_| it.state == State::Acknowledged) {
        line.push_str(&format!(" · {}", foreign(&ack.by, 80)));
    }
    if let Some(silence) = it.silence.as_ref().filter(|_| it.state == State::Silenced) {
        let n = silence.n.map_or_else(String::new, |n| format!(" ({} {n})", r.t("Nr.", "no.")));
        line.push_str(&format!(" · {} {}{n}", r.t("stumm bis", "silenced until"), r.time(silence.until_ts)));
    }
    line
}

/// `1 Alarm`, `3 Alarme`
pub(super) fn alerts(lang: Lang, n: u64) -> String {
    match (lang, n) {
        (Lang::De, 1) => "1 Alarm".to_owned(),
        (Lang::De, n) => format!("{n} Alarme"),
        (Lang::En, 1) => "1 alert".to_owned(),
        (Lang::En, n) => format!("{n} alerts"),
    }
}

/// `und 3 weitere`
pub(super) fn more(lang: Lang, n: usize) -> String {
    match lang {
        Lang::De => format!("und {n} weitere"),
        Lang::En => format!("and {n} more"),
    }
}

/// At most so many names in one line, the rest counted.
pub(super) fn names<S: AsRef<str>>(lang: Lang, names: &[S], most: usize) -> String {
    let mut line =
        names.iter().take(most).map(|name| foreign(name.as_ref(), 80)).collect::<Vec<_>>().join(", ");
    if names.len() > most {
        line.push_str(&format!(" {}", more(lang, names.len() - most)));
    }
    line
}
