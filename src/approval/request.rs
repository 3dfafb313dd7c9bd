//! A request for consent: the proposal, and keeping it true.

use std::path::Path;

use ralf_intents::{Intent, Lang};
use serde_json::json;

use crate::audit::New;
use crate::conversation::Talk;
use crate::house::House;
use crate::plan::Plan;
use crate::report::messages;
use crate::store::{NewMessage, Operation, State, StoreError, Tx, Vote, sent};

/// A new operation around a plan.
pub fn operation(house: &House, talk: &Talk, intent: &Intent, plan: Plan, folder: &Path) -> Operation {
    let now = house.store.clock.now_ms();
    let rule = house.config.policy.rule(&intent.name);
    let bot = house.catalogue.get(&intent.name).map_or("core", |spec| spec.bot.as_str());
    Operation {
        id: plan.task.operation.clone(),
        state: State::AwaitingApproval,
        room_id: talk.room.clone(),
        speaker: talk.bot.name().into(),
        lang: talk.lang.as_str().into(),
        ask_event: talk.ask_event.clone(),
        sentence: talk.sentence.clone(),
        understood: talk.understood.clone(),
        requester: talk.asker.clone(),
        intent: intent.name.clone(),
        slots: intent.slots.clone(),
        bot: bot.into(),
        digest: plan.digest().full().to_owned(),
        plan,
        folder: folder.display().to_string(),
        needed: i64::from(rule.approvals),
        self_approval: rule.self_approval,
        created_ts: now,
        expires_ts: now.saturating_add(house.config.policy.expiry_ms(&intent.name)),
        proposal_txn: crate::clock::new_id(),
        proposal_event: None,
        progress_txn: None,
        outcome: None,
    }
}

/// Stores an operation and puts it to the vote: a new message on the main timeline, with both reactions under it.
pub async fn propose(tx: &mut Tx, lang: Lang, op: &Operation) -> Result<(), StoreError> {
    tx.audit(New {
        kind: "proposed",
        operation: &op.id,
        actor: &op.requester,
        event_id: &op.ask_event,
        detail:
            &json!({"digest": op.digest, "intent": op.intent, "slots": op.slots, "understood": op.understood})
                .to_string(),
    })
    .await?;
    tx.insert_operation(op).await?;
    let content = messages::proposal(lang, op, &[], tx.now_ms())
        .reply_to(&op.ask_event)
        .with("org.ralf.operation", messages::field(op, 0))
        .build();
    tx.say_as(op.proposal_txn.clone(), message(op, "m.room.message", content)).await?;
    for key in ["✅", "❌"] {
        let content = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": sent(&op.proposal_txn), "key": key}});
        tx.say(message(op, "m.reaction", content)).await?;
    }
    if messages::long_diff(op).is_some() {
        let path = Path::new(&op.folder).join("plan.diff");
        tokio::fs::write(&path, &op.plan.diff)
            .await
            .map_err(|error| StoreError::Database(sqlx::Error::Io(error)))?;
        attach(tx, op, &path, &messages::diff_name(op)).await?;
    }
    Ok(())
}

/// Attaches a file in the proposal's thread.
pub(crate) async fn attach(tx: &mut Tx, op: &Operation, path: &Path, name: &str) -> Result<(), StoreError> {
    let root = op.proposal_event.clone().unwrap_or_else(|| sent(&op.proposal_txn));
    let content = json!({
        "path": path.display().to_string(),
        "name": name,
        "mimetype": "text/plain",
        "content": {
            "org.ralf.operation": messages::field(op, 0),
            "m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": {"event_id": root}},
        },
    });
    tx.say(message(op, "!file", content)).await?;
    Ok(())
}

/// Keeps the proposal true: edits it to what is so now.
pub async fn refresh(tx: &mut Tx, op: &Operation, votes: &[Vote]) -> Result<(), StoreError> {
    let approved_by = approvers(votes);
    let lang = lang(op);
    let content = messages::proposal(lang, op, &approved_by, tx.now_ms())
        .with("org.ralf.operation", messages::field(op, approved_by.len()))
        .edit_of(&root(op))
        .build();
    tx.say(message(op, "m.room.message", content)).await?;
    Ok(())
}

/// Who approved, by name.
pub(crate) fn approvers(votes: &[Vote]) -> Vec<String> {
    votes.iter().filter(|vote| vote.verdict == "approve").map(|vote| vote.user_id.clone()).collect()
}

/// The language of an operation's talk.
pub(crate) fn lang(op: &Operation) -> Lang {
    op.lang.parse().unwrap_or(Lang::En)
}

/// The proposal's event, or what stands for it until it is sent.
pub(crate) fn root(op: &Operation) -> String {
    op.proposal_event.clone().unwrap_or_else(|| sent(&op.proposal_txn))
}

/// A message about an operation, by the bot that talks about it.
pub(crate) fn message(op: &Operation, kind: &str, content: serde_json::Value) -> NewMessage {
    NewMessage { room_id: op.room_id.clone(), bot: op.speaker.clone(), kind: kind.into(), content }
}
