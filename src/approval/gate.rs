//! The gate: every change of an operation's state, each a compare-and-swap with its audit entry before it, and the one
//! place where a [`Permit`] is made.

use super::Permit;
use super::request;
use ruma::UserId;

use crate::audit::New;
use crate::config::Role;
use crate::execution::Outcome;
use crate::house::House;
use crate::plan::Digest;
use crate::report::Text;
use crate::store::{Operation, State, Store, StoreError, Tx, Vote};

/// Moves an operation on inside `tx`, the audit entry first. False when it is no longer in the state that `op` was read
/// in: then nothing may follow, and `tx` is to be dropped.
pub async fn move_on(
    tx: &mut Tx,
    op: &mut Operation,
    to: State,
    actor: &str,
    event_id: &str,
    detail: &str,
) -> Result<bool, StoreError> {
    tx.audit(New { kind: to.as_str(), operation: &op.id, actor, event_id, detail }).await?;
    let moved = tx.swap_state(&op.id, op.state, to).await?;
    if moved {
        op.state = to;
        if to.is_final() {
            tx.release_targets(&op.id).await?;
        }
    }
    Ok(moved)
}

/// Claims an approved operation for execution, once: the claim is durable before the permit exists.
///
/// Who voted and what the rules demand is looked at again. When the votes do not suffice any more, the operation goes
/// back to waiting and there is no permit; nor is there one when its time is over or somebody else moved it on.
pub async fn claim(house: &House, op: &mut Operation) -> Result<Option<Permit>, StoreError> {
    let digest = op.plan.digest();
    let votes = house.store.votes(&op.id).await?;
    let still = |vote: &&Vote| {
        vote.verdict == "approve" && UserId::parse(&vote.user_id).is_ok_and(|user| house.has_role(&user, Role::Approver))
    };
    let given = i64::try_from(votes.iter().filter(still).count()).unwrap_or(0);
    // A tightened policy holds for what waits, a loosened one does not.
    let needed = op.needed.max(i64::from(house.config.policy.rule(&op.intent).approvals));
    let mut tx = house.store.begin().await?;
    if op.state != State::Approved || tx.now_ms() >= op.expires_ts || digest.full() != op.digest {
        return Ok(None);
    }
    if given < needed {
        let why = format!("{given} of {needed} approvals hold at dispatch");
        if move_on(&mut tx, op, State::AwaitingApproval, "ralf", "", &why).await? {
            tx.release_targets(&op.id).await?;
            request::refresh(&mut tx, op, &votes).await?;
            tx.commit().await?;
        }
        return Ok(None);
    }
    if !move_on(&mut tx, op, State::Dispatched, "ralf", "", &format!("digest {digest}")).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(Permit::new(Digest::stored(op.digest.clone()))))
}

/// A person says how an operation ended that was cut off.
pub async fn resolve(house: &House, seq: i64, op: &Operation, done: bool, by: &str, event_id: &str, reason: &str) -> Result<(), StoreError> {
    let mut op = op.clone();
    let votes = house.store.votes(&op.id).await?;
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    let to = if done { State::Succeeded } else { State::Failed };
    if move_on(&mut tx, &mut op, to, by, event_id, reason).await? {
        let field = crate::report::messages::field(&op, request::approvers(&votes).len());
        let text = crate::report::messages::resolved(request::lang(&op), &op, by)
            .with("org.ralf.operation", field)
            .reply_to(&request::root(&op))
            .mention(&op.requester);
        tx.say(request::message(&op, "m.room.message", text.build())).await?;
        request::refresh(&mut tx, &op, &votes).await?;
        tx.commit().await?;
        house.approved.notify_one();
    }
    Ok(())
}

/// Ends an operation, tells the outcome in a new message, and makes the proposal say so.
pub async fn finish(
    store: &Store,
    op: &mut Operation,
    to: State,
    outcome: &Outcome,
    report: impl FnOnce(&Operation) -> Text,
    attach_log: bool,
) -> Result<bool, StoreError> {
    let votes = store.votes(&op.id).await?;
    let mut tx = store.begin().await?;
    tx.set_outcome(&op.id, outcome).await?;
    if !move_on(&mut tx, op, to, "ralf", "", &outcome.facts.join("\n")).await? {
        return Ok(false);
    }
    op.outcome = Some(outcome.clone());
    let field = crate::report::messages::field(op, request::approvers(&votes).len());
    let text = report(op).with("org.ralf.operation", field).reply_to(&request::root(op)).mention(&op.requester);
    if attach_log {
        request::attach(&mut tx, op, &outcome.log, &format!("log-{}.txt", op.id)).await?;
    }
    tx.say(request::message(op, "m.room.message", text.build())).await?;
    request::refresh(&mut tx, op, &votes).await?;
    tx.commit().await?;
    Ok(true)
}

/// Puts a newer plan in an approved operation's place, and asks again.
pub async fn supersede(store: &Store, op: &mut Operation, next: &Operation, told: Text) -> Result<bool, StoreError> {
    let votes = store.votes(&op.id).await?;
    let mut tx = store.begin().await?;
    if !move_on(&mut tx, op, State::Superseded, "ralf", "", &format!("by {}", next.id)).await? {
        return Ok(false);
    }
    let field = crate::report::messages::field(op, request::approvers(&votes).len());
    let text = told.notice().in_thread(&request::root(op)).with("org.ralf.operation", field);
    tx.say(request::message(op, "m.room.message", text.build())).await?;
    request::refresh(&mut tx, op, &votes).await?;
    request::propose(&mut tx, request::lang(next), next).await?;
    tx.commit().await?;
    Ok(true)
}
