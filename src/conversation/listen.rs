//! Who answers a message, and whether anybody does.

use std::sync::Arc;

use ralf_intents::{Lang, NoneReason, Outcome, Reading};

use super::{Answer, Talk, act, amend, answer, commands, done, questions};
use ruma::OwnedUserId;

use crate::approval::{self, By, GateStore as _, State};
use crate::bots::Bot;
use crate::event::{Event, Message};
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages::{self, NotNow};
use crate::secrets::hide;

/// Answers a message, if it is for us.
pub(super) async fn message(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    message: &Message,
) -> Result<Handled, HandleError> {
    let lang = known_lang(house, event).await?;
    let Some((bot, direct)) = who(house, event, message) else { return done(house, seq).await };
    let mut talk = Talk {
        room: event.room.clone(),
        bot,
        ask_event: event.id.clone(),
        event: event.id.clone(),
        thread: message.thread.clone(),
        asker: event.sender.to_string(),
        lang: lang.unwrap_or(house.default_lang()),
        known_lang: lang,
        // Whoever says a secret says it once: what is understood, stored and repeated is without it.
        sentence: hide(&message.text).into_owned(),
        understood: String::new(),
    };
    if let Some(command) = commands::parse(&message.text, direct) {
        return commands::run(house, seq, talk, command).await;
    }
    if let Some(handled) = reason(house, seq, event, message).await? {
        return Ok(handled);
    }
    let ours = |user: &OwnedUserId| Bot::of(user, &house.server).is_some();
    let mut addressed = direct || message.mentions.iter().any(ours);
    if let Some(rest) = commands::without_prefix(&message.text) {
        talk.sentence = hide(rest.trim()).into_owned();
        addressed = true;
    }
    if let Some(root) = message.thread.as_deref().or(message.reply_to.as_deref()) {
        if let Some(question) = house.store.question_in_thread(&event.room, root).await? {
            return questions::answered(house, seq, talk, question).await;
        }
        addressed |= takes_part(house, root).await?;
    }
    let ops = house.rooms().own.get(&event.room) == Some(&Bot::Core);
    if !(addressed || ops) {
        return done(house, seq).await;
    }
    let (_, names) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the inventory can't be read");
            let answers = if addressed {
                vec![Answer::Say(messages::no_inventory(talk.lang, &error.to_string()))]
            } else {
                vec![]
            };
            answer::commit(house, seq, &talk, answers, None).await?;
            return Ok(Handled::Done);
        }
    };
    let mut reading = house.understanding().await.read(&talk.sentence, &names, lang);
    if !matches!(reading.outcome, Outcome::Intent(_))
        && let Some(amended) = amend::read(house, &talk, &names).await?
    {
        reading = amended;
    }
    match (&reading.outcome, &house.model) {
        (Outcome::Ask(_) | Outcome::None(NoneReason::NotOurs), Some(model)) => {
            let (house, model) = (Arc::clone(house), Arc::clone(model));
            Ok(Handled::Later(Box::pin(async move {
                let sentence = talk.sentence.clone();
                let thinking = async {
                    house.understanding().await.read_with_model(&sentence, &names, lang, model.as_ref()).await
                };
                let reading =
                    if addressed { act::patiently(&house, &talk, thinking).await } else { thinking.await };
                match understood(&house, seq, &mut talk, reading, addressed).await? {
                    Handled::Done => Ok(()),
                    Handled::Later(rest) => rest.await,
                }
            })))
        }
        _ => understood(house, seq, &mut talk, reading, addressed).await,
    }
}

/// Takes plain words in a proposal's thread for the reason why it was denied, from who denied it just before.
async fn reason(
    house: &House,
    seq: i64,
    event: &Event,
    message: &Message,
) -> Result<Option<Handled>, HandleError> {
    let Some(root) = &message.thread else { return Ok(None) };
    let hidden = crate::secrets::hide(message.text.trim());
    let said = hidden.as_ref();
    let Some(op) = house.store.operation_proposed_by(root).await? else { return Ok(None) };
    let is_command = commands::without_prefix(said).is_some();
    if is_command || said.is_empty() || op.room_id != event.room || op.state != State::Denied {
        return Ok(None);
    }
    let (user, now) = (event.sender.as_str(), house.store.clock.now_ms());
    if !approval::may_reason(&op, &house.store.votes(&op.id).await?, user, now) {
        return Ok(None);
    }
    let by = By { actor: user, event: &event.id };
    house.store.decide(&op.id, Some(seq), |case| approval::reason(case, by, said)).await?;
    Ok(Some(Handled::Done))
}

/// Goes on with a message that was read.
pub(super) async fn understood(
    house: &Arc<House>,
    seq: i64,
    talk: &mut Talk,
    reading: Reading,
    addressed: bool,
) -> Result<Handled, HandleError> {
    talk.lang = reading.lang;
    talk.understood =
        reading.trace.iter().map(|t| format!("{}: {}", t.reader, t.said)).collect::<Vec<_>>().join(" → ");
    let mut outcomes = vec![reading.outcome];
    outcomes.extend(reading.more);
    if let [Outcome::None(reason)] = outcomes.as_slice() {
        if !addressed {
            return done(house, seq).await;
        }
        answer::commit(house, seq, talk, vec![Answer::Say(none(talk.lang, *reason))], None).await?;
        return Ok(Handled::Done);
    }
    act::on(house, seq, talk.clone(), outcomes, None).await
}

pub(super) fn none(lang: Lang, reason: NoneReason) -> crate::report::Text {
    match reason {
        NoneReason::Negated => messages::not_now(lang, NotNow::Negated),
        NoneReason::Report => messages::not_now(lang, NotNow::Report),
        NoneReason::HowTo => messages::not_now(lang, NotNow::HowTo),
        NoneReason::Later => messages::not_now(lang, NotNow::Later),
        NoneReason::Empty => messages::help(lang),
        NoneReason::NotOurs => messages::not_ours(lang),
    }
}

/// The one bot that answers here – the room's own, else the one that is mentioned, else core –, and whether the room is
/// a direct chat. Nothing when none of us is there.
fn who(house: &House, event: &Event, message: &Message) -> Option<(Bot, bool)> {
    let rooms = house.rooms();
    if let Some(own) = rooms.own.get(&event.room) {
        return Some((*own, false));
    }
    let there = rooms.members.get(&event.room)?;
    let direct = rooms.direct.contains(&event.room);
    let mentioned = message
        .mentions
        .iter()
        .filter_map(|user| Bot::of(user, &house.server))
        .find(|bot| there.contains(bot));
    let bot = mentioned
        .or_else(|| there.contains(&Bot::Core).then_some(Bot::Core))
        .or_else(|| there.first().copied())?;
    Some((bot, direct))
}

/// Whether a bot takes part in the thread of `root`.
async fn takes_part(house: &House, root: &str) -> Result<bool, HandleError> {
    Ok(house.store.operation_proposed_by(root).await?.is_some()
        || !house.store.operations_asked_by(root).await?.is_empty())
}

/// The language that the sender spoke last.
pub(super) async fn known_lang(house: &House, event: &Event) -> Result<Option<Lang>, HandleError> {
    Ok(house.store.recall(&format!("lang:{}", event.sender)).await?.and_then(|lang| lang.parse().ok()))
}
