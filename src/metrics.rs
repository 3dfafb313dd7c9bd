//! What is counted, in OpenMetrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::watch;

use crate::store::{Store, StoreError};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfState {
    state: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    model: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfModel {
    model: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Delivered {
    source: String,
    result: &'static str,
}

/// The counters. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: Family<Call, Counter>,
    call_time: Histogram,
    transactions: Counter,
    last_transaction_ms: Arc<AtomicI64>,
    model_time: Histogram,
    model_answers: Family<Asked, Counter>,
    model_able: Family<OfModel, Gauge>,
    approval_time: Histogram,
    inbox_depth: Gauge,
    inbox_age: Gauge,
    inbox_poison: Gauge,
    outbox_depth: Gauge,
    outbox_age: Gauge,
    outbox_dead: Gauge,
    transaction_age: Gauge,
    operations: Family<OfState, Gauge>,
    deliveries: Family<Delivered, Counter>,
    alerts: Family<Delivered, Counter>,
    round_time: Histogram,
    round_ts: Gauge,
    round_problems: Gauge,
    round_failures: Counter,
    pings: watch::Sender<u64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let buckets = || Histogram::new(exponential_buckets(0.001, 2.0, 16));
        let mut metrics = Self {
            registry: Arc::default(),
            calls: Family::default(),
            call_time: buckets(),
            transactions: Counter::default(),
            last_transaction_ms: Arc::default(),
            model_time: buckets(),
            model_answers: Family::default(),
            model_able: Family::default(),
            approval_time: Histogram::new(exponential_buckets(1.0, 2.0, 14)),
            inbox_depth: Gauge::default(),
            inbox_age: Gauge::default(),
            inbox_poison: Gauge::default(),
            outbox_depth: Gauge::default(),
            outbox_age: Gauge::default(),
            outbox_dead: Gauge::default(),
            transaction_age: Gauge::default(),
            operations: Family::default(),
            deliveries: Family::default(),
            alerts: Family::default(),
            round_time: buckets(),
            round_ts: Gauge::default(),
            round_problems: Gauge::default(),
            round_failures: Counter::default(),
            pings: watch::channel(0).0,
        };
        let mut r = Registry::with_prefix("ralf");
        r.register("homeserver_calls", "Calls of the homeserver's API", metrics.calls.clone());
        r.register_with_unit(
            "homeserver_call_duration",
            "Time of a call of the homeserver's API",
            Unit::Seconds,
            metrics.call_time.clone(),
        );
        r.register(
            "transactions",
            "Transactions that came from the homeserver",
            metrics.transactions.clone(),
        );
        r.register_with_unit(
            "transaction_age",
            "Time since the last transaction",
            Unit::Seconds,
            metrics.transaction_age.clone(),
        );
        r.register_with_unit(
            "model_duration",
            "Time of an answer of the language model",
            Unit::Seconds,
            metrics.model_time.clone(),
        );
        r.register("model_answers", "Requests to language models", metrics.model_answers.clone());
        r.register("model_able", "Whether a language model can be asked", metrics.model_able.clone());
        r.register_with_unit(
            "approval_duration",
            "Time from a proposal to its decision",
            Unit::Seconds,
            metrics.approval_time.clone(),
        );
        r.register("inbox_depth", "Events that wait to be handled", metrics.inbox_depth.clone());
        r.register_with_unit(
            "inbox_age",
            "Age of the oldest event that waits",
            Unit::Seconds,
            metrics.inbox_age.clone(),
        );
        r.register("inbox_poison", "Events that were set aside", metrics.inbox_poison.clone());
        r.register("outbox_depth", "Messages that wait to be sent", metrics.outbox_depth.clone());
        r.register_with_unit(
            "outbox_age",
            "Age of the oldest message that waits",
            Unit::Seconds,
            metrics.outbox_age.clone(),
        );
        r.register(
            "outbox_dead",
            "Messages that were given up (the latest hundred)",
            metrics.outbox_dead.clone(),
        );
        r.register("operations", "Operations by state", metrics.operations.clone());
        r.register("webhook_deliveries", "Deliveries of alerts", metrics.deliveries.clone());
        r.register("webhook_alerts", "Alerts in the deliveries that could be read", metrics.alerts.clone());
        r.register_with_unit(
            "round_duration",
            "Time of a round of the main loop",
            Unit::Seconds,
            metrics.round_time.clone(),
        );
        r.register_with_unit(
            "round_timestamp",
            "When the last round of the main loop was",
            Unit::Seconds,
            metrics.round_ts.clone(),
        );
        r.register("round_problems", "What the last round found wrong", metrics.round_problems.clone());
        r.register("round_failures", "Rounds that could not be finished", metrics.round_failures.clone());
        metrics.registry = Arc::new(r);
        metrics
    }
}

impl Metrics {
    /// Counts a call of the homeserver's API.
    pub fn call(&self, endpoint: &'static str, status: u16, elapsed: Duration) {
        self.calls.get_or_create(&Call { endpoint, status }).inc();
        self.call_time.observe(elapsed.as_secs_f64());
    }

    /// Counts a transaction; `now` in milliseconds since the epoch.
    pub fn transaction(&self, now: i64) {
        self.transactions.inc();
        self.last_transaction_ms.store(now, Ordering::Relaxed);
    }

    /// The homeserver reached us.
    pub fn pinged(&self) {
        self.pings.send_modify(|n| *n += 1);
    }

    /// Counts a request to a language model, which was `answered` or `failed`.
    pub fn model(&self, model: &str, outcome: &'static str, elapsed: Duration) {
        self.model_time.observe(elapsed.as_secs_f64());
        self.model_answers.get_or_create(&Asked { model: model.to_owned(), outcome }).inc();
    }

    /// Notes whether a language model can be asked.
    pub fn model_able(&self, model: &str, able: bool) {
        self.model_able.get_or_create(&OfModel { model: model.to_owned() }).set(able.into());
    }

    /// Counts a delivery of a source by its result, and the alerts in it.
    pub fn delivered(&self, source: &str, result: &'static str, alerts: u64) {
        let of = Delivered { source: source.to_owned(), result };
        self.deliveries.get_or_create(&of).inc();
        if alerts > 0 {
            self.alerts.get_or_create(&of).inc_by(alerts);
        }
    }

    /// Counts a round of the main loop: when it was (milliseconds since the epoch), and how much it found wrong.
    pub fn round(&self, ts: i64, problems: u64, elapsed: Duration) {
        self.round_time.observe(elapsed.as_secs_f64());
        self.round_ts.set(ts / 1_000);
        self.round_problems.set(i64::try_from(problems).unwrap_or(i64::MAX));
    }

    /// Counts a round of the main loop that could not be finished.
    pub fn round_failed(&self) {
        self.round_failures.inc();
    }

    /// Counts a decision; the time since the proposal in milliseconds.
    pub fn decided(&self, after_ms: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a histogram needs no more")]
        self.approval_time.observe(after_ms as f64 / 1_000.0);
    }

    /// Reads depths and ages from the store and writes everything out.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn render(&self, store: &Store) -> Result<String, StoreError> {
        let now = store.clock.now_ms();
        let age = |since: Option<i64>| since.map_or(0, |ts| (now - ts).max(0) / 1_000);
        let (depth, oldest) = store.inbox_depth().await?;
        self.inbox_depth.set(depth);
        self.inbox_age.set(age(oldest));
        self.inbox_poison.set(store.poison_count().await?);
        let (depth, oldest) = store.outbox_depth().await?;
        self.outbox_depth.set(depth);
        self.outbox_age.set(age(oldest));
        self.outbox_dead.set(i64::try_from(store.dead_letters(100).await?.len()).unwrap_or(i64::MAX));
        let last = self.last_transaction_ms.load(Ordering::Relaxed);
        self.transaction_age.set(if last == 0 { -1 } else { age(Some(last)) });
        self.operations.clear();
        for (state, count) in store.operations_by_state().await? {
            self.operations.get_or_create(&OfState { state }).set(count);
        }
        let mut text = String::new();
        // Writing into a string can't fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        Ok(text)
    }
}
