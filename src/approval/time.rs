//! What time and the policy do to a request that waits. Pure.

use super::State;
use super::case::{By, Case, Notice, Say};
use super::mutants::{self, Mutant};
use super::policy::Rules;
use super::vote::{about, end};

/// Expires a pending request whose time is over, on our clock. Returns whether it did.
pub(super) fn expire(case: &mut Case) -> bool {
    if !case.op.state.is_pending() || case.now < case.op.expires_ts || mutants::is(Mutant::ExpiryUnchecked) {
        return false;
    }
    case.become_(State::Expired, By::RALF, "");
    end(case, Notice::Expired, None);
    case.refresh();
    true
}

/// Applies the policy in force where it is stricter than the one the request was made under; where it is looser,
/// nothing changes.
pub(super) fn tighten(case: &mut Case, rules: &Rules) {
    let now = if mutants::is(Mutant::LoosenedApplies) {
        rules.terms(&about(&case.op))
    } else {
        rules.in_force(&case.op.terms, &about(&case.op))
    };
    if now == case.op.terms {
        return;
    }
    case.note("tightened", By::RALF, rules.version());
    case.op.terms = now;
    let latest = case.op.created_ts.saturating_add(case.op.terms.expiry_ms);
    case.op.expires_ts = case.op.expires_ts.min(latest);
    case.keep();
    case.tell(Notice::Tightened);
    case.refresh();
}

/// Does what is due: the end of its time, the reminder at half time, the call of the second group.
pub(super) fn tick(case: &mut Case, rules: &Rules) {
    if !case.op.state.is_pending() || expire(case) {
        return;
    }
    tighten(case, rules);
    if expire(case) || case.op.state != State::AwaitingApproval {
        return;
    }
    if case.op.escalation_ts().is_some_and(|due| case.now >= due) && !case.op.course.escalated {
        case.op.course.escalated = true;
        case.note("escalated", By::RALF, "");
        case.keep();
        let to = case.op.terms.escalation.as_ref().map(|escalation| escalation.to.as_slice());
        let called = rules.ids_of(to.unwrap_or_default());
        case.say(Say::Thread(Notice::Escalated, called));
        case.refresh();
    }
    if case.now >= case.op.reminder_ts() && !case.op.course.reminded {
        case.op.course.reminded = true;
        case.note("reminded", By::RALF, "");
        case.keep();
        let mut called = rules.ids_of(&case.op.terms.approvers);
        called.retain(|id| !case.votes.iter().any(|vote| vote.user_id == *id));
        case.say(Say::Thread(Notice::Reminder, called));
        case.refresh();
    }
}
