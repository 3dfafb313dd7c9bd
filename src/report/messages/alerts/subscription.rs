//! Answers about subscriptions.

use ralf_intents::Lang;

use super::words::{Reader, brief_now, foreign, more};
use crate::alerts::Incident;
use crate::report::{Text, t};

/// A subscription, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its number in its room.
    pub n: i64,
    /// What it wants, as it would be typed again.
    pub wish: String,
    /// It is for one person in a direct chat, not for a whole room.
    pub personal: bool,
    /// Who made it (Matrix id); empty for the one that was there from the start.
    pub owner: String,
    /// What it does next besides telling at once.
    pub next: Vec<Next>,
}

/// What a subscription does besides telling at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is quiet, until then (milliseconds since the epoch).
    QuietUntil(i64),
    /// It tells all at once, then.
    DigestAt(i64),
}

fn next(r: &Reader<'_>, it: &Subscription) -> Vec<String> {
    let one = |next: &Next| match (next, r.lang) {
        (Next::QuietUntil(ts), Lang::De) => format!("🌙 Ruhe bis {}", r.time(*ts)),
        (Next::QuietUntil(ts), Lang::En) => format!("🌙 quiet until {}", r.time(*ts)),
        (Next::DigestAt(ts), Lang::De) => format!("🗞️ Überblick um {}", r.time(*ts)),
        (Next::DigestAt(ts), Lang::En) => format!("🗞️ digest at {}", r.time(*ts)),
    };
    it.next.iter().map(one).collect()
}

/// What it wants, in code marks.
pub(super) fn wish(lang: Lang, wish: &str) -> String {
    match foreign(wish, 500) {
        wish if wish.is_empty() => t(lang, "alles", "everything").to_owned(),
        wish => format!("`{wish}`"),
    }
}

fn settled(r: &Reader<'_>, it: &Subscription, line: &str) -> Text {
    let (n, next) = (it.n, next(r, it));
    let text = Text::new().line(line);
    let text = if next.is_empty() { text } else { text.line(&next.join(" · ")) };
    text.small(&match r.lang {
        Lang::De => format!("`!ralf teste {n}` probiert es aus · `!ralf abbestelle {n}` beendet es"),
        Lang::En => format!("`!ralf test {n}` tries it · `!ralf unsubscribe {n}` ends it"),
    })
}

/// `subscribe`
pub fn subscribed(r: &Reader<'_>, it: &Subscription) -> Text {
    let (n, wish) = (it.n, wish(r.lang, &it.wish));
    settled(
        r,
        it,
        &match (r.lang, it.personal) {
            (Lang::De, true) => format!("🔔 Abo Nr. {n}: Ich sage dir hier Bescheid bei {wish}."),
            (Lang::De, false) => format!("🔔 Abo Nr. {n} für diesen Raum: {wish}."),
            (Lang::En, true) => format!("🔔 Subscription no. {n}: I tell you here about {wish}."),
            (Lang::En, false) => format!("🔔 Subscription no. {n} for this room: {wish}."),
        },
    )
}

/// An answer about a subscription, and what is open of that already.
pub fn open_already(r: &Reader<'_>, text: Text, open: &[Incident]) -> Text {
    if open.is_empty() {
        return text;
    }
    let n = open.len();
    let mut lines: Vec<String> = open.iter().take(5).map(|it| brief_now(r, it)).collect();
    if n > 5 {
        lines.push(more(r.lang, n - 5));
    }
    text.line(&match (r.lang, n) {
        (Lang::De, 1) => "Davon ist gerade 1 Vorfall offen:".to_owned(),
        (Lang::De, _) => format!("Davon sind gerade {n} Vorfälle offen:"),
        (Lang::En, 1) => "1 incident of that is open now:".to_owned(),
        (Lang::En, _) => format!("{n} incidents of that are open now:"),
    })
    .list(lines)
}

/// A subscription was there already and is changed. `was` is what it wanted.
pub fn changed(r: &Reader<'_>, it: &Subscription, was: &str) -> Text {
    let (n, now, was) = (it.n, wish(r.lang, &it.wish), wish(r.lang, was));
    settled(
        r,
        it,
        &match r.lang {
            Lang::De => format!("🔔 Abo Nr. {n} geändert: {now} (vorher {was})."),
            Lang::En => format!("🔔 Subscription no. {n} changed: {now} (was {was})."),
        },
    )
}

/// `unsubscribe`
pub fn unsubscribed(lang: Lang, it: &Subscription) -> Text {
    let (n, wanted) = (it.n, wish(lang, &it.wish));
    Text::new().line(&match lang {
        Lang::De => format!("🔕 Abo Nr. {n} beendet: {wanted}."),
        Lang::En => format!("🔕 Subscription no. {n} ended: {wanted}."),
    })
}

/// `subscriptions`: those of this room or chat.
pub fn subscriptions(r: &Reader<'_>, all: &[Subscription]) -> Text {
    if all.is_empty() {
        return Text::new().line(r.t(
            "Hier gibt es kein Abo; ich melde hier keinen Alarm. `!ralf abonniere severity>=warning` legt eines an.",
            "There is no subscription here; I report no alert. `!ralf subscribe severity>=warning` makes one.",
        ));
    }
    Text::new()
        .head(r.t("Abos hier", "Subscriptions here"))
        .list(all.iter().map(|it| one(r, it)))
        .small(r.t("`!ralf teste N` · `!ralf abbestelle N`", "`!ralf test N` · `!ralf unsubscribe N`"))
}

/// Somebody wants to be told less and did not say by which number: those of this room or chat.
pub fn unsubscribe_which(r: &Reader<'_>, all: &[Subscription]) -> Text {
    if all.is_empty() {
        return subscriptions(r, all);
    }
    Text::new()
        .line(r.t(
            "Welches Abo soll enden? `!ralf abbestelle N` beendet es:",
            "Which subscription shall end? `!ralf unsubscribe N` ends it:",
        ))
        .list(all.iter().map(|it| one(r, it)))
}

/// A subscription in a line.
fn one(r: &Reader<'_>, it: &Subscription) -> String {
    let mut parts = vec![format!("{} {}: {}", r.t("Nr.", "no."), it.n, wish(r.lang, &it.wish))];
    parts.extend(next(r, it));
    if !it.personal && !it.owner.is_empty() {
        parts.push(format!("{} {}", r.t("von", "by"), foreign(&it.owner, 80)));
    }
    parts.join(" · ")
}

/// A number that no subscription here has.
pub fn no_such_subscription(lang: Lang, n: &str) -> Text {
    let n = foreign(n, 40);
    Text::new().line(&match lang {
        Lang::De => format!("Ein Abo `{n}` gibt es hier nicht. `!ralf abos` zeigt, welche es gibt."),
        Lang::En => {
            format!("There is no subscription `{n}` here. `!ralf subscriptions` shows which there are.")
        }
    })
}

/// Somebody without the right wants a subscription for a whole room, or to change one.
pub fn may_not_subscribe_room(lang: Lang) -> Text {
    Text::new().line(t(
        lang,
        "Abos für einen ganzen Raum ändern Personen mit der Rolle `approver` oder Berechtigungsstufe 50. Ein Abo nur für dich geht immer: Schreib mir dasselbe in einem Direktchat.",
        "Subscriptions of a whole room are for people with the role `approver` or power level 50. One for you alone is always possible: write the same to me in a direct chat.",
    ))
}

/// `test N`: what a subscription would have told of the incidents that are open or were the last. `looked_at` is how many.
pub fn test_subscription(r: &Reader<'_>, it: &Subscription, hits: &[&Incident], looked_at: usize) -> Text {
    let (n, wanted, found) = (it.n, wish(r.lang, &it.wish), hits.len());
    let head = match r.lang {
        Lang::De => format!("🧪 Abo Nr. {n} ({wanted})"),
        Lang::En => format!("🧪 Subscription no. {n} ({wanted})"),
    };
    let mut text = Text::new().line(&head);
    text = match (r.lang, looked_at, found) {
        (Lang::De, 0, _) => text.line("Es gab noch keinen Vorfall, an dem ich es ausprobieren könnte."),
        (Lang::En, 0, _) => text.line("There has been no incident yet to try it on."),
        (Lang::De, all, 0) => {
            text.line(&format!("Von den letzten {all} Vorfällen hätte ich keinen gemeldet."))
        }
        (Lang::En, all, 0) => text.line(&format!("Of the last {all} incidents I would have told none.")),
        (Lang::De, all, found) => {
            text.line(&format!("Von den letzten {all} Vorfällen hätte ich {found} gemeldet:"))
        }
        (Lang::En, all, found) => {
            text.line(&format!("Of the last {all} incidents I would have told {found}:"))
        }
    };
    super::crowd::listed(r, text, hits, 0)
}
