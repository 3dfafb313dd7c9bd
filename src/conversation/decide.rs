//! Words about an operation, or about all of them: approve, deny, cancel, resolve, break the glass, freeze.

use std::sync::Arc;

use super::{Answer, Talk, answer};
use crate::approval::{
    Ballot, By, Freeze, GateStore as _, Place, State, Verdict, World as _, break_glass, gate,
};
use crate::bots::Bot;
use crate::config::Role;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::{Text, messages};
use crate::store::Operation;

/// What a person decides by words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// `approve ID`, `deny ID reason`
    Vote(Verdict),
    /// `cancel ID`
    Cancel,
    /// `resolve ID done|not-done [reason]`
    Resolve,
    /// `breakglass ID reason`
    BreakGlass,
    /// `freeze [DURATION] [reason]`
    Freeze,
    /// `unfreeze`
    Unfreeze,
}

/// Carries a decision out, or says why not. `word` is the command as it was typed, `rest` what followed it.
pub(super) async fn run(
    house: &Arc<House>,
    seq: i64,
    talk: Talk,
    decision: Decision,
    (word, rest): (&str, &str),
) -> Result<Handled, HandleError> {
    // Reasons are kept and repeated.
    let hidden = crate::secrets::hide(rest);
    let rest = hidden.as_ref();
    let said = match decision {
        Decision::Freeze | Decision::Unfreeze => {
            frozen(house, seq, &talk, decision == Decision::Freeze, rest).await?
        }
        _ => {
            let (id, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            match house.store.operation_like(id).await? {
                None if id.is_empty() => Some(messages::id_wanted(talk.lang, word)),
                None => Some(messages::no_such_operation(talk.lang, id)),
                Some(op) => about(house, seq, &talk, decision, &op, rest.trim()).await?,
            }
        }
    };
    if let Some(text) = said {
        answer::commit(house, seq, &talk, vec![Answer::Say(text)], None).await?;
    }
    Ok(Handled::Done)
}

/// A decision about one operation; gives what is to be answered when it was not carried out.
async fn about(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    decision: Decision,
    op: &Operation,
    rest: &str,
) -> Result<Option<Text>, HandleError> {
    let by = By { actor: &talk.asker, event: &talk.event };
    let place = place(talk);
    let house = house.as_ref();
    match decision {
        Decision::Vote(verdict) => {
            let ballot = Ballot { by, verdict, reason: rest, place: Some(&place) };
            gate::cast(house, seq, op, ballot).await?;
        }
        Decision::BreakGlass => {
            let standing = house.standing(&op.room_id, &op.speaker).await?;
            let ops = house.room(Bot::Core).map(|room| Place {
                room,
                bot: Bot::Core.name().into(),
                event: String::new(),
                thread: None,
                lang: talk.lang.as_str().into(),
            });
            let decide = |case: &mut _| {
                break_glass(case, &house.rules, &standing, (by, rest), &place, ops.as_ref());
            };
            house.store.decide(&op.id, Some(seq), decide).await?;
        }
        Decision::Cancel => {
            if !(op.state.is_pending() || op.state.is_dispatched()) {
                return Ok(Some(messages::too_late(talk.lang, op)));
            }
            let standing = house.standing(&op.room_id, &op.speaker).await?;
            let (rules, asker) = (&house.rules, &op.requester);
            if rules.may_deny(&op.terms, op.course.escalated, asker, &talk.asker, &standing).is_err() {
                return Ok(Some(messages::may_not_cancel(talk.lang)));
            }
            gate::cancel(house, seq, op, by, &place).await?;
        }
        Decision::Resolve => {
            let (how, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let done = match how.to_lowercase().as_str() {
                "done" | "erledigt" => Some(true),
                "not-done" | "nicht-erledigt" => Some(false),
                _ => None,
            };
            let standing = house.standing(&op.room_id, &op.speaker).await?;
            // Who could approve it, may; having asked for it is not enough.
            let may =
                house.rules.may_deny(&op.terms, op.course.escalated, "", &talk.asker, &standing).is_ok();
            let (true, Some(done), State::NeedsOperator) = (may, done, op.state) else {
                return Ok(Some(messages::not_to_resolve(talk.lang)));
            };
            gate::resolve(house, seq, &op.id, done, by, reason.trim()).await?;
        }
        Decision::Freeze | Decision::Unfreeze => {}
    }
    house.approved.notify_one();
    Ok(None)
}

/// Stops all dispatching, or lets it go on.
async fn frozen(
    house: &Arc<House>,
    seq: i64,
    talk: &Talk,
    on: bool,
    rest: &str,
) -> Result<Option<Text>, HandleError> {
    let standing = house.standing(&talk.room, talk.bot.name()).await?;
    let has = |role| house.rules.has_role(&talk.asker, role, &standing);
    let may = standing.members.contains_key(&talk.asker) && (has(Role::Approver) || has(Role::Emergency));
    if !may {
        return Ok(Some(messages::may_not_freeze(talk.lang)));
    }
    if let (false, Some(reason)) = (on, house.rules.frozen()) {
        return Ok(Some(messages::frozen_by_config(talk.lang, reason)));
    }
    let now = house.store.clock.now_ms();
    let (until_ts, reason) = span(rest, now);
    let freeze = Freeze { by: talk.asker.clone(), reason: reason.to_owned(), until_ts };
    let was = house.store.freeze_now().await?.is_some_and(|old| old.holds(now));
    let by = By { actor: &talk.asker, event: &talk.event };
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(None);
    }
    tx.freeze(by, on.then_some(&freeze)).await?;
    let text = match on {
        true => messages::freeze_begins(talk.lang, &freeze, now),
        false => messages::freeze_ends(talk.lang, was),
    };
    // Everybody who decides shall know, wherever it was said.
    if let Some(ops) = house.room(Bot::Core).filter(|ops| *ops != talk.room) {
        tx.say(crate::store::NewMessage {
            room_id: ops,
            bot: Bot::Core.name().into(),
            ..talk.message(text.clone().notice().build())
        })
        .await?;
    }
    tx.say(talk.message(talk.related(text).build())).await?;
    tx.commit().await?;
    house.approved.notify_one();
    Ok(None)
}

/// A duration in front of a reason, if there is one: when it ends, in milliseconds since the epoch.
fn span(rest: &str, now: i64) -> (Option<i64>, &str) {
    let (first, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let starts_with_digit = first.starts_with(|c: char| c.is_ascii_digit());
    match first.parse::<jiff::SignedDuration>() {
        Ok(span) if starts_with_digit && span.is_positive() => {
            let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            (Some(now.saturating_add(ms)), reason.trim())
        }
        _ => (None, rest.trim()),
    }
}

/// Where words of a talk are answered.
pub(super) fn place(talk: &Talk) -> Place {
    Place {
        room: talk.room.clone(),
        bot: talk.bot.name().into(),
        event: talk.event.clone(),
        thread: talk.thread.clone(),
        lang: talk.lang.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freeze_can_have_an_end_and_a_reason() {
        assert_eq!(span("2h Updates laufen", 0), (Some(7_200_000), "Updates laufen"));
        assert_eq!(span("30m", 1), (Some(1_800_001), ""));
        assert_eq!(span("the dog is ill", 0), (None, "the dog is ill"));
        assert_eq!(span("", 0), (None, ""));
        assert_eq!(span("3 Wünsche", 0), (None, "3 Wünsche"));
    }
}
