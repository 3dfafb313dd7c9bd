//! What a message is answered with, and how all of it is committed at once.

use std::sync::Arc;

use ralf_intents::{Ask, Lang};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::alerts::Deed;
use super::amend;
use crate::approval::{self, By};
use crate::bots::Bot;
use crate::clock::new_id;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::{Text, messages};
use crate::store::{NewMessage, Operation, Question, StoreError, Tx, sent};

/// How long an open question waits, in milliseconds.
const QUESTION_MS: i64 = 3_600_000;

/// The talk that an answer belongs to.
#[derive(Debug, Clone)]
pub struct Talk {
    /// The room.
    pub room: String,
    /// The bot that speaks.
    pub bot: Bot,
    /// The message that asked.
    pub ask_event: String,
    /// The message that is answered now: the same one, or a later one of its thread.
    pub event: String,
    /// Answers stand in this thread, if it has one.
    pub thread: Option<String>,
    /// The event that is answered or in whose thread it is said.
    pub to: Option<String>,
    /// Who asked.
    pub asker: String,
    /// The language.
    pub lang: Lang,
    /// The language that the asker spoke before, as far as we remember.
    pub known_lang: Option<Lang>,
    /// What was said.
    pub sentence: String,
    /// How it was understood, in short.
    pub understood: String,
    /// The operation (its id) whose proposal it answers or in whose thread it stands.
    pub about: Option<String>,
    /// The waiting operation (its id) that is taken back once what is asked for now is proposed in its place.
    pub instead_of: Option<String>,
}

/// A question as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// How the message before it was understood: it belongs into the record of what comes of the answer.
    #[serde(default)]
    pub(super) understood: String,
    /// What the answer is to take the place of: see [`Talk::instead_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instead_of: Option<String>,
}

/// One thing to answer.
pub enum Answer {
    /// Say something.
    Say(Text),
    /// Say something about an operation, with a file for what a message does not hold.
    Tell(Text, Box<Operation>, Option<messages::Attachment>),
    /// Ask back.
    Ask(Ask),
    /// Put an operation to the vote.
    Propose(Box<Operation>),
    /// Do something about alerts, which takes no vote.
    Deed(Deed),
}

impl Talk {
    /// A text of ours, related to the message that it answers.
    pub(crate) fn related(&self, text: Text) -> Text {
        match &self.thread {
            Some(root) => text.in_thread(root),
            None => text.reply_to(&self.event),
        }
    }

    /// A file beside a message: in the same place, about the same.
    fn file(&self, beside: &serde_json::Value, file: messages::Attachment) -> NewMessage {
        let same = ["m.relates_to", "org.ralf.operation"];
        let content: serde_json::Map<String, serde_json::Value> =
            same.into_iter().filter_map(|name| Some((name.to_owned(), beside.get(name)?.clone()))).collect();
        let row = json!({
            "text": file.text, "name": file.name, "mimetype": "text/plain; charset=utf-8", "content": content,
        });
        NewMessage { kind: "!file".into(), ..self.message(row) }
    }

    /// A message of the talk's bot in the talk's room.
    pub(crate) fn message(&self, content: serde_json::Value) -> NewMessage {
        NewMessage {
            room_id: self.room.clone(),
            bot: self.bot.name().into(),
            kind: "m.room.message".into(),
            content,
        }
    }
}

/// Commits the answers to an event together with the note that it is handled. The question that it `closes` can be closed
/// once.
pub(super) async fn commit(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    answers: Vec<Answer>,
    closes: Option<&Question>,
) -> Result<(), HandleError> {
    let does = answers.iter().any(|answer| matches!(answer, Answer::Deed(_)));
    let _alone = if does { Some(house.desk.alone().await) } else { None };
    let Some(mut tx) = open(house, seq).await? else { return Ok(()) };
    if let Some(question) = closes
        && !tx.forget_question(&question.id).await?
    {
        // It was answered already, by a tap and by words.
        return Ok(tx.commit().await?);
    }
    close(house, tx, talk, answers).await
}

/// Begins the write in which an event is handled; nothing when it was already.
pub(super) async fn open(house: &House, seq: i64) -> Result<Option<Tx>, StoreError> {
    let mut tx = house.store.begin().await?;
    Ok(tx.handled(seq).await?.then_some(tx))
}

/// Commits a write together with the answers.
async fn close(house: &Arc<House>, mut tx: Tx, talk: &Talk, answers: Vec<Answer>) -> Result<(), HandleError> {
    if talk.known_lang != Some(talk.lang) {
        tx.remember(&format!("lang:{}", talk.asker), talk.lang.as_str()).await?;
    }
    for answer in answers {
        match answer {
            Answer::Say(text) => {
                tx.say(talk.message(talk.related(text).build())).await?;
            }
            Answer::Tell(text, op, file) => {
                let given = tx.approvals(&op.id).await?;
                let text = talk.related(text).with("org.ralf.operation", messages::field(&op, given));
                let content = text.build();
                let beside = file.map(|file| talk.file(&content, file));
                tx.say(talk.message(content)).await?;
                if let Some(file) = beside {
                    tx.say(file).await?;
                }
            }
            Answer::Deed(deed) => {
                if let Some(text) = deed.carry_out(house, &mut tx, talk).await? {
                    tx.say(talk.message(talk.related(text).build())).await?;
                }
            }
            Answer::Ask(ask) => put_question(&mut tx, talk, &ask).await?,
            Answer::Propose(op) => {
                if let Some(id) = &talk.instead_of
                    && let Some(mut old) = tx.case(id).await?
                {
                    let by = By { actor: &talk.asker, event: &talk.event };
                    approval::cancel(&mut old, by, None);
                    tx.carry_out(old).await?;
                }
                amend::remember(&mut tx, &op).await?;
                let now = tx.now_ms();
                tx.carry_out(approval::propose(*op, now)).await?;
            }
        }
    }
    tx.commit().await?;
    house.desk.forget_subscriptions();
    house.store.say_volatile(NewMessage {
        room_id: talk.room.clone(),
        bot: talk.bot.name().into(),
        kind: "!receipt".into(),
        content: json!({"event_id": talk.event}),
    });
    Ok(())
}

/// When a question was put, in milliseconds since the epoch.
pub(super) fn asked_ts(question: &Question) -> i64 {
    question.expires_ts - QUESTION_MS
}

/// Asks back, in the thread of the asking message, with the options as reactions.
async fn put_question(tx: &mut Tx, talk: &Talk, ask: &Ask) -> Result<(), StoreError> {
    let (id, txn) = (new_id(), new_id());
    let root = talk.thread.as_ref().unwrap_or(&talk.ask_event);
    let options: Vec<String> = ask.options.iter().map(|option| option.label.clone()).collect();
    let field = json!({"id": id, "missing": ask.missing.clone().unwrap_or_default(), "options": options});
    let content = messages::question(talk.lang, ask.question.get(talk.lang), &options)
        .in_thread(root)
        .with("org.ralf.question", field)
        .build();
    tx.say_as(txn.clone(), talk.message(content)).await?;
    for (key, _) in messages::KEYCAPS.iter().zip(&options) {
        tx.say(NewMessage {
            kind: "m.reaction".into(),
            content: json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": sent(&txn), "key": key}}),
            ..talk.message(serde_json::Value::Null)
        })
        .await?;
    }
    let asked =
        Asked { ask: ask.clone(), understood: talk.understood.clone(), instead_of: talk.instead_of.clone() };
    let expires_ts = tx.now_ms() + QUESTION_MS;
    tx.ask(&Question {
        id,
        room_id: talk.room.clone(),
        speaker: talk.bot.name().into(),
        ask_event: talk.ask_event.clone(),
        thread: root.clone(),
        asker: talk.asker.clone(),
        lang: talk.lang.as_str().into(),
        sentence: talk.sentence.clone(),
        ask: serde_json::to_string(&asked).unwrap_or_default(),
        question_txn: txn,
        expires_ts,
    })
    .await
}
