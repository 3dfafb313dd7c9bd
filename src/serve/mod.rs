//! `ralf serve`: starting, running, and stopping the house.

mod homeserver;
mod housekeeping;
mod profile;
mod reconcile;
mod rooms;

pub use homeserver::connect;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ralf_appservice::ClientError;
use ruma::ServerName;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::alerts;
use crate::bots::Bot;
use crate::clock::Clock;
use crate::config::Config;
use crate::execution::{self, Ansible, Registry, Tofu};
use crate::house::{House, Parts};
use crate::inbound::Lanes;
use crate::inventory::Source;
use crate::metrics::Metrics;
use crate::model::sense_at_last;
use crate::report::delivery;
use crate::secrets::Secrets;
use crate::store::{LeaseError, OutboxRow, Store, StoreError};
use crate::web;

/// How long a stop waits for what is being handled and said.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the house could not be started or go on. Each kind has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database.
    #[error("the database can't be used: check `[database] url`")]
    Store(#[from] StoreError),
    /// The lease.
    #[error("the lease can't be taken")]
    Lease(#[from] LeaseError),
    /// The address.
    #[error("can't listen on {address}: is another program there? See `[appservice] listen`")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The homeserver will not have us.
    #[error(
        "the homeserver refuses us: compare its registration file with `ralf registration`, then restart it"
    )]
    Refused(#[source] ClientError),
    /// The folder of `[intents]`.
    #[error(transparent)]
    Catalogue(#[from] ralf_intents::CatalogueError),
    /// Something that is set up once failed.
    #[error("{0}")]
    Setup(String),
    /// Another process took over.
    #[error("another process has taken over")]
    LostLease,
}

impl ServeError {
    /// The exit code: 3 database, 4 homeserver, 5 address, 6 taken over, 2 a wrong configuration or a wrong
    /// file of intents, 1 anything else.
    pub fn code(&self) -> u8 {
        match self {
            Self::Store(_) | Self::Lease(_) => 3,
            Self::Refused(_) => 4,
            Self::Listen { .. } => 5,
            Self::LostLease => 6,
            Self::Catalogue(_) => 2,
            Self::Setup(_) => 1,
        }
    }
}

/// Builds the executors that the configuration names. A new one is one more line here.
pub fn executors(config: &Config, inventory: &Arc<Source>, secrets: &Arc<Secrets>) -> Registry {
    let mut registry = Registry::default();
    if let Some(ansible) = &config.executors.ansible {
        registry = registry.with(Arc::new(Ansible::new(
            ansible.clone(),
            Arc::clone(inventory),
            Arc::clone(secrets),
            Clock::System,
        )));
    }
    if let Some(tofu) = &config.executors.tofu {
        registry = registry.with(Arc::new(Tofu::new(tofu.clone(), Clock::System)));
    }
    registry
}

/// Where the inventory comes from.
pub fn inventory(config: &Config) -> Arc<Source> {
    let playbook =
        config.executors.ansible.as_ref().map_or_else(|| "ansible-playbook".into(), |a| a.program.clone());
    let stacks = config.executors.tofu.as_ref().map(|tofu| tofu.stacks.clone());
    Arc::new(Source::new(config.inventory.clone(), playbook, Clock::System).with_stacks(stacks))
}

/// Runs until a signal, or until another process takes over.
///
/// # Errors
/// See [`ServeError`].
pub async fn run(config: Config) -> Result<(), ServeError> {
    let catalogue = config.intents.catalogue()?;
    let (store, rows) = Store::open(&config.database.url, Clock::System).await?;
    let holder = format!("{}:{}", std::process::id(), crate::clock::new_id());
    let mut signals = Signals::new()?;
    let waiting = || tracing::info!("another process serves this database; standing by");
    let lease = tokio::select! {
        lease = store.acquire(&holder, waiting) => lease?,
        () = signals.recv() => return Ok(()),
    };
    tracing::info!(token = lease.token(), "this process serves");
    let address = config.appservice.listen.clone();
    let listener = listen(&address).await?;

    let server =
        ServerName::parse(&config.homeserver.domain).map_err(|e| ServeError::Setup(e.to_string()))?;
    let metrics = Metrics::default();
    let homeserver = connect(&config, &metrics).map_err(ServeError::Refused)?;
    let device = ruma::OwnedDeviceId::from("RALF");
    let clients: BTreeMap<_, _> = Bot::ALL
        .into_iter()
        .map(|bot| (bot, homeserver.bot(&bot.user_id(&server), &device).without_retries()))
        .collect();
    let inventory = inventory(&config);
    let secrets = Arc::new(Secrets::new(&config.secrets));
    let models = crate::model::configured(&config.model, &metrics, Some(&store));
    let house = Arc::new(House::new(Parts {
        executors: executors(&config, &inventory, &secrets),
        inventory,
        catalogue,
        model: models.clone().map(|models| models as _),
        config,
        server,
        store: store.clone(),
        clients,
        metrics,
    }));

    if let Some(models) = &models {
        // Nobody else sets it.
        let _ = house.models.set(Arc::clone(models));
    }
    let (stop, stopping) = watch::channel(false);
    let (hush, hushing) = watch::channel(false);
    let (ready, readiness) = watch::channel(false);
    let (open, opened) = watch::channel(false);
    let lanes = Lanes::new(Arc::clone(&house));
    let app = web::router(&house, &lanes, readiness, opened);
    let mut http_stop = stopping.clone();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        let _ = http_stop.changed().await;
    });
    let server = tokio::spawn(async move { server.await });
    // What may be said by mistake is to be known before it is.
    tokio::spawn(learn(Arc::clone(&house), secrets));
    // What the models can is found out beside everything else.
    let watch = tokio::spawn({
        let house = Arc::clone(&house);
        async move {
            let Some(models) = models else { return };
            let feel = async {
                let runs = house.config.executors.runs.as_deref();
                let learn = || sense_at_last(&models, &house.catalogue, runs);
                let Some(sense) = learn().await else { return };
                // Nobody else sets it.
                let _ = house.sense.set(sense.clone());
                loop {
                    sense.outdated().await;
                    tracing::warn!("the embedding model is another one now: it is learnt from again");
                    if let Some(new) = learn().await {
                        sense.replace(&new);
                    }
                }
            };
            tokio::join!(models.watch(), feel);
        }
    });
    let mut at_work = Vec::new();

    let outcome = tokio::select! {
        outcome = work(&house, &lanes, rows, (stopping, hushing), (&ready, &open), &mut at_work) => outcome,
        () = signals.recv() => Ok(()),
        () = house.lost_lease.notified() => Err(ServeError::LostLease),
        _ = lease.keep() => Err(ServeError::LostLease),
    };
    tracing::info!("stopping: what is being handled comes to its end");
    watch.abort();
    ready.send_replace(false);
    stop.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_secs(2), server).await;
    lanes.finish(PATIENCE).await;
    hush.send_replace(true);
    for task in at_work {
        let _ = task.await;
    }
    drop(house);
    drop(lease);
    store.close().await;
    outcome
}

/// Everything that goes on between start and stop; returns only when it can't go on.
async fn work(
    house: &Arc<House>,
    lanes: &Lanes,
    rows: UnboundedReceiver<OutboxRow>,
    (stopping, hushing): (watch::Receiver<bool>, watch::Receiver<bool>),
    (ready, open): (&watch::Sender<bool>, &watch::Sender<bool>),
    at_work: &mut Vec<JoinHandle<()>>,
) -> Result<(), ServeError> {
    homeserver::introduce(house).await?;
    rooms::recall(house).await?;
    for row in house.store.waiting_messages().await? {
        house.store.resend(row);
    }
    housekeeping::tidy(house).await?;
    at_work.push(tokio::spawn(delivery::run(Arc::clone(house), rows, hushing)));
    at_work.push(tokio::spawn(execution::runner::run(Arc::clone(house), stopping.clone())));
    alerts::start(house, &stopping, at_work).await?;
    lanes.resume().await?;
    ready.send_replace(true);
    open.send_replace(true);
    tracing::info!(listen = house.config.appservice.listen, "ready");
    let settle = async {
        reconcile::run(house).await;
        if let Err(error) = alerts::subscribe_the_health_room(house).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the health room is not subscribed to alerts"
            );
        }
    };
    tokio::join!(settle, housekeeping::run(house));
    std::future::pending().await
}

/// Resolves every secret that a service names, so that its value is hidden from the start on.
async fn learn(house: Arc<House>, secrets: Arc<Secrets>) {
    let Ok(inventory) = house.inventory.current().await else { return };
    for reference in inventory.services.values().flat_map(|service| service.secrets.values()) {
        if let Err(error) = secrets.resolve(reference).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a secret can't be had");
        }
    }
}

async fn listen(address: &str) -> Result<TcpListener, ServeError> {
    let failed = |source| ServeError::Listen { address: address.to_owned(), source };
    let parsed: SocketAddr = address
        .parse()
        .map_err(|e| failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, format!("{e}"))))?;
    // A predecessor that just died may keep the port for a moment.
    let mut tries = 20;
    loop {
        match TcpListener::bind(parsed).await {
            Ok(listener) => return Ok(listener),
            Err(error) if tries == 0 || error.kind() != std::io::ErrorKind::AddrInUse => {
                return Err(failed(error));
            }
            Err(_) => {
                tries -= 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, ServeError> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| {
            signal(kind).map_err(|error| ServeError::Setup(format!("signals can't be caught: {error}")))
        };
        Ok(Self { interrupt: on(SignalKind::interrupt())?, terminate: on(SignalKind::terminate())? })
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
