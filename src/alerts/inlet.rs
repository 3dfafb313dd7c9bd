//! Where deliveries wait for the engine: a bounded queue whose end is said, so that a flood stays outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::Group;

/// How long a source shall wait when the queue is full, in seconds.
const RETRY_AFTER_S: u64 = 5;

/// One delivery on its way to the engine.
#[derive(Debug)]
pub struct Delivery {
    /// What the source said.
    pub groups: Vec<Group>,
    /// Where the outcome goes, once it is committed. Nobody listens any more when the source has hung up.
    pub answer: oneshot::Sender<Result<Taken, Refused>>,
}

/// What a delivery became.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many alerts were in it.
    pub alerts: u64,
    /// The incidents that they belong to.
    pub incidents: Vec<String>,
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many wait already.
    #[error("too many alerts are waiting: try again in {retry_after_s} s")]
    Full {
        /// When it can be tried again, in seconds.
        retry_after_s: u64,
    },
    /// It could not be stored; the log says why.
    #[error("the alerts could not be stored")]
    Failed,
}

/// How much was turned away because too many waited, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnedAway {
    /// Deliveries.
    pub deliveries: u64,
    /// The alerts in them.
    pub alerts: u64,
}

/// The way in. Cheap to clone; clones share the queue and the counters.
#[derive(Debug, Clone)]
pub struct Inlet {
    sender: mpsc::Sender<Delivery>,
    turned_away: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    deliveries: AtomicU64,
    alerts: AtomicU64,
}

impl Inlet {
    /// An inlet before which at most `depth` deliveries wait (at least one), and the end that the engine reads.
    pub fn new(depth: usize) -> (Self, mpsc::Receiver<Delivery>) {
        let (sender, receiver) = mpsc::channel(depth.max(1));
        (Self { sender, turned_away: Arc::default() }, receiver)
    }

    /// Hands a delivery to the engine and waits until it is committed.
    ///
    /// # Errors
    /// At once when the queue is full; when the engine has ended, or could not store it.
    pub async fn deliver(&self, groups: Vec<Group>) -> Result<Taken, Refused> {
        let alerts: usize = groups.iter().map(|group| group.alerts.len()).sum();
        let (answer, outcome) = oneshot::channel();
        match self.sender.try_send(Delivery { groups, answer }) {
            Ok(()) => outcome.await.unwrap_or(Err(Refused::Failed)),
            Err(TrySendError::Full(_)) => {
                self.turned_away.deliveries.fetch_add(1, Ordering::Relaxed);
                self.turned_away.alerts.fetch_add(alerts as u64, Ordering::Relaxed);
                Err(Refused::Full { retry_after_s: RETRY_AFTER_S })
            }
            Err(TrySendError::Closed(_)) => Err(Refused::Failed),
        }
    }

    /// How much was turned away because too many waited, since the start.
    pub fn turned_away(&self) -> TurnedAway {
        TurnedAway {
            deliveries: self.turned_away.deliveries.load(Ordering::Relaxed),
            alerts: self.turned_away.alerts.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::{Alert, Labels, Links};

    fn group() -> Group {
        let alert = Alert {
            fingerprint: "22b73fa70feff810".into(),
            firing: true,
            labels: Labels::new(),
            annotations: Labels::new(),
            starts_ts: 1,
            ends_ts: None,
            links: Links::default(),
        };
        Group {
            source: "alertmanager".into(),
            key: "{}".into(),
            labels: Labels::new(),
            receiver: None,
            url: None,
            truncated: 0,
            alerts: vec![alert.clone(), alert],
        }
    }

    #[tokio::test]
    async fn a_delivery_waits_for_the_engine_and_the_next_one_is_turned_away() {
        let (inlet, mut engine) = Inlet::new(1);
        let first = tokio::spawn({
            let inlet = inlet.clone();
            async move { inlet.deliver(vec![group()]).await }
        });
        let waiting = engine.recv().await.expect("a delivery");
        let second = tokio::spawn({
            let inlet = inlet.clone();
            async move { inlet.deliver(vec![group()]).await }
        });
        while engine.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(inlet.turned_away(), TurnedAway { deliveries: 0, alerts: 0 });
        assert_eq!(inlet.deliver(vec![group()]).await, Err(Refused::Full { retry_after_s: RETRY_AFTER_S }));
        assert_eq!(inlet.turned_away(), TurnedAway { deliveries: 1, alerts: 2 });

        let taken = Taken { alerts: 2, incidents: vec!["7k".into()] };
        waiting.answer.send(Ok(taken.clone())).expect("somebody listens");
        assert_eq!(first.await.expect("no panic"), Ok(taken));

        drop(engine);
        assert_eq!(second.await.expect("no panic"), Err(Refused::Failed));
        assert_eq!(inlet.deliver(vec![group()]).await, Err(Refused::Failed));
    }
}
