//! From approved to ended. Pure, like every decision here.

use super::case::{By, Case, Effect, Notice, Place, Say};
use super::mutants::{self, Mutant};
use super::policy::Rules;
use super::time::{expire, tighten};
use super::vote::{end, reopen, room_gone};
use super::{Freeze, Operation, Standing, State};
use crate::execution::Outcome;

/// Leases all targets under the fresh `token`, or tells once what it waits for. Returns whether it has them.
pub(super) fn lease(case: &mut Case, rules: &Rules, token: i64) -> bool {
    if case.op.state != State::Approved || expire(case) {
        return false;
    }
    tighten(case, rules);
    let waits = if let Some(freeze) = frozen(case, rules) {
        Some(("frozen".to_owned(), Notice::Frozen(freeze)))
    } else if case.now < case.op.earliest_ts() {
        Some(("time".to_owned(), Notice::Waits))
    } else {
        let rival = case.rival.clone().filter(|_| !mutants::is(Mutant::LeaseUnchecked));
        rival.map(|rival| (rival.clone(), Notice::Queued(rival)))
    };
    if let Some((what, notice)) = waits {
        if case.op.course.waits_for.as_ref() != Some(&what) {
            case.op.course.waits_for = Some(what);
            case.keep();
            case.tell(notice);
        }
        return false;
    }
    case.lease = Some(token);
    case.then(Effect::Lease(token));
    true
}

/// Gives its targets back: it can't be claimed now.
pub(super) fn unlease(case: &mut Case, token: i64) {
    if case.op.state == State::Approved && case.lease == Some(token) {
        case.then(Effect::Release);
    }
}

/// The freeze in force.
fn frozen(case: &Case, rules: &Rules) -> Option<Freeze> {
    rules.freeze(case.freeze.as_ref(), case.now).filter(|_| !mutants::is(Mutant::FreezeIgnored))
}

/// Claims an approved operation for execution, once. Everything is looked at again: state, time, freeze, digest, rights
/// and votes, and that it still holds its targets under the `token` they were leased with before their state was read.
pub(super) fn claim(case: &mut Case, rules: &Rules, standing: &Standing, token: i64) -> bool {
    let reused = mutants::is(Mutant::ApprovalReused) && case.op.state.is_dispatched();
    if reused {
        return true;
    }
    if case.op.state != State::Approved || expire(case) {
        return false;
    }
    tighten(case, rules);
    if standing.upgraded {
        room_gone(case, By::RALF);
        return false;
    }
    let is_leased = case.lease == Some(token) || mutants::is(Mutant::LeaseUnchecked);
    if !is_leased || frozen(case, rules).is_some() || case.now < case.op.earliest_ts() {
        return false;
    }
    if case.op.plan.digest().full() != case.op.digest && !mutants::is(Mutant::DigestUnchecked) {
        let facts = vec![crate::report::messages::not_as_approved(case.op.lang()).to_owned()];
        let outcome = Outcome { success: false, rolled_back: false, facts, log: Default::default() };
        finish(case, State::Failed, By::RALF, &outcome, &outcome, false);
        return false;
    }
    if reopen(case, rules, standing, By::RALF) {
        case.refresh();
        return false;
    }
    let detail = format!("digest {}", case.op.digest);
    case.become_(State::Dispatched, By::RALF, detail)
}

/// It runs; its progress is told in the message with this transaction id.
pub(super) fn begin(case: &mut Case, txn_id: &str) {
    if case.op.state != State::Dispatched || !case.become_(State::Running, By::RALF, "") {
        return;
    }
    case.op.progress_txn = Some(txn_id.to_owned());
    case.say(Say::Progress(txn_id.to_owned()));
    case.refresh();
}

/// We were away while it ran: nobody knows how far it came until it is looked at.
pub(super) fn lose_sight(case: &mut Case) {
    if matches!(case.op.state, State::Dispatched | State::Running) {
        case.become_(State::Unknown, By::RALF, "taken up again");
    }
}

/// It ended, or a person has to say how. `shown` is the outcome as it is told; with the log as a file if `attach`.
pub(super) fn finish(
    case: &mut Case,
    to: State,
    by: By<'_>,
    outcome: &Outcome,
    shown: &Outcome,
    attach: bool,
) {
    if case.op.state.is_final() || case.op.state == State::NeedsOperator {
        return;
    }
    if !case.become_(to, by, outcome.facts.join("\n")) {
        return;
    }
    case.op.outcome = Some(outcome.clone());
    case.then(Effect::Outcome(outcome.clone()));
    if attach {
        case.say(Say::Log);
    }
    if to == State::NeedsOperator {
        case.say(Say::Question(shown.clone()));
    } else {
        end(case, Notice::Ended(shown.clone()), None);
    }
    case.refresh();
}

/// A person says how an operation ended that was cut off.
pub(super) fn resolve(case: &mut Case, done: bool, by: By<'_>, reason: &str) {
    let to = if done { State::Succeeded } else { State::Failed };
    if case.op.state == State::NeedsOperator && case.become_(to, by, reason) {
        end(case, Notice::Resolved(by.actor.into()), None);
        case.refresh();
    }
}

/// The target changed since the plan was made: a newer plan takes its place, and is put to the vote.
pub(super) fn supersede(case: &mut Case, next: Operation) {
    if case.op.state != State::Approved {
        return;
    }
    if case.become_(State::Superseded, By::RALF, format!("by {}", next.id)) {
        end(case, Notice::Superseded, None);
        case.refresh();
        case.then(Effect::Propose(Box::new(next)));
    }
}

/// A person wants it stopped while it runs. Returns whether the executor is to be asked.
pub(super) fn stop(case: &mut Case, by: By<'_>, place: &Place) -> bool {
    if !case.op.state.is_dispatched() {
        return false;
    }
    case.note("stop", by, "");
    case.op.course.stopping = Some(by.actor.to_owned());
    case.keep();
    case.answer(Notice::Stopping(by.actor.into()), Some(place));
    true
}
