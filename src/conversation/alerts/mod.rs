//! Words and taps about alerts: looking, acknowledging, silencing, subscribing. All of it is done at once; nothing here touches the lab.

mod ack;
mod deed;
mod length;
mod look;
mod reaction;
mod silence;
mod subscribe;
mod why;

use jiff::tz::TimeZone;
use ralf_intents::{Intent, Lang, Outcome};

use super::{Answer, Talk};
use crate::alerts::{Incident, State};
use crate::approval::{GateError, World as _};
use crate::config::Role;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::Text;
use crate::report::messages::alerts::Reader;
use crate::store::StoreError;

pub use deed::Deed;
pub(super) use reaction::{reacted, taken_back};
pub(super) use why::{why, why_said};

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
        Word::Alerts => look::listed(house, talk, rest).await,
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

/// Whether a line of a direct chat is this command, and not a sentence that begins with its word: "silence DiskFull for 2h please",
/// "beende grafana".
pub(super) fn is_whole(word: Word, rest: &str) -> bool {
    let words = rest.split_whitespace().count();
    match word {
        Word::Subscriptions => words == 0,
        Word::Alerts | Word::Incident | Word::Ack => words < 2,
        Word::Unsubscribe | Word::Test | Word::Expire => {
            words == 0 || words == 1 && rest.trim_start_matches('#').parse::<u32>().is_ok()
        }
        Word::Extend => length::first(rest).is_some(),
        Word::Silence => length::first(rest).is_some_and(|length| {
            let before = rest[..length.from].trim();
            before.is_empty()
                || rest.contains('=')
                || rest.split_whitespace().any(is_id)
                || before.split_whitespace().all(is_vague)
        }),
        Word::Subscribe => rest.contains(['=', '~']) || words < 2 || subscribe::is_wish(rest),
    }
}

/// Whether `why` and this is about an alert: its name, and labels.
pub(super) fn is_alert(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    words.next().is_some_and(|first| why::is_camel(first) || first.contains('='))
        && words.all(|word| word.contains('='))
}

/// Whether a word looks like an incident's id.
fn is_id(word: &str) -> bool {
    word.len() == 8
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && word.contains(|c: char| c.is_ascii_digit())
        && word.to_lowercase() == word
}

/// Whether a word means what is talked about, or nothing.
fn is_vague(word: &str) -> bool {
    const VAGUE: &str = "this|that|it|these|them|alert|alarm|incident|one|here|das|dies|diesen|dieses|diese|dieser|den|die|der|ihn|sie|es|hier|da|vorfall|meldung|for|für|fuer|the|bitte|please|mal";
    let word = word.to_lowercase();
    VAGUE.split('|').any(|vague| vague == word.trim_end_matches(['.', ',', '!', '?']))
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

/// What a sentence said to an incident's message comes to: the alert that it does not name is that incident's.
pub(super) fn about_this(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Ask(ask) if ask.intent == "silence_alert" && ask.missing.as_deref() == Some("alert") => {
            let mut slots = ask.slots;
            slots.insert("alert".into(), "this".into());
            Outcome::Intent(Intent { name: ask.intent, slots, changes: false })
        }
        outcome => outcome,
    }
}

/// The incident whose message is answered or in whose thread it is said.
pub(super) async fn answered(house: &House, talk: &Talk) -> Result<Option<Incident>, StoreError> {
    let Some(event) = &talk.to else { return Ok(None) };
    match house.store.telling_by_event(&talk.room, event).await? {
        Some(telling) => house.store.incident(&telling.incident).await,
        None => Ok(None),
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
    if let Some(incident) = answered(house, talk).await? {
        return Ok(Meant::One(Box::new(incident)));
    }
    let mut open = store.open_incidents_in(&talk.room, 50).await?;
    Ok(match open.len() {
        0 => Meant::None,
        1 => Meant::One(Box::new(open.remove(0))),
        _ => Meant::Several(open),
    })
}

/// A text, marked as being about an incident if it is about one.
async fn concerning(house: &House, text: Text, incident: Option<&str>) -> Result<Text, StoreError> {
    let Some(id) = incident else { return Ok(text) };
    Ok(match house.store.incident(id).await? {
        Some(incident) => look::about(text, &incident),
        None => text,
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

/// Whether an incident can still be acted on.
fn is_open(incident: &Incident) -> bool {
    incident.state != State::Resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_lines_are_commands_only_when_they_are_whole() {
        for (word, rest) in [
            (Word::Silence, "2h"),
            (Word::Silence, "2 Stunden Umbau"),
            (Word::Silence, "this for 2h"),
            (Word::Silence, "das hier 2h"),
            (Word::Silence, "service=\"jellyfin\" 2h"),
            (Word::Silence, "k3f9qa2x for 1d"),
            (Word::Extend, "3 2 hours"),
            (Word::Expire, "#3"),
            (Word::Test, ""),
            (Word::Subscribe, "to critical alerts from pi4"),
        ] {
            assert!(is_whole(word, rest), "{word:?} {rest}");
        }
        for (word, rest) in [
            (Word::Silence, "DiskFull for 2h"),
            (Word::Silence, "everybody"),
            (Word::Expire, "grafana"),
            (Word::Test, "jellyfin"),
            (Word::Unsubscribe, "from critical alerts"),
            (Word::Extend, "3"),
        ] {
            assert!(!is_whole(word, rest), "{word:?} {rest}");
        }
        assert!(is_alert("DiskFull instance=pi4") && is_alert("DiskFull"));
        assert!(!is_alert("did you do that") && !is_alert("DiskFull came"));
    }
}
