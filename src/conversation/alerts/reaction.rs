//! Taps on an incident's message: 👀 and ✅ acknowledge, 🔕 silences for two hours.

use std::sync::Arc;

use super::{Deed, is_open, look, may_ack, reader};
use crate::alerts::silence::{self, Wanted};
use crate::alerts::{State, take_back};
use crate::approval::GateError;
use crate::bots::Bot;
use crate::conversation::{Answer, Talk, answer, listen};
use crate::event::Event;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages::alerts as messages;

/// How long 🔕 silences, in milliseconds.
const SILENCE_MS: i64 = 2 * 3_600_000;

/// What a key means on an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tap {
    Acknowledge,
    Silence,
}

fn tap(key: &str) -> Option<Tap> {
    // Clients differ in variation selectors and skin tones.
    let bare: String =
        key.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')).collect();
    match bare.as_str() {
        "👀" | "✅" | "👍" | "✔" => Some(Tap::Acknowledge),
        "🔕" | "🔇" => Some(Tap::Silence),
        _ => None,
    }
}

/// A reaction to an incident's message; nothing when it was to something else.
pub(in crate::conversation) async fn reacted(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    target: &str,
    key: &str,
) -> Result<Option<Handled>, HandleError> {
    let Some(tap) = tap(key) else { return Ok(None) };
    let store = &house.store;
    // Asked first: what is sent meanwhile is found then.
    let unsent = store.tells_now(&event.room).await?;
    let Some(telling) = store.telling_by_event(&event.room, target).await? else {
        return if unsent { Err(GateError::TooEarly.into()) } else { Ok(None) };
    };
    let Some(incident) = store.incident(&telling.incident).await?.filter(is_open) else { return Ok(None) };
    let (room, user) = (event.room.as_str(), event.sender.as_str());
    let talk = Talk {
        room: event.room.clone(),
        bot: Bot::named(&telling.bot).unwrap_or(Bot::Health),
        ask_event: target.to_owned(),
        event: event.id.clone(),
        // What a tap leads to belongs to the incident's own thread.
        thread: Some(target.to_owned()),
        to: Some(target.to_owned()),
        asker: event.sender.to_string(),
        lang: listen::known_lang(house, event)
            .await?
            .or(telling.lang.parse().ok())
            .unwrap_or(house.default_lang()),
        known_lang: None,
        sentence: String::new(),
        understood: String::new(),
        about: None,
        instead_of: None,
    };
    let talk = Talk { known_lang: Some(talk.lang), ..talk };
    let now = store.clock.now_ms();
    let silent = incident.silence.as_ref().filter(|silence| silence.until_ts > now);
    let answer = match tap {
        Tap::Silence if incident.state == State::Silenced && silent.is_some() => {
            let zone = house.time_zone();
            let r = reader(house, &zone, talk.lang);
            let said = silent.map(|silence| messages::already_silenced(&r, silence)).unwrap_or_default();
            Answer::Say(look::about(said, &incident))
        }
        Tap::Silence => {
            let Some(matchers) = silence::matchers_of(&incident) else { return Ok(None) };
            let wanted = Wanted {
                matchers,
                for_ms: SILENCE_MS,
                reason: String::new(),
                by: talk.asker.clone(),
                event: talk.event.clone(),
                room_id: talk.room.clone(),
                incident: Some(incident.id),
            };
            super::silence::set(house, &talk, wanted).await?
        }
        Tap::Acknowledge if !may_ack(house, room, &telling.bot, user).await? => {
            Answer::Say(look::about(messages::may_not_ack(talk.lang), &incident))
        }
        Tap::Acknowledge => Answer::Deed(Deed::Acknowledge { incident: incident.id, aloud: false }),
    };
    answer::commit(house, seq, &talk, vec![answer], None).await?;
    Ok(Some(Handled::Done))
}

/// Whether a redacted event was an acknowledgement, which is taken back with it.
pub(in crate::conversation) async fn taken_back(
    house: &Arc<House>,
    seq: i64,
    target: &str,
) -> Result<bool, HandleError> {
    let _alone = house.desk.alone().await;
    let Some(mut tx) = answer::open(house, seq).await? else { return Ok(true) };
    if !take_back(house, &mut tx, target).await? {
        // Dropped: nothing of it happened.
        return Ok(false);
    }
    tx.commit().await?;
    house.desk.wake();
    Ok(true)
}
