//! The gate: the only way from a wish to an executor. What it needs from outside is a [`World`]: the house, or a
//! simulation of one. What it decides is pure ([`super::vote`], [`super::time`], [`super::dispatch`]); here is only the
//! order in which it asks, decides and acts, and the one place where a [`Permit`] is made.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::dispatch;
use super::mutants::{self, Mutant};
use super::policy::Rules;
use super::{By, GateStore, Operation, Permit, Place, Standing, State, time, vote};
use crate::execution::{Adopted, Executor, ExecutorError, Outcome, Progress};
use crate::plan::Digest;
use crate::report::messages;
use crate::store::StoreError;

/// What the gate needs from outside.
pub trait World: Send + Sync {
    /// Where operations are kept.
    type Store: GateStore;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// People and policy in force.
    fn rules(&self) -> &Rules;

    /// The executor of that name.
    fn executor(&self, name: &str) -> Option<Arc<dyn Executor>>;

    /// Who is in a room with which power, as the homeserver says it now to a bot that is there.
    fn standing(&self, room: &str, speaker: &str)
    -> impl Future<Output = Result<Standing, GateError>> + Send;

    /// A new, empty run folder for an operation.
    fn fresh_folder(&self, id: &str) -> impl Future<Output = std::io::Result<PathBuf>> + Send;

    /// A fresh operation id.
    fn new_operation_id(&self) -> String;

    /// A fresh transaction id.
    fn new_txn_id(&self) -> String;

    /// Where an operation's progress goes to.
    fn progress(&self, op: &Operation) -> mpsc::Sender<Progress>;

    /// A text without the secrets that are known, and without what looks like one.
    fn hide(&self, text: &str) -> String;

    /// What of an outcome is told in the room, and whether the log is attached.
    fn shown(&self, outcome: &Outcome) -> (Outcome, bool);
}

/// Why the gate could not decide; then nothing happens.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The homeserver could not say who is in the room.
    #[error("the homeserver can't say who is in the room: {0}")]
    Standing(String),
    /// It came before the message that it is about is known to be sent.
    #[error("what it is about is still on its way")]
    TooEarly,
}

/// A reaction. Returns whether it was one on a proposal.
///
/// # Errors
/// [`GateError::TooEarly`] when something of ours is still on its way into the room: it may be what this is about.
pub async fn react<W: World>(
    world: &W,
    cause: i64,
    room: &str,
    target: &str,
    key: &str,
    by: By<'_>,
) -> Result<bool, GateError> {
    let store = world.store();
    // Asked first: what is sent meanwhile is found then.
    let unsent = super::verdict(key).is_some() && store.unsent(room).await?;
    let mut found = store.proposed_by(target).await?;
    if found.is_none() && mutants::is(Mutant::AnyEventCounts) {
        found = store.asked_by(target).await?.pop();
    }
    let Some(op) = found else {
        return if unsent { Err(GateError::TooEarly) } else { Ok(false) };
    };
    let Some(verdict) = super::verdict(key).filter(|_| op.room_id == room) else { return Ok(false) };
    let ballot = vote::Ballot { by, verdict, reason: "", place: None };
    cast(world, cause, &op, ballot).await?;
    Ok(true)
}

/// A vote, by a reaction or by words.
pub async fn cast<W: World>(
    world: &W,
    cause: i64,
    op: &Operation,
    ballot: vote::Ballot<'_>,
) -> Result<(), GateError> {
    let standing = standing(world, op).await?;
    let rules = world.rules();
    world.store().decide(&op.id, noted(cause), |case| vote::vote(case, rules, &standing, ballot)).await?;
    Ok(())
}

/// The note that an event is handled; a mutant forgets it.
fn noted(cause: i64) -> super::Cause {
    (!mutants::is(Mutant::HandledTwice)).then_some(cause)
}

/// Asks the homeserver; a mutant takes what it can't say for consent.
async fn standing<W: World>(world: &W, op: &Operation) -> Result<Standing, GateError> {
    match world.standing(&op.room_id, &op.speaker).await {
        Err(_) if mutants::is(Mutant::FailOpen) => Ok(Standing {
            members: world.rules().everybody().map(|id| (id.to_owned(), i64::MAX)).collect(),
            upgraded: false,
        }),
        Ok(mut standing) if mutants::is(Mutant::UpgradeKeepsVotes) => {
            standing.upgraded = false;
            Ok(standing)
        }
        other => other,
    }
}

/// Something was redacted: a vote, an asking message, or a proposal. Returns whether it was one of them.
pub async fn redact<W: World>(
    world: &W,
    cause: i64,
    room: &str,
    target: &str,
    by: By<'_>,
) -> Result<bool, GateError> {
    let store = world.store();
    if let Some((op, _)) = store.voted_by(target).await?.filter(|(_, voted_in)| voted_in == room) {
        let standing = standing(world, &op).await?;
        let rules = world.rules();
        store.decide(&op.id, Some(cause), |case| vote::withdraw(case, rules, &standing, by, target)).await?;
        return Ok(true);
    }
    if mutants::is(Mutant::RedactionForgotten) {
        return Ok(false);
    }
    // Asked again afterwards: what is taken back may have been superseded in this moment.
    for _ in 0..8 {
        let mut about = store.asked_by(target).await?;
        about.extend(store.proposed_by(target).await?);
        about.retain(|op| op.state.is_pending() && op.room_id == room);
        if about.is_empty() {
            break;
        }
        for op in &about {
            store.decide(&op.id, None, |case| vote::cancel(case, by, None)).await?;
        }
    }
    Ok(false)
}

/// `cancel ID`: takes back what is pending, stops what runs. Whether `by` may is asked before. Returns whether there was
/// something to stop.
pub async fn cancel<W: World>(
    world: &W,
    cause: i64,
    op: &Operation,
    by: By<'_>,
    place: &Place,
) -> Result<bool, GateError> {
    let store = world.store();
    let decided = store
        .decide(&op.id, Some(cause), |case| {
            if case.op.state.is_pending() {
                vote::cancel(case, by, Some(place));
                return None;
            }
            dispatch::stop(case, by, place).then(|| case.op.clone())
        })
        .await?;
    let Some(Some(op)) = decided else { return Ok(false) };
    stop(world, &op).await;
    Ok(true)
}

/// Asks the executor to stop a run.
async fn stop<W: World>(world: &W, op: &Operation) {
    let Some(executor) = world.executor(&op.plan.executor) else { return };
    if let Err(error) = executor.cancel(&op.plan, &PathBuf::from(&op.folder)).await {
        tracing::warn!(
            operation = op.id,
            error = &error as &dyn std::error::Error,
            "a run could not be asked to stop"
        );
    }
}

/// Who has which rights changed in a room, or the room was replaced: what waits in it is looked at again.
pub async fn rights_changed<W: World>(world: &W, room: &str, by: By<'_>) -> Result<(), GateError> {
    for id in world.store().pending_in(room).await? {
        let Some(op) = world.store().operation(&id).await? else { continue };
        let standing = standing(world, &op).await?;
        let rules = world.rules();
        let decide = |case: &mut _| vote::rights_changed(case, rules, &standing, by);
        each(&id, world.store().decide(&id, None, decide).await.map_err(Into::into))?;
    }
    Ok(())
}

/// A person says how an operation ended that was cut off.
pub async fn resolve<W: World>(
    world: &W,
    cause: i64,
    id: &str,
    done: bool,
    by: By<'_>,
    reason: &str,
) -> Result<(), GateError> {
    world.store().decide(id, Some(cause), |case| dispatch::resolve(case, done, by, reason)).await?;
    Ok(())
}

/// Does what is due by the clock.
pub async fn tick<W: World>(world: &W) -> Result<(), GateError> {
    let store = world.store();
    for id in store.due(store.now_ms()).await? {
        each(&id, store.decide(&id, None, |case| time::tick(case, world.rules())).await.map_err(Into::into))?;
    }
    Ok(())
}

/// One that can't be decided does not stop the others.
fn each<T>(id: &str, decided: Result<T, GateError>) -> Result<(), GateError> {
    match decided {
        Err(error @ GateError::Store(StoreError::Fenced)) => Err(error),
        Err(error) => {
            tracing::error!(operation = id, error = &error as &dyn std::error::Error, "not decided now");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

/// Applies a policy that was made stricter to what waits: what a start begins with.
pub async fn tighten<W: World>(world: &W) -> Result<(), GateError> {
    for state in [State::AwaitingApproval, State::Approved] {
        for id in world.store().in_state(state).await? {
            each(&id, tighten_one(world, &id).await)?;
        }
    }
    Ok(())
}

async fn tighten_one<W: World>(world: &W, id: &str) -> Result<(), GateError> {
    let Some(op) = world.store().operation(id).await? else { return Ok(()) };
    let standing = standing(world, &op).await?;
    let rules = world.rules();
    let decide = |case: &mut super::Case| {
        time::tighten(case, rules);
        vote::rights_changed(case, rules, &standing, By::RALF);
        if vote::reopen(case, rules, &standing, By::RALF) {
            case.refresh();
        }
    };
    world.store().decide(id, None, decide).await?;
    Ok(())
}

/// Takes an approved operation to its end: leases its targets, looks at them again, claims, applies, reports. Returns at
/// once when it has to wait.
pub async fn dispatch<W: World>(world: &W, id: &str) -> Result<(), GateError> {
    let store = world.store();
    let token = store.fresh_token();
    let leased = store
        .decide(id, None, |case| dispatch::lease(case, world.rules(), token).then(|| case.op.clone()))
        .await?;
    let Some(Some(op)) = leased else { return Ok(()) };
    let folder = PathBuf::from(&op.folder);
    let Some(executor) = world.executor(&op.plan.executor) else {
        return fail(world, &op, vec![gone(&op)]).await;
    };
    match executor.observe(&op.plan, &folder).await {
        Ok(observed) if observed == op.plan.observed || mutants::is(Mutant::StaleRuns) => {}
        Ok(_) => return plan_again(world, &op, executor.as_ref()).await,
        Err(error) => return fail(world, &op, vec![words(&error)]).await,
    }
    let standing = match standing(world, &op).await {
        Ok(standing) => standing,
        Err(error) => {
            // Others may go on meanwhile.
            store.decide(id, None, |case| dispatch::unlease(case, token)).await?;
            return Err(error);
        }
    };
    let claimed = if mutants::is(Mutant::EffectBeforeDispatch) {
        Some(true)
    } else {
        store.decide(id, None, |case| dispatch::claim(case, world.rules(), &standing, token)).await?
    };
    if claimed != Some(true) && !mutants::is(Mutant::PermitForAnything) {
        return Ok(());
    }
    let permit = Permit::new(Digest::stored(op.digest.clone()));
    let txn_id = world.new_txn_id();
    let running = store
        .decide(id, None, |case| {
            dispatch::begin(case, &txn_id);
            case.op.clone()
        })
        .await?;
    let mut op = running.unwrap_or(op);
    if let Some(by) = &op.course.stopping {
        let facts = vec![messages::stopped_before(op.lang(), by)];
        return fail(world, &op, facts).await;
    }
    if mutants::is(Mutant::PlanAgainAtDispatch)
        && let Ok(plan) = executor.plan(&op.plan.task, &folder, world.rules().version()).await
    {
        op.plan = plan;
    }
    let outcome = executor.apply(&op.plan, &folder, permit, world.progress(&op)).await;
    match outcome {
        Ok(outcome) => ended(world, &op, outcome).await,
        Err(ExecutorError::Lost(evidence)) => ask(world, &op, evidence).await,
        // It may have begun: only the run itself can tell how it ended.
        Err(error @ (ExecutorError::Io { .. } | ExecutorError::Spent)) => {
            tracing::error!(
                operation = id,
                error = &error as &dyn std::error::Error,
                "a run can't be followed"
            );
            adopt(world, id).await
        }
        Err(error) => fail(world, &op, vec![words(&error)]).await,
    }
}

/// Takes up an operation that was dispatched and that nobody follows: by what the executor knows of it, never by running
/// it again.
///
/// # Errors
/// [`GateError::TooEarly`] when its run can't be read now: try again in a while.
pub async fn adopt<W: World>(world: &W, id: &str) -> Result<(), GateError> {
    let store = world.store();
    let seen = store
        .decide(id, None, |case| {
            dispatch::lose_sight(case);
            case.op.clone()
        })
        .await?;
    let Some(op) = seen.filter(|op| op.state == State::Unknown) else { return Ok(()) };
    let folder = PathBuf::from(&op.folder);
    let Some(executor) = world.executor(&op.plan.executor) else {
        return ask(world, &op, vec![gone(&op)]).await;
    };
    if op.course.stopping.is_some() {
        stop(world, &op).await;
    }
    let adopted = executor.adopt(&op.plan, &folder, world.progress(&op)).await;
    match adopted {
        Ok(Adopted::Ended(outcome)) => ended(world, &op, outcome).await,
        Ok(Adopted::NeverBegan | Adopted::Unknown(_)) if mutants::is(Mutant::BlindRerun) => {
            let permit = Permit::new(Digest::stored(op.digest.clone()));
            let again = world.fresh_folder(&op.id).await;
            let folder = again.unwrap_or(folder);
            match executor.apply(&op.plan, &folder, permit, world.progress(&op)).await {
                Ok(outcome) => ended(world, &op, outcome).await,
                Err(error) => fail(world, &op, vec![words(&error)]).await,
            }
        }
        Ok(Adopted::NeverBegan) => fail(world, &op, vec![messages::never_began(op.lang()).into()]).await,
        Ok(Adopted::Unknown(evidence)) => ask(world, &op, evidence).await,
        Err(error @ ExecutorError::Io { .. }) => {
            tracing::error!(
                operation = id,
                error = &error as &dyn std::error::Error,
                "a run can't be read; next try soon"
            );
            Err(GateError::TooEarly)
        }
        Err(error) => ask(world, &op, vec![words(&error)]).await,
    }
}

async fn ended<W: World>(world: &W, op: &Operation, outcome: Outcome) -> Result<(), GateError> {
    let to = match (outcome.success, outcome.rolled_back) {
        (true, _) => State::Succeeded,
        (false, true) => State::RolledBack,
        (false, false) => State::Failed,
    };
    end(world, &op.id, to, outcome).await
}

async fn fail<W: World>(world: &W, op: &Operation, facts: Vec<String>) -> Result<(), GateError> {
    end(world, &op.id, State::Failed, plain(op, false, facts)).await
}

async fn ask<W: World>(world: &W, op: &Operation, evidence: Vec<String>) -> Result<(), GateError> {
    end(world, &op.id, State::NeedsOperator, plain(op, false, evidence)).await
}

fn plain(op: &Operation, success: bool, facts: Vec<String>) -> Outcome {
    let log = PathBuf::from(&op.folder).join("log.txt");
    Outcome { success, rolled_back: false, facts, log }
}

async fn end<W: World>(world: &W, id: &str, to: State, mut outcome: Outcome) -> Result<(), GateError> {
    if !mutants::is(Mutant::SecretValue) {
        outcome.facts = outcome.facts.iter().map(|fact| world.hide(fact)).collect();
    }
    let (shown, attach) = world.shown(&outcome);
    world
        .store()
        .decide(id, None, |case| dispatch::finish(case, to, By::RALF, &outcome, &shown, attach))
        .await?;
    Ok(())
}

/// The target changed: a new plan, a new vote.
async fn plan_again<W: World>(world: &W, op: &Operation, executor: &dyn Executor) -> Result<(), GateError> {
    let mut task = op.plan.task.clone();
    task.operation = world.new_operation_id();
    let folder = match world.fresh_folder(&task.operation).await {
        Ok(folder) => folder,
        Err(error) => return fail(world, op, vec![error.to_string()]).await,
    };
    let plan = match executor.plan(&task, &folder, world.rules().version()).await {
        Ok(plan) => plan,
        Err(error) => return fail(world, op, vec![words(&error)]).await,
    };
    if !plan.changes() {
        let facts = vec![messages::meanwhile_so(op.lang()).to_owned()];
        return end(world, &op.id, State::Succeeded, plain(op, true, facts)).await;
    }
    let made =
        super::request::Made { plan, folder, now: world.store().now_ms(), proposal_txn: world.new_txn_id() };
    let next = super::request::instead_of(op, world.rules(), made);
    world.store().decide(&op.id, None, |case| dispatch::supersede(case, next)).await?;
    Ok(())
}

fn gone(op: &Operation) -> String {
    format!("there is no executor {:?} any more", op.plan.executor)
}

fn words(error: &ExecutorError) -> String {
    match error {
        ExecutorError::Io { what, source } => format!("{what}: {source}"),
        other => other.to_string(),
    }
}
