//! Answers to what a bot asked back: a reaction on an option, or words in the thread.

use std::sync::Arc;

use ralf_intents::{Ask, Choice, Intent, Lang, Outcome};

use super::{Answer, Talk, act, answer, done, listen};
use crate::bots::Bot;
use crate::event::Event;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages;
use crate::store::Question;

/// A reaction on a question.
pub(super) async fn reacted(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    question: Question,
    key: &str,
) -> Result<Handled, HandleError> {
    let chosen = messages::KEYCAPS.iter().position(|keycap| bare(keycap) == bare(key));
    let ask = open(&question)?;
    let choice = chosen.and_then(|n| ask.options.get(n)).cloned();
    let (Some(choice), true) = (choice, event.sender == question.asker) else { return done(house, seq).await };
    let talk = talk(&question, &event.id);
    chose(house, seq, talk, question, choice).await
}

/// Words in the thread of a question.
pub(super) async fn answered(
    house: &Arc<House>,
    seq: i64,
    said: Talk,
    question: Question,
) -> Result<Handled, HandleError> {
    if said.asker != question.asker {
        return done(house, seq).await;
    }
    let ask = open(&question)?;
    let mut talk = talk(&question, &said.event);
    let words = said.sentence.trim();
    let by_number = words.trim_end_matches('.').parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let chosen = by_number
        .or_else(|| messages::KEYCAPS.iter().position(|keycap| bare(keycap) == bare(words)))
        .and_then(|n| ask.options.get(n))
        .or_else(|| ask.options.iter().find(|option| option.label.eq_ignore_ascii_case(words)));
    if let Some(choice) = chosen.cloned() {
        return chose(house, seq, talk, question, choice).await;
    }
    let (_, names) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => {
            let answers = vec![Answer::Say(messages::no_inventory(talk.lang, &error.to_string()))];
            answer::commit(house, seq, &talk, answers, None).await?;
            return Ok(Handled::Done);
        }
    };
    let reading = house.understanding.fill(&ask, words, &names, Some(talk.lang));
    if let Outcome::None(_) = reading.outcome {
        // No answer to the question: perhaps something new.
        let fresh = house.understanding.read(words, &names, Some(talk.lang));
        if matches!(fresh.outcome, Outcome::None(_)) {
            answer::commit(house, seq, &talk, vec![Answer::Ask(ask)], Some(&question)).await?;
            return Ok(Handled::Done);
        }
        let mut talk = said;
        return listen::understood(house, seq, &mut talk, fresh, true).await;
    }
    talk.understood = format!("{} + {words:?}", question.sentence);
    act::on(house, seq, talk, vec![reading.outcome], Some(question)).await
}

async fn chose(
    house: &Arc<House>,
    seq: i64,
    mut talk: Talk,
    question: Question,
    choice: Choice,
) -> Result<Handled, HandleError> {
    let Some(name) = choice.intent else {
        let said = vec![Answer::Say(messages::not_ours(talk.lang))];
        answer::commit(house, seq, &talk, said, Some(&question)).await?;
        return Ok(Handled::Done);
    };
    talk.understood = format!("{} + {:?}", question.sentence, choice.label);
    let outcome = house.understanding.complete(&Intent { name, slots: choice.slots, changes: false });
    act::on(house, seq, talk, vec![outcome], Some(question)).await
}

fn open(question: &Question) -> Result<Ask, HandleError> {
    Ok(serde_json::from_str(&question.ask)?)
}

fn talk(question: &Question, event: &str) -> Talk {
    Talk {
        room: question.room_id.clone(),
        bot: Bot::named(&question.speaker).unwrap_or(Bot::Core),
        ask_event: question.ask_event.clone(),
        event: event.to_owned(),
        thread: Some(question.ask_event.clone()),
        asker: question.asker.clone(),
        lang: question.lang.parse().unwrap_or(Lang::En),
        sentence: question.sentence.clone(),
        understood: String::new(),
    }
}

/// Without variation selectors: clients differ in them.
fn bare(key: &str) -> String {
    key.chars().filter(|c| *c != '\u{fe0f}').collect()
}
