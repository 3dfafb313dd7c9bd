//! Answers to what a bot asked back: a reaction on an option, or words in the thread.

use std::sync::Arc;

use ralf_intents::{Lang, Outcome, Reply};

use super::answer::Asked;
use super::listen::trace;
use super::{Answer, Talk, act, answer, done, words};
use crate::bots::Bot;
use crate::event::Event;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages::{self, About, NotNow};
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
    if question.expires_ts <= house.store.clock.now_ms() {
        return match chosen {
            Some(_) if event.sender == question.asker => {
                lapsed(house, seq, &talk(&question, &event.id), &question).await
            }
            _ => done(house, seq).await,
        };
    }
    match chosen {
        Some(n) if event.sender == question.asker && n < open(&question)?.ask.options.len() => {
            let tap = talk(&question, &event.id);
            fill(house, seq, tap, question, &(n + 1).to_string()).await
        }
        _ => done(house, seq).await,
    }
}

/// Words of the asker in the thread of a question.
pub(super) async fn answered(
    house: &Arc<House>,
    seq: i64,
    said: Talk,
    question: Question,
) -> Result<Handled, HandleError> {
    if words::takes_back(&said.sentence) {
        return closed(house, seq, &said, &question).await;
    }
    let words = said.sentence.clone();
    fill(house, seq, said, question, words.trim()).await
}

/// An answer that comes too late is told so, once.
pub(super) async fn lapsed(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    question: &Question,
) -> Result<Handled, HandleError> {
    let said = vec![Answer::Say(messages::question_expired(talk.lang, &question.sentence))];
    answer::commit(house, seq, talk, said, Some(question)).await?;
    Ok(Handled::Done)
}

/// A question whose asker wants none of it any more.
pub(super) async fn closed(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    question: &Question,
) -> Result<Handled, HandleError> {
    let said = vec![Answer::Say(messages::not_now(talk.lang, NotNow::Negated, &About::default()))];
    answer::commit(house, seq, talk, said, Some(question)).await?;
    Ok(Handled::Done)
}

/// Completes the question by an answer; what is no answer leads to the same question once more. An order of its own is
/// taken as `said`, and nothing of the question's sentence belongs to it.
async fn fill(
    house: &Arc<House>,
    seq: i64,
    said: Talk,
    question: Question,
    words: &str,
) -> Result<Handled, HandleError> {
    let (_, names) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => {
            let answers = vec![Answer::Say(messages::no_inventory(said.lang, &error.to_string()))];
            answer::commit(house, seq, &said, answers, None).await?;
            return Ok(Handled::Done);
        }
    };
    let Asked { ask, understood, instead_of } = open(&question)?;
    let mut talk = Talk { instead_of, ..talk(&question, &said.event) };
    let reading = match house.understanding().await.reply(&ask, words, &names, Some(talk.lang)) {
        Reply::Answer(reading) => {
            let before = if understood.is_empty() { String::new() } else { format!("{understood} → ") };
            talk.understood = format!("{before}{} + {words:?}", question.sentence);
            reading
        }
        Reply::Request(reading) => {
            talk = Talk { understood: trace(&reading), ..said };
            reading
        }
    };
    talk.lang = reading.lang;
    let outcome = match reading.outcome {
        Outcome::None(_) => return closed(house, seq, &talk, &question).await,
        outcome => outcome,
    };
    let mut outcomes = vec![outcome];
    outcomes.extend(reading.more);
    act::on(house, seq, talk, outcomes, Some(question)).await
}

fn open(question: &Question) -> Result<Asked, HandleError> {
    Ok(serde_json::from_str(&question.ask)?)
}

fn talk(question: &Question, event: &str) -> Talk {
    Talk {
        room: question.room_id.clone(),
        bot: Bot::named(&question.speaker).unwrap_or(Bot::Core),
        ask_event: question.ask_event.clone(),
        event: event.to_owned(),
        thread: Some(question.thread.clone()),
        to: Some(question.thread.clone()),
        asker: question.asker.clone(),
        lang: question.lang.parse().unwrap_or(Lang::En),
        known_lang: None,
        sentence: question.sentence.clone(),
        understood: String::new(),
        about: None,
        instead_of: None,
    }
}

/// Without variation selectors: clients differ in them.
fn bare(key: &str) -> String {
    key.chars().filter(|c| *c != '\u{fe0f}').collect()
}
