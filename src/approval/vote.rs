//! Votes and everything else that people decide before an operation is dispatched. Pure: a [`Case`] goes in and comes
//! back with effects.

use std::collections::BTreeSet;

use super::case::{By, Case, Effect, Notice, Place, Refused, Say};
use super::mutants::{self, Mutant};
use super::policy::{About, Rules};
use super::{Glass, Operation, Standing, State, Verdict, Vote, time};

/// A vote on its way in.
#[derive(Debug, Clone, Copy)]
pub struct Ballot<'a> {
    /// Who votes, and by which event.
    pub by: By<'a>,
    /// What.
    pub verdict: Verdict,
    /// Why, if that was said.
    pub reason: &'a str,
    /// Set for words: they are always answered, where they were said.
    pub place: Option<&'a Place>,
}

/// What the policy is asked about an operation.
pub(super) fn about(op: &Operation) -> About<'_> {
    About { intent: &op.intent, bot: &op.bot, risk: op.plan.risk, targets: &op.plan.targets }
}

/// How many approvals hold, and how many it takes.
pub(super) fn tally(case: &Case, rules: &Rules, standing: &Standing) -> (usize, usize) {
    let op = &case.op;
    let needed = usize::try_from(op.terms.approvals).unwrap_or(usize::MAX);
    if op.terms.second_factor {
        return (0, needed.max(1));
    }
    if let Some(glass) = &op.course.glass
        && (mutants::is(Mutant::RightsUnchecked) || rules.may_break_glass(&glass.by, standing).is_ok())
    {
        return (needed, needed);
    }
    let yes = case.votes.iter().filter(|vote| vote.verdict == Verdict::Approve.as_str());
    if mutants::is(Mutant::RightsUnchecked) || mutants::is(Mutant::OneVoteAnId) {
        return (yes.map(|vote| vote.user_id.as_str()).collect::<BTreeSet<_>>().len(), needed);
    }
    let voters = yes.map(|vote| vote.user_id.as_str());
    let holding = rules.holding(&op.terms, op.course.escalated, &op.requester, voters, standing);
    (holding.len(), needed)
}

/// A vote.
pub fn vote(case: &mut Case, rules: &Rules, standing: &Standing, ballot: Ballot<'_>) {
    if !open(case, rules, ballot.place) {
        return;
    }
    if standing.upgraded {
        return room_gone(case, By::RALF);
    }
    let person = match entitled(case, rules, standing, &ballot) {
        Ok(person) => person,
        Err(why) => return refuse(case, ballot, why),
    };
    case.note("vote", ballot.by, ballot.verdict.as_str());
    let vote = Vote {
        person,
        user_id: ballot.by.actor.to_owned(),
        verdict: ballot.verdict.as_str().to_owned(),
        event_id: ballot.by.event.to_owned(),
        ts: case.now,
        room: ballot.place.map_or(&case.op.room_id, |place| &place.room).clone(),
    };
    case.votes.retain(|other| other.person != vote.person);
    case.votes.push(vote.clone());
    case.then(Effect::Cast(vote));
    match ballot.verdict {
        Verdict::Deny if mutants::is(Mutant::DenyIsNotFinal) => {}
        Verdict::Deny => {
            case.become_(State::Denied, ballot.by, ballot.reason);
            if !ballot.reason.is_empty() {
                case.op.course.reason = Some(ballot.reason.to_owned());
                case.keep();
            }
            end(case, Notice::Denied(ballot.by.actor.into(), ballot.reason.into()), ballot.place);
        }
        Verdict::Approve => {
            let (given, needed) = tally(case, rules, standing);
            if case.op.state == State::AwaitingApproval && given >= needed {
                case.become_(State::Approved, ballot.by, "");
                let notice = Notice::Approved(approvers(&case.votes));
                case.answer(notice, ballot.place);
            } else if ballot.place.is_some() {
                case.answer(Notice::Counted { given, needed }, ballot.place);
            }
        }
    }
    case.refresh();
}

/// Whether anything can still be decided; brings the case up to date first.
fn open(case: &mut Case, rules: &Rules, place: Option<&Place>) -> bool {
    if case.op.state.is_pending() && !time::expire(case) {
        time::tighten(case, rules);
        return true;
    }
    if let Some(place) = place {
        case.say(Say::Answer(Notice::TooLate, Box::new(place.clone())));
    }
    false
}

/// The person whose vote this is, or why it does not count.
fn entitled(case: &Case, rules: &Rules, standing: &Standing, ballot: &Ballot<'_>) -> Result<String, Refused> {
    let op = &case.op;
    let user = ballot.by.actor;
    let person = match ballot.verdict {
        Verdict::Approve => rules.may_approve(&op.terms, op.course.escalated, &op.requester, user, standing),
        Verdict::Deny => rules.may_deny(&op.terms, op.course.escalated, &op.requester, user, standing),
    };
    let person = person.map_err(Refused::Policy)?;
    if ballot.verdict == Verdict::Approve {
        if op.proposal_event.is_none() || case.unshown {
            return Err(Refused::NotShown);
        }
        if op.terms.second_factor {
            return Err(Refused::SecondFactor);
        }
    }
    Ok(if mutants::is(Mutant::OneVoteAnId) { user.to_owned() } else { person })
}

/// Words are answered always, a tap once a person.
fn refuse(case: &mut Case, ballot: Ballot<'_>, why: Refused) {
    case.note("vote_refused", ballot.by, ballot.verdict.as_str());
    let notice = Notice::Refused(why, ballot.by.actor.to_owned());
    if let Some(place) = ballot.place {
        case.say(Say::Answer(notice, Box::new(place.clone())));
    } else if case.op.course.refused.len() < 32 && case.op.course.refused.insert(ballot.by.actor.to_owned()) {
        case.keep();
        case.tell(notice);
    }
}

/// The one report of something that ends before it was dispatched: words are answered with it, anything else is told as
/// a new message.
pub(super) fn end(case: &mut Case, notice: Notice, place: Option<&Place>) {
    if mutants::is(Mutant::NoReport) {
        return;
    }
    match place {
        Some(place) if place.room == case.op.room_id => {
            case.say(Say::Answer(notice, Box::new(place.clone())));
        }
        Some(place) => {
            case.say(Say::Answer(notice.clone(), Box::new(place.clone())));
            case.say(Say::Report(notice));
        }
        None => case.say(Say::Report(notice)),
    }
}

/// A reaction was redacted: the vote is taken back as long as nothing was dispatched; later it is only noted.
pub(super) fn withdraw(case: &mut Case, rules: &Rules, standing: &Standing, by: By<'_>, vote_event: &str) {
    if !case.op.state.is_pending() {
        return case.note("redacted_late", by, vote_event);
    }
    case.note("vote_withdrawn", by, vote_event);
    if mutants::is(Mutant::WithdrawalForgotten) {
        return;
    }
    case.then(Effect::Withdraw(vote_event.to_owned()));
    case.votes.retain(|vote| vote.event_id != vote_event);
    reopen(case, rules, standing, by);
    case.refresh();
}

/// What was approved waits again when its approvals do not suffice any more. Returns whether it does.
pub(super) fn reopen(case: &mut Case, rules: &Rules, standing: &Standing, by: By<'_>) -> bool {
    let (given, needed) = tally(case, rules, standing);
    if case.op.state != State::Approved || given >= needed {
        return false;
    }
    case.become_(State::AwaitingApproval, by, format!("{given} of {needed} approvals hold"));
    // What it waits for when it is approved again is told again.
    if case.op.course.waits_for.take().is_some() {
        case.keep();
    }
    case.tell(Notice::Reopened);
    true
}

/// Rights in the room changed: votes of who has lost them are void.
pub(super) fn rights_changed(case: &mut Case, rules: &Rules, standing: &Standing, by: By<'_>) {
    if !case.op.state.is_pending() {
        return;
    }
    if standing.upgraded {
        return room_gone(case, by);
    }
    let op = &case.op;
    let lost: Vec<Vote> = case
        .votes
        .iter()
        .filter(|vote| {
            rules.may_approve(&op.terms, op.course.escalated, &op.requester, &vote.user_id, standing).is_err()
        })
        .cloned()
        .collect();
    if lost.is_empty() || mutants::is(Mutant::RightsUnchecked) {
        return;
    }
    for vote in lost {
        case.note("vote_void", by, vote.event_id.clone());
        case.votes.retain(|other| other.event_id != vote.event_id);
        case.then(Effect::Withdraw(vote.event_id));
    }
    reopen(case, rules, standing, by);
    case.refresh();
}

/// The room is not there any more: nobody can decide, and what was decided in it is void.
pub fn room_gone(case: &mut Case, by: By<'_>) {
    if !case.op.state.is_pending() {
        return;
    }
    case.votes.clear();
    case.then(Effect::Void);
    if case.become_(State::Cancelled, by, "the room was replaced") {
        end(case, Notice::RoomGone, None);
        case.refresh();
    }
}

/// Takes back what is pending.
pub fn cancel(case: &mut Case, by: By<'_>, place: Option<&Place>) {
    if !case.op.state.is_pending() || !case.become_(State::Cancelled, by, "") {
        return;
    }
    end(case, Notice::Cancelled(by.actor.into()), place);
    case.refresh();
}

/// How long after a vote its reason may be said, in milliseconds.
const REASON_MS: i64 = 15 * 60_000;

/// Whether somebody may say now why it was denied: who denied it, soon after, and once.
pub fn may_reason(op: &Operation, votes: &[Vote], user: &str, now: i64) -> bool {
    let denied = |vote: &Vote| {
        vote.user_id == user && vote.verdict == Verdict::Deny.as_str() && now - vote.ts <= REASON_MS
    };
    op.state == State::Denied && op.course.reason.is_none() && votes.iter().any(denied)
}

/// Why it was denied, said by who denied it, after the tap.
pub fn reason(case: &mut Case, by: By<'_>, reason: &str) -> bool {
    if !may_reason(&case.op, &case.votes, by.actor, case.now) {
        return false;
    }
    case.note("reason", by, reason);
    case.op.course.reason = Some(reason.to_owned());
    case.keep();
    case.tell(Notice::Reason(by.actor.into(), reason.into()));
    true
}

/// Approves alone, in an emergency: with a reason, for a short time, announced in `ops` besides where it was said. Never
/// for what no person asked for. It overrides the number of approvals and the wait; not a freeze, not the second factor.
pub fn break_glass(
    case: &mut Case,
    rules: &Rules,
    standing: &Standing,
    (by, reason): (By<'_>, &str),
    place: &Place,
    ops: Option<&Place>,
) {
    if !open(case, rules, Some(place)) {
        return;
    }
    let refused = if let Err(why) = rules.may_break_glass(by.actor, standing) {
        Some(Refused::Policy(why))
    } else if case.op.course.origin.is_some() && !mutants::is(Mutant::GlassForLoops) {
        Some(Refused::NotForLoops)
    } else if reason.trim().is_empty() {
        Some(Refused::NoReason)
    } else if case.op.proposal_event.is_none() || case.unshown {
        Some(Refused::NotShown)
    } else if case.op.terms.second_factor {
        Some(Refused::SecondFactor)
    } else {
        None
    };
    if let Some(why) = refused {
        case.note("glass_refused", by, reason);
        let notice = Notice::Refused(why, by.actor.to_owned());
        return case.say(Say::Answer(notice, Box::new(place.clone())));
    }
    case.note("glass_broken", by, reason);
    case.op.course.glass = Some(Glass { by: by.actor.into(), reason: reason.into() });
    case.op.expires_ts = case.op.expires_ts.min(case.now.saturating_add(rules.break_glass_expiry_ms()));
    case.keep();
    if case.op.state == State::AwaitingApproval {
        case.become_(State::Approved, by, "break-glass");
    }
    let notice = Notice::Glass { by: by.actor.into(), reason: reason.into() };
    if let Some(ops) = ops.filter(|ops| ops.room != place.room && ops.room != case.op.room_id) {
        case.say(Say::Answer(notice.clone(), Box::new(ops.clone())));
    }
    case.answer(notice, Some(place));
    case.refresh();
}

/// Who approved, by Matrix id.
pub fn approvers(votes: &[Vote]) -> Vec<String> {
    let approve = votes.iter().filter(|vote| vote.verdict == Verdict::Approve.as_str());
    approve.map(|vote| vote.user_id.clone()).collect()
}
