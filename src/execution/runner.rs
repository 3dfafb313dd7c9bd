//! The runner: wakes the gate. What is due is done, what is approved is dispatched, what was dispatched and that nobody
//! follows is taken up again. What is running when we stop goes on by itself.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::approval::{GateError, GateStore as _, State, gate};
use crate::house::House;
use crate::store::StoreError;

/// The fallback for a wake-up that was missed, and the precision of expiry.
const TICK: Duration = Duration::from_millis(500);
/// How long an operation rests after trouble.
const RETRY: Duration = Duration::from_secs(5);

/// Runs until `stop` says so.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let runner = Runner { house, busy: Arc::default(), tasks: TaskTracker::new() };
    if let Err(error) = runner.house.store.release_ended().await {
        runner.trouble(&error.into(), "targets of ended operations can't be given back");
    }
    if let Err(error) = gate::tighten(runner.house.as_ref()).await {
        runner.trouble(&error, "the policy can't be applied to what waits");
    }
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            () = runner.house.approved.notified() => {}
            _ = tick.tick() => {}
            _ = stop.changed() => break,
        }
        if let Err(error) = gate::tick(runner.house.as_ref()).await {
            runner.trouble(&error, "what is due waits");
        }
        if let Err(error) = runner.wake().await {
            runner.trouble(&error, "operations wait");
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
    tasks: TaskTracker,
}

impl Runner {
    fn trouble(&self, error: &GateError, what: &str) {
        if matches!(error, GateError::Store(StoreError::Fenced)) {
            self.house.lost_lease.notify_one();
        }
        tracing::error!(error = error as &dyn std::error::Error, "{what}");
    }

    /// Marks an operation as being worked on, until the value is dropped; nothing when it is already.
    fn begin(&self, id: &str) -> Option<Busy> {
        let fresh = self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        fresh.then(|| Busy { busy: Arc::clone(&self.busy), id: id.to_owned() })
    }

    /// Begins to work on everything that nobody works on.
    async fn wake(&self) -> Result<(), GateError> {
        for state in [State::Dispatched, State::Running, State::Unknown, State::Approved] {
            for id in self.house.store.in_state(state).await? {
                let Some(busy) = self.begin(&id) else { continue };
                let runner = self.clone();
                self.tasks.spawn(async move { runner.work(&id, state, busy).await });
            }
        }
        Ok(())
    }

    async fn work(&self, id: &str, state: State, busy: Busy) {
        let house = self.house.as_ref();
        let done = match state {
            State::Approved => gate::dispatch(house, id).await,
            _ => gate::adopt(house, id).await,
        };
        match done {
            Ok(()) => {
                drop(busy);
                // Whoever waited for its targets can go on; what has to wait itself is looked at with the next tick.
                let ended =
                    house.store.operation(id).await.ok().flatten().is_some_and(|op| op.state.is_final());
                if ended {
                    house.approved.notify_one();
                }
            }
            // Somebody else decided first: it is looked at again with the next tick.
            Err(GateError::Store(StoreError::Conflict(_))) => drop(busy),
            Err(error) => {
                self.trouble(&error, "an operation stands still; it is taken up again");
                tokio::time::sleep(RETRY).await;
                drop(busy);
            }
        }
    }
}
