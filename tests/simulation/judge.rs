//! The checker: after every effect it asks whether one of the 25 invariants of an approval is broken. What it judges by
//! is written down by hand, from what really happened in the rooms and on the machines.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use ralf::approval::{About, Note, Notice, Operation, Say, State, Vote};
use ralf::plan::{Plan, Risk};
use ralf_intents::Lang;

use crate::executor::WISHES;
use crate::memory::overlap;
use crate::people::{EMERGENCY, SECRET, has_rights, is_approver, person};
use crate::truth::{HsEvent, Policy, Run, Shown, Truth, What};

/// Keys that approve or deny, as people's clients send them.
pub(crate) const APPROVE: [&str; 4] = ["✅", "👍", "👍🏽", "✅\u{fe0f}"];
pub(crate) const DENY: [&str; 2] = ["❌", "👎🏿"];

/// A new operation is stored and shown.
pub(crate) fn proposed(truth: &mut Truth, rules: &Policy, op: &Operation) {
    let wish = WISHES.iter().find(|(_, action, ..)| *action == op.plan.task.action).unwrap_or(&WISHES[0]);
    let executor_risk = wish.3;
    // What destroys something is of high risk under every policy here.
    let risk = if wish.4 { Risk::High } else { executor_risk };
    if op.plan.risk < risk {
        truth.violates(9, format!("{} has risk {:?}, and it is {risk:?}", op.id, op.plan.risk));
    }
    let about = About { intent: &op.intent, bot: &op.bot, risk, targets: &op.plan.targets };
    let terms = rules.terms(&about);
    if op.terms.approvals < terms.approvals {
        truth.violates(
            9,
            format!("{} takes {} approvals, not {}", op.id, terms.approvals, op.terms.approvals),
        );
    }
    let shown = Shown {
        digest: op.plan.digest().full().to_owned(),
        plan: op.plan.clone(),
        executor_risk,
        needed: terms.approvals,
        self_approval: terms.self_approval,
        wait_ms: terms.wait_ms,
        expires_ts: op.created_ts.saturating_add(terms.expiry_ms),
    };
    if shown.digest != op.digest {
        truth.violates(1, format!("{} has another plan's digest", op.id));
    }
    if truth.seen.shown.insert(op.id.clone(), shown).is_some() {
        truth.violates(11, format!("{} was proposed twice", op.id));
    }
    if !shows_all(op) {
        truth.violates(3, format!("{} does not show all that it hashes", op.id));
    }
}

thread_local! {
    /// Rendering is slow, and the same for the same plan.
    static RENDERED: RefCell<HashMap<String, bool>> = RefCell::default();
}

/// Whether the proposal's text holds every step, or says that it does not, and hides nothing.
fn shows_all(op: &Operation) -> bool {
    let cached = RENDERED.with_borrow(|cache| cache.get(&op.plan.task.action).copied());
    if let Some(known) = cached {
        return known;
    }
    let text = ralf::report::messages::proposal(Lang::En, op, &[], op.created_ts);
    let mut text = text.plain().to_owned();
    for attachment in ralf::report::messages::attachments(op) {
        // A file that the proposal does not name by its hash is not part of it.
        if text.contains(&attachment.hash()) {
            text.push_str(&attachment.text);
        }
    }
    let shown = |title: &str| text.contains(title.trim());
    let good = op.plan.steps.iter().all(|step| shown(&ralf::report::visible(&step.title)))
        && !text.contains(['\u{202e}', '\u{200b}']);
    RENDERED.with_borrow_mut(|cache| cache.insert(op.plan.task.action.clone(), good));
    good
}

/// Something is written into the record.
pub(crate) fn noted(truth: &mut Truth, operation: &str, note: &Note) {
    if note.detail.contains(SECRET) {
        truth.violates(4, format!("the record of {operation} holds a secret"));
    }
    // One change of rights can void the votes of several people.
    let cause = if note.kind == "vote_void" { &note.detail } else { &note.event_id };
    let once = (cause.clone(), operation.to_owned(), note.kind);
    if !note.event_id.is_empty() && !truth.seen.cast.insert(once) {
        truth.violates(13, format!("{} made {} for {operation} twice", note.event_id, note.kind));
    }
    if note.kind == "vote" && !truth.stream.iter().any(|event| event.id == note.event_id) {
        truth.violates(24, format!("a vote on {operation} without its event"));
    }
}

/// Something is said.
pub(crate) fn said(truth: &mut Truth, op: &Operation, say: &Say) {
    let (notice, counts) = match say {
        Say::Report(notice) => (Some(notice), true),
        Say::Answer(notice, place) => (Some(notice), place.room == op.room_id),
        Say::Thread(notice, _) => (Some(notice), false),
        _ => (None, false),
    };
    let ends = matches!(
        notice,
        Some(
            Notice::Denied(..)
                | Notice::Expired
                | Notice::Cancelled(_)
                | Notice::RoomGone
                | Notice::Superseded
                | Notice::Ended(_)
                | Notice::Resolved(_)
        )
    );
    if counts && ends {
        *truth.seen.reports.entry(op.id.clone()).or_insert(0) += 1;
    }
    let leaks = match (say, notice) {
        (Say::Question(outcome), _) | (_, Some(Notice::Ended(outcome))) => {
            outcome.facts.iter().any(|fact| fact.contains(SECRET))
        }
        _ => false,
    };
    if leaks {
        truth.violates(4, format!("a secret of {} was said", op.id));
    }
}

/// A vote is stored.
pub(crate) fn cast(truth: &mut Truth, op: &Operation, vote: &Vote) {
    let user = vote.user_id.as_str();
    if !is_approver(user) && user != op.requester {
        truth.violates(8, format!("{user} has a vote on {}", op.id));
    }
    let Some(event) = truth.stream.iter().find(|event| event.id == vote.event_id).cloned() else { return };
    if !is_on(op, &event) {
        truth.violates(10, format!("{} is no vote on {}", event.id, op.id));
    }
}

/// Whether an event is a vote on exactly this proposal.
fn is_on(op: &Operation, event: &HsEvent) -> bool {
    match &event.what {
        What::Reaction { target, key } => {
            op.proposal_event.as_deref() == Some(target)
                && event.room == op.room_id
                && (APPROVE.contains(key) || DENY.contains(key))
        }
        What::Approve { op: id } | What::Deny { op: id, .. } => *id == op.id,
        _ => false,
    }
}

/// An operation moves on.
pub(crate) fn moves(truth: &mut Truth, rules: &Policy, op: &Operation, from: State, to: State) {
    let current = truth.db.operations.get(&op.id).map(|row| row.op.state);
    if current != Some(from) {
        truth.violates(16, format!("{} went from {from} to {to}, and was {current:?}", op.id));
    }
    if !from.can_become(to) {
        truth.violates(16, format!("{} went from {from} to {to}", op.id));
    }
    if to == State::Dispatched {
        dispatched(truth, rules, op);
    }
}

/// An operation is claimed for execution: all of its conditions have to hold now.
fn dispatched(truth: &mut Truth, rules: &Policy, op: &Operation) {
    let claims = truth.seen.claims.entry(op.id.clone()).or_insert(0);
    *claims += 1;
    if *claims > 1 {
        truth.violates(16, format!("{} was claimed twice", op.id));
    }
    let Some(shown) = truth.seen.shown.get(&op.id).cloned() else {
        return truth.violates(1, format!("{} was never shown", op.id));
    };
    if truth.now >= shown.expires_ts {
        truth.violates(15, format!("{} was dispatched after its time", op.id));
    }
    let waits = shown.wait_ms.max(op.terms.wait_ms);
    if truth.now < op.created_ts.saturating_add(waits) && op.course.glass.is_none() {
        truth.violates(15, format!("{} was dispatched before its time", op.id));
    }
    let frozen = truth.db.freeze.as_ref().is_some_and(|f| f.until_ts.is_none_or(|until| truth.now < until));
    if frozen || rules.frozen().is_some() {
        truth.violates(19, format!("{} was dispatched in a freeze", op.id));
    }
    let Some(Some(standing)) = truth.seen.standing.get(&truth.seen.task).cloned() else {
        return truth.violates(20, format!("{} was dispatched though nobody knew who is in the room", op.id));
    };
    if standing.upgraded {
        return truth.violates(14, format!("{} was dispatched from a room that was replaced", op.id));
    }
    if let Some(glass) = &op.course.glass {
        if op.course.origin.is_some() || glass.reason.is_empty() || glass.by != EMERGENCY {
            truth.violates(23, format!("the glass was broken for {}", op.id));
        }
        // Who broke it may have lost the right since; then it takes the votes.
        if has_rights(&glass.by, &standing) {
            return;
        }
    }
    enough(truth, rules, op, &shown, &standing);
}

/// Whether enough people approve of what is dispatched.
fn enough(
    truth: &mut Truth,
    rules: &Policy,
    op: &Operation,
    shown: &Shown,
    standing: &ralf::approval::Standing,
) {
    let risk = if shown.plan.destroys() { Risk::High } else { shown.executor_risk };
    let about = About { intent: &op.intent, bot: &op.bot, risk, targets: &op.plan.targets };
    let now = rules.terms(&about);
    let needed = shown.needed.max(now.approvals) as usize;
    let own = shown.self_approval && now.self_approval;
    let votes = truth.db.operations.get(&op.id).map(|row| row.votes.clone()).unwrap_or_default();
    let mut people = BTreeSet::new();
    let mut broken = Vec::new();
    for vote in votes.iter().filter(|vote| vote.verdict == "approve") {
        let user = vote.user_id.as_str();
        if !is_approver(user) {
            broken.push((8, format!("{user} counts for {}", op.id)));
        } else if !has_rights(user, standing) {
            broken.push((5, format!("{user} has no say any more in {}", op.id)));
        } else if !own && person(user) == person(&op.requester) {
            broken.push((6, format!("{user} approves what {} asked for: {}", op.requester, op.id)));
        } else if !people.insert(person(user)) {
            broken.push((7, format!("{} counts twice for {}", person(user), op.id)));
        }
    }
    if people.len() < needed {
        if broken.is_empty() {
            let either = shown.needed.min(now.approvals) as usize;
            let which = if people.len() >= either { 22 } else { 7 };
            broken.push((which, format!("{} of {needed} approve of {}", people.len(), op.id)));
        }
        for (invariant, what) in broken {
            truth.violates(invariant, what);
        }
    }
    if votes.iter().any(|vote| vote.verdict == "deny" && is_approver(&vote.user_id)) {
        truth.violates(7, format!("{} was denied", op.id));
    }
}

/// An executor looked at its targets.
pub(crate) fn observed(truth: &mut Truth, plan: &Plan, seen: &str) {
    truth.seen.cast.retain(|(what, operation, _)| *what != "observed" || *operation != plan.task.operation);
    let is_same = if plan.observed == seen { "same" } else { "changed" };
    truth.seen.cast.insert(("observed".into(), plan.task.operation.clone(), is_same));
}

/// An executor is told to do it.
pub(crate) fn applied(truth: &mut Truth, plan: &Plan, folder: &Path) {
    let id = plan.task.operation.clone();
    let Some(row) = truth.db.operations.get(&id) else {
        return truth.violates(21, format!("{id} does not exist"));
    };
    let state = row.op.state;
    let applied = truth.seen.applied.entry(id.clone()).or_insert(0);
    *applied += 1;
    let again = *applied > 1;
    match state {
        State::Dispatched | State::Running if again => {
            truth.violates(16, format!("{id} was started twice"));
        }
        State::Unknown if again => truth.violates(17, format!("{id} was started again after a crash")),
        State::Dispatched | State::Running => {}
        // Taken up by somebody else in this moment; the folder is used once.
        State::Unknown if truth.seen.claims.contains_key(&id) => {}
        State::Succeeded | State::Failed | State::RolledBack | State::NeedsOperator
            if truth.seen.claims.contains_key(&id) => {}
        State::Approved => truth.violates(17, format!("{id} was started before that was durable")),
        other => truth.violates(21, format!("{id} was started, and is {other}")),
    }
    if truth.seen.shown.get(&id).is_some_and(|shown| plan.digest().full() != shown.digest) {
        truth.violates(1, format!("{id} is not what was shown"));
    }
    if truth
        .lab
        .folders
        .get(&folder.display().to_string())
        .is_none_or(|place| place.artefact != plan.artefact)
    {
        truth.violates(2, format!("{id} runs other bytes than were frozen"));
    }
    if truth.seen.cast.contains(&("observed".to_owned(), id.clone(), "changed")) {
        truth.violates(18, format!("{id} was started though its target had changed"));
    }
    let rival = truth.lab.folders.values().any(|other| match &other.run {
        Run::Going { operation, targets, .. } => {
            *operation != id && targets.iter().any(|a| plan.targets.iter().any(|b| overlap(a, b)))
        }
        _ => false,
    });
    if rival {
        truth.violates(18, format!("{id} was started while another run is on its target"));
    }
}

/// An event was handled by a decision about an operation that was in state `before`.
pub(crate) fn decided(truth: &mut Truth, seq: usize, id: &str, before: State) {
    let Some(event) = truth.db.inbox.get(seq).map(|row| row.event.clone()) else { return };
    let Some(row) = truth.db.operations.get(id).cloned() else { return };
    let op = &row.op;
    match &event.what {
        What::Reaction { key, .. } if before.is_pending() && is_on(op, &event) => {
            let user = event.sender.as_str();
            let Some(Some(standing)) = truth.seen.standing.get(&truth.seen.task).cloned() else { return };
            let counts = is_approver(user)
                && has_rights(user, &standing)
                && op.terms.approvers.len() == 1
                && op.terms.also.is_empty();
            let late = truth.now >= op.expires_ts || op.state == State::Expired;
            if !counts || late {
                return;
            }
            if DENY.contains(key) && op.state != State::Denied {
                truth.violates(7, format!("{user} denied {id}, and it is {}", op.state));
            }
            let own = op.terms.self_approval || person(user) != person(&op.requester);
            let voted = row.votes.iter().any(|vote| vote.event_id == event.id);
            if APPROVE.contains(key) && own && !voted && !op.state.is_final() {
                truth.violates(10, format!("{user} approved {id} with {key:?}, and it does not count"));
            }
        }
        What::Redaction { target }
            if before.is_pending()
                && op.state.is_pending()
                && row.votes.iter().any(|vote| vote.event_id == *target) =>
        {
            truth.violates(12, format!("a vote on {id} was taken back, and counts"));
        }
        _ => {}
    }
}

/// An event was handled, and nothing more comes of it.
pub(crate) fn handled(truth: &mut Truth, seq: usize) {
    let Some(event) = truth.db.inbox.get(seq).map(|row| row.event.clone()) else { return };
    let mut broken = None;
    for row in truth.db.operations.values().filter(|row| row.op.state.is_pending()) {
        let op = &row.op;
        match &event.what {
            What::Redaction { target } if op.room_id == event.room => {
                if op.ask_event == *target || op.proposal_event.as_deref() == Some(target) {
                    broken = Some((11, format!("{} waits, and who asked took it back", op.id)));
                } else if row.votes.iter().any(|vote| vote.event_id == *target) {
                    broken = Some((12, format!("a vote on {} was taken back, and counts", op.id)));
                }
            }
            What::Reaction { .. } if is_on(op, &event) => {
                broken = Some((10, format!("{} is a vote on {}, and nobody looked at it", event.id, op.id)));
            }
            _ => {}
        }
    }
    if let Some((invariant, what)) = broken {
        truth.violates(invariant, what);
    }
}

/// Everything has come to rest.
pub(crate) fn at_rest(truth: &mut Truth) {
    let states: Vec<(String, State, u32)> = truth
        .db
        .operations
        .values()
        .map(|row| {
            (row.op.id.clone(), row.op.state, truth.seen.reports.get(&row.op.id).copied().unwrap_or(0))
        })
        .collect();
    for (id, state, reports) in states {
        if !state.is_final() {
            truth.violates(25, format!("{id} has no end: {state}"));
        } else if reports != 1 {
            truth.violates(25, format!("{id} is {state}, reported {reports} times"));
        }
    }
    let mut journal: Vec<&String> = truth.lab.journal.iter().map(|(operation, _)| operation).collect();
    journal.sort();
    let twice = journal.windows(2).any(|pair| pair[0] == pair[1]);
    if twice {
        truth.violates(16, "the journal has an operation twice");
    }
    let mut prev = ralf::audit::GENESIS.to_owned();
    let mut seq = 0;
    let mut whole = true;
    for entry in &truth.db.audit {
        whole &= entry.seq == seq + 1 && entry.prev == prev;
        (seq, prev) = (entry.seq, entry.hash.clone());
    }
    if !whole {
        truth.violates(24, "the record has a gap");
    }
}
