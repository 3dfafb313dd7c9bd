//! Where everybody who changes incidents meets: one at a time, and whoever tells of them is woken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError};

use tokio::sync::{Mutex, MutexGuard, Notify, mpsc};

use super::api::{Alertmanager, Http, Prometheus};
use super::{Inlet, Subscription};
use crate::config::Alerts;
use crate::house::House;
use crate::store::{StoreError, SubscriptionRow};

/// So many names of alerts are known at most.
const NAMES: usize = 2_000;
/// So many incidents wait for their charts at most.
const CHARTS: usize = 64;

/// What is shared about alerts.
pub struct Desk {
    one: Mutex<()>,
    wake: Notify,
    subscriptions: StdMutex<Option<Arc<Vec<Subscription>>>>,
    names: StdMutex<Arc<Vec<String>>>,
    alertmanager: Option<Alertmanager>,
    prometheus: Option<Prometheus>,
    begun: mpsc::Sender<String>,
    begun_end: StdMutex<Option<mpsc::Receiver<String>>>,
    /// How much was turned away when it was last told, and when that was.
    flood: StdMutex<(u64, i64)>,
    answers: AtomicBool,
    last_begun: AtomicI64,
    /// When each source was last noted to deliver.
    heard: StdMutex<BTreeMap<String, i64>>,
    receivers: StdMutex<BTreeSet<String>>,
    /// When something was said in each room within the last minute.
    said: StdMutex<BTreeMap<String, Vec<i64>>>,
    /// How often subscriptions have changed.
    generation: AtomicU64,
    watches_since: OnceLock<i64>,
}

impl Desk {
    /// With the servers that are configured.
    pub fn new(config: &Alerts) -> Self {
        let (begun, begun_end) = mpsc::channel(CHARTS);
        let wanted = config.alertmanager.is_some() || config.prometheus.is_some();
        let http = if wanted { Http::new().ok() } else { None };
        let http = http.as_ref();
        Self {
            one: Mutex::default(),
            wake: Notify::new(),
            subscriptions: StdMutex::default(),
            names: StdMutex::default(),
            alertmanager: http
                .zip(config.alertmanager.as_ref())
                .map(|(http, url)| Alertmanager::new(http, url)),
            prometheus: http.zip(config.prometheus.as_ref()).map(|(http, url)| Prometheus::new(http, url)),
            begun,
            begun_end: StdMutex::new(Some(begun_end)),
            flood: StdMutex::default(),
            answers: AtomicBool::new(true),
            last_begun: AtomicI64::new(0),
            heard: StdMutex::default(),
            receivers: StdMutex::default(),
            said: StdMutex::default(),
            generation: AtomicU64::new(0),
            watches_since: OnceLock::new(),
        }
    }

    /// Alertmanager, if one is configured.
    pub fn alertmanager(&self) -> Option<&Alertmanager> {
        self.alertmanager.as_ref()
    }

    /// Prometheus, if one is configured.
    pub fn prometheus(&self) -> Option<&Prometheus> {
        self.prometheus.as_ref()
    }

    /// An incident began: whoever shows its chart is told. Under a flood some are left out.
    pub(super) fn began(&self, incident: String) {
        let _ = self.begun.try_send(incident);
    }

    /// The end at which [`Desk::began`] is heard; it can be taken once.
    pub(super) fn begun(&self) -> Option<mpsc::Receiver<String>> {
        self.begun_end.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// `now`, or a moment later if an incident began at that millisecond already: lists are paged by these times.
    pub(super) fn moment(&self, now: i64) -> i64 {
        let before = self
            .last_begun
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)));
        now.max(before.unwrap_or(now) + 1)
    }

    /// Whether it is worth noting again that a source delivered.
    pub(super) fn is_news(&self, source: &str, now: i64) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = heard.get(source).is_none_or(|ts| now - ts > 10_000);
        if is_news {
            heard.insert(source.to_owned(), now);
        }
        is_news
    }

    /// Whether Alertmanager has called us by this name since the start, and that is stored.
    pub(super) fn knows_receiver(&self, receiver: &str) -> bool {
        self.receivers.lock().unwrap_or_else(PoisonError::into_inner).contains(receiver)
    }

    /// Notes a name of ours that is stored.
    pub(super) fn learn_receiver(&self, receiver: &str) {
        if !self.knows_receiver(receiver) {
            self.receivers.lock().unwrap_or_else(PoisonError::into_inner).insert(receiver.to_owned());
        }
    }

    /// Since when the watchdog is looked for, milliseconds since the epoch: `now` the first time.
    pub(super) fn watches_since(&self, now: i64) -> i64 {
        *self.watches_since.get_or_init(|| now)
    }

    /// Notes whether Alertmanager answered.
    pub(super) fn asked_alertmanager(&self, answers: bool) {
        self.answers.store(answers, Ordering::Relaxed);
    }

    /// Whether Alertmanager answered when it was last asked.
    pub fn alertmanager_answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// How many deliveries were turned away since that was last told; nothing when none was, or it was told within the minute.
    pub(super) fn refused_lately(&self, inlet: &Inlet, now: i64) -> Option<u64> {
        let refused = inlet.turned_away().deliveries;
        let mut told = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, ts) = *told;
        if refused == before || now - ts < 60_000 {
            return None;
        }
        *told = (refused, now);
        Some(refused - before)
    }

    /// Nobody else changes an incident while this is held. Taken before a write is begun.
    pub async fn alone(&self) -> MutexGuard<'_, ()> {
        self.one.lock().await
    }

    /// Something is to be told anew.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until something is to be told anew.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether one more message may be said in a room; then it counts as said. At most `most` are in a minute.
    pub(super) fn may_speak(&self, room: &str, now: i64, most: u32) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.entry(room.to_owned()).or_default();
        said.retain(|ts| *ts > now - 60_000 && *ts <= now);
        let may = said.len() < most as usize;
        if may {
            said.push(now);
        }
        may
    }

    /// Subscriptions have changed; said once that is committed.
    pub fn forget_subscriptions(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        *self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The names of alerts that people may say.
    pub fn names(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns names of alerts besides those that are known.
    pub(super) fn learn_names<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let new: BTreeSet<&str> = names.into_iter().filter(|name| is_sayable(name)).collect();
        let new: Vec<&str> = new.into_iter().filter(|name| !known.iter().any(|old| old == name)).collect();
        if !new.is_empty() && known.len() < NAMES {
            *known = Arc::new(known.iter().map(String::as_str).chain(new).map(str::to_owned).collect());
        }
    }
}

impl House {
    /// All subscriptions that can be read; one that can't is logged and left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions(&self) -> Result<Arc<Vec<Subscription>>, StoreError> {
        let cached = || self.desk.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = cached() {
            return Ok(known);
        }
        let generation = self.desk.generation.load(Ordering::SeqCst);
        let rows = self.store.subscriptions().await?;
        let list: Arc<Vec<Subscription>> =
            Arc::new(rows.into_iter().filter_map(|row| read(self, row)).collect());
        let mut kept = self.desk.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change is not kept.
        if self.desk.generation.load(Ordering::SeqCst) == generation {
            *kept = Some(Arc::clone(&list));
        }
        Ok(list)
    }
}

/// Whether a name is known when people say it: camel case, as rules are named. Another one might be a service's, or a word.
fn is_sayable(name: &str) -> bool {
    let capitals = name.chars().filter(char::is_ascii_uppercase).count();
    (5..=80).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && capitals > 1
        && name.contains(|c: char| c.is_ascii_lowercase())
}

/// A stored subscription as it is used.
pub(super) fn read(house: &House, row: SubscriptionRow) -> Option<Subscription> {
    match super::Wish::parse(&row.wish, &house.zone()) {
        Ok(wish) => Some(Subscription {
            id: row.id,
            room_id: row.room_id,
            n: row.n,
            bot: row.bot,
            lang: row.lang,
            owner: row.owner,
            personal: row.personal,
            wish,
        }),
        Err(error) => {
            tracing::error!(subscription = row.id, wish = row.wish, %error, "a subscription can't be read");
            None
        }
    }
}
