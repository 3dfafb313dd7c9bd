//! A request for consent: made from a plan, under the terms that the policy gives. Pure.

use std::path::PathBuf;
use std::sync::LazyLock;

use ralf_intents::{Catalogue, Intent, IntentSpec};
use serde_json::json;

use super::case::{By, Case, Effect, Notice, Say};
use super::mutants::{self, Mutant};
use super::policy::{About, Rules};
use super::{Course, Operation, State};
use crate::conversation::Talk;
use crate::plan::{Plan, Risk};

/// A plan that was just made.
#[derive(Debug)]
pub struct Made {
    /// The plan.
    pub plan: Plan,
    /// Where it lies.
    pub folder: PathBuf,
    /// Milliseconds since the epoch.
    pub now: i64,
    /// The transaction id that the proposal will have.
    pub proposal_txn: String,
}

/// A new operation around a plan that a person asked for.
pub fn operation(rules: &Rules, talk: &Talk, intent: &Intent, bot: &str, made: Made) -> Operation {
    let Made { mut plan, folder, now, proposal_txn } = made;
    plan.risk = risk(rules, &plan, intent);
    let about = About { intent: &intent.name, bot, risk: plan.risk, targets: &plan.targets };
    let terms = match builtin(&plan, &intent.name) {
        Some(spec) => rules
            .in_force(&rules.terms(&about), &About { intent: &spec.name, bot: spec.bot.as_str(), ..about }),
        None => rules.terms(&about),
    };
    Operation {
        id: plan.task.operation.clone(),
        state: State::AwaitingApproval,
        room_id: talk.room.clone(),
        speaker: talk.bot.name().into(),
        lang: talk.lang.as_str().into(),
        ask_event: talk.ask_event.clone(),
        sentence: talk.sentence.clone(),
        understood: talk.understood.clone(),
        requester: talk.asker.clone(),
        intent: intent.name.clone(),
        slots: intent.slots.clone(),
        bot: bot.into(),
        digest: plan.digest().full().to_owned(),
        plan,
        folder: folder.display().to_string(),
        expires_ts: now.saturating_add(terms.expiry_ms),
        terms,
        course: Course::default(),
        created_ts: now,
        proposal_txn,
        proposal_event: None,
        progress_txn: None,
        outcome: None,
    }
}

/// Makes it the undoing of another operation. It takes what its own intent takes and, where that is more, what the
/// action behind it takes: a removal is no easier to get by way of an undoing.
pub fn undoing(rules: &Rules, mut op: Operation, done: &str) -> Operation {
    let intent = format!("{}_service", op.plan.task.action);
    let about = About { intent: &intent, bot: &op.bot, risk: op.plan.risk, targets: &op.plan.targets };
    op.terms = rules.in_force(&op.terms, &about);
    op.expires_ts = op.created_ts.saturating_add(op.terms.expiry_ms);
    op.course.undoes = Some(done.to_owned());
    op
}

/// The built-in intent that leads to the same action, when an intent of another name planned it: its rule holds, too. A
/// removal is no easier to get under a name of one's own.
fn builtin(plan: &Plan, intent: &str) -> Option<&'static IntentSpec> {
    static BUILTIN: LazyLock<Option<Catalogue>> = LazyLock::new(|| Catalogue::builtin().ok());
    let action = Some(plan.task.action.as_str());
    BUILTIN.as_ref()?.intents().find(|spec| spec.plan.as_deref() == action && spec.name != intent)
}

/// The executor's risk, raised by the policy; a mutant believes what the model put into the slots.
fn risk(rules: &Rules, plan: &Plan, intent: &Intent) -> Risk {
    if mutants::is(Mutant::ModelLowersRisk) && intent.slots.contains_key("risk") {
        return Risk::Low;
    }
    raised(rules, plan, &intent.name)
}

fn raised(rules: &Rules, plan: &Plan, intent: &str) -> Risk {
    let raised = rules.risk(plan, intent);
    builtin(plan, intent).map_or(raised, |spec| raised.max(rules.risk(plan, &spec.name)))
}

/// The operation that takes `op`'s place with a newer plan: asked by the same person, under the policy of now.
pub(super) fn instead_of(op: &Operation, rules: &Rules, made: Made) -> Operation {
    let Made { mut plan, folder, now, proposal_txn } = made;
    plan.risk = raised(rules, &plan, &op.intent);
    let about = About { intent: &op.intent, bot: &op.bot, risk: plan.risk, targets: &plan.targets };
    let terms = rules.in_force(&op.terms, &about);
    Operation {
        id: plan.task.operation.clone(),
        state: State::AwaitingApproval,
        digest: plan.digest().full().to_owned(),
        plan,
        folder: folder.display().to_string(),
        created_ts: now,
        expires_ts: now.saturating_add(terms.expiry_ms),
        terms,
        course: Course {
            origin: op.course.origin.clone(),
            undoes: op.course.undoes.clone(),
            done_reply: op.course.done_reply.clone(),
            ..Course::default()
        },
        proposal_txn,
        proposal_event: None,
        progress_txn: None,
        outcome: None,
        ..op.clone()
    }
}

/// Puts a new operation to the vote: stored, recorded, said. What changes nothing may need no vote.
pub fn propose(op: Operation, now: i64) -> Case {
    let mut case = Case::new(op, now);
    let op = &case.op;
    let detail = json!({
        "digest": op.digest, "intent": op.intent, "slots": op.slots, "understood": op.understood,
        "rule": op.terms.rule, "risk": op.plan.risk.as_str(),
    });
    let (asker, ask) = (op.requester.clone(), op.ask_event.clone());
    let free = op.terms.approvals == 0 && op.plan.risk == Risk::Read && !op.terms.second_factor;
    case.note("proposed", By { actor: &asker, event: &ask }, detail.to_string());
    case.then(Effect::Insert);
    case.say(Say::Proposal);
    if !crate::report::messages::attachments(&case.op).is_empty() {
        case.say(Say::Diff);
    }
    if free && case.become_(State::Approved, By::RALF, "it changes nothing") {
        case.tell(Notice::Approved(Vec::new()));
    }
    case
}
