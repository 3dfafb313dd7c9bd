//! The gate: every change of an operation's state, each a compare-and-swap with its audit entry before it, and the one
//! place where a [`Permit`] is made. An operation and its votes are read, locked, in the transaction that changes them.

use std::collections::BTreeSet;

use ruma::UserId;

use super::{Permit, request};
use crate::audit::New;
use crate::config::Role;
use crate::execution::Outcome;
use crate::house::House;
use crate::plan::Digest;
use crate::report::{Text, messages};
use crate::store::{Operation, State, Store, StoreError, Tx, Vote};

/// Moves an operation on inside `tx`, the audit entry first.
///
/// # Errors
/// [`StoreError::Conflict`] when it is no longer in the state that `op` was read in: `tx` must be dropped then.
pub async fn move_on(
    tx: &mut Tx,
    op: &mut Operation,
    to: State,
    actor: &str,
    event_id: &str,
    detail: &str,
) -> Result<(), StoreError> {
    tx.audit(New { kind: to.as_str(), operation: &op.id, actor, event_id, detail }).await?;
    if !tx.swap_state(&op.id, op.state, to).await? {
        return Err(StoreError::Conflict(op.id.clone()));
    }
    op.state = to;
    if to.is_final() {
        tx.release_targets(&op.id).await?;
    }
    Ok(())
}

/// How many approvals of `votes` hold under the policy in force: one a person, of people who may, the asker only where
/// both the rule of then and the rule of now let them.
pub(super) fn holding(house: &House, op: &Operation, votes: &[Vote]) -> usize {
    let own = op.self_approval && house.config.policy.rule(&op.intent).self_approval;
    let person = |id: &str| {
        let user = UserId::parse(id).ok()?;
        house.has_role(&user, Role::Approver).then(|| house.person(&user).map(|(name, _)| name.to_owned()))?
    };
    let asker = person(&op.requester);
    let people: BTreeSet<String> = votes
        .iter()
        .filter(|vote| vote.verdict == "approve")
        .filter_map(|vote| person(&vote.user_id))
        .collect();
    people.iter().filter(|name| own || Some(*name) != asker.as_ref()).count()
}

/// How many approvals it takes: a tightened policy holds for what waits, a loosened one does not.
pub(super) fn needed(house: &House, op: &Operation) -> usize {
    let now = i64::from(house.config.policy.rule(&op.intent).approvals);
    usize::try_from(op.needed.max(now)).unwrap_or(usize::MAX)
}

/// What a claim came to.
pub enum Claim {
    /// It may run, once.
    Granted(Permit),
    /// Not now, or not any more.
    Refused,
}

/// Claims an approved operation for execution, once: the claim is durable before the permit exists.
///
/// Everything is looked at again: state, time, votes, policy, digest, and that it still holds its targets under the
/// `token` they were leased with before their state was read. When the votes do not suffice any more, it goes back to
/// waiting.
pub async fn claim(house: &House, op: &mut Operation, token: i64) -> Result<Claim, StoreError> {
    let mut tx = house.store.begin().await?;
    let Some((now, votes)) = tx.lock_operation(&op.id).await? else { return Ok(Claim::Refused) };
    *op = now;
    let digest = op.plan.digest();
    if op.state != State::Approved || tx.now_ms() >= op.expires_ts || !tx.holds_targets(op, token).await? {
        return Ok(Claim::Refused);
    }
    if digest.full() != op.digest {
        move_on(&mut tx, op, State::Failed, "ralf", "", "the plan is not what was approved").await?;
        let outcome = Outcome {
            success: false,
            rolled_back: false,
            facts: vec![messages::not_as_approved(request::lang(op)).into()],
            log: Default::default(),
        };
        report(&mut tx, op, &votes, messages::final_report(request::lang(op), op, &outcome)).await?;
        tx.commit().await?;
        return Ok(Claim::Refused);
    }
    let (given, needed) = (holding(house, op, &votes), needed(house, op));
    if given < needed {
        let why = format!("{given} of {needed} approvals hold at dispatch");
        move_on(&mut tx, op, State::AwaitingApproval, "ralf", "", &why).await?;
        tx.release_targets(&op.id).await?;
        request::refresh(&mut tx, op, &votes).await?;
        tx.commit().await?;
        return Ok(Claim::Refused);
    }
    move_on(&mut tx, op, State::Dispatched, "ralf", "", &format!("digest {digest}")).await?;
    tx.commit().await?;
    Ok(Claim::Granted(Permit::new(Digest::stored(op.digest.clone()))))
}

/// A person says how an operation ended that was cut off.
pub async fn resolve(
    house: &House,
    seq: i64,
    id: &str,
    done: bool,
    (by, event_id, reason): (&str, &str, &str),
) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    if let Some((mut op, votes)) = tx.lock_operation(id).await?
        && op.state == State::NeedsOperator
    {
        let to = if done { State::Succeeded } else { State::Failed };
        move_on(&mut tx, &mut op, to, by, event_id, reason).await?;
        let text = messages::resolved(request::lang(&op), &op, by);
        report(&mut tx, &op, &votes, text).await?;
    }
    tx.commit().await?;
    house.approved.notify_one();
    Ok(())
}

/// Ends an operation that runs, tells the outcome in a new message, and makes the proposal say so. Does nothing when it
/// has ended already.
pub async fn finish(
    store: &Store,
    id: &str,
    to: State,
    outcome: &Outcome,
    shown: &Outcome,
    attach_log: bool,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let Some((mut op, votes)) = tx.lock_operation(id).await? else { return Ok(()) };
    if op.state.is_final() || op.state == State::NeedsOperator {
        return Ok(());
    }
    tx.set_outcome(id, outcome).await?;
    move_on(&mut tx, &mut op, to, "ralf", "", &outcome.facts.join("\n")).await?;
    op.outcome = Some(outcome.clone());
    if attach_log {
        request::attach(&mut tx, &op, &outcome.log, &format!("log-{id}.txt")).await?;
    }
    let text = messages::final_report(request::lang(&op), &op, shown);
    report(&mut tx, &op, &votes, text).await?;
    tx.commit().await
}

/// The one report: a new message that mentions the asker, and the proposal made true.
async fn report(tx: &mut Tx, op: &Operation, votes: &[Vote], text: Text) -> Result<(), StoreError> {
    let field = messages::field(op, request::approvers(votes).len());
    let text = text.with("org.ralf.operation", field).reply_to(&request::root(op)).mention(&op.requester);
    tx.say(request::message(op, "m.room.message", text.build())).await?;
    request::refresh(tx, op, votes).await
}

/// Says that a dispatched operation runs now, in the message that will tell of its progress.
pub async fn show_running(
    store: &Store,
    op: &mut Operation,
    text: impl FnOnce(&Operation) -> Text,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let Some((now, votes)) = tx.lock_operation(&op.id).await? else { return Ok(()) };
    *op = now;
    if op.state != State::Dispatched {
        return Ok(());
    }
    move_on(&mut tx, op, State::Running, "ralf", "", "").await?;
    let txn_id = crate::clock::new_id();
    let field = messages::field(op, request::approvers(&votes).len());
    let text = text(op).notice().in_thread(&request::root(op)).with("org.ralf.operation", field);
    tx.say_as(txn_id.clone(), request::message(op, "m.room.message", text.build())).await?;
    tx.set_progress(&op.id, &txn_id).await?;
    op.progress_txn = Some(txn_id);
    request::refresh(&mut tx, op, &votes).await?;
    tx.commit().await
}

/// Puts a newer plan in an approved operation's place, and asks again.
pub async fn supersede(store: &Store, id: &str, next: &Operation) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let Some((mut op, votes)) = tx.lock_operation(id).await? else { return Ok(()) };
    if op.state != State::Approved {
        return Ok(());
    }
    move_on(&mut tx, &mut op, State::Superseded, "ralf", "", &format!("by {}", next.id)).await?;
    let field = messages::field(&op, request::approvers(&votes).len());
    let text = messages::stale(request::lang(&op))
        .notice()
        .in_thread(&request::root(&op))
        .with("org.ralf.operation", field);
    tx.say(request::message(&op, "m.room.message", text.build())).await?;
    request::refresh(&mut tx, &op, &votes).await?;
    request::propose(&mut tx, request::lang(next), next).await?;
    tx.commit().await
}
