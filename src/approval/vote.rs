//! Votes: by a reaction on exactly the proposal, or by words.

use std::sync::Arc;

use ruma::UserId;

use super::request::{self, approvers, lang, message, refresh, root};
use super::{Verdict, move_on};
use crate::audit::New;
use crate::config::Role;
use crate::conversation::Talk;
use crate::event::Event;
use crate::house::House;
use crate::report::{Text, messages};
use crate::store::{Operation, State, StoreError, Tx, Vote};

/// A vote on its way in.
struct Cast<'a> {
    user: &'a UserId,
    verdict: Verdict,
    event: &'a str,
    reason: &'a str,
    /// Set for words: they are always answered.
    talk: Option<&'a Talk>,
}

/// A reaction on a proposal.
pub async fn react(house: &Arc<House>, seq: i64, event: &Event, op: &Operation, verdict: Verdict) -> Result<(), StoreError> {
    cast(house, seq, op, Cast { user: &event.sender, verdict, event: &event.id, reason: "", talk: None }).await
}

/// `approve ID`, `deny ID reason`
pub async fn vote_by_words(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    op: &Operation,
    verdict: Verdict,
    reason: &str,
) -> Result<(), StoreError> {
    let Ok(user) = UserId::parse(&talk.asker) else { return Ok(()) };
    cast(house, seq, op, Cast { user: &user, verdict, event: &talk.event, reason, talk: Some(talk) }).await
}

async fn cast(house: &Arc<House>, seq: i64, op: &Operation, cast: Cast<'_>) -> Result<(), StoreError> {
    let mut op = op.clone();
    let mut votes = house.store.votes(&op.id).await?;
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    if !op.state.is_pending() {
        return tx.commit().await;
    }
    if tx.now_ms() >= op.expires_ts {
        expire(&mut tx, &mut op, &votes).await?;
        return tx.commit().await;
    }
    if let Some(refusal) = refused(house, &op, &cast) {
        tx.audit(New {
            kind: "vote_refused",
            operation: &op.id,
            actor: cast.user.as_str(),
            event_id: cast.event,
            detail: cast.verdict.as_str(),
        })
        .await?;
        if cast.talk.is_some() || tx.once(&format!("refused:{}:{}", op.id, cast.user)).await? {
            say_in_thread(&mut tx, &op, votes_given(&votes), refusal, cast.talk).await?;
        }
        return tx.commit().await;
    }
    let person = house.person(cast.user).map_or_else(|| cast.user.to_string(), |(name, _)| name.to_owned());
    let vote = Vote {
        person,
        user_id: cast.user.to_string(),
        verdict: cast.verdict.as_str().into(),
        event_id: cast.event.to_owned(),
        ts: tx.now_ms(),
    };
    tx.audit(New {
        kind: "vote",
        operation: &op.id,
        actor: cast.user.as_str(),
        event_id: cast.event,
        detail: cast.verdict.as_str(),
    })
    .await?;
    tx.vote(&op.id, &vote).await?;
    votes.retain(|other| other.person != vote.person);
    votes.push(vote);
    let waited = tx.now_ms() - op.created_ts;
    let decided = match cast.verdict {
        Verdict::Deny => {
            if !move_on(&mut tx, &mut op, State::Denied, cast.user.as_str(), cast.event, cast.reason).await? {
                return Ok(());
            }
            let text = messages::denied(lang(&op), cast.user.as_str(), cast.reason);
            say_in_thread(&mut tx, &op, votes_given(&votes), text, cast.talk).await?;
            true
        }
        Verdict::Approve if op.state == State::AwaitingApproval && votes_given(&votes) as i64 >= op.needed => {
            if !move_on(&mut tx, &mut op, State::Approved, cast.user.as_str(), cast.event, "").await? {
                return Ok(());
            }
            let text = messages::decided(lang(&op), &approvers(&votes));
            say_in_thread(&mut tx, &op, votes_given(&votes), text, cast.talk).await?;
            true
        }
        Verdict::Approve => {
            if cast.talk.is_some() {
                let text = messages::counted(lang(&op), votes_given(&votes), op.needed);
                say_in_thread(&mut tx, &op, votes_given(&votes), text, cast.talk).await?;
            }
            false
        }
    };
    refresh(&mut tx, &op, &votes).await?;
    tx.commit().await?;
    if decided {
        house.metrics.decided(waited);
        house.approved.notify_one();
    }
    Ok(())
}

/// Why this vote can't count, if it can't.
fn refused(house: &House, op: &Operation, cast: &Cast<'_>) -> Option<Text> {
    let lang = lang(op);
    let approver = house.has_role(cast.user, Role::Approver);
    let asker = op.requester == cast.user.as_str()
        || UserId::parse(&op.requester).ok().is_some_and(|asker| {
            house.person(&asker).is_some() && house.person(&asker).map(|(n, _)| n) == house.person(cast.user).map(|(n, _)| n)
        });
    match cast.verdict {
        Verdict::Deny if approver || asker => None,
        Verdict::Approve if approver && (op.self_approval || !asker) => None,
        Verdict::Approve if approver => Some(messages::no_self_approval(lang)),
        _ => Some(messages::may_not_vote(lang, cast.user.as_str())),
    }
}

fn votes_given(votes: &[Vote]) -> usize {
    approvers(votes).len()
}

/// Tells the story in the proposal's thread; words are answered where they stand.
async fn say_in_thread(tx: &mut Tx, op: &Operation, given: usize, text: Text, talk: Option<&Talk>) -> Result<(), StoreError> {
    let text = text.with("org.ralf.operation", messages::field(op, given));
    let text = match talk {
        Some(talk) if talk.thread.is_none() && talk.room == op.room_id => text.reply_to(&talk.event),
        _ => text.notice().in_thread(&root(op)),
    };
    tx.say(message(op, "m.room.message", text.build())).await?;
    Ok(())
}

/// A redacted reaction takes the vote back as long as nothing was dispatched; later it is only noted.
pub async fn withdraw(house: &Arc<House>, seq: i64, event: &Event, op: &Operation, vote_event: &str) -> Result<(), StoreError> {
    let mut op = op.clone();
    let mut votes = house.store.votes(&op.id).await?;
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    tx.audit(New {
        kind: if op.state.is_pending() { "vote_withdrawn" } else { "redacted_late" },
        operation: &op.id,
        actor: event.sender.as_str(),
        event_id: &event.id,
        detail: vote_event,
    })
    .await?;
    if op.state.is_pending() {
        tx.withdraw(vote_event).await?;
        votes.retain(|vote| vote.event_id != vote_event);
        if op.state == State::Approved
            && (votes_given(&votes) as i64) < op.needed
            && !move_on(&mut tx, &mut op, State::AwaitingApproval, event.sender.as_str(), &event.id, "vote withdrawn").await?
        {
            return Ok(());
        }
        if op.state == State::AwaitingApproval {
            tx.release_targets(&op.id).await?;
        }
        refresh(&mut tx, &op, &votes).await?;
    }
    tx.commit().await
}

/// Takes a pending operation back, because the message that asked for it is gone.
pub async fn cancel(house: &Arc<House>, op: &Operation, by: &str, event_id: &str) -> Result<(), StoreError> {
    let tx = house.store.begin().await?;
    take_back(house, tx, op, by, event_id, None).await
}

/// `cancel ID`
pub async fn cancel_by_words(house: &Arc<House>, seq: i64, talk: &Talk, op: &Operation) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    take_back(house, tx, op, &talk.asker, &talk.event, Some(talk)).await
}

async fn take_back(
    house: &House,
    mut tx: Tx,
    op: &Operation,
    by: &str,
    event_id: &str,
    talk: Option<&Talk>,
) -> Result<(), StoreError> {
    let mut op = op.clone();
    let votes = house.store.votes(&op.id).await?;
    if move_on(&mut tx, &mut op, State::Cancelled, by, event_id, "").await? {
        let text = messages::cancelled(lang(&op), by);
        say_in_thread(&mut tx, &op, votes_given(&votes), text, talk).await?;
        refresh(&mut tx, &op, &votes).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn expire(tx: &mut Tx, op: &mut Operation, votes: &[Vote]) -> Result<(), StoreError> {
    if move_on(tx, op, State::Expired, "ralf", "", "").await? {
        let field = messages::field(op, votes_given(votes));
        let text = messages::expired(request::lang(op), op).reply_to(&root(op)).with("org.ralf.operation", field);
        tx.say(message(op, "m.room.message", text.mention(&op.requester).build())).await?;
        refresh(tx, op, votes).await?;
    }
    Ok(())
}

/// Expires every pending operation whose time is over, downtime included.
pub async fn expire_due(house: &House) -> Result<(), StoreError> {
    for mut op in house.store.operations_expired(house.store.clock.now_ms()).await? {
        let votes = house.store.votes(&op.id).await?;
        let mut tx = house.store.begin().await?;
        expire(&mut tx, &mut op, &votes).await?;
        tx.commit().await?;
    }
    Ok(())
}
