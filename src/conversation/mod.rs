//! From an event to what is said and proposed in answer to it, committed together.

mod act;
mod alerts;
mod amend;
mod answer;
mod aside;
mod commands;
mod decide;
mod listen;
mod look;
mod membership;
mod questions;
mod redaction;
mod target;
mod unable;
mod words;

use std::sync::Arc;

use ralf_intents::Intent;

use crate::approval::{By, gate};
use crate::event::Kind;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::inbound::matrix;
use crate::report::Text;
use crate::store::{InboxRow, Operation};

pub use alerts::Deed;
pub use answer::{Answer, Talk};

/// Handles one event of the inbox: everything that comes of it is committed together with the note that it is done.
///
/// # Errors
/// See [`HandleError`]; the lane decides what follows.
pub async fn handle(house: &Arc<House>, row: &InboxRow) -> Result<Handled, HandleError> {
    let event = matrix::read(&row.body, &house.server)?;
    match &event.kind {
        Kind::Message(message) => return listen::message(house, row.seq, &event, message).await,
        Kind::Reaction { target, key } => {
            let by = By { actor: event.sender.as_str(), event: &event.id };
            if gate::react(house.as_ref(), row.seq, &event.room, target, key, by).await? {
                house.approved.notify_one();
                return Ok(Handled::Done);
            }
            if let Some(handled) = alerts::reacted(house, row.seq, &event, target, key).await? {
                return Ok(handled);
            }
            if let Some(question) = house.store.question_asked_by(&event.room, target).await? {
                return questions::reacted(house, row.seq, &event, question, key).await;
            }
        }
        Kind::Rights => {
            let by = By { actor: event.sender.as_str(), event: &event.id };
            gate::rights_changed(house.as_ref(), &event.room, by).await?;
        }
        Kind::Redaction { target } => return redaction::redacted(house, row.seq, &event, target).await,
        Kind::Membership { user, membership, direct } => {
            return membership::changed(house, row.seq, &event, user, membership, *direct).await;
        }
        Kind::Echo { txn_id } => {
            let mut tx = house.store.begin().await?;
            if tx.handled(row.seq).await? {
                tx.sent(txn_id, &event.id, true).await?;
                tx.commit().await?;
            }
            return Ok(Handled::Done);
        }
        Kind::Other => {}
    }
    done(house, row.seq).await
}

/// Plans what a rule wishes for, as if the talk's asker had said it: an operation that can be put to the vote, or why there is none.
///
/// # Errors
/// See [`HandleError`].
pub(crate) async fn plan_for(
    house: &Arc<House>,
    talk: &Talk,
    intent: Intent,
) -> Result<Result<Box<Operation>, Text>, HandleError> {
    Ok(match act::plan(house, talk, intent, true).await? {
        Answer::Propose(op) => Ok(op),
        Answer::Say(text) | Answer::Tell(text, ..) => Err(text),
        Answer::Ask(ask) => Err(Text::new().line(ask.question.get(talk.lang))),
        Answer::Deed(_) => Err(Text::new()),
    })
}

/// Nothing comes of it.
async fn done(house: &House, seq: i64) -> Result<Handled, HandleError> {
    let mut tx = house.store.begin().await?;
    tx.handled(seq).await?;
    tx.commit().await?;
    Ok(Handled::Done)
}
