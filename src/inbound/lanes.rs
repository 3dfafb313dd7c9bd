//! One lane per room: its events are handled in order, and what breaks one stops neither the lane nor another room.
//!
//! Work that takes long (a plan, a model) goes on beside the lane; its event stays in the inbox until what came of it is
//! committed, so a crash only means that it begins anew.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::approval::GateError;
use crate::conversation;
use crate::house::House;
use crate::report::messages;
use crate::store::{InboxRow, NewMessage, StoreError};

/// After how many failures an event is set aside.
const TRIES: i64 = 3;

/// What handling an event came to.
pub enum Handled {
    /// All is committed.
    Done,
    /// The rest takes a while; it commits by itself.
    Later(BoxFuture<'static, Result<(), HandleError>>),
}

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The database failed: the same event is tried again until it works.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gate could not decide.
    #[error(transparent)]
    Gate(GateError),
    /// The event can't be read.
    #[error("the event can't be read")]
    Unreadable(#[from] serde_json::Error),
    /// Handling it panicked.
    #[error("handling it panicked: {0}")]
    Panic(String),
    /// Something else of ours broke.
    #[error("{0}")]
    Broken(String),
}

impl From<GateError> for HandleError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Store(error) => Self::Store(error),
            other => Self::Gate(other),
        }
    }
}

/// The lanes.
#[derive(Clone)]
pub struct Lanes {
    house: Arc<House>,
    lanes: Arc<Mutex<HashMap<String, mpsc::UnboundedSender<InboxRow>>>>,
    tasks: TaskTracker,
}

impl Lanes {
    /// No lane yet.
    pub fn new(house: Arc<House>) -> Self {
        Self { house, lanes: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Puts a stored event on its room's lane.
    pub fn push(&self, row: InboxRow) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let (sender, rows) = mpsc::unbounded_channel();
            self.tasks.spawn(run(self.clone(), rows));
            sender
        };
        let lane = lanes.entry(row.room_id.clone()).or_insert_with(begin);
        // A lane that broke is replaced; what it held waits in the store for the next start.
        if let Err(mpsc::error::SendError(row)) = lane.send(row) {
            tracing::error!(room = row.room_id, "a lane broke and is begun anew");
            *lane = begin();
            let _ = lane.send(row);
        }
    }

    /// Puts everything that still waits in the store on its lane: what a start begins with.
    pub async fn resume(&self) -> Result<(), StoreError> {
        for row in self.house.store.waiting_events().await? {
            self.push(row);
        }
        Ok(())
    }

    /// Lets what is on the lanes come to its end, for at most `patience`; what does not stays in the store.
    pub async fn finish(self, patience: Duration) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.tasks.close();
        let _ = tokio::time::timeout(patience, self.tasks.wait()).await;
    }
}

async fn run(lanes: Lanes, mut rows: mpsc::UnboundedReceiver<InboxRow>) {
    while let Some(row) = rows.recv().await {
        if let Some(later) = attempt(&lanes.house, row.clone(), None).await {
            let house = Arc::clone(&lanes.house);
            lanes.tasks.spawn(async move {
                attempt(&house, row, Some(later)).await;
            });
        }
    }
}

/// Handles one event until it is done, goes on beside the lane, or is set aside.
async fn attempt(
    house: &Arc<House>,
    mut row: InboxRow,
    mut rest: Option<BoxFuture<'static, Result<(), HandleError>>>,
) -> Option<BoxFuture<'static, Result<(), HandleError>>> {
    let mut pause = Duration::from_millis(100);
    let beside = rest.is_some();
    loop {
        let outcome = match rest.take() {
            Some(rest) => caught(rest).await.map(|()| Handled::Done),
            None => caught(conversation::handle(house, &row)).await,
        };
        match outcome {
            Ok(Handled::Done) => return None,
            // Beside the lane already: the new attempt goes on here.
            Ok(Handled::Later(later)) if beside => {
                rest = Some(later);
                continue;
            }
            Ok(Handled::Later(later)) => return Some(later),
            Err(HandleError::Store(StoreError::Fenced)) => {
                house.lost_lease.notify_one();
                return None;
            }
            Err(HandleError::Store(error @ StoreError::Conflict(_))) => {
                tracing::debug!(event = row.event_id, %error, "looked at anew");
            }
            Err(HandleError::Store(error)) if error.passes() => {
                tracing::warn!(
                    event = row.event_id,
                    error = &error as &dyn std::error::Error,
                    "an event waits for the database"
                );
            }
            // What the homeserver can't say now, or what is on its way to it: nothing is decided before that is known.
            Err(HandleError::Gate(error)) => {
                tracing::warn!(
                    event = row.event_id,
                    error = &error as &dyn std::error::Error,
                    "a decision waits for the homeserver"
                );
            }
            Err(error) => {
                row.attempts += 1;
                let poison = row.attempts >= TRIES || matches!(error, HandleError::Unreadable(_));
                tracing::error!(
                    event = row.event_id,
                    room = row.room_id,
                    attempts = row.attempts,
                    poison,
                    error = &error as &dyn std::error::Error,
                    "an event could not be handled"
                );
                match set_aside(house, &row, &error, poison).await {
                    Ok(()) if poison => return None,
                    Ok(()) => {}
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "nor could that be noted")
                    }
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn caught<T>(work: impl Future<Output = Result<T, HandleError>>) -> Result<T, HandleError> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(HandleError::Panic(text.unwrap_or_else(|| "without words".into())))
        }
    }
}

/// Notes the failure; when the event is given up and a person was waiting for an answer, tells them.
async fn set_aside(
    house: &House,
    row: &InboxRow,
    error: &HandleError,
    poison: bool,
) -> Result<(), StoreError> {
    house.store.failed_event(row.seq, &error.to_string(), poison).await?;
    if poison && !matches!(error, HandleError::Unreadable(_)) {
        let lang = house.default_lang();
        let bot = house.speaker_in(&row.room_id);
        let content = messages::set_aside(lang).notice().reply_to(&row.event_id).build();
        let mut tx = house.store.begin().await?;
        tx.say(NewMessage {
            room_id: row.room_id.clone(),
            bot: bot.name().into(),
            kind: "m.room.message".into(),
            content,
        })
        .await?;
        tx.commit().await?;
    }
    Ok(())
}
