//! Many incidents in one message: a storm, a digest.

use ralf_intents::Lang;

use super::words::{Reader, brief, more, rank_icon, rank_word};
use crate::alerts::{Incident, State};
use crate::report::{Text, t};

/// How many are named.
const SHOWN: usize = 15;

/// What the summary of a storm shows.
#[derive(Debug, Clone, Copy)]
pub struct StormView<'a> {
    /// Since when, milliseconds since the epoch.
    pub since_ts: i64,
    /// How many of its incidents are open, by rank of severity (0 none to 4 critical).
    pub open: [u64; 5],
    /// How many of its incidents are over.
    pub ended: u64,
    /// Its open incidents, or the worst of them, the worst first.
    pub incidents: &'a [&'a Incident],
    /// How many new messages a minute the room gets at most.
    pub most_a_minute: u32,
    /// Nothing came for a while: the summary is not edited for new incidents any more.
    pub over: bool,
}

/// The one message of a storm, edited while it lasts.
pub fn storm(r: &Reader<'_>, view: &StormView<'_>) -> Text {
    let open: u64 = view.open.iter().sum();
    let since = r.time(view.since_ts);
    let head = match (r.lang, view.over) {
        (Lang::De, false) => format!("⛈️ Alarmsturm seit {since}: {open} offen, {} vorbei", view.ended),
        (Lang::De, true) => {
            format!("🌤️ Alarmsturm von {since} ist abgeklungen: {open} offen, {} vorbei", view.ended)
        }
        (Lang::En, false) => format!("⛈️ Storm of alerts since {since}: {open} open, {} over", view.ended),
        (Lang::En, true) => {
            format!("🌤️ The storm of alerts of {since} has calmed down: {open} open, {} over", view.ended)
        }
    };
    let counts = counts(r.lang, view.open);
    let mut text = Text::new().head(&head);
    if !counts.is_empty() {
        text = text.line(&counts);
    }
    text = listed(r, text, view.incidents, open);
    text.small(&match r.lang {
        Lang::De => format!(
            "Mehr als {} neue in einer Minute fasse ich hier zusammen. `!ralf alarme` zeigt alle, `!ralf vorfall ID` einen.",
            view.most_a_minute
        ),
        Lang::En => format!(
            "More than {} new ones in a minute I sum up here. `!ralf alerts` shows all, `!ralf incident ID` one.",
            view.most_a_minute
        ),
    })
}

/// `🔴 kritisch: 2 · 🟡 Warnung: 5`, the worst first.
pub(super) fn counts(lang: Lang, by_rank: [u64; 5]) -> String {
    let parts = (0..=4_u8).rev().zip(by_rank.into_iter().rev()).filter(|(_, n)| *n > 0);
    parts
        .map(|(rank, n)| format!("{} {}: {n}", rank_icon(rank), rank_word(lang, rank)))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The first of a list of incidents, and how many there are besides.
pub(super) fn listed(r: &Reader<'_>, text: Text, incidents: &[&Incident], total: u64) -> Text {
    let mut lines: Vec<String> = incidents.iter().take(SHOWN).map(|it| brief(r, it)).collect();
    let left = usize::try_from(total).unwrap_or(usize::MAX).max(incidents.len()).saturating_sub(lines.len());
    if left > 0 {
        lines.push(more(r.lang, left));
    }
    text.list(lines)
}

/// Why a digest comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestKind {
    /// Quiet hours are over.
    QuietOver,
    /// Its time of day has come.
    Daily,
}

/// What a digest tells.
#[derive(Debug, Clone, Copy)]
pub struct DigestView<'a> {
    /// Why it comes now.
    pub kind: DigestKind,
    /// Of which subscription, by its number.
    pub n: i64,
    /// Since when, milliseconds since the epoch.
    pub from_ts: i64,
    /// The incidents that were kept for it, in any state.
    pub incidents: &'a [&'a Incident],
}

/// What was kept for later: what still fires, and what is over by now.
pub fn digest(r: &Reader<'_>, view: &DigestView<'_>) -> Text {
    let (over, open): (Vec<_>, Vec<_>) =
        view.incidents.iter().copied().partition(|it| it.state == State::Resolved);
    let from = r.time(view.from_ts);
    let head = match (r.lang, view.kind) {
        (Lang::De, DigestKind::QuietOver) => format!("☀️ Ruhezeit vorbei: was seit {from} war"),
        (Lang::De, DigestKind::Daily) => format!("🗞️ Überblick: was seit {from} war"),
        (Lang::En, DigestKind::QuietOver) => format!("☀️ Quiet hours are over: what happened since {from}"),
        (Lang::En, DigestKind::Daily) => format!("🗞️ Digest: what happened since {from}"),
    };
    let mut text = Text::new().head(&head);
    if view.incidents.is_empty() {
        text = text.line(r.t("Nichts. Alles ruhig.", "Nothing. All quiet."));
    }
    let parts = [(r.t("Noch offen", "Still open"), open), (r.t("Schon vorbei", "Over already"), over)];
    for (word, some) in parts.iter().filter(|(_, some)| !some.is_empty()) {
        text = text.line(&format!("{word}: {}", some.len()));
        text = listed(r, text, some, 0);
    }
    let n = view.n;
    text.small(&match r.lang {
        Lang::De => format!("Abo Nr. {n} · `!ralf abos`"),
        Lang::En => format!("Subscription no. {n} · `!ralf subscriptions`"),
    })
}

/// More came than can be taken in: deliveries were refused.
pub fn flood(lang: Lang, refused: u64) -> Text {
    Text::new()
        .line(&match lang {
            Lang::De => format!("🌊 Zu viele Meldungen auf einmal: {refused} abgewiesen."),
            Lang::En => format!("🌊 Too many deliveries at once: {refused} refused."),
        })
        .line(t(
            lang,
            "Wer meldet, versucht es in der Regel selbst noch einmal. Kommt das öfter vor, hilft es, an der Quelle stärker zu bündeln (`group_by`).",
            "Senders usually try again by themselves. If it happens often, it helps to group more at the source (`group_by`).",
        ))
}
