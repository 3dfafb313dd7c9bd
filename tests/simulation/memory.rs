//! The gate's store in memory: every decision is atomic, may fail, and is a place where a process can die before and
//! after it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ralf::approval::{By, Case, Cause, Effect, Freeze, GateStore, Note, Operation, Say, State, propose};
use ralf::audit::{Entry, New};
use ralf::store::StoreError;

use crate::judge;
use crate::truth::{Outbox, Policy, Row, Shared, Truth};

/// Lets everybody else go on: a place to die.
pub(crate) struct Pause(bool);

pub(crate) fn pause() -> Pause {
    Pause(false)
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        Poll::Pending
    }
}

/// The store as one process sees it.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) shared: Shared,
    /// The process's fencing token.
    pub(crate) token: i64,
    pub(crate) rules: Policy,
}

impl Memory {
    /// A transaction, unless the database fails or another process has taken over.
    fn begin(&self) -> Result<std::sync::MutexGuard<'_, Truth>, StoreError> {
        let mut truth = self.shared.lock();
        truth.steps += 1;
        if !truth.settling && truth.rng.one_in(50) {
            return Err(StoreError::Database(sqlx::Error::PoolTimedOut));
        }
        if truth.db.serving != self.token {
            return Err(StoreError::Fenced);
        }
        Ok(truth)
    }

    fn decide_now<R>(
        &self,
        id: &str,
        cause: Cause,
        decide: impl FnOnce(&mut Case) -> R,
    ) -> Result<Option<R>, StoreError> {
        let mut truth = self.begin()?;
        let truth = &mut *truth;
        if !handle(truth, cause) {
            return Ok(None);
        }
        let Some(row) = truth.db.operations.get(id) else { return Ok(None) };
        let (op, votes) = (row.op.clone(), row.votes.clone());
        let targets = &op.plan.targets;
        let held: Vec<i64> =
            truth.db.leases.iter().filter(|(_, by, _)| by == id).map(|(.., token)| *token).collect();
        let lease = held.first().copied().filter(|_| held.len() == targets.len());
        let rival = truth
            .db
            .leases
            .iter()
            .find(|(target, by, _)| by != id && targets.iter().any(|mine| overlap(mine, target)))
            .map(|(_, by, _)| by.clone());
        let mut case = Case::read(op, votes, truth.now, truth.db.freeze.clone(), lease, rival);
        case.unshown = truth.db.outbox.iter().any(|row| !row.sent && row.proposal_of.as_deref() == Some(id));
        let before = case.op.state;
        let decided = decide(&mut case);
        carry_out(truth, &self.rules, case);
        if let Some(seq) = cause {
            judge::decided(truth, usize::try_from(seq).unwrap_or(0), id, before);
        }
        Ok(Some(decided))
    }

    /// Puts new operations to the vote.
    pub(crate) async fn propose(&self, cause: i64, op: Operation) -> Result<(), StoreError> {
        pause().await;
        {
            let mut truth = self.begin()?;
            if handle(&mut truth, Some(cause)) {
                let now = truth.now;
                carry_out(&mut truth, &self.rules, propose(op, now));
            }
        }
        pause().await;
        Ok(())
    }

    /// Takes an event back that is still being handled.
    pub(crate) async fn forget(&self, event: &str) -> Result<(), StoreError> {
        pause().await;
        for row in &mut self.begin()?.db.inbox {
            row.handled |= row.event.id == event;
        }
        Ok(())
    }

    /// Notes that an event is handled, with nothing else.
    pub(crate) async fn handled(&self, cause: i64) -> Result<(), StoreError> {
        pause().await;
        handle(&mut *self.begin()?, Some(cause));
        Ok(())
    }
}

/// Notes that an event is handled; false when it was before.
fn handle(truth: &mut Truth, cause: Cause) -> bool {
    let Some(row) = cause.and_then(|seq| truth.db.inbox.get_mut(usize::try_from(seq).ok()?)) else {
        return true;
    };
    !std::mem::replace(&mut row.handled, true)
}

/// A host overlaps with every service on it.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    let host = |target: &str| {
        let (_, host) = target.rsplit_once('@').or_else(|| target.split_once(':')).unwrap_or(("", target));
        host.to_owned()
    };
    a == b || ((a.starts_with("host:") || b.starts_with("host:")) && host(a) == host(b))
}

fn carry_out(truth: &mut Truth, rules: &Policy, case: Case) {
    let (op, _, effects) = case.into_effects();
    let mut last: Option<&'static str> = None;
    for effect in effects {
        let mut audited = None;
        match effect {
            Effect::Audit(note) => {
                audited = Some(note.kind);
                audit(truth, &op.id, &note);
            }
            Effect::Insert => {
                truth.db.operations.insert(op.id.clone(), Row { op: first(&op), votes: Vec::new() });
                judge::proposed(truth, rules, &op);
            }
            Effect::Move(from, to) => {
                if last != Some(to.as_str()) {
                    truth.violates(24, format!("{} became {to} without a record before it", op.id));
                }
                judge::moves(truth, rules, &op, from, to);
                if let Some(row) = truth.db.operations.get_mut(&op.id) {
                    row.op.state = to;
                }
            }
            Effect::Keep => with(truth, &op.id, |row| {
                row.op.terms = op.terms.clone();
                row.op.course = op.course.clone();
                row.op.expires_ts = op.expires_ts;
            }),
            Effect::Cast(vote) => {
                judge::cast(truth, &op, &vote);
                with(truth, &op.id, |row| {
                    row.votes.retain(|other| other.person != vote.person);
                    row.votes.push(vote);
                });
            }
            Effect::Withdraw(event) => {
                with(truth, &op.id, |row| row.votes.retain(|vote| vote.event_id != event));
            }
            Effect::Void => with(truth, &op.id, |row| row.votes.clear()),
            Effect::Lease(token) => {
                truth.db.leases.retain(|(_, by, _)| *by != op.id);
                let mine = op.plan.targets.iter().map(|target| (target.clone(), op.id.clone(), token));
                truth.db.leases.extend(mine);
            }
            Effect::Release => truth.db.leases.retain(|(_, by, _)| *by != op.id),
            Effect::Outcome(outcome) => with(truth, &op.id, |row| row.op.outcome = Some(outcome)),
            Effect::Say(say) => {
                judge::said(truth, &op, &say);
                match say {
                    Say::Proposal => truth.db.outbox.push(Outbox {
                        room: op.room_id.clone(),
                        txn: op.proposal_txn.clone(),
                        proposal_of: Some(op.id.clone()),
                        sent: false,
                    }),
                    Say::Progress(txn) => {
                        with(truth, &op.id, |row| row.op.progress_txn = Some(txn));
                    }
                    _ => {}
                }
            }
            Effect::Propose(next) => {
                let now = truth.now;
                carry_out(truth, rules, propose(*next, now));
            }
        }
        last = audited;
    }
}

/// A new operation as it is first stored: what follows is told by effects.
fn first(op: &Operation) -> Operation {
    Operation { state: State::AwaitingApproval, ..op.clone() }
}

fn with(truth: &mut Truth, id: &str, change: impl FnOnce(&mut Row)) {
    if let Some(row) = truth.db.operations.get_mut(id) {
        change(row);
    }
}

fn audit(truth: &mut Truth, operation: &str, note: &Note) {
    judge::noted(truth, operation, note);
    let (seq, prev) = head(truth);
    let new = New {
        kind: note.kind,
        operation,
        actor: &note.actor,
        event_id: &note.event_id,
        detail: &note.detail,
    };
    let entry = Entry::after(seq, prev, truth.now, new);
    truth.db.audit.push(entry);
}

fn head(truth: &Truth) -> (i64, String) {
    let last = truth.db.audit.last();
    last.map_or((0, ralf::audit::GENESIS.to_owned()), |entry| (entry.seq, entry.hash.clone()))
}

impl GateStore for Memory {
    async fn decide<R: Send>(
        &self,
        id: &str,
        cause: Cause,
        decide: impl FnOnce(&mut Case) -> R + Send,
    ) -> Result<Option<R>, StoreError> {
        pause().await;
        let decided = self.decide_now(id, cause, decide);
        pause().await;
        decided
    }

    async fn operation(&self, id: &str) -> Result<Option<Operation>, StoreError> {
        Ok(self.shared.lock().db.operations.get(id).map(|row| row.op.clone()))
    }

    async fn in_state(&self, state: State) -> Result<Vec<String>, StoreError> {
        Ok(self.shared.lock().in_state(state))
    }

    async fn due(&self, now: i64) -> Result<Vec<String>, StoreError> {
        let truth = self.shared.lock();
        let rows = truth.db.operations.values();
        Ok(rows
            .filter(|row| row.op.state.is_pending() && row.op.due_ts() <= now)
            .map(|row| row.op.id.clone())
            .collect())
    }

    async fn pending_in(&self, room: &str) -> Result<Vec<String>, StoreError> {
        let truth = self.shared.lock();
        let rows = truth.db.operations.values();
        Ok(rows
            .filter(|row| row.op.state.is_pending() && row.op.room_id == room)
            .map(|row| row.op.id.clone())
            .collect())
    }

    async fn proposed_by(&self, event_id: &str) -> Result<Option<Operation>, StoreError> {
        pause().await;
        let truth = self.shared.lock();
        let mut rows = truth.db.operations.values();
        Ok(rows.find(|row| row.op.proposal_event.as_deref() == Some(event_id)).map(|row| row.op.clone()))
    }

    async fn voted_by(&self, event_id: &str) -> Result<Option<(Operation, String)>, StoreError> {
        pause().await;
        let truth = self.shared.lock();
        let mut rows = truth.db.operations.values();
        Ok(rows.find_map(|row| {
            let vote = row.votes.iter().find(|vote| vote.event_id == event_id)?;
            Some((row.op.clone(), vote.room.clone()))
        }))
    }

    async fn asked_by(&self, event_id: &str) -> Result<Vec<Operation>, StoreError> {
        pause().await;
        let truth = self.shared.lock();
        let rows = truth.db.operations.values();
        Ok(rows.filter(|row| row.op.ask_event == event_id).map(|row| row.op.clone()).collect())
    }

    async fn unsent(&self, room: &str) -> Result<bool, StoreError> {
        pause().await;
        Ok(self.shared.lock().db.outbox.iter().any(|row| !row.sent && row.room == room))
    }

    async fn freeze(&self, cause: Cause, by: By<'_>, freeze: Option<&Freeze>) -> Result<bool, StoreError> {
        pause().await;
        let fresh = {
            let mut truth = self.begin()?;
            let fresh = handle(&mut truth, cause);
            if fresh {
                let kind = if freeze.is_some() { "frozen" } else { "unfrozen" };
                let note = Note {
                    kind,
                    actor: by.actor.to_owned(),
                    event_id: by.event.to_owned(),
                    detail: String::new(),
                };
                audit(&mut truth, "", &note);
                truth.db.freeze = freeze.cloned();
            }
            fresh
        };
        pause().await;
        Ok(fresh)
    }

    fn fresh_token(&self) -> i64 {
        let mut truth = self.shared.lock();
        truth.db.next_token += 1;
        truth.db.next_token
    }

    fn now_ms(&self) -> i64 {
        self.shared.lock().now
    }
}
