//! `why ALERT`: who is told, who is not, and by which rule.

use ralf_intents::Lang;

use super::subscription::wish;
use super::words::{Reader, about, brief_now, foreign, names, severity, span};
use crate::alerts::{Incident, Labels, Severity};
use crate::report::Text;

/// What would become of an alert if it came now.
#[derive(Debug, Clone, Copy)]
pub struct DryRun<'a> {
    /// What was asked about, as it was typed.
    pub asked: &'a str,
    /// The incident, if there is or was one.
    pub incident: Option<&'a Incident>,
    /// The labels that were judged by.
    pub labels: &'a Labels,
    /// The severity that was judged by.
    pub severity: &'a Severity,
    /// Every subscription, and what it says.
    pub told: &'a [Told],
    /// The owner rules that match.
    pub owners: &'a [OwnerRule],
    /// Whether the whole room is notified at this severity.
    pub call_room: bool,
    /// The escalations that match.
    pub escalations: &'a [EscalationTo],
}

/// What one subscription says to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its number in its room.
    pub n: i64,
    /// Where it tells.
    pub place: Place,
    /// What it wants.
    pub wish: String,
    /// What it says.
    pub verdict: Verdict,
}

/// Where a subscription tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the room or chat where it is asked.
    Here,
    /// In another room, by its name.
    Room(String),
    /// In a direct chat with this person (Matrix id).
    Direct(String),
}

/// What a subscription says to an alert, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is told at once.
    Tell {
        /// It is so bad that it breaks through the quiet hours.
        breaks_through: bool,
    },
    /// It is told when the quiet hours end.
    Later {
        /// When, milliseconds since the epoch.
        until_ts: i64,
        /// The quiet hours as they were wished, such as `quiet 22:00-07:00`.
        rule: String,
    },
    /// It is told in the digest.
    Digest {
        /// When, milliseconds since the epoch.
        at_ts: i64,
    },
    /// It is silenced.
    Silenced {
        /// Who set the silence.
        by: String,
        /// Until when, milliseconds since the epoch.
        until_ts: i64,
        /// Our number of it, if it is ours.
        n: Option<i64>,
    },
    /// It falls into maintenance.
    Maintenance {
        /// Which, such as its matchers.
        which: String,
        /// Until when, milliseconds since the epoch.
        until_ts: i64,
    },
    /// It is not wanted: this matcher says no.
    NoMatch {
        /// The matcher, such as `severity>=critical`.
        matcher: String,
        /// The value that the label has; `None` where the alert has no such label.
        value: Option<String>,
    },
    /// It is not wanted: this exception holds.
    Excepted {
        /// The exception's matchers.
        matcher: String,
    },
}

/// A rule by which owners are mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerRule {
    /// Its matchers.
    pub matchers: String,
    /// Whom it mentions.
    pub mention: Vec<String>,
}

/// Who is called when nobody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationTo {
    /// After how long, milliseconds.
    pub after_ms: i64,
    /// Whom.
    pub to: Vec<String>,
}

/// Who is told of an alert, and why others are not.
pub fn why_alert(r: &Reader<'_>, run: &DryRun<'_>) -> Text {
    let mut text = what(r, run);
    text = match run.told {
        [] => text.line(
            r.t("✗ Niemand erfährt davon: Es gibt kein Abo.", "✗ Nobody is told: there is no subscription."),
        ),
        told => text.list(told.iter().map(|one| told_line(r, one))),
    };
    for rule in run.owners {
        let (who, rule) = (names(r.lang, &rule.mention, 8), wish(r.lang, &rule.matchers));
        text = text.line(&match r.lang {
            Lang::De => format!("👤 Erwähnt: {who} – Regel {rule}"),
            Lang::En => format!("👤 Mentioned: {who} – rule {rule}"),
        });
    }
    if run.call_room {
        let how = severity(r.lang, run.severity);
        text = text.line(&match r.lang {
            Lang::De => {
                format!("📢 Der ganze Raum wird benachrichtigt, weil es „{how}“ ist (`room_mention`)")
            }
            Lang::En => format!("📢 The whole room is notified, because it is “{how}” (`room_mention`)"),
        });
    }
    for step in run.escalations {
        let (who, after) = (names(r.lang, &step.to, 8), span(step.after_ms));
        text = text.line(&match r.lang {
            Lang::De => format!("📣 Quittiert es {after} lang niemand, rufe ich {who}"),
            Lang::En => format!("📣 If nobody acknowledges it for {after}, I call {who}"),
        });
    }
    text
}

/// What is judged, and whether it was ever seen.
fn what(r: &Reader<'_>, run: &DryRun<'_>) -> Text {
    if let Some(it) = run.incident {
        return Text::new()
            .head(&brief_now(r, it))
            .line(r.t("Käme es jetzt, dann gälte:", "If it came now:"));
    }
    let (asked, labels) = (foreign(run.asked, 100), about(run.labels, 10));
    let with = if labels.is_empty() {
        severity(r.lang, run.severity)
    } else {
        format!("{} · {labels}", severity(r.lang, run.severity))
    };
    Text::new().line(&match r.lang {
        Lang::De => format!("`{asked}` habe ich noch nie gesehen. Käme es jetzt ({with}), dann gälte:"),
        Lang::En => format!("I have never seen `{asked}`. If it came now ({with}):"),
    })
}

fn told_line(r: &Reader<'_>, one: &Told) -> String {
    let n = format!("{} {}", r.t("Nr.", "no."), one.n);
    let place = match &one.place {
        Place::Here => format!("{} ({n})", r.t("hier", "here")),
        Place::Room(name) => format!("{} ({n})", foreign(name, 100)),
        Place::Direct(who) => format!("{} ({}, {n})", foreign(who, 100), r.t("direkt", "direct")),
    };
    let mark = match one.verdict {
        Verdict::Tell { .. } => "✓",
        Verdict::Later { .. } | Verdict::Digest { .. } => "⏳",
        _ => "✗",
    };
    format!("{mark} {place}: {}", verdict(r, one))
}

fn verdict(r: &Reader<'_>, one: &Told) -> String {
    match &one.verdict {
        Verdict::Tell { breaks_through } => {
            let wanted = wish(r.lang, &one.wish);
            match (r.lang, breaks_through) {
                (Lang::De, false) => format!("{wanted} passt"),
                (Lang::De, true) => format!("{wanted} passt und bricht durch die Ruhezeit"),
                (Lang::En, false) => format!("{wanted} matches"),
                (Lang::En, true) => format!("{wanted} matches and breaks through the quiet hours"),
            }
        }
        Verdict::Later { until_ts, rule } => match (r.lang, r.time(*until_ts), foreign(rule, 200)) {
            (Lang::De, until, rule) => format!("Ruhe bis {until}, Regel `{rule}`; danach gesammelt"),
            (Lang::En, until, rule) => format!("quiet until {until}, rule `{rule}`; told together then"),
        },
        Verdict::Digest { at_ts } => {
            format!("{} {}", r.t("gesammelt um", "in the digest at"), r.time(*at_ts))
        }
        Verdict::Silenced { by, until_ts, n } => {
            let n = n.map_or_else(String::new, |n| format!(" ({} {n})", r.t("Nr.", "no.")));
            match (r.lang, foreign(by, 80), r.time(*until_ts)) {
                (Lang::De, by, until) => format!("🔕 stumm bis {until}, von {by}{n}"),
                (Lang::En, by, until) => format!("🔕 silenced until {until} by {by}{n}"),
            }
        }
        Verdict::Maintenance { which, until_ts } => match (r.lang, wish(r.lang, which), r.time(*until_ts)) {
            (Lang::De, which, until) => format!("🚧 Wartung bis {until}: {which}"),
            (Lang::En, which, until) => format!("🚧 maintenance until {until}: {which}"),
        },
        Verdict::NoMatch { matcher, value } => {
            let matcher = foreign(matcher, 200);
            match (r.lang, value.as_ref().map(|value| foreign(value, 100))) {
                (Lang::De, Some(value)) => format!("`{matcher}` passt nicht; es ist `{value}`"),
                (Lang::De, None) => format!("`{matcher}` passt nicht; das Label fehlt"),
                (Lang::En, Some(value)) => format!("`{matcher}` does not match; it is `{value}`"),
                (Lang::En, None) => format!("`{matcher}` does not match; there is no such label"),
            }
        }
        Verdict::Excepted { matcher } => match (r.lang, foreign(matcher, 200)) {
            (Lang::De, matcher) => format!("ausgenommen durch `except {matcher}`"),
            (Lang::En, matcher) => format!("excepted by `except {matcher}`"),
        },
    }
}
