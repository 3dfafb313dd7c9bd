//! Votes: by a reaction on exactly the proposal, or by words.

use std::sync::Arc;

use ruma::UserId;

use super::gate::{holding, needed};
use super::request::{approvers, lang, message, refresh, root};
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
    /// Set for words: they are always answered, where they were said.
    talk: Option<&'a Talk>,
}

/// A reaction on the proposal of an operation.
pub async fn react(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    id: &str,
    verdict: Verdict,
) -> Result<(), StoreError> {
    cast(house, seq, id, Cast { user: &event.sender, verdict, event: &event.id, reason: "", talk: None })
        .await
}

/// `approve ID`, `deny ID reason`
pub async fn vote_by_words(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    id: &str,
    verdict: Verdict,
    reason: &str,
) -> Result<(), StoreError> {
    let Ok(user) = UserId::parse(&talk.asker) else { return Ok(()) };
    cast(house, seq, id, Cast { user: &user, verdict, event: &talk.event, reason, talk: Some(talk) }).await
}

async fn cast(house: &Arc<House>, seq: i64, id: &str, cast: Cast<'_>) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    let Some((mut op, mut votes)) = tx.lock_operation(id).await? else { return tx.commit().await };
    if !op.state.is_pending() {
        if let Some(talk) = cast.talk {
            answer(&mut tx, &op, &votes, messages::too_late(talk.lang, &op), talk).await?;
        }
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
        if let Some(talk) = cast.talk {
            answer(&mut tx, &op, &votes, refusal, talk).await?;
        } else if tx.once(&format!("refused:{}:{}", op.id, cast.user)).await? {
            tell(&mut tx, &op, &votes, refusal).await?;
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
    let (given, wanted) = (holding(house, &op, &votes), needed(house, &op));
    let decided = match cast.verdict {
        Verdict::Deny => {
            move_on(&mut tx, &mut op, State::Denied, cast.user.as_str(), cast.event, cast.reason).await?;
            Some(messages::denied(lang(&op), cast.user.as_str(), cast.reason))
        }
        Verdict::Approve if op.state == State::AwaitingApproval && given >= wanted => {
            move_on(&mut tx, &mut op, State::Approved, cast.user.as_str(), cast.event, "").await?;
            Some(messages::decided(lang(&op), &approvers(&votes)))
        }
        Verdict::Approve => None,
    };
    let text = decided.clone().unwrap_or_else(|| messages::counted(lang(&op), given, wanted));
    match cast.talk {
        Some(talk) if talk.room == op.room_id => say(&mut tx, &op, &votes, text, Some(talk)).await?,
        Some(talk) => {
            answer(&mut tx, &op, &votes, text.clone(), talk).await?;
            tell(&mut tx, &op, &votes, text).await?;
        }
        None if decided.is_some() => tell(&mut tx, &op, &votes, text).await?,
        None => {}
    }
    refresh(&mut tx, &op, &votes).await?;
    tx.commit().await?;
    if decided.is_some() {
        house.metrics.decided(waited);
        house.approved.notify_one();
    }
    Ok(())
}

/// Why this vote can't count, if it can't.
fn refused(house: &House, op: &Operation, cast: &Cast<'_>) -> Option<Text> {
    let lang = cast.talk.map_or(lang(op), |talk| talk.lang);
    let approver = house.has_role(cast.user, Role::Approver);
    let name = |user: &UserId| house.person(user).map(|(name, _)| name);
    let asker = op.requester == cast.user.as_str()
        || UserId::parse(&op.requester)
            .is_ok_and(|asker| name(&asker).is_some() && name(&asker) == name(cast.user));
    let own = op.self_approval && house.config.policy.rule(&op.intent).self_approval;
    match cast.verdict {
        // What nobody was shown can't be approved.
        Verdict::Approve if op.proposal_event.is_none() => Some(messages::not_shown_yet(lang)),
        Verdict::Deny if approver || asker => None,
        Verdict::Approve if approver && (own || !asker) => None,
        Verdict::Approve if approver => Some(messages::no_self_approval(lang)),
        _ => Some(messages::may_not_vote(lang, cast.user.as_str())),
    }
}

/// Answers words where they were said.
async fn answer(
    tx: &mut Tx,
    op: &Operation,
    votes: &[Vote],
    text: Text,
    talk: &Talk,
) -> Result<(), StoreError> {
    let text = text.with("org.ralf.operation", messages::field(op, approvers(votes).len()));
    tx.say(talk.message(talk.related(text).build())).await?;
    Ok(())
}

/// Tells the story in the proposal's thread.
async fn tell(tx: &mut Tx, op: &Operation, votes: &[Vote], text: Text) -> Result<(), StoreError> {
    say(tx, op, votes, text, None).await
}

/// Says something about an operation in its room: as the answer to words, or in the proposal's thread.
async fn say(
    tx: &mut Tx,
    op: &Operation,
    votes: &[Vote],
    text: Text,
    talk: Option<&Talk>,
) -> Result<(), StoreError> {
    let text = text.with("org.ralf.operation", messages::field(op, approvers(votes).len()));
    let text = match talk {
        Some(talk) => talk.related(text),
        None => text.notice().in_thread(&root(op)),
    };
    tx.say(message(op, "m.room.message", text.build())).await?;
    Ok(())
}

/// A redacted reaction takes the vote back as long as nothing was dispatched; later it is only noted.
pub async fn withdraw(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    id: &str,
    vote_event: &str,
) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    let Some((mut op, mut votes)) = tx.lock_operation(id).await? else { return tx.commit().await };
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
        if op.state == State::Approved && holding(house, &op, &votes) < needed(house, &op) {
            let by = event.sender.as_str();
            move_on(&mut tx, &mut op, State::AwaitingApproval, by, &event.id, "vote withdrawn").await?;
            tx.release_targets(&op.id).await?;
        }
        refresh(&mut tx, &op, &votes).await?;
    }
    tx.commit().await
}

/// Takes a pending operation back, because the message that asked for it, or the proposal itself, is gone.
pub async fn cancel(house: &House, id: &str, by: &str, event_id: &str) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    take_back(&mut tx, id, by, event_id, None).await?;
    tx.commit().await
}

/// `cancel ID`
pub async fn cancel_by_words(house: &Arc<House>, seq: i64, talk: &Talk, id: &str) -> Result<(), StoreError> {
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(());
    }
    take_back(&mut tx, id, &talk.asker, &talk.event, Some(talk)).await?;
    tx.commit().await
}

async fn take_back(
    tx: &mut Tx,
    id: &str,
    by: &str,
    event_id: &str,
    talk: Option<&Talk>,
) -> Result<(), StoreError> {
    let Some((mut op, votes)) = tx.lock_operation(id).await? else { return Ok(()) };
    if !op.state.is_pending() {
        return Ok(());
    }
    move_on(tx, &mut op, State::Cancelled, by, event_id, "").await?;
    let text = messages::cancelled(lang(&op), by);
    match talk {
        Some(talk) if talk.room != op.room_id => {
            answer(tx, &op, &votes, text.clone(), talk).await?;
            tell(tx, &op, &votes, text).await?;
        }
        talk => say(tx, &op, &votes, text, talk).await?,
    }
    refresh(tx, &op, &votes).await
}

async fn expire(tx: &mut Tx, op: &mut Operation, votes: &[Vote]) -> Result<(), StoreError> {
    move_on(tx, op, State::Expired, "ralf", "", "").await?;
    let field = messages::field(op, approvers(votes).len());
    let text = messages::expired(lang(op), op).reply_to(&root(op)).with("org.ralf.operation", field);
    tx.say(message(op, "m.room.message", text.mention(&op.requester).build())).await?;
    refresh(tx, op, votes).await
}

/// Expires every pending operation whose time is over, downtime included.
pub async fn expire_due(house: &House) -> Result<(), StoreError> {
    for op in house.store.operations_expired(house.store.clock.now_ms()).await? {
        let mut tx = house.store.begin().await?;
        if let Some((mut op, votes)) = tx.lock_operation(&op.id).await?
            && op.state.is_pending()
        {
            expire(&mut tx, &mut op, &votes).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
