//! The gate: every change of an operation's state, each a compare-and-swap with its audit entry before it, and the one
//! place where a [`Permit`] is made.

use super::Permit;
use super::request;
use crate::audit::New;
use crate::execution::Outcome;
use crate::plan::Digest;
use crate::report::Text;
use crate::store::{Operation, State, Store, StoreError, Tx};

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

/// Claims an approved operation for execution, once: the claim is durable before the permit exists. Nothing when it is
/// not approved any more, its time is over, its votes do not suffice, or its plan is not the one that was approved.
pub async fn claim(store: &Store, op: &mut Operation) -> Result<Option<Permit>, StoreError> {
    let digest = op.plan.digest();
    let votes = store.votes(&op.id).await?;
    let given = i64::try_from(request::approvers(&votes).len()).unwrap_or(0);
    if op.state != State::Approved || given < op.needed || digest.full() != op.digest {
        return Ok(None);
    }
    let mut tx = store.begin().await?;
    if tx.now_ms() >= op.expires_ts {
        return Ok(None);
    }
    if !move_on(&mut tx, op, State::Dispatched, "ralf", "", &format!("digest {digest}")).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(Permit::new(Digest::stored(op.digest.clone()))))
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
