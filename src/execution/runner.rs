//! The runner: takes approved operations, one lease per target, and follows each to its one report. After a crash it
//! adopts what goes on and asks about what was cut off; it never runs anything again blindly.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{Adopted, Executor, ExecutorError, Outcome, Progress};
use crate::approval::{self, Claim};
use crate::house::House;
use crate::report::messages;
use crate::store::{NewMessage, Operation, State, StoreError, sent};

/// A progress message is edited at most this often.
const EDIT_PAUSE: Duration = Duration::from_secs(2);
/// Above this the whole log is attached.
const MANY_FACTS: usize = 8;
const LOG_SIZE: u64 = 4_000;
/// The fallback for a wake-up that was missed, and the precision of expiry.
const TICK: Duration = Duration::from_millis(500);
/// How long an operation rests after trouble.
const RETRY: Duration = Duration::from_secs(5);

/// Runs until `stop` says so. What is running then goes on by itself and is adopted at the next start.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let runner = Runner { house, busy: Arc::default(), told: Arc::default(), tasks: TaskTracker::new() };
    if let Err(error) = runner.house.store.release_ended().await {
        runner.trouble(&error, "targets of ended operations can't be given back");
    }
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            () = runner.house.approved.notified() => {}
            _ = tick.tick() => {}
            _ = stop.changed() => break,
        }
        if let Err(error) = approval::expire_due(&runner.house).await {
            runner.trouble(&error, "expiry waits");
        }
        if let Err(error) = runner.resume().await {
            runner.trouble(&error, "what was dispatched can't be taken up");
        }
        if let Err(error) = runner.start_approved().await {
            runner.trouble(&error, "approved operations wait");
        }
    }
}

/// An operation that is worked on.
struct Busy {
    busy: Arc<Mutex<HashSet<String>>>,
    id: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[derive(Clone)]
struct Runner {
    house: Arc<House>,
    busy: Arc<Mutex<HashSet<String>>>,
    told: Arc<Mutex<HashSet<String>>>,
    tasks: TaskTracker,
}

impl Runner {
    fn trouble(&self, error: &StoreError, what: &str) {
        if matches!(error, StoreError::Fenced) {
            self.house.lost_lease.notify_one();
        }
        tracing::error!(error = error as &dyn std::error::Error, "{what}");
    }

    /// Marks an operation as being worked on, until the value is dropped; nothing when it is already.
    fn begin(&self, id: &str) -> Option<Busy> {
        let fresh = self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        fresh.then(|| Busy { busy: Arc::clone(&self.busy), id: id.to_owned() })
    }

    fn spawn(&self, busy: Busy, work: impl Future<Output = Result<(), StoreError>> + Send + 'static) {
        let runner = self.clone();
        self.tasks.spawn(async move {
            if let Err(error) = work.await {
                runner.trouble(&error, "an operation stands still; it is taken up again");
                tokio::time::sleep(RETRY).await;
            }
            drop(busy);
            runner.house.approved.notify_one();
        });
    }

    /// Takes up what was dispatched and that nobody follows: of the last run, or after trouble.
    async fn resume(&self) -> Result<(), StoreError> {
        for state in [State::Dispatched, State::Running, State::Unknown] {
            for op in self.house.store.operations_in(state).await? {
                if let Some(busy) = self.begin(&op.id) {
                    let runner = self.clone();
                    self.spawn(busy, async move { runner.adopt(op).await });
                }
            }
        }
        Ok(())
    }

    async fn start_approved(&self) -> Result<(), StoreError> {
        for op in self.house.store.operations_in(State::Approved).await? {
            let Some(busy) = self.begin(&op.id) else { continue };
            let Some(token) = self.lease(&op).await? else { continue };
            let runner = self.clone();
            self.spawn(busy, async move { runner.execute(op, token).await });
        }
        Ok(())
    }

    /// Leases all targets under one token, or none and says once who has them.
    async fn lease(&self, op: &Operation) -> Result<Option<i64>, StoreError> {
        let mut tx = self.house.store.begin().await?;
        let approved = tx.lock_operation(&op.id).await?.is_some_and(|(now, _)| now.state == State::Approved);
        if !approved {
            return Ok(None);
        }
        if let Some(token) = tx.lease_targets(op).await? {
            tx.commit().await?;
            return Ok(Some(token));
        }
        drop(tx);
        self.tell_queued(op).await?;
        Ok(None)
    }

    async fn tell_queued(&self, op: &Operation) -> Result<(), StoreError> {
        if !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(op.id.clone()) {
            return Ok(());
        }
        let mut holder = None;
        for target in &op.plan.targets {
            holder = holder.or(self.house.store.lease_holder(target).await?);
        }
        let votes = self.house.store.votes(&op.id).await?;
        let text = messages::queued(approval::lang(op), &holder.unwrap_or_default())
            .notice()
            .in_thread(&approval::root(op))
            .with("org.ralf.operation", messages::field(op, approval::approvers(&votes).len()));
        let mut tx = self.house.store.begin().await?;
        tx.say(approval::message(op, "m.room.message", text.build())).await?;
        tx.commit().await
    }

    fn executor(&self, op: &Operation) -> Option<Arc<dyn Executor>> {
        self.house.executors.get(&op.plan.executor).cloned()
    }

    /// Looks at the targets again, claims, applies, reports.
    async fn execute(&self, mut op: Operation, token: i64) -> Result<(), StoreError> {
        let folder = PathBuf::from(&op.folder);
        let Some(executor) = self.executor(&op) else {
            return self.fail(&op, vec![gone(&op)]).await;
        };
        match executor.observe(&op.plan, &folder).await {
            Ok(observed) if observed == op.plan.observed => {}
            Ok(_) => return self.plan_again(&op, executor.as_ref()).await,
            Err(error) => return self.fail(&op, vec![words(&error)]).await,
        }
        let permit = match approval::claim(&self.house, &mut op, token).await? {
            Claim::Granted(permit) => permit,
            Claim::Refused => return Ok(()),
        };
        let text = |op: &Operation| {
            let steps = u32::try_from(op.plan.steps.len()).unwrap_or(u32::MAX);
            messages::progress(
                approval::lang(op),
                op,
                &Progress { done: 0, total: steps, now: String::new() },
            )
        };
        approval::show_running(&self.house.store, &mut op, text).await?;
        let (sender, receiver) = mpsc::channel(64);
        let watcher = self.watch(&op, receiver);
        let outcome = executor.apply(&op.plan, &folder, permit, sender).await;
        let _ = watcher.await;
        match outcome {
            Ok(outcome) => self.finish(&op, outcome).await,
            Err(ExecutorError::Lost(evidence)) => self.ask_operator(&op, evidence).await,
            // It may have begun: only the run itself can tell how it ended.
            Err(error @ ExecutorError::Io { .. }) => {
                tracing::error!(
                    operation = op.id,
                    error = &error as &dyn std::error::Error,
                    "a run can't be followed"
                );
                self.adopt(op).await
            }
            Err(error) => self.fail(&op, vec![words(&error)]).await,
        }
    }

    async fn adopt(&self, op: Operation) -> Result<(), StoreError> {
        let folder = PathBuf::from(&op.folder);
        let Some(executor) = self.executor(&op) else {
            return self.ask_operator(&op, vec![gone(&op)]).await;
        };
        let (sender, receiver) = mpsc::channel(64);
        let watcher = self.watch(&op, receiver);
        let adopted = executor.adopt(&op.plan, &folder, sender).await;
        let _ = watcher.await;
        match adopted {
            Ok(Adopted::Ended(outcome)) => self.finish(&op, outcome).await,
            Ok(Adopted::NeverBegan) => {
                self.fail(&op, vec![messages::never_began(approval::lang(&op)).into()]).await
            }
            Ok(Adopted::Unknown(evidence)) => self.ask_operator(&op, evidence).await,
            // Its folder can't be read now; it is looked at again.
            Err(error @ ExecutorError::Io { .. }) => {
                tracing::error!(
                    operation = op.id,
                    error = &error as &dyn std::error::Error,
                    "a run can't be read; next try soon"
                );
                tokio::time::sleep(RETRY).await;
                Ok(())
            }
            Err(error) => self.ask_operator(&op, vec![words(&error)]).await,
        }
    }

    /// Edits the progress message as reports come in, not too often; the last one always.
    fn watch(&self, op: &Operation, mut reports: mpsc::Receiver<Progress>) -> tokio::task::JoinHandle<()> {
        let (house, op) = (Arc::clone(&self.house), op.clone());
        tokio::spawn(async move {
            let mut last: Option<Instant> = None;
            let mut waiting: Option<Progress> = None;
            loop {
                let due = last.map_or_else(Instant::now, |last| last + EDIT_PAUSE);
                tokio::select! {
                    report = reports.recv() => match report {
                        Some(report) => waiting = Some(report),
                        None => break,
                    },
                    () = tokio::time::sleep_until(due), if waiting.is_some() => {
                        if let Some(report) = waiting.take() {
                            show(&house, &op, &report);
                            last = Some(Instant::now());
                        }
                    }
                }
            }
            if let Some(report) = waiting {
                show(&house, &op, &report);
            }
        })
    }

    async fn finish(&self, op: &Operation, outcome: Outcome) -> Result<(), StoreError> {
        let to = if outcome.success { State::Succeeded } else { State::Failed };
        self.end_with(op, to, outcome).await
    }

    async fn fail(&self, op: &Operation, facts: Vec<String>) -> Result<(), StoreError> {
        let log = Path::new(&op.folder).join("log.txt");
        self.end_with(op, State::Failed, Outcome { success: false, rolled_back: false, facts, log }).await
    }

    async fn ask_operator(&self, op: &Operation, evidence: Vec<String>) -> Result<(), StoreError> {
        let log = Path::new(&op.folder).join("log.txt");
        self.end_with(
            op,
            State::NeedsOperator,
            Outcome { success: false, rolled_back: false, facts: evidence, log },
        )
        .await
    }

    async fn end_with(&self, op: &Operation, to: State, outcome: Outcome) -> Result<(), StoreError> {
        let long = std::fs::metadata(&outcome.log).is_ok_and(|file| file.len() > LOG_SIZE);
        let attach = (long || outcome.facts.len() > MANY_FACTS || !outcome.success) && outcome.log.is_file();
        let mut shown = outcome.clone();
        if shown.facts.len() > MANY_FACTS {
            shown.facts.truncate(MANY_FACTS);
            shown.facts.push("…".into());
        }
        approval::finish(&self.house.store, &op.id, to, &outcome, &shown, attach).await
    }

    /// The targets changed: a new plan, a new vote.
    async fn plan_again(&self, op: &Operation, executor: &dyn Executor) -> Result<(), StoreError> {
        let mut task = op.plan.task.clone();
        task.operation = self.house.new_operation_id();
        let folder = self.house.run_folder(&task.operation);
        if let Err(error) = tokio::fs::create_dir_all(&folder).await {
            return self.fail(op, vec![format!("{}: {error}", folder.display())]).await;
        }
        let plan = match executor.plan(&task, &folder, &self.house.policy_version).await {
            Ok(plan) => plan,
            Err(error) => return self.fail(op, vec![words(&error)]).await,
        };
        if !plan.changes() {
            let fact = messages::meanwhile_so(approval::lang(op)).to_owned();
            let log = folder.join("log.txt");
            return self
                .end_with(
                    op,
                    State::Succeeded,
                    Outcome { success: true, rolled_back: false, facts: vec![fact], log },
                )
                .await;
        }
        let now = self.house.store.clock.now_ms();
        let next = Operation {
            id: task.operation.clone(),
            state: State::AwaitingApproval,
            digest: plan.digest().full().to_owned(),
            plan,
            folder: folder.display().to_string(),
            created_ts: now,
            expires_ts: now.saturating_add(self.house.config.policy.expiry_ms(&op.intent)),
            proposal_txn: crate::clock::new_id(),
            proposal_event: None,
            progress_txn: None,
            outcome: None,
            ..op.clone()
        };
        approval::supersede(&self.house.store, &op.id, &next).await
    }
}

fn show(house: &House, op: &Operation, report: &Progress) {
    let Some(txn_id) = &op.progress_txn else { return };
    let text = messages::progress(approval::lang(op), op, report)
        .notice()
        .with("org.ralf.operation", messages::field(op, usize::try_from(op.needed).unwrap_or(0)))
        .edit_of(&sent(txn_id));
    house.store.say_volatile(NewMessage { ..approval::message(op, "m.room.message", text.build()) });
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
