//! What everybody in the house can reach.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use jiff::tz::TimeZone;
use ralf_appservice::Client;
use ralf_intents::{Aids, Catalogue, Lang, Model, Names, Sense, Understanding};
use ruma::{OwnedServerName, UserId};
use tokio::sync::{Notify, SetOnce, mpsc};

use crate::alerts::quiet::Zone;
use crate::alerts::{Delivery, Desk, Inlet};
use crate::approval::{Freeze, Rules};
use crate::bots::Bot;
use crate::config::{Config, Person};
use crate::execution::Registry;
use crate::inventory::{Inventory, InventoryError, Source, observe};
use crate::metrics::Metrics;
use crate::model::Router;
use crate::store::{Store, StoreError};

/// What operation ids are made of: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many deliveries of alerts wait for the engine at most.
const DELIVERIES: usize = 256;

/// The running house.
pub struct House {
    /// Its configuration.
    pub config: Config,
    /// Our homeserver's name.
    pub server: OwnedServerName,
    /// Everything durable.
    pub store: Store,
    clients: BTreeMap<Bot, Client>,
    /// Sentences to intents; it trains while the house starts.
    understanding: Arc<SetOnce<Understanding>>,
    /// The catalogue behind it.
    pub catalogue: Catalogue,
    /// The language model that is asked in doubt, if there is one.
    pub model: Option<Arc<dyn Model>>,
    /// The servers behind it, for looking at them.
    pub models: SetOnce<Arc<Router>>,
    /// What sentences mean to an embedding model, once it was asked.
    pub sense: SetOnce<Sense>,
    /// What can be named.
    pub inventory: Arc<Source>,
    names: Mutex<Option<Known>>,
    /// What can change the lab.
    pub executors: Registry,
    /// What is counted.
    pub metrics: Metrics,
    /// Which rooms there are.
    pub rooms: RwLock<Rooms>,
    /// For looking at services; made when it is first needed, because reading certificates takes a while.
    http: OnceLock<reqwest::Client>,
    /// Told when an operation was approved.
    pub approved: Notify,
    /// What is shared about alerts.
    pub desk: Desk,
    /// The way in for alerts.
    pub alerts: Inlet,
    /// The other end of [`House::alerts`]; the engine takes it.
    pub deliveries: Mutex<Option<mpsc::Receiver<Delivery>>>,
    /// Told when another process has taken over: time to go.
    pub lost_lease: Notify,
    /// Whose voice counts, and what it takes.
    pub rules: Rules,
    /// Transaction ids of what was sent lately: their echoes tell nothing new.
    sent: Mutex<HashSet<String>>,
}

/// The names that can be said, and what they were made of.
struct Known {
    inventory: Arc<Inventory>,
    alerts: Arc<Vec<String>>,
    names: Arc<Names>,
}

/// Which rooms there are, and who of us is where.
#[derive(Debug, Default)]
pub struct Rooms {
    /// The five rooms: id → the bot whose own it is.
    pub own: HashMap<String, Bot>,
    /// Who of us is joined where.
    pub members: HashMap<String, BTreeSet<Bot>>,
    /// Direct chats.
    pub direct: HashSet<String>,
}

/// What a house is made of.
pub struct Parts {
    /// See [`House::config`].
    pub config: Config,
    /// See [`House::server`].
    pub server: OwnedServerName,
    /// See [`House::store`].
    pub store: Store,
    /// One client per bot.
    pub clients: BTreeMap<Bot, Client>,
    /// See [`House::catalogue`].
    pub catalogue: Catalogue,
    /// See [`House::model`].
    pub model: Option<Arc<dyn Model>>,
    /// See [`House::inventory`].
    pub inventory: Arc<Source>,
    /// See [`House::executors`].
    pub executors: Registry,
    /// See [`House::metrics`].
    pub metrics: Metrics,
}

impl House {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, server, store, clients, catalogue, model, inventory, executors, metrics } = parts;
        let rules = Rules::new(&config, &server);
        let understanding = Arc::new(SetOnce::new());
        let (trained, of) = (Arc::clone(&understanding), catalogue.clone());
        let (alerts, deliveries) = Inlet::new(DELIVERIES);
        let desk = Desk::new(&config.alerts);
        tokio::task::spawn_blocking(move || drop(trained.set(Understanding::new(of))));
        Self {
            config,
            server,
            store,
            clients,
            understanding,
            catalogue,
            model,
            models: SetOnce::new(),
            sense: SetOnce::new(),
            inventory,
            names: Mutex::default(),
            executors,
            metrics,
            rooms: RwLock::default(),
            http: OnceLock::new(),
            approved: Notify::new(),
            desk,
            alerts,
            deliveries: Mutex::new(Some(deliveries)),
            lost_lease: Notify::new(),
            rules,
            sent: Mutex::default(),
        }
    }

    /// A bot's client.
    ///
    /// # Panics
    /// Never: there is a client for each of [`Bot::ALL`].
    pub fn client(&self, bot: Bot) -> &Client {
        &self.clients[&bot]
    }

    /// What is known of the rooms, for reading.
    pub fn rooms(&self) -> std::sync::RwLockReadGuard<'_, Rooms> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the rooms, for changing.
    pub fn rooms_mut(&self) -> std::sync::RwLockWriteGuard<'_, Rooms> {
        self.rooms.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bot that speaks in a room when nobody in particular is asked: its own, else core if it is there, else any.
    pub fn speaker_in(&self, room: &str) -> Bot {
        let rooms = self.rooms();
        let own = rooms.own.get(room).copied();
        own.or_else(|| {
            let there = rooms.members.get(room)?;
            if there.contains(&Bot::Core) { Some(Bot::Core) } else { there.first().copied() }
        })
        .unwrap_or(Bot::Core)
    }

    /// The room of a key such as `ops`, if it is known.
    pub fn room(&self, bot: Bot) -> Option<String> {
        self.rooms().own.iter().find(|(_, own)| **own == bot).map(|(id, _)| id.clone())
    }

    /// What turns sentences into intents; waits until it is trained.
    pub async fn understanding(&self) -> &Understanding {
        self.understanding.wait().await
    }

    /// Who may be asked besides the built-in readers.
    pub fn aids(&self) -> Aids<'_> {
        Aids { sense: self.sense.get(), model: self.model.as_deref() }
    }

    /// The client that looks at services.
    pub fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| observe::client().unwrap_or_default())
    }

    /// Inventory and names as they are now.
    ///
    /// # Errors
    /// When a file is missing or wrong.
    pub async fn inventory(&self) -> Result<(Arc<Inventory>, Arc<Names>), InventoryError> {
        let inventory = self.inventory.current().await?;
        let alerts = self.desk.names();
        let mut cached = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*cached
            && Arc::ptr_eq(&known.inventory, &inventory)
            && Arc::ptr_eq(&known.alerts, &alerts)
        {
            return Ok((inventory, Arc::clone(&known.names)));
        }
        let all = ralf_intents::Inventory { alerts: alerts.to_vec(), ..inventory.names() };
        let names = Arc::new(Names::new(&all));
        *cached = Some(Known { inventory: Arc::clone(&inventory), alerts, names: Arc::clone(&names) });
        Ok((inventory, names))
    }

    /// The person behind a Matrix id, with the name from `[people]`.
    pub fn person(&self, user: &UserId) -> Option<(&str, &Person)> {
        self.config
            .people
            .iter()
            .find(|(_, p)| p.ids.iter().any(|id| id == user))
            .map(|(name, p)| (name.as_str(), p))
    }

    /// The freeze in force: the one that somebody said, else that of the configuration.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn freeze(&self) -> Result<Option<Freeze>, StoreError> {
        let said = self.store.freeze_now().await?;
        Ok(self.rules.freeze(said.as_ref(), self.store.clock.now_ms()))
    }

    /// A fresh operation id: ten letters and digits that can't be mistaken for each other, for people to type.
    pub fn new_operation_id(&self) -> String {
        (0..10).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>() % 32)])).collect()
    }

    /// A fresh incident id: eight of the same letters and digits.
    pub fn new_incident_id(&self) -> String {
        (0..8).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>() % 32)])).collect()
    }

    /// The time zone of what is said about alerts.
    pub fn zone(&self) -> Zone {
        Zone::named_or_system(self.config.alerts.time_zone.as_deref())
    }

    /// The same, for showing times.
    pub fn time_zone(&self) -> TimeZone {
        self.zone().tz().clone()
    }

    /// The Matrix ids of people: each a name of `[people]` or an id.
    pub fn matrix_ids(&self, people: &[String]) -> Vec<String> {
        let ids = |name: &String| {
            let name = name.strip_prefix("person:").unwrap_or(name);
            match self.config.people.get(name) {
                Some(person) => person.ids.iter().map(ToString::to_string).collect(),
                None => vec![name.to_owned()],
            }
        };
        people.iter().flat_map(ids).collect()
    }

    /// Where the chart of an incident is kept until it is sent.
    pub fn chart_file(&self, incident: &str) -> PathBuf {
        self.run_folder("charts").join(format!("{incident}.png"))
    }

    /// Whether a text looks like an operation's id.
    pub fn is_operation_id(&self, text: &str) -> bool {
        text.len() == 10 && text.bytes().all(|byte| ALPHABET.contains(&byte))
    }

    /// Where an operation is rendered and run.
    pub fn run_folder(&self, operation: &str) -> PathBuf {
        self.config.executors.runs.clone().unwrap_or_else(|| "runs".into()).join(operation)
    }

    /// Notes that a message was sent.
    pub fn sent(&self, txn_id: &str) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() > 4_096 {
            sent.clear();
        }
        sent.insert(txn_id.to_owned());
    }

    /// Whether a message is known to be sent; forgotten after a while.
    pub fn was_sent(&self, txn_id: &str) -> bool {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(txn_id)
    }

    /// The language to use when nobody spoke one yet.
    pub fn default_lang(&self) -> Lang {
        Lang::En
    }
}
