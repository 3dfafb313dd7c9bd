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
use crate::approval;
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

/// Runs until `stop` says so. What is running then goes on by itself and is adopted at the next start.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let runner = Runner { house, busy: Arc::default(), told: Arc::default(), tasks: TaskTracker::new() };
    if let Err(error) = runner.resume().await {
        runner.trouble(&error, "what was running can't be taken up");
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
        if let Err(error) = runner.start_approved().await {
            runner.trouble(&error, "approved operations wait");
        }
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

    fn begin(&self, id: &str) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }

    fn end(&self, id: &str) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn spawn(&self, op: Operation, work: impl Future<Output = Result<(), StoreError>> + Send + 'static) {
        let runner = self.clone();
        self.tasks.spawn(async move {
            if let Err(error) = work.await {
                runner.trouble(&error, "an operation stands still");
            }
            runner.end(&op.id);
            runner.house.approved.notify_one();
        });
    }

    /// Takes up what was dispatched before we started.
    async fn resume(&self) -> Result<(), StoreError> {
        for state in [State::Dispatched, State::Running, State::Unknown] {
            for op in self.house.store.operations_in(state).await? {
                if self.begin(&op.id) {
                    let runner = self.clone();
                    self.spawn(op.clone(), async move { runner.adopt(op).await });
                }
            }
        }
        Ok(())
    }

    async fn start_approved(&self) -> Result<(), StoreError> {
        for op in self.house.store.operations_in(State::Approved).await? {
            if !self.begin(&op.id) {
                continue;
            }
            if !self.lease(&op).await? {
                self.end(&op.id);
                continue;
            }
            let runner = self.clone();
            self.spawn(op.clone(), async move { runner.execute(op).await });
        }
        Ok(())
    }

    /// Leases all targets, or none and says once who has them.
    async fn lease(&self, op: &Operation) -> Result<bool, StoreError> {
        let mut tx = self.house.store.begin().await?;
        for target in &op.plan.targets {
            if !tx.lease_target(target, &op.id).await? {
                drop(tx);
                return self.tell_queued(op, target).await.map(|()| false);
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn tell_queued(&self, op: &Operation, target: &str) -> Result<(), StoreError> {
        if !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(op.id.clone()) {
            return Ok(());
        }
        let holder = self.house.store.lease_holder(target).await?.unwrap_or_default();
        let votes = self.house.store.votes(&op.id).await?;
        let text = messages::queued(approval::lang(op), &holder)
            .notice()
            .in_thread(&approval::root(op))
            .with("org.ralf.operation", messages::field(op, votes.len()));
        let mut tx = self.house.store.begin().await?;
        tx.say(approval::message(op, "m.room.message", text.build())).await?;
        tx.commit().await
    }

    fn executor(&self, op: &Operation) -> Option<Arc<dyn Executor>> {
        self.house.executors.get(&op.plan.executor).cloned()
    }

    /// Looks at the targets again, claims, applies, reports.
    async fn execute(&self, mut op: Operation) -> Result<(), StoreError> {
        let folder = PathBuf::from(&op.folder);
        let Some(executor) = self.executor(&op) else {
            let fact = gone(&op);
            return self.fail(&mut op, vec![fact]).await;
        };
        match executor.observe(&op.plan, &folder).await {
            Ok(observed) if observed == op.plan.observed => {}
            Ok(_) => return self.plan_again(&mut op, executor.as_ref()).await,
            Err(error) => return self.fail(&mut op, vec![words(&error)]).await,
        }
        let Some(permit) = approval::claim(&self.house, &mut op).await? else { return Ok(()) };
        self.show_running(&mut op).await?;
        let (sender, receiver) = mpsc::channel(64);
        let watcher = self.watch(&op, receiver);
        let outcome = executor.apply(&op.plan, &folder, permit, sender).await;
        let _ = watcher.await;
        match outcome {
            Ok(outcome) => self.finish(&mut op, outcome).await,
            Err(ExecutorError::Lost(evidence)) => self.ask_operator(&mut op, evidence).await,
            Err(error) => self.fail(&mut op, vec![words(&error)]).await,
        }
    }

    async fn adopt(&self, mut op: Operation) -> Result<(), StoreError> {
        let folder = PathBuf::from(&op.folder);
        let Some(executor) = self.executor(&op) else {
            let fact = gone(&op);
            return self.ask_operator(&mut op, vec![fact]).await;
        };
        let (sender, receiver) = mpsc::channel(64);
        let watcher = self.watch(&op, receiver);
        let adopted = executor.adopt(&op.plan, &folder, sender).await;
        let _ = watcher.await;
        match adopted {
            Ok(Adopted::Ended(outcome)) => self.finish(&mut op, outcome).await,
            Ok(Adopted::NeverBegan) => {
                let de_en = messages::never_began(approval::lang(&op));
                self.fail(&mut op, vec![de_en.into()]).await
            }
            Ok(Adopted::Unknown(evidence)) => self.ask_operator(&mut op, evidence).await,
            Err(error) => self.ask_operator(&mut op, vec![words(&error)]).await,
        }
    }

    /// The first progress message and the state that goes with it.
    async fn show_running(&self, op: &mut Operation) -> Result<(), StoreError> {
        let votes = self.house.store.votes(&op.id).await?;
        let mut tx = self.house.store.begin().await?;
        if !tx.swap_state(&op.id, State::Dispatched, State::Running).await? {
            return Ok(());
        }
        op.state = State::Running;
        let txn_id = crate::clock::new_id();
        let text = messages::progress(approval::lang(op), op, &Progress { done: 0, total: 1, now: String::new() })
            .notice()
            .in_thread(&approval::root(op))
            .with("org.ralf.operation", messages::field(op, votes.len()));
        tx.say_as(txn_id.clone(), approval::message(op, "m.room.message", text.build())).await?;
        tx.set_progress(&op.id, &txn_id).await?;
        op.progress_txn = Some(txn_id);
        approval::refresh(&mut tx, op, &votes).await?;
        tx.commit().await
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

    async fn finish(&self, op: &mut Operation, outcome: Outcome) -> Result<(), StoreError> {
        let to = if outcome.success { State::Succeeded } else { State::Failed };
        self.end_with(op, to, outcome).await
    }

    async fn fail(&self, op: &mut Operation, facts: Vec<String>) -> Result<(), StoreError> {
        let log = Path::new(&op.folder).join("log.txt");
        self.end_with(op, State::Failed, Outcome { success: false, facts, log }).await
    }

    async fn ask_operator(&self, op: &mut Operation, evidence: Vec<String>) -> Result<(), StoreError> {
        let log = Path::new(&op.folder).join("log.txt");
        self.end_with(op, State::NeedsOperator, Outcome { success: false, facts: evidence, log }).await
    }

    async fn end_with(&self, op: &mut Operation, to: State, outcome: Outcome) -> Result<(), StoreError> {
        let long = std::fs::metadata(&outcome.log).is_ok_and(|file| file.len() > LOG_SIZE);
        let attach = (long || outcome.facts.len() > MANY_FACTS || !outcome.success) && outcome.log.is_file();
        let mut shown = outcome.clone();
        if shown.facts.len() > MANY_FACTS {
            shown.facts.truncate(MANY_FACTS);
            shown.facts.push("…".into());
        }
        let report = |op: &Operation| messages::final_report(approval::lang(op), op, &shown);
        approval::finish(&self.house.store, op, to, &outcome, report, attach).await?;
        Ok(())
    }

    /// The targets changed: a new plan, a new vote.
    async fn plan_again(&self, op: &mut Operation, executor: &dyn Executor) -> Result<(), StoreError> {
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
            return self.end_with(op, State::Succeeded, Outcome { success: true, facts: vec![fact], log }).await;
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
        approval::supersede(&self.house.store, op, &next, messages::stale(approval::lang(op))).await?;
        Ok(())
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
