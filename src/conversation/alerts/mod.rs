//! Words and taps about alerts: looking, acknowledging, silencing, subscribing. All of it is done at once; nothing here touches the lab.

mod ack;
mod deed;
mod look;
mod reaction;
mod silence;
mod subscribe;
mod why;

use jiff::Span;
use jiff::tz::TimeZone;
use ralf_intents::{Intent, Lang};

use super::{Answer, Talk};
use crate::alerts::{Incident, State};
use crate::approval::{GateError, World as _};
use crate::config::Role;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts::Reader;
use crate::store::StoreError;

pub use deed::Deed;
pub(super) use reaction::{reacted, taken_back};
pub(super) use why::why;

/// A command about alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// `alerts [SEVERITY]`
    Alerts,
    /// `incident [ID]`
    Incident,
    /// `ack [ID]`
    Ack,
    /// `silence DURATION [ID | MATCHERS] [reason]`
    Silence,
    /// `extend N DURATION`
    Extend,
    /// `expire N`
    Expire,
    /// `subscribe [N] WISH`
    Subscribe,
    /// `unsubscribe N`
    Unsubscribe,
    /// `subscriptions`
    Subscriptions,
    /// `test N`
    Test,
}

/// What a command leads to.
pub(super) async fn run(house: &House, talk: &Talk, word: Word, rest: &str) -> Result<Answer, HandleError> {
    match word {
        Word::Alerts => look::alerts(house, talk, rest).await,
        Word::Incident => look::incident(house, talk, rest).await,
        Word::Ack => ack::ack(house, talk, rest).await,
        Word::Silence => silence::silence(house, talk, rest).await,
        Word::Extend => silence::extend(house, talk, rest).await,
        Word::Expire => silence::expire(house, talk, rest).await,
        Word::Subscribe => subscribe::subscribe(house, talk, rest).await,
        Word::Unsubscribe => subscribe::unsubscribe(house, talk, rest).await,
        Word::Subscriptions => subscribe::list(house, talk).await,
        Word::Test => subscribe::test(house, talk, rest).await,
    }
}

/// Whether a line of a direct chat is this command, and not a sentence that begins with its word: "silence DiskFull for 2h please".
pub(super) fn is_whole(word: Word, rest: &str) -> bool {
    let words = rest.split_whitespace().count();
    match word {
        Word::Subscriptions => words == 0,
        Word::Alerts | Word::Incident | Word::Ack | Word::Unsubscribe | Word::Test | Word::Expire => {
            words < 2
        }
        Word::Extend => rest.split_whitespace().any(|word| duration(word).is_some()),
        Word::Silence => rest.split_whitespace().next().is_some_and(|first| duration(first).is_some()),
        Word::Subscribe => rest.contains(['=', '~']) || words < 2 || subscribe::is_wish(rest),
    }
}

/// Whether an intent is carried out here.
pub(super) fn knows(intent: &str) -> bool {
    matches!(intent, "show_alerts" | "silence_alert" | "subscribe_alerts")
}

/// What an intent leads to.
pub(super) async fn intend(house: &House, talk: &Talk, intent: &Intent) -> Result<Answer, HandleError> {
    let slot = |name: &str| intent.slots.get(name).map_or("", String::as_str);
    match intent.name.as_str() {
        "silence_alert" => silence::alert(house, talk, slot("alert"), slot("duration")).await,
        "subscribe_alerts" => subscribe::by_sentence(house, talk, slot("matcher")).await,
        _ => look::alerts(house, talk, slot("severity")).await,
    }
}

/// The incident that is meant.
enum Meant {
    /// This one.
    One(Box<Incident>),
    /// There is none of that id.
    NoSuch,
    /// Nothing is open.
    None,
    /// One of these; nobody can tell which.
    Several(Vec<Incident>),
}

/// The incident of that id; without one the incident whose message is answered or in whose thread it is said, else the only open one that is
/// told here.
async fn meant(house: &House, talk: &Talk, id: &str) -> Result<Meant, StoreError> {
    let store = &house.store;
    if !id.is_empty() {
        let found = store.incident(&id.to_lowercase()).await?;
        return Ok(found.map_or(Meant::NoSuch, |incident| Meant::One(Box::new(incident))));
    }
    if let Some(event) = &talk.to
        && let Some(telling) = store.telling_by_event(&talk.room, event).await?
        && let Some(incident) = store.incident(&telling.incident).await?
    {
        return Ok(Meant::One(Box::new(incident)));
    }
    let mut open = store.open_incidents_in(&talk.room, 50).await?;
    Ok(match open.len() {
        0 => Meant::None,
        1 => Meant::One(Box::new(open.remove(0))),
        _ => Meant::Several(open),
    })
}

/// How this talk's asker reads.
fn reader<'a>(house: &House, zone: &'a TimeZone, lang: Lang) -> Reader<'a> {
    Reader { lang, zone, now: house.store.clock.now_ms() }
}

/// Whether somebody may silence: who may approve may.
async fn may_silence(house: &House, room: &str, bot: &str, user: &str) -> Result<bool, GateError> {
    let standing = house.standing(room, bot).await?;
    Ok(standing.members.contains_key(user) && house.rules.has_role(user, Role::Approver, &standing))
}

/// Whether somebody may acknowledge: everybody in `[people]`, and who may approve.
async fn may_ack(house: &House, room: &str, bot: &str, user: &str) -> Result<bool, GateError> {
    let standing = house.standing(room, bot).await?;
    let known = house.rules.person(user).is_some() || house.rules.has_role(user, Role::Approver, &standing);
    Ok(standing.members.contains_key(user) && known)
}

/// A length of time as it is typed – `45m`, `2h`, `1h30m`, `1d`, `1w`, `6mo` –, in milliseconds.
fn duration(text: &str) -> Option<i64> {
    text.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
    let span: Span = text.parse().ok()?;
    let ms = span.to_duration(jiff::civil::date(2026, 1, 1)).ok()?.as_millis();
    i64::try_from(ms).ok().filter(|ms| (1_000..=366 * 86_400_000).contains(ms))
}

/// Whether an incident can still be acted on.
fn is_open(incident: &Incident) -> bool {
    incident.state != State::Resolved
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn lengths_of_time_are_what_people_type() {
        let hour = 3_600_000;
        for (text, ms) in [
            ("45m", hour * 3 / 4),
            ("2h", 2 * hour),
            ("1h30m", hour * 3 / 2),
            ("1d", 24 * hour),
            ("1w", 168 * hour),
        ] {
            assert_eq!(duration(text), Some(ms), "{text}");
        }
        for text in ["", "h", "soon", "2", "-2h", "0m", "3y", "DiskFull"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
