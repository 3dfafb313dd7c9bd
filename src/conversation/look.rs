//! Looks: what runs, what waits, and an operation's whole story. Nothing here changes anything.

use std::path::Path;

use super::{Answer, Talk};
use crate::approval::World as _;
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::inventory::observe;
use crate::report::Text;
use crate::report::messages::{self, Board, Open, Story};
use crate::store::{Operation, State};

/// More of an output than this is no reading for people; the run folder keeps it.
const OUTPUT: usize = 1_000_000;

/// What is observed just now, never remembered, and what waits.
pub(super) async fn show_status(
    house: &House,
    talk: &Talk,
    target: Option<&str>,
) -> Result<Answer, HandleError> {
    see(house, talk, target, false).await
}

/// What is observed just now, for a question about the lab that was not understood.
pub(super) async fn in_doubt(
    house: &House,
    talk: &Talk,
    target: Option<&str>,
) -> Result<Answer, HandleError> {
    see(house, talk, target, true).await
}

async fn see(house: &House, talk: &Talk, target: Option<&str>, doubt: bool) -> Result<Answer, HandleError> {
    let (inventory, _) = match house.inventory().await {
        Ok(known) => known,
        Err(error) => return Ok(Answer::Say(messages::no_inventory(talk.lang, &error.to_string()))),
    };
    if let Some(stack) = target.filter(|name| inventory.stacks.contains(*name)) {
        return Ok(Answer::Say(stack_status(house, talk, stack).await));
    }
    let wanted = |service: &str, host: &str| target.is_none_or(|name| name == service || name == host);
    let seen = observe::observe(&inventory, house.http(), wanted).await;
    let found = seen.into_iter().map(|seen| (seen.service, seen.host, seen.state == observe::State::Running));
    let mut open = Vec::new();
    for state in State::OPEN {
        for op in house.store.operations_in(state).await? {
            let votes = house.store.votes(&op.id).await?;
            open.push(Open { given: crate::approval::approvers(&votes).len(), op });
        }
    }
    let board = Board {
        found: found.collect(),
        open,
        freeze: house.freeze().await?,
        asked: target,
        now: house.store.clock.now_ms(),
        doubt,
    };
    Ok(Answer::Say(messages::status(talk.lang, &board)))
}

/// How a stack differs from its configuration, asked of the executor that has it.
async fn stack_status(house: &House, talk: &Talk, stack: &str) -> Text {
    for executor in house.executors.iter() {
        match executor.status(&format!("stack:{stack}")).await {
            Ok(None) => {}
            Ok(Some(differences)) => return messages::stack_status(talk.lang, stack, &differences),
            Err(error) => {
                tracing::warn!(stack, error = &error as &dyn std::error::Error, "no status");
                return messages::no_stack_status(talk.lang, stack, &error.to_string());
            }
        }
    }
    let why = crate::report::t(talk.lang, "Kein Programm hier hat ihn.", "No program here has it.");
    messages::no_stack_status(talk.lang, stack, why)
}

/// How many operations are looked through for the last one that somebody may see.
const LOOKED_THROUGH: i64 = 100;

/// The latest operation that belongs to this talk: that of its thread, else the last one of the room; in a direct chat
/// the last one anywhere that the asker may see.
async fn latest(house: &House, talk: &Talk) -> Result<Option<Operation>, HandleError> {
    match &talk.about {
        Some(id) => Ok(house.store.operation(id).await?),
        None => last(house, talk, |_| true).await,
    }
}

/// The last operation on a service that belongs to this talk and was carried out, well or badly.
pub(super) async fn ended(
    house: &House,
    talk: &Talk,
    service: &str,
) -> Result<Option<Operation>, HandleError> {
    let ended = |op: &Operation| matches!(op.state, State::Succeeded | State::Failed);
    last(house, talk, |op| ended(op) && op.plan.task.service.as_deref() == Some(service)).await
}

async fn last(
    house: &House,
    talk: &Talk,
    fits: impl Fn(&Operation) -> bool,
) -> Result<Option<Operation>, HandleError> {
    let direct = house.rooms().direct.contains(&talk.room);
    for op in house.store.operations_recent(LOOKED_THROUGH).await? {
        if fits(&op) && (op.room_id == talk.room || (direct && may_see(house, talk, &op).await)) {
            return Ok(Some(op));
        }
    }
    Ok(None)
}

/// Whether the asker was or is there: it is their own wish, of this room, or of one that they are joined to.
async fn may_see(house: &House, talk: &Talk, op: &Operation) -> bool {
    if op.requester == talk.asker || op.room_id == talk.room {
        return true;
    }
    let there = house.standing(&op.room_id, &op.speaker).await;
    there.is_ok_and(|standing| standing.members.contains_key(&talk.asker))
}

/// `why`: everything that is known about an operation, the last one of the talk when none is named.
pub(super) async fn explain(house: &House, talk: &Talk, id: Option<&str>) -> Result<Answer, HandleError> {
    let op = match id {
        Some(id) => house.store.operation_like(id).await?,
        None => latest(house, talk).await?,
    };
    let op = match op {
        Some(op) if may_see(house, talk, &op).await => op,
        _ => {
            return Ok(Answer::Say(match id {
                Some(id) => messages::no_such_operation(talk.lang, id),
                None => messages::no_operation_here(talk.lang),
            }));
        }
    };
    let (votes, entries) = (house.store.votes(&op.id).await?, house.store.audit_of(&op.id).await?);
    let output = match &op.outcome {
        Some(outcome) => output(&outcome.log).await,
        None => String::new(),
    };
    let story = Story {
        op: &op,
        votes: &votes,
        entries: &entries,
        instead_of: house.store.superseded_by(&op.id).await?,
        undone_by: house.store.undone_by(&op).await?,
        output: &output,
    };
    let (text, file) = messages::why(talk.lang, &story);
    Ok(Answer::Tell(text, Box::new(op), file))
}

/// What an executor printed, as it was written for people: without secrets. The end of it, when it is very long.
async fn output(log: &Path) -> String {
    let bytes = tokio::fs::read(log).await.unwrap_or_default();
    let left = bytes.len().saturating_sub(OUTPUT);
    let text = String::from_utf8_lossy(&bytes[left..]);
    if left > 0 {
        format!("[… {left} bytes before this are in {}]\n{text}", log.display())
    } else {
        text.into_owned()
    }
}
