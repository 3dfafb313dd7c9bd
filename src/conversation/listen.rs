//! Who answers a message, and whether anybody does.

use std::sync::Arc;

use ralf_intents::{Lang, NoneReason, Outcome, Reading};

use super::{Answer, Talk, act, alerts, amend, answer, aside, commands, decide, done, questions, words};
use ruma::OwnedUserId;

use crate::approval::{self, By, GateStore as _, State, gate};
use crate::bots::Bot;
use crate::event::{Event, Message};
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages;
use crate::secrets::hide;
use crate::store::{Operation, Question};

/// How a message reached us.
pub(super) struct Heard {
    /// It was said to us, and gets an answer whatever it says.
    pub(super) addressed: bool,
    /// The operation whose proposal it answers or in whose thread it stands.
    pub(super) about: Option<Operation>,
    /// A question of ours that it answers too late.
    pub(super) lapsed: Option<Question>,
    /// It was said to an incident's message.
    pub(super) to_incident: bool,
}

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
        to: message.thread.clone().or_else(|| message.reply_to.clone()),
        asker: event.sender.to_string(),
        lang: lang.unwrap_or(house.default_lang()),
        known_lang: lang,
        // Whoever says a secret says it once: what is understood, stored and repeated is without it.
        sentence: hide(&message.text).into_owned(),
        understood: String::new(),
        about: None,
        instead_of: None,
    };
    let ours = |user: &OwnedUserId| Bot::of(user, &house.server).is_some();
    let mentioned = message.mentions.iter().any(ours);
    let to_others = !direct && !mentioned && !message.mentions.is_empty();
    // What is said to an incident's message is about that incident.
    let incident = if to_others { None } else { alerts::answered(house, &talk).await? };
    if let Some(command) = commands::parse(&message.text, direct || incident.is_some()) {
        // "cancel" without an id is about one's own last wish, if that still waits.
        let bare = commands::without_prefix(&message.text).unwrap_or(&message.text);
        if !(words::takes_back(bare) && amend::waiting(house, &talk).await?.is_some()) {
            return commands::run(house, seq, talk, command).await;
        }
    }
    if let Some(handled) = reason(house, seq, event, message).await? {
        return Ok(handled);
    }
    let mut addressed = direct || mentioned;
    if let Some(rest) = commands::without_prefix(&message.text) {
        talk.sentence = hide(rest.trim()).into_owned();
        addressed = true;
    }
    let mut heard = Heard { addressed, about: None, lapsed: None, to_incident: incident.is_some() };
    let mut others_question = false;
    if let Some(root) = message.thread.as_deref().or(message.reply_to.as_deref()) {
        match house.store.question_in_thread(&event.room, root).await? {
            Some(question) if question.asker != talk.asker => others_question = true,
            Some(question) if question.expires_ts > house.store.clock.now_ms() => {
                return questions::answered(house, seq, talk, question).await;
            }
            Some(question) => heard.lapsed = Some(question),
            None => {}
        }
        heard.about = about(house, root).await?;
        talk.about = heard.about.as_ref().map(|op| op.id.clone());
        // In a thread people also talk among each other; who asked for the operation asks us, and says yes or no to us.
        let to_us = words::is_verdict(&talk.sentence) || words::is_question(&talk.sentence);
        let asked = to_us && !to_others && heard.about.as_ref().is_some_and(|op| op.requester == talk.asker);
        heard.addressed |=
            heard.lapsed.is_some() || asked || (heard.about.is_some() && message.thread.is_none());
        // In an incident's thread people talk among each other, too.
        heard.addressed |=
            heard.to_incident && (message.thread.is_none() || words::is_question(&talk.sentence));
    }
    let ops = house.rooms().own.get(&event.room) == Some(&Bot::Core);
    if !(heard.addressed || heard.about.is_some() || heard.to_incident || ops) {
        return done(house, seq).await;
    }
    if let Some(handled) = taken_back(house, seq, &talk, &heard).await? {
        return Ok(handled);
    }
    let (_, names) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the inventory can't be read");
            let answers = if heard.addressed {
                vec![Answer::Say(messages::no_inventory(talk.lang, &error.to_string()))]
            } else {
                vec![]
            };
            answer::commit(house, seq, &talk, answers, None).await?;
            return Ok(Handled::Done);
        }
    };
    let mut reading = house.understanding().await.read(&talk.sentence, &names, lang);
    if heard.to_incident {
        reading.outcome = alerts::about_this(reading.outcome);
    }
    let mut help = house.aids().is_some();
    // What is said to somebody else's question says nothing about one's own wish.
    if !matches!(reading.outcome, Outcome::Intent(_))
        && !others_question
        && let Some(amended) = amend::read(house, &talk, &names).await?
    {
        (reading, talk.instead_of) = amended;
        help = false;
    }
    match &reading.outcome {
        Outcome::Ask(_) | Outcome::None(NoneReason::NotOurs) if help => {
            let house = Arc::clone(house);
            Ok(Handled::Later(Box::pin(async move {
                let sentence = talk.sentence.clone();
                let thinking = async {
                    house.understanding().await.read_with(&sentence, &names, lang, house.aids()).await
                };
                let reading = match heard.addressed {
                    true => act::patiently(&house, &talk, thinking).await,
                    false => thinking.await,
                };
                match understood(&house, seq, &mut talk, reading, heard).await? {
                    Handled::Done => Ok(()),
                    Handled::Later(rest) => rest.await,
                }
            })))
        }
        _ => understood(house, seq, &mut talk, reading, heard).await,
    }
}

/// Takes back what the sentence takes back: the operation of its thread, if the sender asked for it; else, when it was
/// said to us, the sender's latest wish or open question here.
async fn taken_back(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    heard: &Heard,
) -> Result<Option<Handled>, HandleError> {
    if !(words::takes_back(&talk.sentence) && heard.addressed) {
        return Ok(None);
    }
    let op = match &heard.about {
        Some(op) => Some(op.clone()).filter(|op| op.state.is_pending() && op.requester == talk.asker),
        None => amend::waiting(house, talk).await?,
    };
    let since = op.as_ref().map(|op| op.created_ts);
    let open = match heard.about {
        Some(_) => None,
        None => house.store.question_to(&talk.room, &talk.asker).await?,
    };
    let now = house.store.clock.now_ms();
    let open = open.filter(|q| q.expires_ts > now && since.is_none_or(|since| answer::asked_ts(q) > since));
    if let Some(question) = open {
        return questions::closed(house, seq, talk, &question).await.map(Some);
    }
    let Some(op) = op else { return Ok(None) };
    let by = By { actor: &talk.asker, event: &talk.event };
    gate::cancel(house.as_ref(), seq, &op, by, &decide::place(talk)).await?;
    house.approved.notify_one();
    Ok(Some(Handled::Done))
}

/// How a sentence was understood, in a line.
pub(super) fn trace(reading: &Reading) -> String {
    reading.trace.iter().map(|t| format!("{}: {}", t.reader, t.said)).collect::<Vec<_>>().join(" → ")
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
    heard: Heard,
) -> Result<Handled, HandleError> {
    talk.lang = reading.lang;
    talk.understood = trace(&reading);
    let outcome = if heard.to_incident { alerts::about_this(reading.outcome) } else { reading.outcome };
    let mut outcomes = vec![outcome];
    outcomes.extend(reading.more);
    if let Some(question) = &heard.lapsed
        && !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Intent(_)))
    {
        return questions::lapsed(house, seq, talk, question).await;
    }
    if let [Outcome::None(reason)] = outcomes.as_slice() {
        return aside::answer(house, seq, talk.clone(), heard, *reason).await;
    }
    act::on(house, seq, talk.clone(), outcomes, None).await
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

/// The operation that the thread of `root` is about: the one proposed there, else one that was asked for there, best one
/// that waits.
async fn about(house: &House, root: &str) -> Result<Option<Operation>, HandleError> {
    if let Some(op) = house.store.operation_proposed_by(root).await? {
        return Ok(Some(op));
    }
    let mut asked_for = house.store.operations_asked_by(root).await?;
    let waits = asked_for.iter().position(|op| op.state.is_pending());
    let at = waits.or(asked_for.len().checked_sub(1));
    Ok(at.map(|at| asked_for.swap_remove(at)))
}

/// The language that the sender spoke last.
pub(super) async fn known_lang(house: &House, event: &Event) -> Result<Option<Lang>, HandleError> {
    Ok(house.store.recall(&format!("lang:{}", event.sender)).await?.and_then(|lang| lang.parse().ok()))
}
